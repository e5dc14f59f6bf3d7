"""Measure a little of a training with the loops that do all of it; each function is called in a process of its own.

A few updates on the longest rows say how much memory is needed; where updates are short, more of them on ordinary rows
say how long one takes. Where the machine is too slow or too small for the batch, fewer rows are taken and their time is
scaled by the arithmetic that is left out.
"""

import dataclasses
import itertools
import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import heads
from harness.grid.rehearsal.sizes import Shape, forward_flops, update_flops
from harness.params.arms import BASELINE, SHARED
from harness.params.config import Encoder, Engine, FinetuneSettings, Folder, Hub, Pretraining, Recipe

FEW = 2  # updates that are always made
TYPICAL = 2_000  # training rows whose lengths are looked at
ANSWERED = 200  # rows that are answered where that is quick
LONGEST_RUN = 400  # updates that are made at most


@dataclass(frozen=True)
class Cut:
    """What of a training is measured: `rows` go through the device at once, `micro_batches` times before an update, of
    `width` tokens at most; on `threads` threads. `seconds` are spent on ordinary updates where they are short enough;
    `whole` says whether all of that is what `params.yaml` asks for."""

    rows: int
    micro_batches: int
    width: int
    threads: int
    seconds: float
    whole: bool


@dataclass
class Stamps:
    """Seconds at which something happened: on a CPU with one thread those that this process was given, elsewhere those
    that passed."""

    engine: Engine
    threads: int
    at: list[float] = field(default_factory=list)
    optimizer: list[float] = field(default_factory=list)

    def now(self) -> float:
        if self.engine.device == "cuda":
            import torch

            torch.cuda.synchronize()
        elif self.threads == 1:
            return time.process_time()
        return time.perf_counter()

    def watch_optimizer(self) -> None:
        """From now on the steps of every optimizer are timed: they do not grow with the batch."""
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        begun: list[float] = []
        register_optimizer_step_pre_hook(lambda *_: begun.append(self.now()))
        register_optimizer_step_post_hook(lambda *_: self.optimizer.append(self.now() - begun.pop()))

    def between(self) -> float:
        """Seconds of an update: of the first nothing is said, it makes what all others find."""
        return statistics.fmean(b - a for a, b in itertools.pairwise(self.at))


def _busy(begun: tuple[float, float], threads: int) -> float:
    """The share of the cores that this process was given since `begun` (passed, given)."""
    passed = time.perf_counter() - begun[0]
    return (time.process_time() - begun[1]) / max(1e-9, passed * threads)


def several(calls: Sequence[tuple]) -> dict:
    """The results of (function, arguments…), one after the other; an error of the harness in place of a result."""
    from harness.errors import HarnessError

    def answer(work, *given):
        try:
            return work(*given)
        except HarnessError as error:
            return error

    return {"results": [answer(*call) for call in calls]}


def look(architecture: str, encoder: Encoder | None, folder: Path | None, attention: str) -> dict:
    """The shape of an encoder of these sizes, or of the configuration in `folder`; nothing of its weights is made."""
    import torch

    from harness.encoders import families
    from harness.encoders.architectures import architecture_named

    kind = architecture_named(architecture)
    with torch.device("meta"), families.quiet():
        if folder is not None:
            model = kind.model("masked_lm")(_config(kind, folder))
        else:
            assert encoder is not None, "there are sizes or there is a folder"
            model = families.new_masked_lm(architecture, encoder, _Ids(encoder.vocabulary), attention)
    config, numbers = model.config, {name: p.numel() for name, p in model.named_parameters()}
    through = sum(n for name, n in numbers.items() if "embedding" not in name and ".layer" in name)
    positions = kind.positions(config)
    return {
        "shape": Shape(
            architecture,
            config.hidden_size,
            config.num_hidden_layers,
            config.num_attention_heads,
            config.intermediate_size,
            config.vocab_size,
            positions,
            sum(numbers.values()),
            through,
        )
    }


