"""MLflow's own pages over the recorded runs, on this machine only."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from harness import tracking
from harness.errors import MissingInputError

HOST = "127.0.0.1"


def serve(root: Path, port: int) -> int:
    """The MLflow UI on 127.0.0.1 over the store, until it is interrupted; returns its exit code.

    Raises MissingInputError where nothing is recorded yet.
    """
    uri = tracking.store_uri(root)
    if uri.startswith("http"):
        print(f"The runs are on a server: {uri}")
        return 0
    if (path := Path(uri.removeprefix("sqlite:///"))) and uri.startswith("sqlite:///") and not path.is_file():
        raise MissingInputError(
            f"{path.name} is missing: nothing is recorded yet.", remedy="Make it with `harness track`."
        )
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    if folder := tracking.artifacts_of(uri):
        command += ["--artifacts-destination", str(folder)]
    print(f"http://{HOST}:{port}/#/experiments (Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
        return subprocess.run([*command, "--workers", "1"], env=environment, cwd=root).returncode
    return 0
