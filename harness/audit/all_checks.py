"""Run all checks of the audit in order, or only those that concern one comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.artifacts import reported
from harness.artifacts.runs import read as read_runs
from harness.audit import access, checkpoints, corpus, data, linear, lock, mirror, outside, recomputing, reports, runs
from harness.audit.commits import Commits
from harness.audit.links import HOLDS, Chain, Link
from harness.errors import MissingInputError
from harness.params.config import Build, FinetuneSettings
from harness.params.reading import ParamsFile
from harness.pipeline.hashes import Hashes
from harness.task import Task
from harness.tracking import pretrainings, recordings
from harness.tracking.backend import DATABASE
from harness.tracking.read import StoredRun, experiments, read
from harness.tracking.recordings import git
from harness.tracking.status import UNDECLARED
from harness.tracking.sync import pictures

# What all fingerprints together are made of.
_MADE = ("artifacts/predictions", "artifacts/linear", "artifacts/validated", "artifacts/splits", "reports/splits",
         "params.yaml", "tasks", "harness")  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """What is audited: the comparisons (task, family), and whether they are all there are in the run."""

    comparisons: tuple[tuple[str, str], ...]
    whole: bool


def everything(params: ParamsFile) -> Scope:
    run = params.everything().run
    return Scope(tuple((task, family) for task in run.tasks for family in run.families), True)


def one_run(root: Path, params: ParamsFile, name: str) -> Scope:
    """The comparison of an MLflow run (its id, or enough of its beginning), or the one called `task/family`.

    Raises MissingInputError where there is no such run, or it is of no comparison of this run.
    """
    known = everything(params).comparisons
    chosen = tuple(name.split("/"))
    if chosen not in known:
        found = [run for run in read(root) if len(name) >= 6 and run.id.startswith(name)]
        if len(found) != 1:
            raise MissingInputError(
                f"{len(found) or 'No'} runs in the MLflow store begin with {name!r}.",
                remedy=f"`harness ui` shows the ids; names such as {'/'.join(known[0])} work too.",
            )
        chosen = tuple(found[0].tags.get(name, "") for name in ("task", "family"))
        if chosen not in known or found[0].superseded:
            what = {None: "is of no comparison in params.yaml", UNDECLARED: "is no longer declared in params.yaml"}.get(
                found[0].tags.get("superseded"), "was superseded by other results"
            )
            raise MissingInputError(
                f"The MLflow run {found[0].id} ({found[0].name}) {what}.",
                remedy="Check out the commit that its tag git_commit names, or audit one of the current runs.",
            )
    return Scope((chosen,), False)


def recorded_runs(root: Path, task: Task, family: str, settings: FinetuneSettings) -> Iterator[Link]:
    """Whether what one comparison's runs recorded of their inputs is what would go into them now."""
    return runs.links(root, task, family, settings, Hashes())


def audit(
    root: Path, params: ParamsFile, tasks: dict[str, Task], stages: recomputing.Stages, scope: Scope
) -> Iterator[Link]:
    """Every link of `scope`, whatever is found on the way."""
    for link in _links(root, params, tasks, stages, scope):
        # Messages name files by their whole path; a reader is in the repository.
        yield replace(link, name=link.name.replace(f"{root}/", ""), found=link.found.replace(f"{root}/", ""))


def _links(
    root: Path, params: ParamsFile, tasks: dict[str, Task], stages: recomputing.Stages, scope: Scope
) -> Iterator[Link]:
    settings, hashes = params.everything(), Hashes()
    names, families = (list(dict.fromkeys(key[i] for key in scope.comparisons)) for i in (0, 1))
    yield from lock.CHAIN.follow("dvc.lock", lambda: lock.links(root, hashes, None if scope.whole else _stages(scope)))
    yield from access.CHAIN.follow("where they are kept", lambda: access.links(root))
    for task in names:
        yield from data.links(root, task, _manifests(root, task, settings.run.families), hashes, stages)
    if any(isinstance(getattr(settings.families[f], a), Build) for f in families for a in ("baseline", "clinical")):
        yield from corpus.links(root, settings, hashes)
    for family in families:
        yield from checkpoints.links(root, family, settings, hashes)
    for task, family in scope.comparisons:
        yield from runs.links(root, tasks[task], family, params.finetune(task, family), hashes)
    for task in names:
        yield from linear.links(root, tasks[task], hashes)
    every = everything(params).comparisons
    validated = [key for key in every if key[0] in settings.cross_validation.tasks]
    for task, family in (key for key in validated if key in scope.comparisons):
        yield from runs.on_folds(root, tasks[task], family, *params.crossvalidate(task, family), hashes)
    with recomputing.scratch(root) as target:
        made = recomputing.rescore(root, target, every, validated, stages)
        yield from _reported(root, made, scope, every, settings.run.tasks)
        for key in (key for key in validated if key in scope.comparisons and "report" not in made.failed):
            chain = Chain(f"cross-validation/{'/'.join(key)}", f"`harness score-folds {key[0]}`")
            yield from chain.follow("scores", partial(reports.fold_scores, root, made, *key))
        yield from _mirrored(root, made, params, tasks, scope)
    if scope.whole:
        yield from outside.CHAIN.follow("benchmarks", lambda: outside.benchmarks(root))


