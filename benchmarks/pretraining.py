"""Compare the pre-training engine with transformers' `Trainer`: same model, texts, rows a batch, optimizer, one thread.

Usage: python benchmarks/pretraining.py [--repeats 3] [--family nb_bert …] [--length 128] [--batch 32] [--corpus FILE]

Each family is trained for one epoch over the same texts, in two layouts:
- `lines`, one text a line: the engine packs the texts or sorts them by length, and `Trainer` pads each batch to its
  longest row;
- `blocks`, whole documents: the engine reads the documents, and `Trainer` reads them glued into full rows
  (`group_texts` of transformers' `run_mlm.py`), in which a text sees its neighbours.
`Trainer` has `DataCollatorForLanguageModeling` at the recipe's mean rate of masks. It gets texts that are tokenised
already, in lists, which costs less time than a `datasets` table. `Trainer` trains plain masked LM in every family,
while NB-BERT's recipe also makes and learns sentence pairs. The time to make rows counts, and the time to tokenise does
not.

Speed is the number of tokens, without padding, per second of CPU time and of wall time. Ratios are medians over
alternating runs, each in a process of its own. If the engine packs texts, its rows are fuller and its updates fewer.
The column `updates` has the number of updates of both. The texts are artifacts/corpus/general.jsonl of a finished run,
generated texts if there is no such run, or `--corpus FILE` (JSON lines with "text", .gz too). The encoder is that of
the profile `lab`. Machines are noisy, so only ratios that were measured side by side mean something.
"""

import argparse
import gzip
import json
import statistics
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("nb_bert", "norbert3", "modernbert")
LAYOUTS = ("lines", "blocks")
WAYS = ("engine", "trainer")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", nargs="+", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--layout", nargs="+", default=LAYOUTS, choices=LAYOUTS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--length", type=int, default=128, help="tokens a row")
    parser.add_argument("--batch", type=int, default=32, help="rows an update")
    parser.add_argument("--words", type=int, default=150_000, help="words of text that every run reads")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--one", nargs=4, metavar=("WAY", "LAYOUT", "FAMILY", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one, length=options.length, batch=options.batch)))
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), options.family, options.words, options.corpus)
        print("| family | layout | updates | engine, tokens/s | Trainer, tokens/s | padding | CPU ratio | wall ratio |")
        print("|---|---|---|---|---|---|---|---|")
        for family in options.family:
            for layout in options.layout:
                compare(family, layout, folder, options)


def compare(family: str, layout: str, folder: str, options) -> None:
    from measuring import in_process

    found = {way: [] for way in WAYS}
    given = ["--length", options.length, "--batch", options.batch]
    for _ in range(options.repeats):
        for way in WAYS:
            found[way].append(in_process(__file__, *given, "--one", way, layout, family, folder))
    engine, trainer = (found[way] for way in WAYS)
    ratio = {
        key: statistics.median(speed(a, key) / speed(b, key) for a, b in zip(engine, trainer, strict=True))
        for key in ("cpu", "wall")
    }
    tokens = [f"{statistics.median(speed(run, 'cpu') for run in runs):,.0f}" for runs in (engine, trainer)]
    print(
        f"| {family} | {layout} | {engine[0]['updates']} / {trainer[0]['updates']} | {tokens[0]} | {tokens[1]} "
        f"| {engine[0]['padding']:.0%} / {trainer[0]['padding']:.0%} | {ratio['cpu']:.2f} | {ratio['wall']:.2f} |",
        flush=True,
    )


def speed(run: dict, key: str) -> float:
    return run["tokens"] / run[key]