def pins(source: Hub | Folder, architecture: str) -> dict:
    """What stands against importing `source` from what lies on this machine, as (message, remedy) pairs, and the
    folder, where its configuration is there. The hub is not asked."""
    from harness.encoders import hub
    from harness.encoders import pins as pinned
    from harness.encoders.weights import weight_files, weight_index
    from harness.errors import CheckpointError

    hosted = isinstance(source, Hub)
    folder = hub.snapshot_folder(source.repository, source.revision) if hosted else Path(source.path).expanduser()
    name = f"{source.repository} at {source.revision}" if hosted else source.path
    faults = []
    if lacking := hub.lacking(folder, architecture):
        state = f"lacks {', '.join(lacking)}" if folder.is_dir() else "does not exist"
        remedy = f"Put into that folder: {hub.file_list(architecture)}."
        if hosted:
            remedy += (
                f"\n  `hf download {source.repository} --revision {source.revision}` on a machine with a network "
                "fetches them; HF_HUB_CACHE names another cache."
            )
        faults.append((f"{name} is not whole on this machine: {folder} {state}.", remedy))
    try:
        names = weight_files(folder) if not lacking else []
        if hosted and source.files is not None:
            wanted = [file for file in source.files if (folder / file).is_file()]
            absent = sorted(set(source.files) - set(wanted))
            if absent and not lacking:
                faults.append((f"{folder} lacks {', '.join(absent)}, which params.yaml pins.", "Copy what is missing."))
            index = weight_index(folder) if not lacking else None
            read = {*wanted, *names, *([index] if index else [])} if not lacking else set(wanted)
            pinned.verify(folder, {file: source.files[file] for file in wanted}, read)
    except CheckpointError as error:
        faults.append((error.message, error.remedy))
    config = (folder / "config.json").is_file()
    return {"faults": faults, "folder": folder if config else None}


@dataclass(frozen=True)
class _Ids:
    """Of a tokenizer what a new encoder asks: its size and the ids of special tokens."""

    size: int
    pad_token_id: int = 0
    unk_token_id: int = 1
    cls_token_id: int = 2
    sep_token_id: int = 3
    mask_token_id: int = 4

    def __len__(self) -> int:
        return self.size


def _config(kind, folder: Path):
    from harness.errors import CheckpointError
    from harness.system.messages import first_line

    try:
        return kind.config().from_pretrained(folder, local_files_only=True)
    except Exception as error:  # many kinds, all about the file
        raise CheckpointError(
            f"{folder / 'config.json'} is no configuration of {kind.name}: {first_line(error)}",
            remedy="Copy it anew, or set the family's architecture to the checkpoint's own.",
        ) from error


@dataclass(frozen=True)
class _Sized:
    """A tokenizer with the size of a larger vocabulary: the tokens that it lacks never occur."""

    tokenizer: Any
    size: int

    def __len__(self) -> int:
        return self.size

    def __getattr__(self, name: str):
        return getattr(self.tokenizer, name)


def probe(threads: int, device: str) -> dict:
    """Floating-point operations a second of this machine's large products, in fp32 on a CPU and bf16 on a GPU."""
    import torch

    from harness.system.determinism import prepare_torch

    prepare_torch(threads, device)
    size, kind = (4096, torch.bfloat16) if device == "cuda" else (1024, torch.float32)
    one = torch.rand(size, size, device=device, dtype=kind)
    one @ one
    stamps = Stamps(_engine_of(device), threads)
    begun, times = stamps.now(), 0
    while times < 3 or stamps.now() - begun < 0.5:
        one @ one
        times += 1
    return {"flops": 2 * size**3 * times / (stamps.now() - begun)}


def _engine_of(device: str) -> Engine:
    return Engine("cuda" if device == "cuda" else "cpu", "fp32", "sdpa", "fast", 1, 1, "ddp", False, False)


def make(
    root: Path, family: str, architecture: str, encoder: Encoder | None, source: Hub | Folder | None, engine: Engine
) -> dict:
    """Write the baseline of a family to the scratch copy: `source` imported, or random weights of the sizes `encoder`
    with a tokenizer made from the corpus that is there.

    Returns the seconds of the tokenizer and of writing it, its bytes, and how many tokens the tokenizer knows.
    """
    import torch

    from harness.artifacts import checkpoint
    from harness.encoders import families, tokenizers
    from harness.system.determinism import prepare_torch
    from harness.training.pretrain import texts

    prepare_torch(engine.pretraining_threads, "cpu")
    target = checkpoint.place(root, family, BASELINE)
    begun, begun_busy = time.perf_counter(), time.process_time()
    if source is not None:
        from harness.encoders.checkpoints import import_arm

        import_arm(source, family, BASELINE, architecture, target, "rehearsed")
        size = sum(path.stat().st_size for path in target.iterdir())
        return {"tokenizer": 0.0, "save": time.perf_counter() - begun, "bytes": size, "tokens": 0}
    assert encoder is not None, "there are sizes or there is a source"
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in SHARED}
    tokenizer = tokenizers.build(architecture, texts.training_texts(files), encoder.vocabulary)
    tokenised = time.process_time() - begun_busy
    torch.manual_seed(1)
    model = families.new_masked_lm(architecture, encoder, _Sized(tokenizer, encoder.vocabulary), engine.attention)
    target.mkdir(parents=True)
    ready = time.perf_counter()
    families.save(model, tokenizer, target)
    size = sum(path.stat().st_size for path in target.iterdir())
    known = len(tokenizer)
    return {"tokenizer": tokenised, "save": time.perf_counter() - ready, "bytes": size, "tokens": known}


