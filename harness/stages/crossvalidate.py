"""Stage `crossvalidate`: fine-tune every arm on every fold of one comparison, a second protocol for small data sets.

Training is the same as for the fixed split. Only the rows for training, selecting and testing change. The stage writes
predictions, as the stage `finetune` does, but to another folder.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness import heads
from harness.artifacts import runs, split
from harness.data import folding
from harness.params.config import FinetuneSettings
from harness.params.folds import Folds
from harness.privacy import restricted
from harness.system.files import atomic_folder, sha256_value
from harness.task import Task
from harness.training.finetune import finished
from harness.training.finetune.inputs import Inputs, read_inputs
from harness.training.finetune.runs import Job, Worker, carry_out, describe, encode_parts, prepare


@dataclass(frozen=True)
class FoldJob:
    """One training run of a cross-validation. `run` has its arm, seed and recipe. `repeat` and `fold` count from 1."""

    repeat: int
    fold: int
    run: Job


@dataclass(frozen=True)
class FoldWorker:
    """A function that carries out a `FoldJob` and returns its result. `workers` maps (repeat, fold) to the worker that
    has the rows of this fold. `report(steps)` is called with the number of finished updates."""

    workers: dict[tuple[int, int], finished.Resumable]

    def __call__(self, job: FoldJob, report: Callable[[int], None]) -> dict:
        result = self.workers[job.repeat, job.fold](job.run, report)
        return {"repeat": job.repeat, "fold": job.fold, **result}


def run(root: Path, task: Task, family: str, settings: FinetuneSettings, folds: Folds) -> None:
    """Write `artifacts/predictions/cross-validation/<task>/<family>/`: a file per fold and arm, and `runs.json`.

    Every arm of a fold is trained with the fold's own seed, by the declared recipe. Raises DataError if the rows cannot
    be divided into the folds.
    """
    inputs = read_inputs(root, task, family, settings.encoders)
    dealt = deal(root, task, inputs, folds)

    from harness.statistics import selection, task_metrics

    task_metrics.functions(task)
    prepare(task, settings, inputs)
    records = {record["id"]: record for rows in inputs.parts.values() for record in rows}
    workers, jobs = {}, []
    place = f"cross-validation/{task.name}"
    made_of = {"inputs": inputs.hashes, "settings": asdict(settings), "folds": asdict(folds)}
    with (
        finished.kept(root, f"{place}/{family}", task, made_of, __name__) as done,
        atomic_folder(runs.folder_of(root, place, family)) as folder,
    ):
        for (repeat, fold), parts in dealt.items():
            by_part = {
                part: [records[i] for i, placed in parts.items() if placed == part]
                for part in ("train", "validation", "test")
            }
            encoded = encode_parts(task, settings.recipe, replace(inputs, parts=by_part))
            worker = Worker(root, task.name, settings, by_part, encoded, selection.judged)
            workers[repeat, fold] = finished.Resumable(worker, done, f"{repeat}.{fold}")
            seed = folding.seed_of(repeat, fold)
            for arm in settings.arms:
                file = folder / runs.fold_file_name(repeat, fold, arm)
                # The repeat chooses the pre-training replicate here, as the seed does in the stage `finetune`.
                encoder = inputs.checkpoints[settings.encoder(arm, repeat)]
                run = Job(arm, seed, settings.replicate(arm, repeat), encoder, file, settings.recipe)
                jobs.append(FoldJob(repeat, fold, run))
        title, name = f"crossvalidate {task.name} {family}", f"{task.name}/{family}"
        names = [f"{job.run.arm} {job.repeat}.{job.fold}" for job in jobs]
        results = carry_out(title, name, names, jobs, FoldWorker(workers), settings)
        described = describe(task, family, settings, inputs, results)
        made = runs.FoldRuns.of(**described, selection=selection.RULE, folds=describe_folds(folds, dealt))
        made.write(folder / "runs.json", hidden=restricted.by_card(root, task.name))


def deal(root: Path, task: Task, inputs: Inputs, folds: Folds) -> dict[tuple[int, int], folding.Parts]:
    """Divide the rows of a task into folds. Returns {(repeat, fold): {id: part}}, with the part train, validation or
    test."""
    splits, groups = split.parts_of(root, task.name), split.groups_of(root, task.name)
    records = (record for rows in inputs.parts.values() for record in rows)
    rows = folding.rows_of(records, splits, groups, heads.of(task))
    return {
        (repeat, fold): parts
        for repeat in folds.seeds
        for fold, parts in enumerate(folding.deal(rows, folds, repeat), start=1)
    }


def describe_folds(folds: Folds, dealt: dict[tuple[int, int], folding.Parts]) -> dict:
    """The settings of the folds, and a hash of every row's part. The rows themselves are in the prediction files."""
    placed = [[repeat, fold, parts] for (repeat, fold), parts in sorted(dealt.items())]
    return {
        "number": folds.number,
        "repeats": folds.repeats,
        "validation": folds.validation,
        "sha256": sha256_value(placed),
    }
