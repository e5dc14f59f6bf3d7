"""Use MLflow: open its store, make experiments and runs, store artifacts, and lock the store for writing.

No other module of the harness imports MLflow. Other modules decide what is written: `harness.tracking.sync` mirrors the
files of the stages, and `harness.tracking.live` shows a running pre-training. Only numbers, names and hashes are
written, and never the text of a document.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from harness.errors import HarnessError
from harness.system import files, offline
from harness.system.scratch import scratch_folder
from harness.text.printable import terminal, without_password
from harness.tracking import status
from harness.tracking.store import refuse_unusable

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
# With this tag the UI opens the page for training runs, not the one for chats.
EXPERIMENT = {"mlflow.experimentKind": "custom_model_development"}
BATCH = 1000  # metrics that one log_batch call may carry
PROXIED = "mlflow-artifacts:"  # begins an artifact address below the artifact folder of the server or the local store
ELSEWHERE = 3600.0  # seconds after which an unfinished run of another machine counts as given up


def store_uri(root: Path) -> str:
    """The address of MLflow's store: MLFLOW_TRACKING_URI if it is set, otherwise a SQLite file at the root of the
    repository.

    Raises OfflineError if the address names another machine and HARNESS_OFFLINE=1, because records of restricted data
    go to a server only if a person has allowed this.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(root).resolve() / DATABASE}"
    offline.refuse_store(uri, Path(root))
    return uri


def artifacts_of(uri: str) -> Path | None:
    """The folder of the artifacts of a SQLite store, next to its file.

    None for a server, which keeps artifacts itself.
    """
    return Path(uri.removeprefix("sqlite:///")).parent / ARTIFACTS if uri.startswith("sqlite:///") else None


def warn(error: Exception, then: str, *, always: bool = False) -> None:
    """Print a warning that `error` prevented an update of MLflow, and then the advice `then`.

    If `error` is a HarnessError, its remedy is printed in place of `then`. With `always`, both are printed, the remedy
    first.
    """
    if isinstance(error, HarnessError):
        then = f"{error.remedy} {then}" if always else error.remedy
    print(terminal(f"harness: warning: MLflow was not updated ({reason(error)}).\n{then}"), file=sys.stderr)


def reason(error: Exception) -> str:
    """The first line of an error message, without passwords and cut off after 200 characters."""
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return without_password(said)[:200].rstrip(".")


