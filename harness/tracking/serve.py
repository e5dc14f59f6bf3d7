"""Show the recorded runs on MLflow's web pages, on this machine only: the command `harness ui`."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from harness.errors import MissingInputError
from harness.system import offline
from harness.text.printable import terminal, without_password
from harness.tracking import backend, views

HOST = "127.0.0.1"
# Variables of these prefixes name further stores, hosts and options of a server, or where it reports to.
_ELSEWHERE = ("MLFLOW_", "_MLFLOW_", "OTEL_", "DOCKER_")
_SET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def _environment() -> dict[str, str]:
    """The environment of the server, without variables that could change its store or its address.

    MLflow's pages offer assistants and models of other companies. If nothing may leave the machine, the processes of
    the server are closed off like this process, and start no program that could connect.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_ELSEWHERE)} | _SET
    if environment.get(offline.VARIABLE) == "1":
        here = Path(__file__).parent
        # The folder above the package: with the package folder itself, modules such as `text` would hide others.
        path = (here / "served", here.parents[1], environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, map(str, path)))
    return environment


def serve(root: Path, port: int) -> int:
    """Run MLflow's web server on 127.0.0.1 until it is interrupted. Returns the server's exit code.

    If the store is on another server, only its address is printed. Raises MissingInputError if nothing is recorded yet.
    """
    uri = backend.store_uri(root)
    if uri.startswith("http"):
        print(terminal(f"The runs are on a server: {without_password(uri)}"))
        return 0
    if (path := Path(uri.removeprefix("sqlite:///"))) and uri.startswith("sqlite:///") and not os.path.lexists(path):
        raise MissingInputError(
            f"{path.name} is missing: nothing is recorded yet.", remedy="Make it with `harness track`."
        )
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--host", HOST, "--port", str(port)]
    if folder := backend.artifacts_of(uri):
        command += ["--artifacts-destination", str(folder)]
    client = backend.connect(uri)
    for experiment in client.search_experiments():
        with backend.one_at_a_time(uri):
            backend.close(client, experiment.experiment_id, uri)
        if experiment.experiment_id != "0":
            print(terminal(f"{experiment.name}: {views.address(HOST, port, experiment.experiment_id)}"))
    print("Ctrl-C ends it.", flush=True)
    environment = _environment()
    # The server starts processes of its own, which must not outlive this one. As one group they end together.
    server = subprocess.Popen([*command, "--workers", "1"], env=environment, cwd=root, start_new_session=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()
