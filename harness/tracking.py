"""The one place that knows MLflow: a mirror of what the stages wrote, never the source.

Every comparison (task × family) is a parent run with a child per arm and seed, in an experiment per
profile and kind of data. A fingerprint of inputs and results keys it: the same again adds to the
count `reproduced` of the run that is there, other results mark the older run `superseded`. Numbers,
names and hashes go in; no text of any document does.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from harness import offline
from harness.config import ReportSettings
from harness.errors import MissingInputError
from harness.reporting import recordings
from harness.reporting.recordings import Recording
from harness.task import Task

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
BATCH = 1000  # metrics that one log_batch call may carry


def store_uri(root: Path) -> str:
    """MLFLOW_TRACKING_URI where it is set, otherwise a SQLite file at the root of the repository.

    Raises OfflineError where it names another machine and HARNESS_OFFLINE=1: what is recorded of restricted data
    goes to a server only where somebody has said so.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(root).resolve() / DATABASE}"
    offline.refuse(uri)
    return uri


def record(root: Path, settings: ReportSettings, tasks: Mapping[str, Task], uri: str | None = None) -> dict[str, str]:
    """Mirror every comparison of the run, and return their fingerprints by `task/family`.

    Scores and runs that are missing raise MissingInputError. A store that cannot be reached or
    written costs a warning only: nothing the pipeline made depends on it.
    """
    root = Path(root)
    uri = uri or store_uri(root)
    found = recordings.collect(root, settings, tasks)
    try:
        with one_at_a_time(root), _without_waiting_for_the_disk():
            _mirror(root, found, uri)
    except Exception as error:
        # Whatever a server, proxy or driver raises, the numbers are safe in the stages' own files.
        warn(error, "Run `harness track` again later.")
    return {recording.name: recording.fingerprint for recording in found}


def warn(error: Exception, then: str) -> None:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    print(f"harness: warning: MLflow was not updated ({reason}).\n{then}", file=sys.stderr)


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Creating MLflow's database from several processes at once crashes, so writers queue here."""
    folder = root / ARTIFACTS
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
    """SQLite commits without fsync: a thousand of them cost more than all the rest, and a store that a
    power cut damages is deleted and rebuilt."""
    import sqlalchemy

    def relax(connection, _) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", relax)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "connect", relax)


