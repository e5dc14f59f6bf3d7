"""The MLflow store as a mirror of what the stages wrote, never the source: delete it and it is rebuilt.

Every comparison (task × family) is a parent run with a child per arm and seed, in an experiment per profile and
kind of data; every checkpoint is a run of the profile's pre-training experiment, which the children name. A
fingerprint of inputs and results keys a run: the same again changes nothing, other results take the place of the
older run, which is then `superseded`; what its writer did not finish is `killed`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness import files, tracking
from harness.config import ReportSettings
from harness.reporting import confusion, forest, pretrainings, recordings, results, views
from harness.reporting.pretrainings import Pretraining
from harness.reporting.recordings import Made, Recording
from harness.task import Task

MINE = "tags.recorded_by = 'harness track'"


def record(root: Path, settings: ReportSettings, tasks: Mapping[str, Task], uri: str | None = None) -> dict[str, str]:
    """Mirror every comparison of the run, and return their fingerprints by `task/family`.

    Scores and runs that are missing raise MissingInputError. A store that cannot be reached or
    written costs a warning only: nothing the pipeline made depends on it.
    """
    root = Path(root)
    uri = uri or tracking.store_uri(root)
    found = recordings.collect(root, settings, tasks)
    made = pretrainings.collect(root, settings.run, recordings.git(root))
    try:
        with tracking.one_at_a_time(uri), tracking.without_waiting_for_the_disk():
            _mirror(found, made, pictures(found, settings), uri)
    except Exception as error:
        # Whatever a server, proxy or driver raises, the numbers are safe in the stages' own files.
        tracking.warn(error, "Run `harness track` again later.")
    return {recording.name: recording.fingerprint for recording in found}


def pictures(found: list[Recording], settings: ReportSettings) -> dict[str, dict[str, bytes]]:
    """By comparison: its own matrices, and the forest plot of all comparisons with the same kind of data."""
    judged = results.judged([r.comparison for r in found], settings.statistics)
    forests = {
        kind: forest.draw([r.comparison for r in found if r.comparison.data_kind == kind], judged, settings.statistics)
        for kind in {r.comparison.data_kind for r in found}
    }
    return {r.name: confusion.draw(r.comparison) | {"forest.png": forests[r.comparison.data_kind]} for r in found}


def picture_tag(drawn: Mapping[str, bytes]) -> dict[str, str]:
    """The hash of a run's pictures, which tells whether those that lie beside it are these."""
    return {"pictures": files.sha256_value({name: hashlib.sha256(drawn[name]).hexdigest() for name in drawn})}


def _mirror(found: list[Recording], made: list[Pretraining], drawn: Mapping[str, dict], uri: str) -> None:
    client = tracking.connect(uri)
    links = _pretrainings(client, made, uri)
    experiments = {
        name: tracking.experiment_named(client, name, uri, views.comparisons(kind))
        for name, kind in sorted({(r.experiment, r.comparison.data_kind) for r in found})
    }
    stored = {name: _Stored(client, experiment, uri, "comparison") for name, experiment in experiments.items()}
    for recording in found:
        of_arms = {arm: links[recording.comparison.family, arm] for arm in recording.comparison.arms
                   if (recording.comparison.family, arm) in links}  # fmt: skip
        store = stored[recording.experiment]
        parent = store.current(recording.fingerprint, recording.name)
        new = parent is None
        if new:
            parent = _write(client, store.experiment, recording, of_arms)
        else:
            _settle(client, store, parent, recording, of_arms)
        _keep(client, uri, parent, drawn[recording.name])
        if new:
            client.set_terminated(parent.info.run_id, "FINISHED")
        store.supersede_others(parent, recording.fingerprint, recording.name)


