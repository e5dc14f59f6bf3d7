"""Compare the fine-tuning engine with transformers' `Trainer`: same data, model, epochs and batch size.

Usage: python benchmarks/finetuning.py [--epochs 2] [--repeats 3] [--family nb_bert] [--size 2x128] [--task nor_deid]

A finished `make repro` is needed, because data, splits and checkpoints are taken from artifacts/. For each head, the
same encoder is trained for the same number of updates in four ways:
- by this engine,
- by `Trainer`, padding every text to the maximum length, as most scripts do,
- by `Trainer` with dynamic padding,
- by `Trainer` with `group_by_length`.
The ways alternate, `--repeats` times, each in a process of its own with one thread. Prints the medians of the ratios of
CPU and wall time, and the test F1 of each way. At the end, a whole comparison (2 arms × 5 seeds) by `harness finetune`
is timed against one `Trainer` script per run, with processes and imports. `--size LAYERSxHIDDEN` takes a new, untrained
encoder of that size in place of the one in artifacts/. Machines are noisy, so only ratios that were measured side by
side mean something.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = {"sequence": "synergi", "pair": "medmqp", "choice": "medmcqa", "tokens": "nor_deid"}
LENGTHS = {"sequence": 96, "pair": 64, "choice": 64, "tokens": 64}
WAYS = ("engine", "max_length", "dynamic", "group_by_length")
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--family", default="nb_bert")
    parser.add_argument("--size", help="layers and width of a new encoder, as 2x128")
    parser.add_argument("--task", choices=TASKS.values(), help="this one alone")
    parser.add_argument("--one", nargs=3, metavar=("WAY", "TASK", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, task, seed = options.one
        print(json.dumps(measure(way, task, options.family, int(seed), options.epochs, options.size)))
        return
    per_head(options)
    if not (options.size or options.task):
        whole_comparison(options)


def per_head(options) -> None:
    from measuring import in_process

    print("| head (task) | against | CPU ratio | wall ratio | F1 engine | F1 Trainer |\n|---|---|---|---|---|---|")
    for head, task in TASKS.items():
        if options.task not in (None, task):
            continue
        found = {way: [] for way in WAYS}
        given = ["--epochs", options.epochs, "--family", options.family]
        given += ["--size", options.size] if options.size else []
        for seed in range(1, options.repeats + 1):
            for way in WAYS:
                found[way].append(in_process(__file__, *given, "--one", way, task, seed))
        ours = found["engine"]
        for way in WAYS[1:]:
            ratio = {
                key: statistics.median(b[key] / a[key] for a, b in zip(ours, found[way], strict=True))
                for key in ("cpu", "wall")
            }
            print(
                f"| {head} ({task}) | Trainer, {way} | {ratio['cpu']:.2f} | {ratio['wall']:.2f} "
                f"| {spread(ours)} | {spread(found[way])} |",
                flush=True,
            )


def spread(runs: list[dict]) -> str:
    values = [run["score"] for run in runs]
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def measure(way: str, name: str, family: str, seed: int, epochs: int, size: str | None) -> dict:
    """CPU and wall seconds of training and predicting the test part, without imports and loading, and its F1."""
    from harness.system.determinism import prepare_environment, prepare_torch

    prepare_environment("fast")
    import torch

    prepare_torch(threads=1, device="cpu")
    from harness import heads
    from harness.encoders import families
    from harness.params.config import Encoder
    from harness.params.reading import load
    from harness.plugins import registry
    from harness.training.finetune.inputs import read_inputs
    from harness.training.finetune.loop import warm_up

    task = registry.get(ROOT, name)
    settings = load(ROOT / "params.yaml").finetune(name, family)
    inputs = read_inputs(ROOT, task, family, ("clinical",))
    folder = inputs.checkpoints["clinical"]
    tokenizer = families.load_tokenizer(folder)
    stride = 16 if task.head == "tokens" else 0
    examples = encoded(task, inputs.parts, tokenizer, LENGTHS[task.head], stride)
    steps = epochs * -(-len(examples["train"]) // BATCH)
    recipe = dataclasses.replace(settings.recipe, steps=steps, batch=BATCH, accumulation=1, evaluate_every=steps)
    settings = dataclasses.replace(settings, recipe=recipe)
    torch.manual_seed(seed)
    if size:
        layers, hidden = map(int, size.split("x"))
        encoder = Encoder(hidden, layers, max(1, hidden // 32), 4 * hidden, len(tokenizer), 512, 0.0)
        with tempfile.TemporaryDirectory() as new:
            untrained(encoder, settings.architecture, tokenizer, Path(new))
            model = families.load_head(Path(new), settings.architecture, heads.of(task), task.labels, "sdpa", 0.0)
    else:
        model = families.load_head(folder, settings.architecture, heads.of(task), task.labels, "sdpa", 0.0)
    warm_up()
    train = with_engine if way == "engine" else with_trainer
    started, cpu = time.perf_counter(), time.process_time()
    rows, _ = train(way, model, examples, tokenizer, settings, seed)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {"way": way, "cpu": cpu, "wall": wall, "score": score(task, inputs.parts["test"], examples["test"], rows)}


def encoded(task, parts: dict, tokenizer, length: int, stride: int) -> dict:
    from harness import heads
    from harness.training.finetune import batching

    return {
        part: batching.encode(heads.of(task), parts[part], tokenizer, task.labels, length, stride)
        for part in ("train", "validation", "test")
    }


def score(task, records, examples, rows) -> float:
    """The primary score of the logits of some examples. `Trainer` returns them padded, in arrays."""
    import torch

    from harness import heads
    from harness.artifacts.prediction_lines import lines_of
    from harness.statistics.task_metrics import primary

    rows = [torch.as_tensor(row) for row in rows]
    if heads.of(task).windowed:
        rows = [row[: len(example.rows[0])] for row, example in zip(rows, examples, strict=True)]
    answers = heads.of(task).answers(records, examples, rows, task.labels)
    return primary(task, lines_of(task, "test", records, answers), {record["id"]: record for record in records})


def untrained(encoder, architecture: str, tokenizer, folder: Path, vocabulary=None) -> None:
    """Write the folder of a new encoder, with the tokenizer's vocabulary, or with `vocabulary` and its special ids."""
    from harness.encoders import families

    model = families.new_masked_lm(architecture, encoder, vocabulary or tokenizer, "sdpa")
    families.save(model, tokenizer, folder)


