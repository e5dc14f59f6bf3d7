"""Check that the MLflow store shows the same values as the files that the stages wrote."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from harness.artifacts import checkpoint
from harness.audit import reports
from harness.audit.checks import ABSENT, Check, Subject
from harness.audit.commits import Commits
from harness.report.text import formats
from harness.tracking import backend, pretrainings, recordings, status, views
from harness.tracking.pretrainings import Pretraining
from harness.tracking.read import StoredRun
from harness.tracking.recordings import Made, Recording
from harness.tracking.sync import picture_tag

REMEDY = "`harness track --rebuild`"
# The remedy if the store only lacks something. It removes nothing.
TRACK = "`harness track`"
# Tags that depend on when and where the store was written. `_commit` checks them.
_ORIGIN = ("git_commit", "git_dirty")
# Tags that only the pipeline may write: the state of a run, what it is, and what it was made of.
_CLAIMS = re.compile(
    "reproduced|superseded|interrupted|killed|recorded_by|level|task|family|profile|arm|seed|code|fingerprint|trainings"
    "|data|data_kind|split_manifest|primary_metric|predictions|pictures"
    "|answer|compared_with|interval|means|p_adjusted|successor"
    "|((parent_)?checkpoint|verdict|pretraining|corpus)(_.*)?"
)
# Values of a comparison that depend on the other comparisons.
_ADJUSTED = re.compile("(p_holm|verdict)[a-z_]*$|(answer|p_adjusted)$|note.content$|pictures$|forest.png$")
RECORDERS = ("harness track", "harness pretrain")


def checks(
    recording: Recording, runs: Sequence[StoredRun], made: Mapping[str, StoredRun], drawn: Mapping[str, bytes],
    commits: Commits,
) -> Iterator[Check]:  # fmt: skip
    """Check the MLflow runs of one comparison, value by value: the parent run, and a child run for each arm and seed.

    `recording` has the values that the runs should have, and `runs` are all runs of the store. `made` maps an encoder
    to the MLflow run of its pre-training. `drawn` has the pictures of the parent run, by file name. `commits` has the
    code of the commits that the runs name.
    """
    above = reports.made_of(recording.comparison.task, recording.comparison.family)
    subject = Subject(recording.name, REMEDY, (backend.DATABASE,), above)
    found = [run for run in runs if _is_parent_of(run, recording) and not run.superseded]
    current = [run for run in found if run.tags.get("fingerprint") == recording.fingerprint]
    for run in found:
        if run not in current:
            name = f"MLflow run {run.id[:8]}: fingerprint of the results"
            yield adjusted(subject).wrong(name, recording.fingerprint, run.tags.get("fingerprint", "none"), TRACK)
    if not found:
        yield subject.missing("MLflow run of this comparison", TRACK)
    if not current:
        return  # a run of other results cannot be compared
    for run in current[1:]:
        yield subject.wrong(f"MLflow run {run.id[:8]}", "one run of this comparison", f"also {current[0].id[:8]}")
    parent = current[0]
    yield from subject.follow("MLflow", lambda: _comparison(recording, parent, runs, made, drawn, subject))
    members = [parent, *(run for run in runs if run.parent == parent.id)]
    for run in members:
        yield from subject.follow("MLflow: its commit", partial(_commit, recording, run, subject, commits))


def adjusted(subject: Subject) -> Subject:
    """The same subject, for values that depend on all comparisons of the run, such as adjusted p-values."""
    return replace(subject, rests_on=(*subject.rests_on, "artifacts/predictions"))


def _is_parent_of(run: StoredRun, recording: Recording) -> bool:
    c = recording.comparison
    named = {"task": c.task, "family": c.family, "level": "comparison"}
    return run.experiment == recording.experiment and named.items() <= run.tags.items()


def _comparison(
    recording: Recording, parent: StoredRun, runs: Sequence[StoredRun], made: Mapping[str, StoredRun],
    drawn: Mapping[str, bytes], subject: Subject,
) -> Iterator[Check]:  # fmt: skip
    checks = {arm: Made(run.experiment_id, run.id) for arm, run in made.items()}
    tags = recordings.parent_tags(recording, checks) | picture_tag(drawn)
    metrics = recordings.comparison_metrics(recording)
    for check in _run(parent, recording.name, tags, recordings.parameters(recording), metrics, subject, drawn):
        yield replace(check, rests_on=adjusted(subject).rests_on) if _ADJUSTED.search(check.name) else check
    children: dict[tuple, list[StoredRun]] = {}
    for run in runs:
        if run.parent == parent.id:
            children.setdefault((run.tags.get("arm"), run.tags.get("seed")), []).append(run)
    for entry in recording.runs:
        found = children.pop((entry["arm"], str(entry["seed"])), [])
        if len(found) != 1:
            yield subject.wrong(f"MLflow runs of {entry['arm']} seed {entry['seed']}", "one", f"{len(found)}")
            continue
        tags = recordings.child_tags(recording, entry, checks)
        params, metrics = recordings.parameters(recording, entry), recordings.run_metrics(recording.comparison, entry)
        yield from _run(found[0], recordings.child_name(recording, entry), tags, params, metrics, subject)
    for key, extra in children.items():
        yield subject.wrong(f"MLflow run {extra[0].id[:8]}", "no run", f"a run of {' '.join(map(str, key))}")


def checkpoints(made: Sequence[Pretraining], runs: Sequence[StoredRun]) -> Iterator[Check]:
    """Check the MLflow run of every checkpoint in `made`, value by value. `runs` are all runs of the store."""
    for one in made:
        folder = checkpoint.place(Path(), one.family, one.arm).as_posix()
        subject = Subject(f"checkpoints/{one.family}", REMEDY, (backend.DATABASE,), (f"{folder}/harness.json",))
        run = of_checkpoint(one, runs)
        if run is None:
            yield subject.missing(f"MLflow run of the {one.arm} checkpoint", TRACK)
            continue
        if run.tags.get("fingerprint") != one.fingerprint:
            subject = replace(subject, remedy=TRACK)  # the values show whether the checkpoint is another one
        checks = _run(
            run, one.name, pretrainings.tags(one), pretrainings.parameters(one), pretrainings.metrics(one), subject
        )
        for check in subject.follow("MLflow", partial(iter, checks)):
            whole = check.name.endswith(("tags: checkpoint", "tags: fingerprint"))
            yield replace(check, rests_on=(folder,)) if whole else check


def of_checkpoint(one: Pretraining, runs: Sequence[StoredRun]) -> StoredRun | None:
    """The MLflow run that `harness track` made for the checkpoint `one`. If the store does not have it, the run of an
    earlier checkpoint of the same arm is returned. Returns None if the store has neither."""
    wanted = {"recorded_by": "harness track", "level": pretrainings.LEVEL, "family": one.family, "arm": one.arm}
    found = [
        r for r in runs if r.experiment == one.experiment and wanted.items() <= r.tags.items() and not r.superseded
    ]
    same = [run for run in found if run.tags.get("fingerprint") == one.fingerprint]
    return next(iter(same or found), None)


def _run(
    run: StoredRun, name: str, tags: dict[str, str], params: dict[str, str], metrics: list[tuple[str, float, int]],
    subject: Subject, drawn: Mapping[str, bytes] = MappingProxyType({}),
) -> Iterator[Check]:  # fmt: skip
    title = f"MLflow run {run.id[:8]} ({' '.join(name.split()[1:]) or 'means'})"
    tags = {key: value for key, value in tags.items() if key not in _ORIGIN}
    tags[status.NOTE] = status.described(tags[status.NOTE], tags)
    # A user may add tags, except those that only the pipeline may write, but no metrics or parameters.
    claimed = {key: ABSENT for key in run.tags if _CLAIMS.fullmatch(key)} | tags
    found = {key: run.tags.get(key, ABSENT) for key in claimed} | {"name": run.name, "status": run.status}
    yield from subject.values(f"{title} tags", claimed | {"name": name, "status": "FINISHED"}, found)
    yield from subject.values(f"{title} parameters", params, dict(run.params))
    curves: dict[str, list[tuple[int, float]]] = {}
    for key, value, step in metrics:
        if key != recordings.SECONDS:
            curves.setdefault(key, []).append((step, float(value)))
    last = {key: max(points)[1] for key, points in curves.items()}
    # The time of a training varies, and is part of no hash.
    stored = {key: value for key, value in run.metrics.items() if key != recordings.SECONDS}
    yield from subject.values(f"{title} metrics", last, stored)
    # A metric of one step has a history, too. MLflow would draw an added point, even if it is not the last value.
    expected = {key: sorted(points) for key, points in curves.items() if key in run.metrics}
    yield from subject.values(f"{title} curves", expected, {key: run.curve(key) for key in expected})
    yield from subject.values(f"{title} data sets", [], list(run.datasets))
    kept = run.files()
    for name in sorted(drawn.keys() | kept.keys()):
        where = f"{title} picture {name}"
        if name not in kept:
            yield subject.missing(where)
        elif name not in drawn:
            yield subject.wrong(where, "no such file", "a file that `harness track` does not write")
        else:
            yield subject.same(where, *(hashlib.sha256(side[name]).hexdigest() for side in (drawn, kept)))


def experiments(profile: str, stored: Mapping[str, Mapping[str, str]], subject: Subject) -> Iterator[Check]:
    """Check the descriptions of the profile's experiments. `stored` are the tags of each experiment, by its name."""
    wanted = {recordings.experiment(profile, kind): views.comparisons(kind) for kind in formats.KINDS}
    wanted[pretrainings.experiment(profile)] = views.checkpoints()
    for name, tags in wanted.items():
        if name in stored:
            tags = tags | backend.EXPERIMENT
            found = {key: stored[name].get(key, ABSENT) for key in tags}
            yield from subject.values(f"experiment {name}", tags, found, TRACK)


