"""Run all checks of the audit (`harness audit`) in order, or only those that concern one comparison.

A comparison is one task with one family of encoders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.artifacts import reported
from harness.artifacts.runs import read as read_runs
from harness.audit import access, checkpoints, corpus, data, linear, lock, mirror, outside, recomputing, reports, runs
from harness.audit.checks import HOLDS, Check, Subject
from harness.audit.commits import Commits
from harness.errors import MissingInputError
from harness.params.config import Build
from harness.params.reading import ParamsFile
from harness.pipeline.hashes import Hashes
from harness.task import Task
from harness.tracking import pretrainings, recordings
from harness.tracking.backend import DATABASE
from harness.tracking.read import StoredRun, experiments, read
from harness.tracking.recordings import git
from harness.tracking.status import UNDECLARED
from harness.tracking.sync import pictures

# The inputs of all fingerprints together.
_MADE = ("artifacts/predictions", "artifacts/linear", "artifacts/validated", "artifacts/splits", "reports/splits",
         "params.yaml", "tasks", "harness")  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """What an audit checks: `comparisons` are pairs (task, family). `whole` is True if these are all comparisons of the
    run, so that the audit also checks what belongs to no single comparison."""

    comparisons: tuple[tuple[str, str], ...]
    whole: bool


def everything(params: ParamsFile) -> Scope:
    run = params.everything().run
    return Scope(tuple((task, family) for task in run.tasks for family in run.families), True)


def one_run(root: Path, params: ParamsFile, name: str) -> Scope:
    """The scope of one comparison. `name` is TASK/FAMILY, or the first 6 or more characters of the id of an MLflow run.

    Raises MissingInputError if not exactly one MLflow run has such an id, or if this run belongs to no current
    comparison.
    """
    known = everything(params).comparisons
    chosen = tuple(name.split("/"))
    if chosen not in known:
        found = [run for run in read(root) if len(name) >= 6 and run.id.startswith(name)]
        if len(found) > 1:
            raise MissingInputError(
                f"The ids of {len(found)} runs in the MLflow store begin with {name!r}.",
                remedy="Give more characters of the id; `harness ui` shows the ids.",
            )
        if not found:
            raise MissingInputError(
                f"{name!r} is neither a comparison in params.yaml nor the start of a run's id in the MLflow store.",
                remedy=f"Give a comparison, such as {'/'.join(known[0])}, or 6 or more characters of a run's id; "
                "`harness ui` shows the ids.",
            )
        chosen = tuple(found[0].tags.get(name, "") for name in ("task", "family"))
        if chosen not in known or found[0].superseded:
            what = {
                None: "belongs to no comparison in params.yaml",
                UNDECLARED: "is no longer declared in params.yaml",
            }.get(found[0].tags.get("superseded"), "was superseded by other results")
            raise MissingInputError(
                f"The MLflow run {found[0].id} ({found[0].name}) {what}.",
                remedy="Check out the commit that its tag git_commit names, or audit one of the current runs.",
            )
    return Scope((chosen,), False)


def audit(
    root: Path, params: ParamsFile, tasks: dict[str, Task], stages: recomputing.Stages, scope: Scope
) -> Iterator[Check]:
    """Carry out all checks of `scope`, and yield the result of each. A finding does not stop the other checks.

    `stages` has the stages that are run again (see `recomputing`). In the results, paths below `root` are relative.
    """
    for check in _checks(root, params, tasks, stages, scope):
        # Messages have absolute paths, and the reader is in the repository.
        yield replace(check, name=check.name.replace(f"{root}/", ""), found=check.found.replace(f"{root}/", ""))


def _checks(
    root: Path, params: ParamsFile, tasks: dict[str, Task], stages: recomputing.Stages, scope: Scope
) -> Iterator[Check]:
    settings, hashes = params.everything(), Hashes()
    names, families = (list(dict.fromkeys(key[i] for key in scope.comparisons)) for i in (0, 1))
    yield from lock.SUBJECT.follow(
        "dvc.lock", lambda: lock.checks(root, hashes, None if scope.whole else _stages(scope))
    )
    yield from access.SUBJECT.follow("where they are kept", lambda: access.checks(root))
    for task in names:
        yield from data.checks(root, task, _manifests(root, task, settings.run.families), hashes, stages)
    if any(isinstance(getattr(settings.families[f], a), Build) for f in families for a in ("baseline", "clinical")):
        yield from corpus.checks(root, settings, hashes)
    for family in families:
        yield from checkpoints.checks(root, family, settings, hashes)
    for task, family in scope.comparisons:
        yield from runs.checks(root, tasks[task], family, params.finetune(task, family), hashes)
    for task in names:
        yield from linear.checks(root, tasks[task], hashes)
    every = everything(params).comparisons
    validated = [key for key in every if key[0] in settings.cross_validation.tasks]
    for task, family in (key for key in validated if key in scope.comparisons):
        yield from runs.on_folds(root, tasks[task], family, *params.crossvalidate(task, family), hashes)
    with recomputing.scratch(root) as target:
        made = recomputing.rescore(root, target, every, validated, stages)
        yield from _reported(root, made, scope, every, settings.run.tasks)
        for key in (key for key in validated if key in scope.comparisons and "report" not in made.failed):
            subject = Subject(f"cross-validation/{'/'.join(key)}", f"`harness score-folds {key[0]}`")
            yield from subject.follow("scores", partial(reports.fold_scores, root, made, *key))
        yield from _mirrored(root, made, params, tasks, scope)
    if scope.whole:
        yield from outside.SUBJECT.follow("benchmarks", lambda: outside.benchmarks(root))


def _stages(scope: Scope) -> set[str]:
    """The names in `dvc.lock` of the stages on which the numbers of these comparisons depend."""
    found = {"generate", "corpus"}
    for task, family in scope.comparisons:
        found |= {f"validate@{task}", f"split@{task}", f"checkpoint@{family}", f"pretrain@{family}"}
        found |= {f"finetune@{task}-{family}", f"crossvalidate@{task}-{family}", f"linear@{task}"}
    return found


def _manifests(root: Path, task: str, families: Sequence[str]) -> set[str]:
    """The hashes of the task's split manifest (the part of every id) that the runs of its comparisons recorded."""
    found = set()
    for family in families:
        try:
            found.add(read_runs(root, task, family).inputs.manifest)
        except Exception:
            # `runs.checks` reports what is wrong with that file.
            continue
    return found