def with_engine(way, model, examples, tokenizer, settings, seed, *, warm: int = 0, workers: int = 0) -> tuple:
    """The logits of the test part, and the measures of training from update `warm` on."""
    from measuring import Clock, Seen

    from harness.heads import HEADS
    from harness.training.common.precision import autocast
    from harness.training.finetune import loop, predicting

    recipe, engine = settings.recipe, settings.engine
    model, seen = model.to(engine.device), Seen(model)
    clock = Clock(warm, recipe.steps, engine.device, seen.masks)
    clock.update(0)
    loop.train(
        model, examples["train"], recipe, engine, pad=tokenizer.pad_token_id, seed=seed,
        loss_of=HEADS["sequence"].loss, validate=lambda: {"selection": 0.0}, progress=clock.update,
        name="benchmark",
    )  # fmt: skip
    measured = clock.measured(seen.batches)
    rows = predicting.logits(
        model, examples["test"], recipe.evaluation_batch, tokenizer.pad_token_id, engine.device, autocast(engine)
    )
    return rows, measured


def with_trainer(way, model, examples, tokenizer, settings, seed, *, warm: int = 0, workers: int = 0) -> tuple:
    """As `with_engine`, by `Trainer` set up as in its documentation, with the same optimizer, schedule and clipping.
    `workers` processes make its batches."""
    from measuring import Clock, Seen
    from transformers import Trainer, TrainingArguments

    recipe, engine = settings.recipe, settings.engine
    columns = {part: [as_columns(example) for example in rows] for part, rows in examples.items()}
    seen = Seen(model)
    clock = Clock(warm, recipe.steps, engine.device, seen.masks)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, max_steps=recipe.steps, per_device_train_batch_size=recipe.batch,
            per_device_eval_batch_size=recipe.evaluation_batch, learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay, warmup_steps=recipe.warmup, max_grad_norm=recipe.clip,
            lr_scheduler_type="linear", optim="adamw_torch_fused", seed=seed, report_to="none",
            use_cpu=engine.device == "cpu", bf16=engine.precision == "bf16",
            dataloader_num_workers=workers, dataloader_persistent_workers=workers > 0,
            save_strategy="no", logging_strategy="no", disable_tqdm=True, remove_unused_columns=False,
            train_sampling_strategy="group_by_length" if way == "group_by_length" else "random",
        )  # fmt: skip
        width = max(e.length for rows in examples.values() for e in rows) if way == "max_length" else None
        trainer = Trainer(
            model, arguments, train_dataset=columns["train"], eval_dataset=columns["validation"],
            data_collator=Collator(tokenizer, width), callbacks=[clock.callback()],
        )  # fmt: skip
        trainer.train()
        measured = clock.measured(seen.batches)
        # With `group_by_length` transformers also sorts what it predicts, and returns it in that order.
        trainer.args.train_sampling_strategy = "random"
        return list(trainer.predict(columns["test"]).predictions), measured


