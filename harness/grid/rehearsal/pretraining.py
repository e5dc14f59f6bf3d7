"""Measure the time of a few updates of a pre-training, with the training loop of the stages `checkpoint` and
`pretrain`.

`harness.grid.rehearsal.children` runs each measurement in a process of its own.
"""

import dataclasses
import itertools
import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.grid.rehearsal.sizes import Shape, forward_flops, update_flops
from harness.grid.rehearsal.timing import FEW, LONGEST_RUN, Cut, Stamps, baseline, busy, device_memory, prepared_engine
from harness.params.arms import SHARED
from harness.params.config import Engine, Pretraining


@dataclass(frozen=True)
class Text:
    """The text of a measured pre-training. `root` is the scratch copy of the repository.

    The training reads the parts `trained_on` of the corpus, with the share `replay` of general text mixed in. In every
    part, at most `held_out` held-out rows are measured. If `stands_in`, generated text replaces the real corpus.
    """

    root: Path
    family: str
    architecture: str
    trained_on: tuple[str, ...]
    replay: float
    held_out: int
    stands_in: bool = False


class _Joined:
    """Documents that are each joined from a group of `documents`. `groups` has their positions."""

    def __init__(self, documents, groups: list[list[int]]):
        self._documents, self._groups = documents, groups

    def __len__(self) -> int:
        return len(self._groups)

    def sizes(self) -> list[int]:
        sizes = self._documents.sizes()
        return [int(sum(sizes[i] for i in group)) for group in self._groups]

    def tokens(self, index: int) -> list[int]:
        return [token for i in self._groups[index] for token in self._documents.tokens(i)]

    def sentences(self, index: int) -> list[list[int]]:
        return [sentence for i in self._groups[index] for sentence in self._documents.sentences(i)]


def _repeated(documents, tokens: int) -> _Joined:
    """The documents, repeated so that a small corpus has at least `tokens` tokens."""
    times = -(-tokens // max(1, int(sum(documents.sizes()))))
    return _Joined(documents, [[index] for index in range(len(documents))] * times)


def _pages(documents, tokens: int) -> _Joined:
    """The documents, joined to at least `tokens` tokens each, so that nearly every row has the maximum length."""
    groups: list[list[int]] = [[]]
    sizes, size = documents.sizes(), 0
    for index in range(len(documents)):
        groups[-1].append(index)
        size += int(sizes[index])
        if size >= tokens:
            groups.append([])
            size = 0
    return _Joined(documents, [group for group in groups if group])


def pretrain(text: Text, recipe: Pretraining, engine: Engine, shape: Shape, cut: Cut) -> dict:
    """Time a few updates of a pre-training that starts from the baseline in the scratch copy.

    `cut` says which part of a batch is measured. Seconds in the result: `update` (an update on one device), `optimizer`
    (the part of an update that does not grow with the batch), `longest` (an update on the longest rows), `row` (to
    measure a held-out row), `fixed` (the work before the first update), `tokenise` (CPU seconds to tokenise the copied
    corpus).

    Other values: `flops` (operations of an update on all devices), `row_flops` (of a held-out row), `width` (mean
    tokens of a row), `epoch` (updates in an epoch of the copied corpus, None if the recipe states `steps`), `held_out`
    (rows by part), `factor` (by which the time of the measured updates was scaled to whole ones), `device_peak` (bytes
    of GPU memory), `busy` (share of the threads' time that the process got), and the last `loss`.
    """
    from harness.encoders import families
    from harness.training.common.distributed import World
    from harness.training.pretrain import arms, replay, texts

    prepared, begun = prepared_engine(engine, cut), (time.perf_counter(), time.process_time())
    folder, parts = baseline(text.root, text.family), tuple(dict.fromkeys((*SHARED, *text.trained_on)))
    model, _ = families.load_for_pretraining(folder, text.architecture, prepared.attention)
    tokenizer = families.load_tokenizer(folder)
    files = {part: text.root / "artifacts" / "corpus" / f"{part}.jsonl" for part in parts}
    # Other processes may measure the same at the same time.
    own = text.root / "work" / str(os.getpid())
    shards = own / "shards"
    begun_reading = time.process_time()
    corpora = texts.tokenised_all(files, tokenizer, recipe, shards, leads=True)
    tokenise = time.process_time() - begun_reading
    held_out = {part: len(corpora[part].held_out) for part in SHARED}
    read = replay.mixture(corpora, text.trained_on, text.replay, recipe.seed)
    if text.stands_in:
        # The real corpus fills its batches. The stand-in must, too, whatever its size.
        enough = 2 * recipe.effective_batch * recipe.length
        read = dataclasses.replace(read, documents=_repeated(read.documents, enough))
    few = {part: dataclasses.replace(one, held_out=one.held_out[: text.held_out]) for part, one in corpora.items()}
    typical = _typical_rows(read, tokenizer, model.config, recipe)
    epoch = arms.updates_of(read, tokenizer, model.config, recipe) if recipe.steps is None else None
    stamps = Stamps(prepared.device, cut.threads)
    stamps.watch_optimizer()

    def course(name: str, corpus, settings) -> _Heard:
        heard: Any = _Heard(stamps)
        arms.train_arm(
            model, tokenizer, text.architecture, few, corpus, settings, prepared, World(0, 1, prepared.device),
            steps=settings.steps, states=own / name, inputs={}, code={}, observer=heard, name="rehearse", alone=False,
        )  # fmt: skip
        return heard

    small = dataclasses.replace(
        recipe, steps=FEW, effective_batch=cut.rows * cut.micro_batches, device_batch=cut.rows,
        length=min(cut.width, recipe.length), evaluate_every=0, save_steps=0, save_minutes=0,
    )  # fmt: skip
    pages = dataclasses.replace(read, documents=_pages(read.documents, 4 * recipe.length))
    heard = course("longest", pages, dataclasses.replace(small, short_rows=0.0))
    longest = heard.update_seconds
    at_most = device_memory(prepared)
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
        "busy": busy(begun, cut.threads),
        "loss": heard.loss,
    }


def _typical_rows(read, tokenizer, config, recipe: Pretraining) -> float:
    """The mean length of the rows in the first 20 updates, in tokens."""
    from harness.objectives import Setup
    from harness.objectives.common.windows import Vocabulary
    from harness.training.pretrain import arms

    updates = arms.plan_of(read, Setup(recipe, Vocabulary.of(tokenizer), config)).updates()
    lengths = [row.length for _, batches in itertools.islice(updates, 20) for batch in batches for row in batch]
    updates.close()
    return statistics.fmean(lengths)


class _Heard:
    """An observer of a pre-training that records the time of each update and of each measurement of held-out text."""

    def __init__(self, stamps: Stamps):
        self._stamps, self._before = stamps, len(stamps.optimizer)
        self._at: list[float] = []
        self._ends: list[float] = []
        self.tokens, self.loss = 0.0, 0.0

    def started(self, about) -> None:
        pass

    def update(self, step: int, values: Mapping[str, float]) -> None:
        self._at.append(self._stamps.now())
        self.tokens, self.loss = values["tokens"], values["loss"]

    def held_out(self, step: int, measured: dict) -> None:
        self._ends.append(self._stamps.now())

    def finished(self) -> None:
        pass

    @property
    def before(self) -> float:
        """Seconds from the first held-out measurement to the end of the first update, less those of an update."""
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
