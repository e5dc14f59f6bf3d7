"""Run each measurement of a rehearsal in a process of its own, so that the process's peak memory is the measurement's.

An error in the measuring process is raised again in the calling process.
"""

import contextlib
import multiprocessing
import os
import pickle
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import OutOfMemoryError, TrainingError
from harness.system import messages, offline
from harness.system.parallel import ends_with_its_parent, portable, starting


def together(work: Callable[..., dict], *given: Any, copies: int = 1) -> list[dict]:
    """The results of `copies` processes that all run `work(*given)` at the same time.

    Each result is the dict that `work` returned, with the process's peak memory in bytes added as `peak`. Raises the
    error of the first process that fails.
    """
    context = multiprocessing.get_context("spawn")
    started = []
    try:
        for _ in range(copies):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, os.getpid(), work, given))
            with starting():
                process.start()
                started.append((process, here))
            there.close()
        return [_answer(process, connection) for process, connection in started]
    finally:
        for process, connection in started:
            process.kill()
            process.join()
            connection.close()


def mean(found: list[dict]) -> dict:
    """The mean of each number in the results of `together`, and the maximum of their `peak`.

    Other values are the first result's.
    """
    first = found[0]
    numbers = {key for key, value in first.items() if isinstance(value, int | float) and key != "peak"}
    means = {key: sum(one[key] for one in found) / len(found) for key in numbers}
    return first | means | {"peak": max(one["peak"] for one in found)}


def _answer(process, connection) -> dict:
    try:
        result, error = pickle.loads(connection.recv_bytes())
    except (EOFError, OSError):
        process.join(5)
        if process.exitcode == -signal.SIGKILL:
            raise OutOfMemoryError(
                "A measurement was killed from outside, probably for lack of memory.",
                remedy="Free memory, or lower the batch in params.yaml.",
            ) from None
        raise TrainingError(
            f"A measurement ended by itself with exit code {process.exitcode}.",
            remedy="See the output of a library above for the reason.",
        ) from None
    if error is not None:
        raise error
    return result


def _serve(connection, parent: int, work: Callable[..., dict], given: tuple) -> None:
    ends_with_its_parent(parent)
    offline.follow()
    messages.follow()
    try:
        # Hides the progress lines of the training loops.
        with _quiet():
            answer = pickle.dumps((work(*given) | {"peak": peak()}, None))
    except BaseException as error:
        answer = pickle.dumps((None, portable(error)))
    with contextlib.suppress(OSError):
        connection.send_bytes(answer)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
        yield


def peak() -> int:
    """The peak memory of this process so far, in bytes.

    The value is read from /proc if possible, because the value of getrusage starts at the memory of the parent process.
    """
    with contextlib.suppress(OSError):
        if found := re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8")):
            return int(found[1]) << 10
    unit = 1 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
