"""The MLflow store against what the stages' files say it should mirror."""

from collections.abc import Iterator, Sequence

from harness.auditing.commits import Commits
from harness.auditing.links import ABSENT, Chain, Link
from harness.reporting import recordings
from harness.reporting.recordings import Recording
from harness.tracked import StoredRun

REMEDY = "`harness track --rebuild`"
# What depends on when and where the store was written, and is followed by itself.
_ORIGIN = ("git_commit", "git_dirty")


def links(recording: Recording, runs: Sequence[StoredRun], commits: Commits) -> Iterator[Link]:
    """The parent run of a comparison and its children, value by value."""
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
    yield from chain.follow("MLflow", lambda: _comparison(recording, current[0], runs, chain))
    yield from chain.follow("MLflow: its commit", lambda: _commit(recording, current[0], chain, commits))


def _is_parent_of(run: StoredRun, recording: Recording) -> bool:
    c = recording.comparison
    named = {"task": c.task, "family": c.family, "level": "comparison"}
    return run.experiment == recording.experiment and named.items() <= run.tags.items()


def _comparison(recording: Recording, parent: StoredRun, runs: Sequence[StoredRun], chain: Chain) -> Iterator[Link]:
    tags = recordings.tags(recording, "comparison") | recordings.verdicts(recording) | recordings.description(recording)
    metrics = recordings.comparison_metrics(recording)
    yield from _run(parent, recording.name, tags, recordings.parameters(recording), metrics, chain)
    children: dict[tuple, list[StoredRun]] = {}
    for run in runs:
        if run.parent == parent.id:
            children.setdefault((run.tags.get("arm"), run.tags.get("seed")), []).append(run)
    for entry in recording.runs:
        name = f"{recording.name} {entry['arm']} seed {entry['seed']}"
        found = children.pop((entry["arm"], str(entry["seed"])), [])
        if len(found) != 1:
            yield chain.wrong(f"MLflow runs of {entry['arm']} seed {entry['seed']}", "one", f"{len(found)}")
            continue
        tags = recordings.tags(recording, "run") | recordings.hashes(recording.comparison, entry)
        tags |= {"arm": entry["arm"], "seed": str(entry["seed"])} | {key: parent.tags.get(key) for key in _ORIGIN}
        params, metrics = recordings.parameters(recording, entry), recordings.run_metrics(recording.comparison, entry)
        yield from _run(found[0], name, tags, params, metrics, chain)
    for key, extra in children.items():
        yield chain.wrong(f"MLflow run {extra[0].id[:8]}", "no run", f"a run of {' '.join(map(str, key))}")


def _run(
    run: StoredRun, name: str, tags: dict[str, str], params: dict[str, str], metrics: list[tuple[str, float, int]],
    chain: Chain,
) -> Iterator[Link]:  # fmt: skip
    title = f"MLflow run {run.id[:8]} ({' '.join(name.split()[1:]) or 'means'})"
    tags = {key: value for key, value in tags.items() if key not in _ORIGIN or "arm" in tags}
    # A user's own tags are welcome; numbers and parameters are the pipeline's alone.
    found = {key: run.tags.get(key, ABSENT) for key in tags} | {"name": run.name, "status": run.status}
    yield from chain.values(f"{title} tags", tags | {"name": name, "status": "FINISHED"}, found)
    yield from chain.values(f"{title} parameters", params, dict(run.params))
    curves: dict[str, list[tuple[int, float]]] = {}
    for key, value, step in metrics:
        curves.setdefault(key, []).append((step, float(value)))
    last = {key: max(points)[1] for key, points in curves.items()}
    yield from chain.values(f"{title} metrics", last, dict(run.metrics))
    for key, points in curves.items():
        if len(points) > 1:
            yield chain.same(f"{title} curve {key}", sorted(points), run.curve(key))


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
