"""Bring the MLflow store up to date with the files of the stages: the command `harness track`.

Every comparison (task × family) is a parent run with a child run per arm and seed. The comparisons of a profile on one
kind of data are one experiment. Every checkpoint is a run of the profile's pre-training experiment, and the child runs
name that run. A fingerprint of inputs and results identifies a run. So unchanged results make no new run. Changed
results make a new run, and the older run is marked as superseded. Runs that the profile no longer declares are marked
as such. Runs that were not finished by their process are marked as killed. If the store was deleted, it is made again.
"""

import hashlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from harness.params.config import ReportSettings
from harness.report.model import judging
from harness.report.render import confusion, forest
from harness.report.text.formats import KINDS
from harness.system import files
from harness.task import Task
from harness.tracking import backend, pretrainings, recordings, views
from harness.tracking.pretrainings import Pretraining
from harness.tracking.recordings import Made, Recording
from harness.tracking.status import UNDECLARED

MINE = "tags.recorded_by = 'harness track'"


def record(root: Path, settings: ReportSettings, tasks: Mapping[str, Task], uri: str | None = None) -> dict[str, str]:
    """Mirror every comparison of the run in MLflow. Returns the fingerprints of the comparisons, by `task/family`.

    Raises MissingInputError if scores or runs are missing. If the store cannot be reached or written, a warning is
    printed and no error is raised, because no output of the pipeline depends on the store.
    """
    root = Path(root)
    uri = uri or backend.store_uri(root)
    found = recordings.collect(root, settings, tasks)
    made = pretrainings.collect(root, settings.run, recordings.git(root))
    try:
        with backend.one_at_a_time(uri), backend.without_waiting_for_the_disk():
            _mirror(settings.run.profile, found, made, pictures(found, settings), uri)
    except Exception as error:
        # Whatever a server, proxy or driver raises, the numbers are safe in the stages' own files.
        backend.warn(error, "Run `harness track` again later.")
    return {recording.name: recording.fingerprint for recording in found}


def pictures(found: list[Recording], settings: ReportSettings) -> dict[str, dict[str, bytes]]:
    """The PNG files of each comparison, as bytes by file name, by `task/family`.

    They are figures of its confusion matrices, and a forest plot of all comparisons on the same kind of data.
    """
    judged = judging.judged([r.comparison for r in found], settings.statistics)
    forests = {
        kind: forest.draw([r.comparison for r in found if r.comparison.data_kind == kind], judged, settings.statistics)
        for kind in {r.comparison.data_kind for r in found}
    }
    return {r.name: confusion.draw(r.comparison) | {"forest.png": forests[r.comparison.data_kind]} for r in found}


def picture_tag(drawn: Mapping[str, bytes]) -> dict[str, str]:
    """The tag with the hash of a run's pictures, which shows whether the stored pictures are up to date."""
    return {"pictures": files.sha256_value({name: hashlib.sha256(drawn[name]).hexdigest() for name in drawn})}


def _mirror(profile: str, found: list[Recording], made: list[Pretraining], drawn: Mapping[str, dict], uri: str) -> None:
    client = backend.connect(uri)
    links = _pretrainings(client, profile, made, uri)
    stored = _comparisons(client, profile, {recording.comparison.data_kind for recording in found}, uri)
    current = _Current()
    for recording in found:
        family = recording.comparison.family
        of_arms = {encoder: made for (of, encoder), made in links.items() if of == family}
        _compared(client, uri, stored[recording.experiment], recording, of_arms, drawn[recording.name], current)
    for store in stored.values():
        store.put_aside(current)


def _comparisons(client, profile: str, kinds: set[str], uri: str) -> dict[str, "_Stored"]:
    """The experiments of the profile by name: those of `kinds`, and existing ones of other kinds of data. Runs on other
    kinds of data may have to be marked as superseded."""
    found = {}
    for kind in KINDS:
        name = recordings.experiment(profile, kind)
        if kind in kinds or backend.is_there(client, name):
            experiment = backend.experiment_named(client, name, uri, views.comparisons(kind))
            found[name] = _Stored(client, experiment, uri)
    return found


class _Current:
    """The current runs: their ids, and by run name the tags for earlier runs of that name, which they replace."""

    def __init__(self):
        self.ids: set[str] = set()
        self.by_name: dict[str, dict[str, str]] = {}

    def add(self, run, name: str, fingerprint: str) -> None:
        self.ids.add(run.info.run_id)
        successor = f"{run.info.experiment_id}/{run.info.run_id}"
        self.by_name[name] = {"superseded": fingerprint, "successor": successor}


class _Stored:
    """The finished runs of `harness track` in one experiment. Runs that it began and could not finish are killed."""

    def __init__(self, client, experiment: str, uri: str):
        self._client, self._uri, self.experiment = client, uri, experiment
        self._runs: dict[str, list] = {}
        for run in backend.all_runs(client, experiment, MINE):
            if run.info.status == "RUNNING" and backend.given_up(uri, run):
                backend.kill(client, run)
            elif run.info.status == "FINISHED":
                self._runs.setdefault(run.info.run_name, []).append(run)

    def current(self, fingerprint: str, name: str):
        """The finished run of this name and fingerprint, or None. A run that is not superseded is preferred."""
        same = [run for run in self._runs.get(name, ()) if run.data.tags.get("fingerprint") == fingerprint]
        return min(
            same, key=lambda run: ("superseded" in run.data.tags, run.info.start_time, run.info.run_id), default=None
        )

    def put_aside(self, current: _Current) -> None:
        """Mark every run that is not current with the run that replaces it, or as no longer declared."""
        for name, runs in self._runs.items():
            by = current.by_name.get(name)
            for run in runs:
                known = by is not None or not backend.somebody_elses(self._uri, run)
                untold = run.data.tags.get("superseded") in (None, UNDECLARED)
                if run.info.run_id not in current.ids and known and untold:
                    backend.set_tags(self._client, run, by or {"superseded": UNDECLARED})


