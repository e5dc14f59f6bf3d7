"""Check the fine-tuning runs of one comparison: their prediction files, their inputs, and the choice of tuned
recipes."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint
from harness.artifacts.runs import Candidate, FoldRuns, Runs, file_name, fold_file_name, folder_of, read_folds
from harness.artifacts.split import manifest_place
from harness.artifacts.validated import records_place
from harness.audit import libraries
from harness.audit.checks import Check, Subject
from harness.data.folding import seed_of
from harness.params.config import FinetuneSettings
from harness.params.folds import Folds
from harness.params.tune import Tune
from harness.pipeline.hashes import Hashes
from harness.statistics import tuning
from harness.task import Task


@dataclass(frozen=True)
class Kept:
    """The runs of a comparison that should be stored. `form` is the type of their record `runs.json`, `folder` their
    folder, and `made_by` the command that makes them. `wanted` maps the name of each expected prediction file to its
    (arm, seed)."""

    form: type[Runs]
    folder: Path
    made_by: str
    wanted: dict[str, tuple[str, int]]


def checks(root: Path, task: Task, family: str, settings: FinetuneSettings, hashes: Hashes) -> Iterator[Check]:
    """Check the runs on the fixed split. If the arms are tuned (they search for their recipes), check the search,
    too."""
    kept = Kept(
        Runs,
        folder_of(root, task.name, family),
        f"harness finetune {task.name} {family}",
        {file_name(arm, seed): (arm, seed) for arm in settings.arms for seed in settings.seeds},
    )
    where = kept.folder.relative_to(root).as_posix()
    subject = Subject(f"{task.name}/{family}", f"`dvc checkout {where}`, or `{kept.made_by}`", (f"{where}/runs.json",))
    yield from subject.follow("runs.json", lambda: _checks(root, kept, task, family, settings, subject, hashes))
    if (tune := settings.tune) is not None:
        untuned = replace(kept, folder=kept.folder / Runs.UNTUNED)
        of = subject.of(f"{where}/{Runs.UNTUNED}/runs.json")
        yield from of.follow("untuned", lambda: _checks(root, untuned, task, family, settings, of, hashes))
        yield from subject.follow("tuning", lambda: _tuning(kept, settings, tune, subject, hashes))


def candidates(settings: FinetuneSettings) -> list[dict]:
    """The candidate recipes that `runs.json` should list, as plain values. The list is empty if the arms are not
    tuned."""
    return [{name: getattr(recipe, name) for name in Candidate.model_fields} for recipe in settings.candidates]


def inputs(root: Path, task: str, hashes: Hashes) -> dict[str, Any]:
    """The SHA-256 of the two files that runs are made from: `records`, and `manifest` (the split). A hash is None if
    the file is missing."""
    return {
        "records": hashes.sha256(records_place(root, task)),
        "manifest": hashes.sha256(manifest_place(root, task)),
    }


def _tuning(kept: Kept, settings: FinetuneSettings, tune: Tune, subject: Subject, hashes: Hashes) -> Iterator[Check]:
    """Check the trials of every arm and that it chose the best candidate. `score` checks the scores of the trials."""
    recorded = Runs.read(kept.folder / "runs.json", kept.made_by).tuning
    tried = [] if recorded is None else [candidate.plain() for candidate in recorded.candidates]
    wanted = candidates(settings)
    yield subject.same("candidates that were tried", wanted, tried)
    if recorded is None:
        return
    numbers = range(len(wanted))
    runs = sorted([arm, number, seed] for arm in settings.arms for number in numbers for seed in tune.seeds)
    yield subject.same("trials", runs, sorted([trial.arm, trial.candidate, trial.seed] for trial in recorded.trials))
    for trial in recorded.trials:
        of_trial = partial(prediction, kept.folder, trial.file, trial.predictions, {}, subject, hashes)
        yield from subject.follow(trial.file, of_trial)
    extra = {path.name for path in (kept.folder / "tuning").iterdir()} - {Path(t.file).name for t in recorded.trials}
    yield from subject.values("files that no trial wrote", [], sorted(extra), "move them away")
    for arm in settings.arms:
        scores = [[t.best_selection for t in recorded.trials if (t.arm, t.candidate) == (arm, i)] for i in numbers]
        yield subject.same(f"candidate of {arm}, by its trials", tuning.chosen(scores), recorded.chosen.get(arm))


def on_folds(
    root: Path, task: Task, family: str, settings: FinetuneSettings, folds: Folds, hashes: Hashes
) -> Iterator[Check]:
    """Check the runs of a cross-validation."""
    made_by = f"harness crossvalidate {task.name} {family}"
    kept = Kept(
        FoldRuns,
        folder_of(root, f"cross-validation/{task.name}", family),
        made_by,
        {
            fold_file_name(repeat, fold, arm): (arm, seed_of(repeat, fold))
            for repeat in folds.seeds
            for fold in range(1, folds.number + 1)
            for arm in settings.arms
        },
    )
    where = kept.folder.relative_to(root).as_posix()
    remedy = f"`dvc checkout {where}`, or `{made_by}`"
    subject = Subject(f"cross-validation/{task.name}/{family}", remedy, (f"{where}/runs.json",))

    def asked() -> Iterator[Check]:
        found = read_folds(root, task.name, family).folds.model_dump(exclude={"sha256"})
        yield from subject.values("folds against params.yaml", dataclasses.asdict(folds), found)

    yield from subject.follow("folds", asked)
    yield from subject.follow("runs.json", lambda: _checks(root, kept, task, family, settings, subject, hashes))


def _checks(
    root: Path, kept: Kept, task: Task, family: str, settings: FinetuneSettings, subject: Subject, hashes: Hashes
) -> Iterator[Check]:
    recorded = kept.form.read(kept.folder / "runs.json", kept.made_by)
    expected: dict[str, Any] = {
        "task": task.name,
        "family": family,
        "labels": list(task.labels),
        "recipe": dataclasses.asdict(settings.recipe),
        "engine": dataclasses.asdict(settings.engine),
        "robustness": settings.robustness.as_recorded(),
    }
    found = recorded.model_dump(mode="json", include=set(expected))
    declared = replace(subject, rests_on=("params.yaml", f"tasks/{task.name}.py"))
    yield from declared.values("runs.json against params.yaml", expected, found, "the old params.yaml, or `dvc repro`")
    made_of = inputs(root, task.name, hashes) | {
        "checkpoints": {name: hashes.tree(checkpoint.place(root, family, name)) for name in settings.encoders},
    }
    remedy = "restore them, or `dvc repro`"
    sources = {
        "records": f"artifacts/validated/{task.name}/records.jsonl",
        "manifest": f"reports/splits/{task.name}.json",
        **{f"checkpoints.{name}": checkpoint.place(Path(), family, name).as_posix() for name in settings.encoders},
    }
    for check in subject.values("inputs that the runs recorded", recorded.inputs.plain(), made_of, remedy):
        above = tuple(path for place, path in sources.items() if check.name.endswith(f": {place}"))
        yield replace(check, rests_on=above or tuple(sources.values()))
    yield from libraries.checks(root, recorded.libraries, subject)
    wanted = sorted(map(list, kept.wanted.values()))
    yield subject.same("arms and seeds", wanted, sorted([run.arm, run.seed] for run in recorded.runs))
    names = {place: name for name, place in kept.wanted.items()}
    made = {names[run.arm, run.seed]: run for run in recorded.runs if (run.arm, run.seed) in names}
    by_hash = {run.predictions: name for name, run in made.items()}
    for name, run in made.items():
        of_run = partial(prediction, kept.folder, name, run.predictions, by_hash, subject, hashes)
        yield from subject.follow(name, of_run)
    apart = {"tuning", Runs.UNTUNED} if recorded.tuning else set()
    extra = {path.name for path in kept.folder.iterdir()} - {"runs.json", *made} - apart
    yield from subject.values("files that no run wrote", [], sorted(extra), "move them away")


def prediction(
    folder: Path, name: str, recorded: str, by_hash: dict[str, str], subject: Subject, hashes: Hashes
) -> Iterator[Check]:
    """Check a prediction file against its `recorded` hash. `by_hash` maps the hash of each run's file to its name, so
    that the finding can say if two files were exchanged."""
    subject = subject.of(f"{subject.about[0].rpartition('/')[0]}/{name}")
    found = hashes.sha256(folder / name)
    if found is None:
        yield subject.missing(f"predictions {name}")
        return
    if found != recorded and found in by_hash:
        yield subject.wrong(f"predictions {name}", f"{recorded[:12]}…", f"the content of {by_hash[found]}")
    else:
        yield subject.same(f"predictions {name}", recorded, found)