def connect(uri: str):
    """A client of the store at `uri`, quiet and without telemetry."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # An unreachable server is found out in seconds, unless the user has set other limits.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    import logging

    # The hundred lines that creating a database logs say nothing to a user.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _mirror(root: Path, found: list[Recording], uri: str) -> None:
    client = connect(uri)
    experiments = {name: experiment_named(client, root, name, uri) for name in sorted({r.experiment for r in found})}
    known = {name: _known(client, experiment) for name, experiment in experiments.items()}
    for recording in found:
        earlier = known[recording.experiment].get(recording.name, [])
        same = [run for run in earlier if run.data.tags["fingerprint"] == recording.fingerprint]
        experiment = experiments[recording.experiment]
        if same:
            again = int(same[0].data.tags.get("reproduced", 0)) + 1
            client.set_tag(same[0].info.run_id, "reproduced", str(again))
            if same[0].data.tags.get("code") != recording.origin["code"]:
                from mlflow.entities import RunTag

                # Other code has made the very same results: the runs name the code that is there to be looked at.
                origin = [RunTag(key, value) for key, value in recording.origin.items()]
                for run in reversed(_with_children(client, experiment, same[0])):
                    client.log_batch(run.info.run_id, tags=origin)
            if "superseded" in same[0].data.tags:
                for run in _with_children(client, experiment, same[0]):
                    if "superseded" in run.data.tags:
                        client.delete_tag(run.info.run_id, "superseded")
        else:
            _write(client, experiment, recording)
        for run in earlier:
            if run.data.tags["fingerprint"] != recording.fingerprint and "superseded" not in run.data.tags:
                supersede(client, experiment, run, recording.fingerprint)


def experiment_named(client, root: Path, name: str, uri: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    # A server decides itself where its artifacts lie.
    location = (root / ARTIFACTS).resolve().as_uri() if uri.startswith("sqlite:") else None
    # The page for training runs, and not the one for chats, is what the UI opens.
    kind = {"mlflow.experimentKind": "custom_model_development"}
    return client.create_experiment(name, artifact_location=location, tags=kind)


def _known(client, experiment: str) -> dict[str, list]:
    """Finished parent runs by comparison; what a killed recording left RUNNING is set to KILLED."""
    mine = "tags.recorded_by = 'harness track'"
    for run in list(all_runs(client, experiment, f"{mine} and attributes.status = 'RUNNING'")):
        client.set_terminated(run.info.run_id, "KILLED")
        supersede(client, experiment, run, "killed")
    found: dict[str, list] = {}
    finished = f"{mine} and tags.level = 'comparison' and attributes.status = 'FINISHED'"
    for run in all_runs(client, experiment, finished):
        found.setdefault(f"{run.data.tags['task']}/{run.data.tags['family']}", []).append(run)
    return found


def supersede(client, experiment: str, run, by: str) -> None:
    # The parent last: as long as it lacks the tag, an interrupted call is done again.
    for member in reversed(_with_children(client, experiment, run)):
        client.set_tag(member.info.run_id, "superseded", by)


def _with_children(client, experiment: str, run) -> list:
    return [run, *all_runs(client, experiment, f"tags.mlflow.parentRunId = '{run.info.run_id}'")]


def all_runs(client, experiment: str, query: str) -> Iterator:
    """Every run that `query` finds in an experiment, page by page."""
    token = None
    while True:
        page = client.search_runs([experiment], query, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _write(client, experiment: str, recording: Recording) -> None:
    """The parent first, its end last: a recording that is cut off stays RUNNING and is found."""
    comparison = recording.comparison
    parent = client.create_run(
        experiment,
        tags=recordings.tags(recording, "comparison")
        | recordings.verdicts(recording)
        | recordings.description(recording),
        run_name=recording.name,
    )
    for entry in recording.runs:
        tags = {"mlflow.parentRunId": parent.info.run_id, "arm": entry["arm"], "seed": str(entry["seed"])}
        tags |= recordings.tags(recording, "run") | recordings.hashes(comparison, entry)
        name = f"{recording.name} {entry['arm']} seed {entry['seed']}"
        child = client.create_run(experiment, tags=tags, run_name=name)
        metrics, params = recordings.run_metrics(comparison, entry), recordings.parameters(recording, entry)
        _finish(client, child.info.run_id, metrics, params)
    _finish(client, parent.info.run_id, recordings.comparison_metrics(recording), recordings.parameters(recording))


def _finish(client, run_id: str, values: list[tuple[str, float, int]], parameters: dict[str, str]) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, step) for key, value, step in values]
    params = [Param(key, value) for key, value in parameters.items()]
    for start in range(0, max(1, len(metrics)), BATCH - len(params)):
        chunk = metrics[start : start + BATCH - len(params)]
        client.log_batch(run_id, metrics=chunk, params=params if start == 0 else [])
    client.set_terminated(run_id, "FINISHED")


def send(client, run_id: str, values: Iterable[tuple[str, float, int]]) -> None:
    """Log (name, value, step), many at once."""
    from mlflow.entities import Metric

    now, values = int(time.time() * 1000), iter(values)
    while chunk := [Metric(key, value, now, step) for key, value, step in islice(values, BATCH)]:
        client.log_batch(run_id, metrics=chunk)


def delete_local(root: Path) -> None:
    """Remove the SQLite store and its artifacts; a server's store is not touched."""
    root = Path(root)
    with one_at_a_time(root):
        for suffix in ("", "-wal", "-shm", "-journal"):
            (root / f"{DATABASE}{suffix}").unlink(missing_ok=True)
        for path in (root / ARTIFACTS).iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def serve(root: Path, port: int) -> int:
    """The MLflow UI on 127.0.0.1 over the store, until it is interrupted; returns its exit code."""
    uri = store_uri(root)
    if uri.startswith("http"):
        print(f"The runs are on a server: {uri}")
        return 0
    if uri == f"sqlite:///{Path(root).resolve() / DATABASE}" and not (Path(root) / DATABASE).is_file():
        raise MissingInputError(
            f"{DATABASE} is missing: nothing is recorded yet.", remedy="Make it with `harness track`."
        )
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    print(f"http://127.0.0.1:{port} (Ctrl-C ends it)")
    with contextlib.suppress(KeyboardInterrupt):
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
        return subprocess.run([*command, "--port", str(port), "--workers", "1"], env=environment, cwd=root).returncode
    return 0