def statuses(profile: str, runs: Sequence[StoredRun], subject: Subject) -> Iterator[Check]:
    """Check the status that MLflow shows for every run of the profile, also for earlier results and for runs that were
    written during training."""
    for run in of_profile(profile, runs):
        title = f"MLflow run {run.id[:8]} ({run.name})"
        killed = run.tags.get("superseded") == status.KILLED
        if killed != (run.status == "KILLED"):
            said = f"{run.status}, {'and' if killed else 'and not'} called {status.KILLED}"
            yield subject.wrong(f"{title} status", f"{status.KILLED} if and only if its status is KILLED", said)
        note = run.tags.get(status.NOTE, "")
        yield subject.same(f"{title} description of its status", status.described(note, run.tags), note)


def strangers(
    profile: str,
    collected: Sequence[Recording],
    made: Sequence[Pretraining],
    runs: Sequence[StoredRun],
    subject: Subject,
) -> Iterator[Check]:
    """Report runs that MLflow shows as current but that are not in `collected` (comparisons) or `made` (encoders)."""
    names = {(one.experiment, one.name) for one in made} | {(one.experiment, one.name) for one in collected}
    names |= {(r.experiment, recordings.child_name(r, entry)) for r in collected for entry in r.runs}
    arms = {(one.family, one.arm) for one in made}
    for run in of_profile(profile, runs):
        there = (run.experiment, run.name) in names
        if run.tags["recorded_by"] == "harness pretrain":
            there = (run.tags.get("family"), run.tags.get("arm")) in arms
        if not there and not run.superseded and run.status == "FINISHED":
            yield subject.wrong(f"MLflow run {run.id[:8]} ({run.name})", status.UNDECLARED, "shown as current", TRACK)