def _pretrainings(client, profile: str, made: Sequence[Pretraining], uri: str) -> dict[tuple[str, str], Made]:
    """Record the checkpoints `made` in MLflow. Returns the MLflow run of each checkpoint, by (family, encoder)."""
    name, current = pretrainings.experiment(profile), _Current()
    if not made and not backend.is_there(client, name):
        return {}
    links: dict[tuple[str, str], Made] = {}
    experiment = backend.experiment_named(client, name, uri, views.checkpoints())
    store = _Stored(client, experiment, uri)
    backend.close(client, experiment, uri)
    for one in made:
        run = store.current(one.fingerprint, one.name)
        if run is None:
            run = backend.create(client, experiment, one.name, pretrainings.tags(one))
            backend.fill(client, run.info.run_id, pretrainings.metrics(one), pretrainings.parameters(one))
            client.set_terminated(run.info.run_id, "FINISHED")
        else:
            _say(client, run, pretrainings.tags(one))
        current.add(run, one.name, one.fingerprint)
        links[one.family, one.arm] = Made(experiment, run.info.run_id)
    store.put_aside(current)
    _leave_out(client, experiment, uri, links)
    return links


def _leave_out(client, experiment: str, uri: str, declared: Container[tuple[str, str]]) -> None:
    """Mark live pre-training runs whose arm is no longer declared, and unmark those whose arm is declared again."""
    for run in list(backend.all_runs(client, experiment, "tags.recorded_by = 'harness pretrain'")):
        there = (run.data.tags.get("family"), run.data.tags.get("arm")) in declared
        said = run.data.tags.get("superseded")
        if there and said == UNDECLARED:
            backend.set_tags(client, run, {"superseded": None})
        elif not there and said is None and run.info.status == "FINISHED" and not backend.somebody_elses(uri, run):
            backend.set_tags(client, run, {"superseded": UNDECLARED})


def _compared(
    client, uri: str, store: _Stored, recording: Recording, links: Mapping[str, Made], drawn: Mapping[str, bytes],
    current: _Current,
) -> None:  # fmt: skip
    """Record the run of a comparison and its child runs per arm and seed. Only new results make a new run.

    An existing child run moves below the current parent run: another task changes the verdict of a comparison and
    retrains nothing. The parent run is made first and ended last, so that an interrupted recording stays RUNNING and
    is found.
    """
    parent, tags = store.current(recording.fingerprint, recording.name), recordings.parent_tags(recording, links)
    new = parent is None
    if new:
        parent = backend.create(client, store.experiment, recording.name, tags)
    for entry in recording.runs:
        _trained(client, store, recording, entry, links, parent, current)
    if new:
        metrics = recordings.comparison_metrics(recording)
        backend.fill(client, parent.info.run_id, metrics, recordings.parameters(recording))
        parent = client.get_run(parent.info.run_id)
    else:
        _say(client, parent, tags)
    _keep(client, uri, parent, drawn)
    if new:
        client.set_terminated(parent.info.run_id, "FINISHED")
    current.add(parent, recording.name, recording.fingerprint)


def _trained(
    client, store: _Stored, recording: Recording, entry: Mapping, links: Mapping[str, Made], parent, current: _Current
) -> None:
    """Record the MLflow run of one arm and seed below the run `parent`. `entry` is its entry in `runs.json`."""
    name = recordings.child_name(recording, entry)
    tags = {"mlflow.parentRunId": parent.info.run_id} | recordings.child_tags(recording, entry, links)
    run = store.current(tags["fingerprint"], name)
    if run is None:
        run = backend.create(client, store.experiment, name, tags)
        metrics = recordings.run_metrics(recording.comparison, entry)
        backend.fill(client, run.info.run_id, metrics, recordings.parameters(recording, entry))
        client.set_terminated(run.info.run_id, "FINISHED")
    else:
        _say(client, run, tags)
    current.add(run, name, tags["fingerprint"])


def _say(client, run, tags: Mapping[str, str]) -> None:
    """Update the tags of a run whose results are stored already.

    If other code made the same results, its hash and commit replace the older ones. Otherwise the commit stays.
    """
    same_code = run.data.tags.get("code") == tags["code"]
    kept = {"git_commit", "git_dirty"} if same_code else set()
    wanted = {"superseded": None, "successor": None, "reproduced": None} | dict(tags)
    backend.set_tags(client, run, {key: value for key, value in wanted.items() if key not in kept})


def _keep(client, uri: str, parent, drawn: Mapping[str, bytes]) -> None:
    tag = picture_tag(drawn)
    if parent.data.tags.get("pictures") != tag["pictures"]:
        backend.keep(client, uri, parent, drawn)
        client.set_tag(parent.info.run_id, "pictures", tag["pictures"])
