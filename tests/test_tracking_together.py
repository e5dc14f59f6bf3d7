"""Several real processes that record at once, into one file and into one server: no crash, no loss, no duplicate."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import fakes
import pytest

TASKS, FAMILIES, SEEDS = ("medmqp",), ("nb_bert",), (1, 2)
PROFILES = ["embedded"] * 4 + ["paper"] + ["lab"] * 3
RECORD = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import fakes
from harness.stages import track
settings = fakes.settings(("medmqp",), ("nb_bert",), (1, 2))
track.run(Path(sys.argv[2]), replace(settings, run=replace(settings.run, profile=sys.argv[3])), fakes.TASKS)
"""


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("grid"), TASKS, FAMILIES, SEEDS, rows=20)
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    return root


def record_at_once(repository, roots, uri: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(repository), "MLFLOW_TRACKING_URI": uri}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RECORD, str(repository / "tests"), str(root), profile],
            env=environment, cwd=root, stderr=subprocess.PIPE, text=True,
        )
        for root, profile in zip(roots, PROFILES[-len(roots) :], strict=True)
    ]  # fmt: skip
    said = [process.communicate(timeout=500)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(roots), said
    assert not any("warning" in text for text in said), said


def everything_once(uri: str, processes: int) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    for profile in set(PROFILES[-processes:]):
        for kind, expected in (("synthetic", 5), ("pre-training", 2)):
            found = client.get_experiment_by_name(f"{profile} / {kind}")
            runs = client.search_runs([found.experiment_id])
            assert len(runs) == expected and {run.info.status for run in runs} == {"FINISHED"}
            assert not any("superseded" in run.data.tags for run in runs)
            assert all(run.data.metrics for run in runs if run.data.tags["level"] != "pre-training")
            for run in runs:
                if run.data.tags["level"] == "comparison":
                    assert {"pictures", "verdict"} <= run.data.tags.keys()


@pytest.mark.parametrize("processes", [2, pytest.param(8, marks=pytest.mark.extended)])
def test_processes_on_one_file(repository, grid, tmp_path, processes):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    record_at_once(repository, [grid] * processes, uri)
    everything_once(uri, processes)
    assert len(list((tmp_path / "mlartifacts").rglob("forest.png"))) == len(set(PROFILES[-processes:]))


@contextlib.contextmanager
def server(folder):
    """MLflow's tracking server on loopback, with a database and artifacts of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", str(folder / "kept")]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 240
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            assert process.poll() is None and time.monotonic() < until, "the server did not start"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 9)
        process.wait()


@pytest.mark.extended
def test_eight_processes_of_eight_checkouts_on_one_server(repository, grid, tmp_path):
    roots = [shutil.copytree(grid, tmp_path / f"checkout{i}") for i in range(8)]
    with server(tmp_path) as uri:
        record_at_once(repository, roots, uri)
        everything_once(uri, len(roots))
    assert len(list((tmp_path / "kept").rglob("forest.png"))) == len(set(PROFILES))