def as_columns(example) -> dict:
    target = list(example.target) if isinstance(example.target, tuple) else example.target
    if len(example.rows) > 1:
        return {"input_ids": [list(row) for row in example.rows], "labels": target}
    return {"input_ids": list(example.rows[0]), "labels": target} | (
        {"token_type_ids": list(example.types[0])} if example.types else {}
    )


class Collator:
    """Pads as `DataCollatorWithPadding` and its kin do: by `tokenizer.pad`, to the batch or to the maximum."""

    def __init__(self, tokenizer, width: int | None):
        self._tokenizer, self._padding = tokenizer, {"padding": "max_length", "max_length": width} if width else {}

    def __call__(self, features: list[dict]) -> dict:
        import torch

        labels = [feature["labels"] for feature in features]
        texts = [{key: value for key, value in feature.items() if key != "labels"} for feature in features]
        choices = len(texts[0]["input_ids"]) if isinstance(texts[0]["input_ids"][0], list) else 0
        if choices:
            texts = [{"input_ids": row} for text in texts for row in text["input_ids"]]
        batch = dict(self._tokenizer.pad(texts, return_tensors="pt", **self._padding))
        if choices:
            batch = {key: value.view(-1, choices, value.shape[-1]) for key, value in batch.items()}
        width = batch["input_ids"].shape[-1]
        if isinstance(labels[0], list):
            labels = [row + [-100] * (width - len(row)) for row in labels]
        return batch | {"labels": torch.tensor(labels)}


def whole_comparison(options) -> None:
    """Seconds of a comparison's ten runs: `harness finetune` against one `Trainer` script per run, run in turn."""
    from harness.testing.parameters import changing

    task = TASKS["sequence"]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    epochs = options.epochs
    records = (ROOT / "artifacts" / "validated" / task / "records.jsonl").read_text(encoding="utf-8").count("\n")
    steps = epochs * -(-int(records * 0.75) // BATCH)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        for name in ("tasks", "reports", "dvc.yaml"):
            (aside / name).symlink_to(ROOT / name)
        (aside / "artifacts").mkdir()
        for name in ("validated", "checkpoints", "splits"):
            (aside / "artifacts" / name).symlink_to(ROOT / "artifacts" / name)
        with changing(aside, (ROOT / "params.yaml").read_text(encoding="utf-8")) as params:
            params["tasks"][task].update(steps=steps, batch=BATCH, evaluate_every=steps)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "harness", "finetune", task, options.family],
            cwd=aside,
            check=True,
            capture_output=True,
        )
        engine = time.perf_counter() - started
    script = [sys.executable, __file__, "--epochs", str(epochs), "--family", options.family]
    script += ["--one", "max_length", task]
    trainer = []
    for seed in (1, 2):
        started = time.perf_counter()
        subprocess.run([*script, str(seed)], check=True, capture_output=True, env=environment)
        trainer.append(time.perf_counter() - started)
    ten = 10 * statistics.mean(trainer)
    print(
        f"\nWhole comparison ({task}, 10 runs of {steps} updates): harness finetune {engine:.1f} s; one Trainer script "
        f"per run {ten:.1f} s (10 × the mean of {len(trainer)}); ratio {ten / engine:.2f}"
    )


if __name__ == "__main__":
    main()
