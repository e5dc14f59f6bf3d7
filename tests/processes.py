"""Processes that a test has started, and the test's own."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


def running(process: int) -> bool:
    """Whether it is there and no mere entry that its new parent has not looked at yet."""
    try:
        return (Path("/proc") / str(process) / "stat").read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def children(process: int) -> list[int]:
    """The processes that its main thread has started and that are still there."""
    return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()]


def written(path: Path, process: subprocess.Popen) -> int:
    """The number in a file that the program is about to write."""
    soon = time.monotonic() + 60
    while time.monotonic() < soon and not (path.is_file() and path.read_text(encoding="utf-8")):
        assert process.poll() is None, process.stderr.read()[-2000:]
        time.sleep(0.02)
    return int(path.read_text(encoding="utf-8"))


@contextlib.contextmanager
def no_waiting(seconds: int = 20) -> Iterator[None]:
    """Fails where the block takes longer, as one does that reads a pipe."""

    def ring(*_):
        raise AssertionError(f"nothing came for {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
