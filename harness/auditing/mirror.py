"""The MLflow store against what the stages' files say it should mirror."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from harness.auditing.commits import Commits
from harness.auditing.links import ABSENT, Chain, Link
from harness.mirroring import picture_tag
from harness.reporting import pretrainings, recordings, standing
from harness.reporting.pretrainings import Pretraining
from harness.reporting.recordings import Made, Recording
from harness.tracked import StoredRun

REMEDY = "`harness track --rebuild`"
# What depends on when and where the store was written, and is followed by itself.
_ORIGIN = ("git_commit", "git_dirty")
# What is said of a run that it does not say itself.
CLAIMS = ("reproduced", "superseded", "interrupted")


def links(
    recording: Recording, runs: Sequence[StoredRun], made: Mapping[str, StoredRun], drawn: Mapping[str, bytes],
    commits: Commits,
) -> Iterator[Link]:  # fmt: skip
    """The parent run of a comparison and its children, value by value.

    `made` are the runs of the checkpoints by arm, `drawn` the pictures that belong beside the parent.
    """
    chain = Chain(recording.name, REMEDY)
    found = [run for run in runs if _is_parent_of(run, recording) and not run.superseded]
    current = [run for run in found if run.tags.get("fingerprint") == recording.fingerprint]
    for run in found:
        if run not in current:
            name = f"MLflow run {run.id[:8]}: fingerprint of the results"
            yield chain.wrong(name, recording.fingerprint, run.tags.get("fingerprint", "none"))
    if not current:
        yield chain.missing("MLflow run of this comparison", "`harness track`")
        return
    for run in current[1:]:
        yield chain.wrong(f"MLflow run {run.id[:8]}", "one run of this comparison", f"also {current[0].id[:8]}")
    yield from chain.follow("MLflow", lambda: _comparison(recording, current[0], runs, made, drawn, chain))
    yield from chain.follow("MLflow: its commit", lambda: _commit(recording, current[0], chain, commits))


def _is_parent_of(run: StoredRun, recording: Recording) -> bool:
    c = recording.comparison
    named = {"task": c.task, "family": c.family, "level": "comparison"}
    return run.experiment == recording.experiment and named.items() <= run.tags.items()


def _comparison(
    recording: Recording, parent: StoredRun, runs: Sequence[StoredRun], made: Mapping[str, StoredRun],
    drawn: Mapping[str, bytes], chain: Chain,
) -> Iterator[Link]:  # fmt: skip
    links = {arm: Made(run.experiment_id, run.id) for arm, run in made.items()}
    tags = recordings.parent_tags(recording, links) | picture_tag(drawn)
    metrics = recordings.comparison_metrics(recording)
    yield from _run(parent, recording.name, tags, recordings.parameters(recording), metrics, chain)
    kept = parent.files()
    for name in sorted(drawn.keys() | kept.keys()):
        where = f"MLflow run {parent.id[:8]}: picture {name}"
        if name not in kept:
            yield chain.missing(where)
        elif name not in drawn:
            yield chain.wrong(where, "no such file", "a file that `harness track` does not write")
        else:
            yield chain.same(where, *(hashlib.sha256(side[name]).hexdigest() for side in (drawn, kept)))
    children: dict[tuple, list[StoredRun]] = {}
    for run in runs:
        if run.parent == parent.id:
            children.setdefault((run.tags.get("arm"), run.tags.get("seed")), []).append(run)
    for entry in recording.runs:
        found = children.pop((entry["arm"], str(entry["seed"])), [])
        if len(found) != 1:
            yield chain.wrong(f"MLflow runs of {entry['arm']} seed {entry['seed']}", "one", f"{len(found)}")
            continue
        tags = recordings.child_tags(recording, entry, links) | {key: parent.tags.get(key) for key in _ORIGIN}
        params, metrics = recordings.parameters(recording, entry), recordings.run_metrics(recording.comparison, entry)
        yield from _run(found[0], recordings.child_name(recording, entry), tags, params, metrics, chain)
    for key, extra in children.items():
        yield chain.wrong(f"MLflow run {extra[0].id[:8]}", "no run", f"a run of {' '.join(map(str, key))}")


def checkpoints(made: Sequence[Pretraining], runs: Sequence[StoredRun]) -> Iterator[Link]:
    """The run of every checkpoint, value by value."""
    for one in made:
        chain = Chain(f"checkpoints/{one.family}", REMEDY)
        run = of_checkpoint(one, runs)
        if run is None:
            yield chain.missing(f"MLflow run of the {one.arm} checkpoint", "`harness track`")
            continue
        links = _run(
            run, one.name, pretrainings.tags(one), pretrainings.parameters(one), pretrainings.metrics(one), chain
        )
        yield from chain.follow("MLflow", lambda links=links: links)


def of_checkpoint(one: Pretraining, runs: Sequence[StoredRun]) -> StoredRun | None:
    """The run that `harness track` made for a checkpoint."""
    wanted = {"recorded_by": "harness track", "level": pretrainings.LEVEL, "fingerprint": one.fingerprint}
    found = [
        r for r in runs if r.experiment == one.experiment and wanted.items() <= r.tags.items() and not r.superseded
    ]
    return found[0] if found else None


def _run(
    run: StoredRun, name: str, tags: dict[str, str], params: dict[str, str], metrics: list[tuple[str, float, int]],
    chain: Chain,
) -> Iterator[Link]:  # fmt: skip
    title = f"MLflow run {run.id[:8]} ({' '.join(name.split()[1:]) or 'means'})"
    tags = {key: value for key, value in tags.items() if key not in _ORIGIN or "seed" in tags}
    tags[standing.NOTE] = standing.described(tags[standing.NOTE], tags)
    # A user's own tags are welcome; those that say how a run stands, numbers and parameters are the pipeline's alone.
    claimed = {key: ABSENT for key in CLAIMS if key in run.tags} | tags
    found = {key: run.tags.get(key, ABSENT) for key in claimed} | {"name": run.name, "status": run.status}
    yield from chain.values(f"{title} tags", claimed | {"name": name, "status": "FINISHED"}, found)
    yield from chain.values(f"{title} parameters", params, dict(run.params))
    curves: dict[str, list[tuple[int, float]]] = {}
    for key, value, step in metrics:
        curves.setdefault(key, []).append((step, float(value)))
    last = {key: max(points)[1] for key, points in curves.items()}
    yield from chain.values(f"{title} metrics", last, dict(run.metrics))
    # A number of one step has a history, too: a later point would be drawn, and not be the last value for MLflow.
    expected = {key: sorted(points) for key, points in curves.items() if key in run.metrics}
    yield from chain.values(f"{title} curves", expected, {key: run.curve(key) for key in expected})


def _commit(recording: Recording, parent: StoredRun, chain: Chain, commits: Commits) -> Iterator[Link]:
    """The commit exists here, and holds the code that the run names, unless it was made with uncommitted changes."""
    commit, dirty = parent.tags.get("git_commit"), parent.tags.get("git_dirty")
    name = f"MLflow run {parent.id[:8]}: the commit that made it"
    if commit == "none" and dirty == "unknown":
        return
    if not commits.is_checkout():
        yield chain.missing(name, "audit in a git checkout")
        return
    code = commits.code(commit or "", recording.comparison.task)
    if code is None:
        yield chain.wrong(name, "a commit of this repository", str(commit), f"`git fetch`, or {REMEDY}")
    elif dirty == "false":
        yield chain.same(f"{name}: its code", code, parent.tags.get("code"))
    else:
        yield chain.same(f"{name}: uncommitted changes", "true", dirty)