def of_profile(profile: str, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """The runs among `runs` that the pipeline wrote to the MLflow experiments of `profile` (a preset of
    `params.yaml`)."""
    names = {pretrainings.experiment(profile), *(recordings.experiment(profile, kind) for kind in formats.KINDS)}
    return [run for run in runs if run.experiment in names and run.tags.get("recorded_by") in RECORDERS]


def _commit(recording: Recording, run: StoredRun, subject: Subject, commits: Commits) -> Iterator[Check]:
    """Check that the run's commit exists here and has the run's code, unless there were uncommitted changes."""
    commit, dirty = run.tags.get("git_commit"), run.tags.get("git_dirty")
    name = f"MLflow run {run.id[:8]}: the commit that made it"
    if commit == "none" and dirty == "unknown":
        return
    if not commits.is_checkout():
        yield subject.missing(name, "audit in a git checkout")
        return
    code = commits.code(commit or "", recording.comparison.task)
    if code is None:
        yield subject.wrong(name, "a commit of this repository", str(commit), f"`git fetch`, or {REMEDY}")
    elif dirty == "false":
        yield subject.same(f"{name}: its code", code, run.tags.get("code"))
    else:
        yield subject.same(f"{name}: uncommitted changes", "true", dirty)


def outside(profile: str, runs: Sequence[StoredRun]) -> Iterator[str]:
    """Sentences about the content of the MLflow store that the audit cannot check."""
    ours = of_profile(profile, runs)
    known = {"written_on", *_ORIGIN}
    others = {key for run in ours for key in run.tags if not (key in known or _CLAIMS.fullmatch(key))}
    if others := {key for key in others if not key.startswith("mlflow.")}:
        yield f"tags in MLflow that the pipeline does not write: {', '.join(sorted(others))}"
    earlier = [run for run in ours if run.superseded or run.tags["recorded_by"] == "harness pretrain"]
    if earlier:
        yield f"{len(earlier)} runs in MLflow of earlier results and of live trainings (only their status is checked)"
    strange = [run for run in runs if run.tags.get("recorded_by") not in RECORDERS]
    if strange:
        yield f"{len(strange)} runs in MLflow that the pipeline did not write"