@dataclass(frozen=True)
class Text:
    """What a pre-training reads: the scratch copy, the parts of the corpus that are trained on, the share of general
    text, and of held-out rows how many are measured."""

    root: Path
    family: str
    architecture: str
    trained_on: tuple[str, ...]
    replay: float
    held_out: int


class _Pages:
    """Documents one after the other, so that nearly every row is as long as a row may be."""

    def __init__(self, documents, tokens: int):
        sizes, groups, size = documents.sizes(), [[]], 0
        for index in range(len(documents)):
            groups[-1].append(index)
            size += int(sizes[index])
            if size >= tokens:
                groups.append([])
                size = 0
        self._documents, self._groups = documents, [group for group in groups if group]

    def __len__(self) -> int:
        return len(self._groups)

    def sizes(self) -> list[int]:
        sizes = self._documents.sizes()
        return [int(sum(sizes[i] for i in group)) for group in self._groups]

    def tokens(self, index: int) -> list[int]:
        return [token for i in self._groups[index] for token in self._documents.tokens(i)]

    def sentences(self, index: int) -> list[list[int]]:
        return [sentence for i in self._groups[index] for sentence in self._documents.sentences(i)]


def pretrain(text: Text, recipe: Pretraining, engine: Engine, shape: Shape, cut: Cut) -> dict:
    """A few updates of a pre-training from the baseline that lies in the scratch copy.

    Seconds of an update of one device by `recipe` (`update`, of which `optimizer` does not grow with the batch), of a
    held-out row (`row`) and of what comes before the first update (`fixed`); `flops` of an update of all devices;
    `updates` of an epoch of what is there and `held_out` rows by part.
    """
    from harness.system.files import sha256
    from harness.training.pretrain import arms, replay, texts

    prepared, begun = _prepared(engine, cut), (time.perf_counter(), time.process_time())
    folder, parts = _baseline(text.root, text.family), tuple(dict.fromkeys((*SHARED, *text.trained_on)))
    model, tokenizer = _for_pretraining(folder, text.architecture, prepared.attention)
    files = {part: text.root / "artifacts" / "corpus" / f"{part}.jsonl" for part in parts}
    # Others may do the same at the same time.
    own = text.root / "work" / str(os.getpid())
    shards = own / "shards"
    hashes = {part: sha256(path) for part, path in files.items()}
    begun_reading = time.process_time()
    corpora = texts.tokenised_all(files, hashes, tokenizer, recipe, shards, leads=True)
    tokenise = time.process_time() - begun_reading
    held_out = {part: len(corpora[part].held_out) for part in SHARED}
    read = replay.mixture(corpora, text.trained_on, text.replay, recipe.seed)
    few = {part: dataclasses.replace(one, held_out=one.held_out[: text.held_out]) for part, one in corpora.items()}
    typical = _typical_rows(read, tokenizer, model.config, recipe)
    epoch = arms.updates_of(read, tokenizer, model.config, recipe) if recipe.steps is None else None
    stamps = Stamps(prepared, cut.threads)
    stamps.watch_optimizer()

    def course(name: str, corpus, settings: Pretraining) -> _Heard:
        heard = _Heard(stamps)
        _train_arm(model, tokenizer, text.architecture, few, corpus, settings, prepared, own / name, heard)
        return heard

    small = dataclasses.replace(
        recipe, steps=FEW, effective_batch=cut.rows * cut.micro_batches, device_batch=cut.rows,
        length=min(cut.width, recipe.length), evaluate_every=0, save_steps=0, save_minutes=0,
    )  # fmt: skip
    pages = dataclasses.replace(read, documents=_Pages(read.documents, 4 * recipe.length))
    heard = course("longest", pages, dataclasses.replace(small, short_rows=0.0))
    longest = heard.update_seconds
    at_most = _memory(prepared)
    per_device = recipe.effective_batch // engine.devices
    per_update = update_flops(shape, per_device, typical, guesses=True)
    steps = min(LONGEST_RUN, int(cut.seconds / max(1e-4, heard.update_seconds)))
    if cut.whole and steps >= 4 * FEW:
        stamps.optimizer.clear()
        heard = course("ordinary", read, dataclasses.replace(small, steps=steps))
        update, factor = heard.update_seconds, 1.0
    else:
        mean = heard.tokens / FEW / small.effective_batch
        measured = update_flops(shape, small.effective_batch, mean, guesses=True)
        factor = per_update / measured
        update = heard.optimizer + (heard.update_seconds - heard.optimizer) * factor
    rows = sum(min(text.held_out, held_out[part]) for part in SHARED)
    return {
        "update": update,
        "optimizer": heard.optimizer,
        "row": heard.measuring / max(1, rows),
        "fixed": heard.before,
        "flops": per_update * engine.devices,
        "row_flops": forward_flops(shape, 1, typical),
        "width": typical,
        "epoch": epoch,
        "held_out": held_out,
        "tokenise": tokenise,
        "factor": factor,
        "longest": longest,
        "device_peak": at_most,
        "busy": _busy(begun, cut.threads),
        "loss": heard.loss,
    }