def prepare(folder: Path, families, words: int, corpus: Path | None, *, repeated: bool = False) -> None:
    """Write the texts, and a tokenizer for each architecture made from them. All runs share both. A corpus of fewer
    words is taken whole, or `repeated`."""
    from harness.system.determinism import prepare_environment

    prepare_environment("fast")
    from harness.encoders import tokenizers

    documents, enough = [], words
    for text in given_texts(corpus):
        documents.append(text)
        enough -= len(text.split())
        if enough <= 0:
            break
    times = -(-words // (words - enough)) if repeated else 1
    (folder / "documents.json").write_text(json.dumps(documents * times), encoding="utf-8")
    settings = profile("lab")
    for family in families:
        made = settings.checkpoint(family)
        tokenizer = tokenizers.build(made.architecture, documents, made.encoder.vocabulary)
        tokenizer.save_pretrained(folder / family)


def given_texts(path: Path | None):
    path = path or ROOT / "artifacts" / "corpus" / "general.jsonl"
    if not path.is_file() and path.parent.parent.name == "artifacts":
        from harness.data.synthetic.write import generate

        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), 2026)
            yield from given_texts(Path(folder) / "corpus" / "general.jsonl")
        return
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from (json.loads(line)["text"] for line in lines)


def profile(name: str):
    from harness.params import profiles
    from harness.params.reading import parse

    return parse(profiles.text(name))


def measure(way: str, layout: str, family: str, folder: str, *, length: int, batch: int) -> dict:
    """Tokens, padding, updates, CPU and wall seconds of one epoch, without imports and tokenising."""
    import dataclasses

    from harness.system.determinism import prepare_environment, prepare_torch

    prepare_environment("fast")
    import torch

    prepare_torch(threads=1, device="cpu")
    from harness.encoders import families
    from harness.training.finetune.loop import warm_up

    made = profile("lab").checkpoint(family)
    settings = dataclasses.replace(
        made.pretraining, steps=None, effective_batch=batch, device_batch=batch, length=length,
        evaluate_every=0, save_steps=0, save_minutes=0,
    )  # fmt: skip
    texts = laid_out(layout, Path(folder))
    tokenizer = families.load_tokenizer(Path(folder) / family)
    torch.manual_seed(1)
    model = families.new_masked_lm(made.architecture, made.encoder, tokenizer, "sdpa")
    warm_up()
    if way == "engine":
        return with_engine(model, texts, tokenizer, made, settings, folder)
    return with_trainer(model, texts, tokenizer, made, settings, glued=layout == "blocks")


def laid_out(layout: str, folder: Path) -> list[str]:
    texts = json.loads((folder / "documents.json").read_text(encoding="utf-8"))
    if layout == "lines":
        return [line for text in texts for line in text.splitlines() if line.strip()]
    return texts


def with_engine(
    model, texts, tokenizer, made, settings, folder: str, *, steps: int | None = None, warm: int = 0, world=None
) -> dict:
    """Measures of the engine on lines or documents, which it never glues. Texts that it holds out are not trained on or
    counted. It makes `steps` updates (None: one epoch) on `made.engine.device`, of which the first `warm` are not
    measured. In a `world` of several processes, tokens are those of all, and the rest is this one's."""

    from measuring import Clock

    from harness import objectives
    from harness.encoders.architectures import architecture_named
    from harness.objectives.common.windows import Vocabulary
    from harness.system.files import write_jsonl
    from harness.training.common.distributed import World
    from harness.training.pretrain import texts as corpora
    from harness.training.pretrain.arms import plan_of
    from harness.training.pretrain.loop import Losses, train
    from harness.training.pretrain.resume import Store

    documents = [{"id": str(i), "document_type": "", "text": text} for i, text in enumerate(texts)]
    folder = Path(tempfile.mkdtemp(dir=folder))
    files = {"own": folder / "corpus.jsonl"}
    write_jsonl(files["own"], documents)
    corpus = corpora.tokenised_all(files, tokenizer, settings, folder, leads=True)["own"]
    setup, objective = objectives.Setup(settings, Vocabulary.of(tokenizer), model.config), objectives.of(settings)
    plan = plan_of(corpus, setup)
    steps = steps or plan.updates_per_epoch()
    world = world or World(0, 1, made.engine.device)
    watched, kind = Watched(objective), architecture_named(made.architecture)
    clock = Clock(warm, steps, world.device, watched.batches)
    with tempfile.TemporaryDirectory() as states:
        clock.update(0)
        train(
            Losses(model, made.architecture, objective), watched, setup, plan,
            made.engine, world, steps=steps, store=Store(Path(states), "benchmark"), measure=dict,
            observer=_told(clock), spared=kind.undecayed, head=kind.masked_lm_head, name="benchmark",
        )  # fmt: skip
    found = clock.measured(watched.batches)
    return found | {"tokens": int(world.total([found["tokens"]])[0])}