def _locks(uri: str) -> Path:
    """The folder of the lock files by which this machine's processes share one store, created if missing."""
    beside = artifacts_of(uri)
    named = f"harness-mlflow-{os.getuid()}-{hashlib.sha256(uri.encode()).hexdigest()[:16]}"
    folder = beside if beside else Path(tempfile.gettempdir()) / named
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def one_at_a_time(uri: str) -> Iterator[None]:
    """Lock a store during the block, so that one process writes to the store at a time.

    MLflow crashes if several processes create its database at once. Also, two processes that both look for a run before
    it exists would both create the run.
    """
    with open(_locks(uri) / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def hold(uri: str, run_id: str):
    """Lock a run for as long as this process writes to the run.

    Returns the open lock file, to be passed to `release`.
    """
    handle = open(_locks(uri) / f".{run_id}.lock", "w")  # noqa: SIM115 (it is held until the run ends)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def release(uri: str, run_id: str, handle) -> None:
    (_locks(uri) / f".{run_id}.lock").unlink(missing_ok=True)
    handle.close()


def machine() -> str:
    """A hash that identifies this machine without its name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def given_up(uri: str, run) -> bool:
    """Whether the process that wrote this unfinished run has ended. The caller has to be in a block of `one_at_a_time`.

    If a process is killed by SIGKILL, its run stays RUNNING for ever. A run of this machine counts as given up if its
    lock is free. A run of another machine counts as given up if it began more than an hour ago.
    """
    if run.data.tags.get("written_on", machine()) != machine():
        return time.time() - run.info.start_time / 1000 > ELSEWHERE
    lock = _locks(uri) / f".{run.info.run_id}.lock"
    if not lock.is_file():
        return True
    with open(lock, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextlib.contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """Within the block, let SQLite commit without fsync, because a thousand calls of fsync take longer than all other
    work.

    If a power cut damages the store, the store is deleted and rebuilt.
    """
    import sqlalchemy

    def relax(connection, _) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", relax)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "connect", relax)


def connect(uri: str, *, writes: bool = True):
    """An MLflow client of the store at `uri`, which logs little and sends no telemetry.

    `writes` says whether the caller writes to the store. Raises the errors of `harness.tracking.store.refuse_unusable`.
    """
    refuse_unusable(uri, writes=writes)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # An unreachable server fails within seconds, unless the user has set other limits.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    import logging

    # Creating a database logs a hundred lines that do not help a user.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    # Both are given, so that no environment variable names another store.
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def experiment_named(client, name: str, uri: str, tags: Mapping[str, str]) -> str:
    """The id of the experiment `name`, which is created if it is missing. Its tags are set to `tags`.

    `tags` describe the experiment and its view on the web pages (see `harness.tracking.views`).
    """
    found, tags = client.get_experiment_by_name(name), EXPERIMENT | dict(tags)
    if found is not None:
        for key, value in tags.items():
            if found.tags.get(key) != value:
                client.set_experiment_tag(found.experiment_id, key, value)
        return found.experiment_id
    # A server decides where its artifacts are. Those of a local store have paths from its folder on, so that the
    # repository can be moved.
    location = f"{PROXIED}/{hashlib.sha256(name.encode()).hexdigest()[:8]}" if artifacts_of(uri) else None
    return client.create_experiment(name, artifact_location=location, tags=tags)


def is_there(client, name: str) -> bool:
    """Whether the store has an experiment of this name that nobody has deleted."""
    found = client.get_experiment_by_name(name)
    return found is not None and found.lifecycle_stage == "active"


def all_runs(client, experiment: str, query: str) -> Iterator:
    """Yield every run of an experiment (by its id) that the filter `query` of MLflow finds.

    The store is read page by page.
    """
    token = None
    while True:
        page = client.search_runs([experiment], query, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def set_tags(client, run, wanted: Mapping[str, str | None]) -> None:
    """Set the tags `wanted` of a run. A tag with the value None is deleted.

    The sentences on the run's state in its description are written anew, because they depend on the tags.
    """
    from mlflow.entities import RunTag

    tags = {key: value for key, value in (dict(run.data.tags) | dict(wanted)).items() if value is not None}
    if status.NOTE in tags:
        tags[status.NOTE] = status.described(tags[status.NOTE], tags)
    for key, value in wanted.items():
        if value is None and key in run.data.tags:
            client.delete_tag(run.info.run_id, key)
    changed = [RunTag(key, value) for key, value in tags.items() if run.data.tags.get(key) != value]
    if changed:
        client.log_batch(run.info.run_id, tags=changed)


def kill(client, run) -> None:
    """Mark an unfinished run as killed, because the process that wrote the run has ended."""
    client.set_terminated(run.info.run_id, "KILLED")
    set_tags(client, run, {"superseded": status.KILLED})


def somebody_elses(uri: str, run) -> bool:
    """Whether another machine wrote this run to a server.

    The runs that the other machine still wants are not known here.
    """
    return artifacts_of(uri) is None and run.data.tags.get("written_on", machine()) != machine()


def close(client, experiment: str, uri: str) -> None:
    """Mark as killed every unfinished run of `harness pretrain --live` in an experiment, if its process has ended."""
    for run in list(all_runs(client, experiment, "attributes.status = 'RUNNING'")):
        if run.data.tags.get("recorded_by") == "harness pretrain" and given_up(uri, run):
            kill(client, run)


def reopen(client, run, tags: Mapping[str, str | None]) -> None:
    """Set an interrupted run back to RUNNING, change its `tags` as in `set_tags`, and record this machine as its
    writer."""
    client.update_run(run.info.run_id, status="RUNNING")
    set_tags(client, run, dict(tags) | {"written_on": machine()})


def create(client, experiment: str, name: str, tags: Mapping[str, str]):
    """Create a run with a name and tags. Its state is RUNNING until the caller ends the run. Returns the run."""
    tags = dict(tags) | {"written_on": machine()}
    if status.NOTE in tags:
        tags[status.NOTE] = status.described(tags[status.NOTE], tags)
    return client.create_run(experiment, tags=tags, run_name=name)


def fill(client, run_id: str, values: list[tuple[str, float, int]], parameters: Mapping[str, str]) -> None:
    """Log metrics and parameters of a run that is not ended yet.

    `values` are (metric, value, step). Parameters are by name.
    """
    from mlflow.entities import Param

    params = [Param(key, value) for key, value in parameters.items()]
    for start in range(0, max(1, len(params)), 100):
        client.log_batch(run_id, params=params[start : start + 100])
    send(client, run_id, values)


def send(client, run_id: str, values: Iterable[tuple[str, float, int]]) -> None:
    """Log metrics of a run, in batches that MLflow accepts. `values` are (metric, value, step)."""
    from mlflow.entities import Metric

    now, values = int(time.time() * 1000), iter(values)
    while chunk := [Metric(key, value, now, step) for key, value, step in islice(values, BATCH)]:
        client.log_batch(run_id, metrics=chunk)


def keep(client, uri: str, run, pictures: Mapping[str, bytes]) -> None:
    """Store `pictures` (bytes by file name) as artifacts of a run. An artifact with the same name is replaced."""
    beside = _beside(uri, run)
    if beside:
        for name, content in pictures.items():
            files.write_bytes(beside / name, content)
        return
    with scratch_folder(_locks(uri) / "sent") as folder:
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
            client.log_artifact(run.info.run_id, str(folder / name))


def kept(client, uri: str, run) -> dict[str, bytes]:
    """The artifacts of a run: their bytes by relative path."""
    beside = _beside(uri, run)
    if beside:
        paths = sorted(path for path in beside.rglob("*") if path.is_file())
        return {path.relative_to(beside).as_posix(): path.read_bytes() for path in paths}
    with scratch_folder(_locks(uri) / "got") as folder:
        names = list(_listed(client, run.info.run_id))
        return {n: Path(client.download_artifacts(run.info.run_id, n, str(folder))).read_bytes() for n in names}


def _listed(client, run_id: str, below: str | None = None) -> Iterator[str]:
    for entry in client.list_artifacts(run_id, below):
        if entry.is_dir:
            yield from _listed(client, run_id, entry.path)
        else:
            yield entry.path


def _beside(uri: str, run) -> Path | None:
    folder = artifacts_of(uri)
    if folder is None or not run.info.artifact_uri.startswith(PROXIED):
        return None
    return folder / run.info.artifact_uri.removeprefix(PROXIED).lstrip("/")


def delete_local(root: Path) -> None:
    """Remove the SQLite store of the repository `root` and its artifacts. A store on a server is not touched."""
    root = Path(root)
    with one_at_a_time(f"sqlite:///{root.resolve() / DATABASE}"):
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = root / f"{DATABASE}{suffix}"
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in (root / ARTIFACTS).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