def _stages(scope: Scope) -> set[str]:
    """The stages that only this comparison's numbers rest on."""
    found = {"generate", "corpus"}
    for task, family in scope.comparisons:
        found |= {f"validate@{task}", f"split@{task}", f"checkpoint@{family}", f"pretrain@{family}"}
        found |= {f"finetune@{task}-{family}", f"crossvalidate@{task}-{family}", f"linear@{task}"}
    return found


def _manifests(root: Path, task: str, families: Sequence[str]) -> set[str]:
    """The manifest hashes that this task's comparisons recorded."""
    found = set()
    for family in families:
        try:
            found.add(read_runs(root, task, family).inputs.manifest)
        except Exception:
            # What is wrong with that file is said where the comparison is followed.
            continue
    return found


def _reported(
    root: Path, made: recomputing.Rescored, scope: Scope, every: Sequence[tuple[str, str]], tasks: Sequence[str]
) -> Iterator[Link]:
    named: set[str] = set()
    for task, family in scope.comparisons:
        chain = Chain(f"{task}/{family}", "`harness report`")
        yield from chain.follow("scores", partial(reports.scores, root, made, task, family))
        if "report" not in made.failed:
            links = chain.follow("reports", partial(reports.rows, root, made, task, family))
            yield from _noted(links, named)
    for task in dict.fromkeys(task for task, _ in scope.comparisons):
        yield from _noted(linear.reported(root, made, task), named)
    if scope.whole and "report" not in made.failed:
        yield from _noted(reports.PAGES.follow("leftovers", lambda: reports.leftovers(root, every)), named)
    yield from reports.PAGES.follow("reports", lambda: reports.pages(root, made, tasks, lock.waiting(root), named))


def _noted(links: Iterator[Link], named: set[str]) -> Iterator[Link]:
    """The same links; the files in which they find something are added to `named`."""
    for link in links:
        named |= {link.name.split(" ")[0]} if link.state != HOLDS else set()
        yield link


def _mirrored(
    root: Path, made: recomputing.Rescored, params: ParamsFile, tasks: dict[str, Task], scope: Scope
) -> Iterator[Link]:
    """The MLflow store, and the fingerprints of what it should hold."""
    settings, commits = params.report(), Commits(root)
    chain = Chain("MLflow", mirror.REMEDY, (DATABASE,))
    found: list[StoredRun] = []

    def opened() -> Iterator[Link]:
        found.extend(read(root))
        yield chain.holds("the store can be read")

    def expected() -> Iterator[Link]:
        collected = recordings.collect(made.root, settings, tasks)
        recorded = reported.tracked(root)
        known = {recording.name: recording.fingerprint for recording in collected}
        chosen = {"/".join(key) for key in scope.comparisons}
        if not scope.whole:
            known, recorded = ({key: of[key] for key in chosen & of.keys()} for of in (known, recorded))
        tracked = chain.of("artifacts/tracking.json", rests_on=_MADE)
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
                yield from mirror.links(recording, found, encoders, drawn[recording.name], commits)
        yield from mirror.standings(settings.run.profile, found, chain)
        if scope.whole:
            yield from mirror.experiments(settings.run.profile, experiments(root), chain)
            yield from mirror.strangers(settings.run.profile, collected, list(every.values()), found, chain)

    yield from chain.follow("the store", opened)
    yield from chain.follow("fingerprints", expected, made.root)