def _prepared(engine: Engine, cut: Cut) -> Engine:
    """The engine as it is on this machine, with torch set for it."""
    import torch

    from harness.system.determinism import prepare_torch

    here = engine.device == "cuda" and torch.cuda.is_available()
    prepared = dataclasses.replace(engine, devices=1, pretraining_threads=cut.threads)
    if not here:
        prepared = dataclasses.replace(prepared, device="cpu", precision="fp32", compile=False)
    prepare_torch(cut.threads, prepared.device)
    return prepared


def _baseline(root: Path, family: str) -> Path:
    from harness.artifacts import checkpoint

    return checkpoint.place(root, family, BASELINE)


def _for_pretraining(folder: Path, architecture: str, attention: str):
    from harness.encoders import families

    return families.load_for_pretraining(folder, architecture, attention)[0], families.load_tokenizer(folder)


def _typical_rows(read, tokenizer, config, recipe: Pretraining) -> float:
    """The mean length of the rows of the first updates."""
    from harness import objectives
    from harness.objectives import Setup
    from harness.objectives.common.windows import Vocabulary
    from harness.training.pretrain.plan import Plan

    setup, objective = Setup(recipe, Vocabulary.of(tokenizer), config), objectives.of(recipe)

    def rows(block, generator):
        return objective.rows(setup, read.documents, block, generator)

    plan = Plan(read.documents.sizes(), rows, recipe.effective_batch, recipe.device_batch, recipe.seed)
    updates = plan.updates()
    lengths = [row.length for _, batches in itertools.islice(updates, 20) for batch in batches for row in batch]
    updates.close()
    return statistics.fmean(lengths)


class _Heard:
    """An observer of a pre-training that notes when something happens."""

    def __init__(self, stamps: Stamps):
        self._stamps, self._before = stamps, len(stamps.optimizer)
        self._at: list[float] = []
        self._ends: list[float] = []
        self._first, self.tokens, self.loss = 0.0, 0.0, 0.0

    def started(self, about) -> None:
        self._first = self._stamps.now()

    def update(self, step: int, values: Mapping[str, float]) -> None:
        self._at.append(self._stamps.now())
        self.tokens, self.loss = values["tokens"], values["loss"]

    def held_out(self, step: int, measured: dict) -> None:
        self._ends.append(self._stamps.now())

    def finished(self) -> None:
        pass

    @property
    def before(self) -> float:
        """Seconds from the end of the first measuring to the end of the first update, beyond an ordinary update."""
        return max(0.0, self._at[0] - self._ends[0] - self.update_seconds)

    @property
    def update_seconds(self) -> float:
        return statistics.fmean(b - a for a, b in itertools.pairwise(self._at))

    @property
    def measuring(self) -> float:
        return self._ends[-1] - self._at[-1]

    @property
    def optimizer(self) -> float:
        return statistics.fmean(self._stamps.optimizer[self._before :][1:])


