"""A program with long training runs in the real pool, below the real command line; what goes wrong is its argument.

`python long_runs.py CAUSE FOLDER` writes the process id of every run to FOLDER/<number>.pid and its predictions
to FOLDER/predictions, all or nothing. Runs begin their updates when there is a file FOLDER/go.
"""

import os
import sys
import time
from pathlib import Path

from harness.cli import main
from harness.commands import stages
from harness.errors import TrainingError
from harness.system import files
from harness.system.progress import Progress
from harness.training.common.pool import run_all

RUNS, STEPS, FAILS_AT = 3, 2_000_000, 20_000


class Run:
    """Reports every update, far more of them than any pipe holds."""

    def __init__(self, cause: str, folder: Path, target: Path):
        self._cause, self._folder, self._target = cause, folder, target

    def __call__(self, job: int, report) -> int:
        (self._folder / f"{job}.pid").write_text(str(os.getpid()), encoding="utf-8")
        while not (self._folder / "go").exists():
            time.sleep(0.02)
        for step in range(STEPS):
            report(step)
            if job == 1 and step == FAILS_AT:
                self._fail()
        files.write_text(self._target / f"{job}.jsonl", "predictions")
        return job

    def _fail(self) -> None:
        if self._cause == "exception":
            raise ValueError("a library broke")
        if self._cause == "nan":
            raise TrainingError("test: the loss is nan at update 20000.", remedy="Lower the learning rate.")
        if self._cause == "memory":
            bytearray(1 << 60)
        if self._cause == "full disk":
            with open("/dev/full", "w", buffering=1) as full:
                full.write("a line\n")
        if self._cause == "unpicklable":
            raise type("Local", (Exception,), {})("of a class that no other process knows")


def finetune(cause: str, folder: Path) -> None:
    with files.atomic_folder(folder / "predictions") as target:
        run_all(range(RUNS), Run(cause, folder, target), device="cpu", progress=Progress())


if __name__ == "__main__":
    cause, folder = sys.argv[1], Path(sys.argv[2])
    stages._finetune = lambda options: finetune(cause, folder)
    os.chdir(folder)
    sys.exit(main(["finetune", "task", "family"]))