def _told(clock):
    from harness.training.pretrain.loop import Observer

    class Tells(Observer):
        def update(self, step, values):
            clock.update(step)

    return Tells()


class Watched:
    """An objective that records the tokens of each sequence and the number of places of each batch."""

    def __init__(self, objective):
        self._objective, self.batches = objective, []
        self.at, self.counts = objective.at, objective.counts

    def batch(self, setup, rows, now, generator):
        inputs, targets = self._objective.batch(setup, rows, now, generator)
        lengths = [n for row in rows for n in (Counter(row.documents).values() if row.documents else [row.length])]
        self.batches.append((lengths, inputs["input_ids"].numel()))
        return inputs, targets


def with_trainer(
    model, texts, tokenizer, made, settings, glued: bool, *, steps: int | None = None, warm: int = 0, workers: int = 0
) -> dict:
    """Measures of `Trainer` set up as in transformers' own `run_mlm.py`, by line or in blocks (`glued`), with the
    recipe's optimizer, schedule and clipping, and `workers` for its batches. `steps` and `warm`: see `with_engine`."""
    import torch
    from measuring import Clock, Seen
    from transformers import BertForMaskedLM, DataCollatorForLanguageModeling, Trainer, TrainingArguments

    if made.architecture == "bert":
        with torch.device(made.engine.device):
            model = BertForMaskedLM(model.config)
    encoded = tokenizer(
        texts, truncation=not glued, max_length=None if glued else settings.length, return_special_tokens_mask=True
    )
    columns = {name: encoded[name] for name in encoded}
    if glued:
        columns = {name: in_blocks(rows, settings.length) for name, rows in columns.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    collator = DataCollatorForLanguageModeling(
        tokenizer, mlm_probability=(settings.mask_rate + settings.mask_rate_end) / 2
    )
    steps = steps or len(rows) // settings.effective_batch
    seen = Seen(model)
    clock = Clock(warm, steps, made.engine.device, seen.masks)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, max_steps=steps, per_device_train_batch_size=settings.device_batch,
            gradient_accumulation_steps=settings.effective_batch // settings.device_batch,
            learning_rate=settings.learning_rate, weight_decay=settings.weight_decay, warmup_steps=settings.warmup,
            # `Trainer` has no trapezoidal schedule. Until the decay, this one is the same and costs the same.
            lr_scheduler_type="constant_with_warmup" if settings.schedule == "trapezoidal" else settings.schedule,
            max_grad_norm=settings.clip or 0.0, seed=1,
            use_cpu=made.engine.device == "cpu", bf16=made.engine.precision == "bf16",
            optim="stable_adamw" if settings.optimizer == "stable_adamw" else "adamw_torch_fused",
            report_to="none", save_strategy="no", logging_strategy="no", disable_tqdm=True,
            remove_unused_columns=False, dataloader_drop_last=True,
            dataloader_num_workers=workers, dataloader_persistent_workers=workers > 0,
        )  # fmt: skip
        Trainer(model, arguments, train_dataset=rows, data_collator=collator, callbacks=[clock.callback()]).train()
    return clock.measured(seen.batches)


def in_blocks(rows: list[list[int]], length: int) -> list[list[int]]:
    """All rows glued and cut into blocks, the rest left out, as by `group_texts` of `run_mlm.py`."""
    glued = [value for row in rows for value in row]
    return [glued[start : start + length] for start in range(0, len(glued) - length + 1, length)]


if __name__ == "__main__":
    main()