def _train_arm(model, tokenizer, architecture, corpora, read, recipe, engine, states: Path, observer) -> None:
    from harness.training.common.distributed import World
    from harness.training.pretrain import arms

    arms.train_arm(
        model, tokenizer, architecture, corpora, read, recipe, engine, World(0, 1, engine.device),
        steps=recipe.steps, states=states, inputs={}, code={}, observer=observer, name="rehearse", alone=False,
    )  # fmt: skip


def _memory(engine: Engine) -> int:
    """The most that the device has had reserved, 0 on a CPU, whose memory is that of the process."""
    if engine.device != "cuda":
        return 0
    import torch

    return torch.cuda.max_memory_reserved()


def finetune(
    root: Path, name: str, family: str, settings: FinetuneSettings, shape: Shape, cut: Cut, *, long: bool
) -> dict:
    """A few updates of a fine-tuning of the baseline that lies in the scratch copy.

    With `long` every training row counts as long as the recipe allows. Seconds of an update (`update`, of which
    `optimizer` does not grow with the batch), of a row that is answered (`row`), of a run beside these (`fixed`) and of
    all that is done once for a comparison, by row (`encode`); `flops` of an update, `row_flops` of a row, `bytes` that
    the answer to a row takes.
    """
    from harness.artifacts.parts import by_part
    from harness.plugins import registry
    from harness.training.finetune.inputs import Inputs
    from harness.training.finetune.loop import warm_up
    from harness.training.finetune.runs import encode_parts

    prepared, begun = _prepared(settings.engine, cut), (time.perf_counter(), time.process_time())
    warm_up()
    task = registry.get(root, name)
    head = heads.of(task)
    checkpoints = {BASELINE: _baseline(root, family)}
    parts, _ = by_part(root, name)
    test = parts.get("test") or parts.get("holdout") or parts["validation"]
    stamps = Stamps(prepared, cut.threads)
    stamps.watch_optimizer()
    recipe = settings.recipe

    # How long ordinary batches are.
    sample = _spread(parts["train"], TYPICAL)
    encode_parts(task, recipe, Inputs({"train": sample[:1]}, checkpoints, {}))  # what is loaded only once
    started = stamps.now()
    typical = encode_parts(task, recipe, Inputs({"train": sample}, checkpoints, {}))[BASELINE].parts["train"]
    encode = (stamps.now() - started) / len(sample)
    windows, options = len(typical) / len(sample), len(typical[0].rows)
    widths = [recipe.max_length] if long else _widths(typical, recipe.batch)
    per_update = recipe.accumulation * statistics.fmean(
        update_flops(shape, recipe.batch * options, width) for width in widths
    )
    mean_width = recipe.max_length if long else float(typical.lengths.mean())
    per_row = forward_flops(shape, options * windows, mean_width)

    small = dataclasses.replace(
        recipe, batch=cut.rows, accumulation=cut.micro_batches, steps=FEW, evaluate_every=FEW, patience=0,
        max_length=min(cut.width, recipe.max_length), stride=min(recipe.stride, max(0, cut.width - 3)),
        evaluation_batch=recipe.evaluation_batch if cut.whole else cut.rows,
    )  # fmt: skip
    few = max(1, min(ANSWERED, small.evaluation_batch))
    longest = _longest(head, parts["train"], FEW * cut.rows * cut.micro_batches)
    answered = _longest(head, test, few if cut.whole else max(1, cut.rows))
    run = _Run(root, task, dataclasses.replace(settings, engine=prepared), checkpoints[BASELINE], stamps)
    done = run(small, {"train": longest, "validation": answered, "test": answered[:1]}, stretch=long or not cut.whole)
    at_most = _memory(prepared)
    slow = done.update
    steps = min(LONGEST_RUN, int(cut.seconds / max(1e-4, done.update)))
    factor = 1.0
    if cut.whole and not long and steps >= 4 * FEW:
        stamps.optimizer.clear()
        rows = {"train": sample, "validation": _spread(test, ANSWERED), "test": _spread(test, ANSWERED)}
        done = run(dataclasses.replace(small, steps=steps, evaluate_every=steps), rows)
        update, row, optimizer = done.update, done.answering / len(rows["validation"]), done.optimizer
    else:
        optimizer = min(done.optimizer, done.update)
        factor = per_update / done.flops(shape)
        update = optimizer + (done.update - optimizer) * factor
        row = done.answering / max(1.0, done.answer_flops(shape)) * per_row
    return {
        "update": update,
        "optimizer": optimizer,
        "row": row,
        "judge": done.judging / len(done.answered),
        "fixed": done.beside,
        "encode": encode,
        "flops": per_update,
        "row_flops": per_row,
        "bytes": done.bytes,
        "factor": factor,
        "longest": slow,
        "windows": windows,
        "device_peak": at_most,
        "busy": _busy(begun, cut.threads),
    }


