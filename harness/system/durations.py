"""Record how long each stage took on this machine.

The record is not an output of a stage, and no hash depends on it.
"""

import contextlib
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.system.files import read_json, write_json

FOLDER = "durations"  # below artifacts/


@contextlib.contextmanager
def timed(root: Path, stage: str, *of: str) -> Iterator[None]:
    """Record how long the block took, as the time of the stage `stage`.

    `of` names the task and the family of the stage, if it has any. If the block raises an error, nothing is recorded.
    """
    wall, cpu = time.monotonic(), cpu_seconds()
    yield
    spent = {"seconds": round(time.monotonic() - wall, 1), "cpu_seconds": round(cpu_seconds() - cpu, 1)}
    write_json(_place(root, stage, *of), spent)


def seconds(root: Path, stage: str, *of: str) -> float | None:
    """The wall time in seconds of the latest run of a stage on this machine.

    `of` names the task and the family of the stage, if it has any. Returns None if the stage was not run on this
    machine, for example because DVC fetched its output.
    """
    with contextlib.suppress(OSError, HarnessError, KeyError, TypeError, ValueError):
        return float(read_json(_place(root, stage, *of))["seconds"])
    return None


def _place(root: Path, *names: str) -> Path:
    return root / "artifacts" / FOLDER / f"{'-'.join(names)}.json"


def cpu_seconds() -> float:
    """CPU seconds of this process and of its child processes that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
