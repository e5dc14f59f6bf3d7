"""Record how long a stage took. The record is no output of a stage, and part of no hash."""

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
    """Record how long the block took: the stage `stage` of the task and family in `of`. An error records nothing."""
    wall, cpu = time.monotonic(), _cpu()
    yield
    spent = {"seconds": round(time.monotonic() - wall, 1), "cpu_seconds": round(_cpu() - cpu, 1)}
    write_json(_place(root, stage, *of), spent)


def seconds(root: Path, stage: str, *of: str) -> float | None:
    """Seconds of the stage's latest run here; None if it was not run here, for example if DVC fetched its output."""
    with contextlib.suppress(OSError, HarnessError, KeyError, TypeError, ValueError):
        return float(read_json(_place(root, stage, *of))["seconds"])
    return None


def _place(root: Path, *names: str) -> Path:
    return root / "artifacts" / FOLDER / f"{'-'.join(names)}.json"


def _cpu() -> float:
    """CPU seconds of this process and of the children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