def _reported(
    root: Path, made: recomputing.Rescored, scope: Scope, every: Sequence[tuple[str, str]], tasks: Sequence[str]
) -> Iterator[Check]:
    named: set[str] = set()
    for task, family in scope.comparisons:
        subject = Subject(f"{task}/{family}", "`harness report`")
        yield from subject.follow("scores", partial(reports.scores, root, made, task, family))
        if "report" not in made.failed:
            checks = subject.follow("reports", partial(reports.rows, root, made, task, family))
            yield from _noted(checks, named)
    for task in dict.fromkeys(task for task, _ in scope.comparisons):
        yield from _noted(linear.reported(root, made, task), named)
    if scope.whole and "report" not in made.failed:
        yield from _noted(reports.PAGES.follow("leftovers", lambda: reports.leftovers(root, every)), named)
    yield from reports.PAGES.follow("reports", lambda: reports.pages(root, made, tasks, lock.waiting(root), named))


def _noted(checks: Iterator[Check], named: set[str]) -> Iterator[Check]:
    """The same checks. The names of files with findings are added to `named`."""
    for check in checks:
        named |= {check.name.split(" ")[0]} if check.state != HOLDS else set()
        yield check


def _mirrored(
    root: Path, made: recomputing.Rescored, params: ParamsFile, tasks: dict[str, Task], scope: Scope
) -> Iterator[Check]:
    """Check the MLflow store, and the recorded fingerprints of the comparisons."""
    settings, commits = params.report(), Commits(root)
    subject = Subject("MLflow", mirror.REMEDY, (DATABASE,))
    found: list[StoredRun] = []

    def opened() -> Iterator[Check]:
        found.extend(read(root))
        yield subject.holds("the store can be read")

    def expected() -> Iterator[Check]:
        collected = recordings.collect(made.root, settings, tasks)
        recorded = reported.tracked(root)
        known = {recording.name: recording.fingerprint for recording in collected}
        chosen = {"/".join(key) for key in scope.comparisons}
        if not scope.whole:
            known, recorded = ({key: of[key] for key in chosen & of.keys()} for of in (known, recorded))
        tracked = subject.of("artifacts/tracking.json", rests_on=_MADE)
        yield from tracked.values("artifacts/tracking.json", known, recorded)
        if not found:
            return
        every = {(one.family, one.arm): one for one in pretrainings.collect(root, settings.run, git(root))}
        families = {family for _, family in scope.comparisons}
        yield from mirror.checkpoints([one for one in every.values() if one.family in families], found)
        drawn = pictures(collected, settings)
        for recording in collected:
            if recording.name in chosen:
                family = recording.comparison.family
                stored = {one.arm: mirror.of_checkpoint(one, found) for (of, _), one in every.items() if of == family}
                encoders = {encoder: run for encoder, run in stored.items() if run is not None}
                yield from mirror.checks(recording, found, encoders, drawn[recording.name], commits)
        yield from mirror.statuses(settings.run.profile, found, subject)
        if scope.whole:
            yield from mirror.experiments(settings.run.profile, experiments(root), subject)
            yield from mirror.strangers(settings.run.profile, collected, list(every.values()), found, subject)

    yield from subject.follow("the store", opened)
    yield from subject.follow("fingerprints", expected, made.root)
