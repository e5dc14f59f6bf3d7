"""Measure the time of a few updates of a fine-tuning, with the training loop of the stage `finetune`.

`harness.grid.rehearsal.children` runs each measurement in a process of its own.
"""

import dataclasses
import itertools
import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import heads
from harness.grid.rehearsal.sizes import Shape, forward_flops, update_flops
from harness.grid.rehearsal.timing import FEW, LONGEST_RUN, Cut, Stamps, baseline, busy, device_memory, prepared_engine
from harness.params.arms import BASELINE
from harness.params.config import FinetuneSettings, Recipe

TYPICAL = 2_000  # training rows whose lengths are measured
ANSWERED = 200  # rows that are answered if that is quick


def finetune(
    root: Path, name: str, family: str, settings: FinetuneSettings, shape: Shape, cut: Cut, *, long: bool
) -> dict:
    """Time a few updates of the fine-tuning of a family's baseline on the task `name`.

    `root` is the scratch copy of the repository, and `cut` says which part of a batch is measured. If `long`, every
    training row counts as long as the recipe allows.

    Seconds in the result: `update` (one update), `optimizer` (the part of an update that does not grow with the batch),
    `longest` (an update on the longest rows), `row` (to answer a row), `judge` (to score an answered validation row),
    `fixed` (the rest of a run), `encode` (to tokenise a row, done once per comparison).

    Other values: `flops` and `row_flops` (operations of an update and of an answered row), `bytes` (of a stored
    answer), `factor` (by which the time of the measured updates was scaled to whole ones), `windows` (examples per
    record), `device_peak` (bytes of GPU memory), `busy` (share of the threads' time that the process got).
    """
    from harness.artifacts.parts import by_part
    from harness.plugins import registry
    from harness.training.finetune.inputs import Inputs
    from harness.training.finetune.loop import warm_up
    from harness.training.finetune.runs import encode_parts

    prepared, begun = prepared_engine(settings.engine, cut), (time.perf_counter(), time.process_time())
    warm_up()
    task = registry.get(root, name)
    head = heads.of(task)
    checkpoints = {BASELINE: baseline(root, family)}
    parts, _ = by_part(root, name)
    test = parts.get("test") or parts.get("holdout") or parts["validation"]
    stamps = Stamps(prepared.device, cut.threads)
    stamps.watch_optimizer()
    recipe = settings.recipe

    # The length of ordinary batches.
    sample = _spread(parts["train"], TYPICAL)
    encode_parts(task, recipe, Inputs({"train": sample[:1]}, checkpoints, {}))  # loading is not timed
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
    at_most = device_memory(prepared)
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
        "busy": busy(begun, cut.threads),
    }


def _spread(records: Sequence[dict], number: int) -> list[dict]:
    """`number` of the records, at equal distances, beginning with the first record."""
    return list(records[:: max(1, len(records) // number)][:number])


def _longest(head, records: Sequence[dict], number: int) -> list[dict]:
    return sorted(records, key=lambda record: -sum(map(len, head.texts_of(record))))[:number]


def _widths(examples, batch: int) -> list[int]:
    """The length in tokens of every batch of an epoch, which is the length of the batch's longest row."""
    import torch

    from harness.training.finetune.batching import bucketed

    batches: Iterator[list] = bucketed(examples, batch, torch.Generator().manual_seed(1))
    return [max(example.length for example in one) for one in batches]


@dataclass
class _Done:
    """The seconds of a measured run's parts, the bytes of an answer, and the examples and recipe of the run."""

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
        """The floating-point operations of the timed update. All rows count as long as the longest row."""
        rows = self.recipe.batch * len(self.trained[0].rows) * self.recipe.accumulation
        return update_flops(shape, rows, int(self.trained.lengths.max()))

    def answer_flops(self, shape: Shape) -> float:
        lengths = self.answered.lengths
        return sum(forward_flops(shape, len(self.answered[0].rows), int(length)) for length in lengths)


@dataclass(frozen=True)
class _Run:
    """Makes one fine-tuning run as the stage `finetune` does, and times it."""

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
    """Examples with `width` tokens in every row: the tokens between the first and the last one are repeated."""
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