def _spread(records: Sequence[dict], number: int) -> list[dict]:
    """So many records, from the first to the last."""
    return list(records[:: max(1, len(records) // number)][:number])


def _longest(head, records: Sequence[dict], number: int) -> list[dict]:
    return sorted(records, key=lambda record: -sum(map(len, head.texts_of(record))))[:number]


def _widths(examples, batch: int) -> list[int]:
    """The length of every batch of an epoch."""
    import torch

    from harness.training.finetune.batching import bucketed

    batches: Iterator[list] = bucketed(examples, batch, torch.Generator().manual_seed(1))
    return [max(example.length for example in one) for one in batches]


@dataclass
class _Done:
    """What a run took."""

    update: float
    optimizer: float
    answering: float
    judging: float
    beside: float
    bytes: float
    trained: Any
    answered: Any
    recipe: Recipe

    def flops(self, shape: Shape) -> float:
        """Of the update that was timed; all of its rows are as long as the longest."""
        rows = self.recipe.batch * len(self.trained[0].rows) * self.recipe.accumulation
        return update_flops(shape, rows, int(self.trained.lengths.max()))

    def answer_flops(self, shape: Shape) -> float:
        lengths = self.answered.lengths
        return sum(forward_flops(shape, len(self.answered[0].rows), int(length)) for length in lengths)


@dataclass(frozen=True)
class _Run:
    """Carries out one run of a comparison, as the stage does, and times it."""

    root: Path
    task: Any
    settings: FinetuneSettings
    checkpoint: Path
    stamps: Stamps

    def __call__(self, recipe: Recipe, parts: Mapping[str, list[dict]], *, stretch: bool = False) -> _Done:
        from harness.statistics import selection
        from harness.training.finetune.inputs import Inputs
        from harness.training.finetune.runs import Encoded, Job, Worker, encode_parts

        now = self.stamps.now
        encoded = encode_parts(self.task, recipe, Inputs(dict(parts), {BASELINE: self.checkpoint}, {}))[BASELINE]
        if stretch:
            train = _stretched(encoded.parts["train"], recipe.max_length)
            encoded = Encoded(encoded.parts | {"train": train}, encoded.pad)
        settings = dataclasses.replace(self.settings, recipe=recipe)
        at, validated, told = [], [], []

        def judge(task, lines, records):
            validated.append(now())
            found = selection.judged(task, lines, records)
            told.append(now())
            return found

        work = Worker(self.root, self.task.name, settings, dict(parts), {BASELINE: encoded}, judge)
        file = self.root / "work" / str(os.getpid()) / "answers.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        begun = now()
        work(Job(BASELINE, 1, 1, self.checkpoint, file, recipe), lambda done: at.append(now()))
        ended = now()
        times = at[: recipe.steps]
        update = statistics.fmean(b - a for a, b in itertools.pairwise(times))
        answering, judging = validated[-1] - times[-1], told[-1] - validated[-1]
        number = len(parts["validation"]) + len(parts["test"])
        row = answering / len(parts["validation"])
        beside = ended - begun - recipe.steps * update - number * row - judging
        return _Done(
            update, statistics.fmean(self.stamps.optimizer[-(recipe.steps - 1) :]), answering, judging,
            max(0.0, beside), file.stat().st_size / number, encoded.parts["train"], encoded.parts["validation"], recipe,
        )  # fmt: skip


def _stretched(examples, width: int):
    """Examples as long as a row may be: what stands between their ends is repeated."""
    from harness.training.finetune.examples import Examples

    def longer(row: tuple) -> tuple:
        inner = row[1:-1] or row[:1]
        return (row[0], *itertools.islice(itertools.cycle(inner), width - 2), row[-1])

    return Examples(
        dataclasses.replace(
            example,
            rows=tuple(map(longer, example.rows)),
            types=tuple(map(longer, example.types)),
            target=longer(example.target) if isinstance(example.target, tuple) else example.target,
            offsets=longer(example.offsets) if example.offsets else (),
        )
        for example in examples
    )