class _Stored:
    """What `harness track` has recorded in one experiment; what it began and could not finish is killed first."""

    def __init__(self, client, experiment: str, uri: str, level: str):
        self._client, self.experiment = client, experiment
        self.children: dict[str, list] = {}
        self._runs: dict[str, list] = {}
        for run in tracking.all_runs(client, experiment, MINE):
            if run.info.status == "RUNNING" and tracking.given_up(uri, run):
                tracking.kill(client, experiment, run)
            elif parent := run.data.tags.get("mlflow.parentRunId"):
                self.children.setdefault(parent, []).append(run)
            elif run.info.status == "FINISHED" and run.data.tags.get("level") == level:
                self._runs.setdefault(run.info.run_name, []).append(run)

    def current(self, fingerprint: str, name: str):
        """The finished run of these results, if there is one."""
        same = [run for run in self._runs.get(name, ()) if run.data.tags.get("fingerprint") == fingerprint]
        return min(
            same, key=lambda run: ("superseded" in run.data.tags, run.info.start_time, run.info.run_id), default=None
        )

    def supersede_others(self, current, fingerprint: str, name: str) -> None:
        for run in self._runs.get(name, ()):
            if run.info.run_id != current.info.run_id and "superseded" not in run.data.tags:
                tracking.supersede(self._client, self.experiment, run, fingerprint)


def _pretrainings(client, made: Iterable[Pretraining], uri: str) -> dict[tuple[str, str], Made]:
    """Record the checkpoints, and say where each of them is by (family, arm)."""
    links: dict[tuple[str, str], Made] = {}
    stored: dict[str, _Stored] = {}
    for one in made:
        if one.experiment not in stored:
            experiment = tracking.experiment_named(client, one.experiment, uri, views.checkpoints())
            stored[one.experiment] = _Stored(client, experiment, uri, pretrainings.LEVEL)
            tracking.close(client, experiment, uri)
        store = stored[one.experiment]
        run = store.current(one.fingerprint, one.name)
        if run is None:
            run = tracking.create(client, store.experiment, one.name, pretrainings.tags(one))
            tracking.fill(client, run.info.run_id, pretrainings.metrics(one), pretrainings.parameters(one))
            client.set_terminated(run.info.run_id, "FINISHED")
        else:
            wanted = {key: value for key, value in pretrainings.tags(one).items() if not key.startswith("git_")}
            tracking.set_tags(client, run, wanted | {"superseded": None})
        store.supersede_others(run, one.fingerprint, one.name)
        links[one.family, one.arm] = Made(store.experiment, run.info.run_id)
    return links


def _write(client, experiment: str, recording: Recording, links: Mapping[str, Made]):
    """The parent first, its end last: a recording that is cut off stays RUNNING and is found."""
    parent = tracking.create(client, experiment, recording.name, recordings.parent_tags(recording, links))
    for entry in recording.runs:
        tags = {"mlflow.parentRunId": parent.info.run_id} | recordings.child_tags(recording, entry, links)
        child = tracking.create(client, experiment, recordings.child_name(recording, entry), tags)
        metrics = recordings.run_metrics(recording.comparison, entry)
        tracking.fill(client, child.info.run_id, metrics, recordings.parameters(recording, entry))
        client.set_terminated(child.info.run_id, "FINISHED")
    metrics = recordings.comparison_metrics(recording)
    tracking.fill(client, parent.info.run_id, metrics, recordings.parameters(recording))
    return client.get_run(parent.info.run_id)


def _settle(client, store: _Stored, parent, recording: Recording, links: Mapping[str, Made]) -> None:
    """The very same results are there already: their runs say what is known of them now.

    The code that made them again takes the place of the older, with its commit; a mere second call changes nothing.
    """
    same_code = parent.data.tags.get("code") == recording.origin["code"]
    kept = {"git_commit", "git_dirty"} if same_code else set()
    gone = {"superseded": None, "reproduced": None}
    entries = {(entry["arm"], str(entry["seed"])): entry for entry in recording.runs}
    for child in store.children.get(parent.info.run_id, ()):
        entry = entries.get((child.data.tags.get("arm"), child.data.tags.get("seed")))
        if entry is not None:
            wanted = gone | recordings.child_tags(recording, entry, links)
            tracking.set_tags(client, child, {k: v for k, v in wanted.items() if k not in kept})
    wanted = gone | recordings.parent_tags(recording, links)
    tracking.set_tags(client, parent, {k: v for k, v in wanted.items() if k not in kept})


def _keep(client, uri: str, parent, drawn: Mapping[str, bytes]) -> None:
    tag = picture_tag(drawn)
    if parent.data.tags.get("pictures") != tag["pictures"]:
        tracking.keep(client, uri, parent, drawn)
        client.set_tag(parent.info.run_id, "pictures", tag["pictures"])
