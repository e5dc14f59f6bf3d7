"""Work on a stream of jobs with all available processors: results in order, bounded memory."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from harness import offline
from harness.determinism import available_cpus
from harness.errors import HarnessError

AHEAD = 3  # jobs in hand for each worker; more would only fill memory

_work = None  # set once in each worker, never in the parent


def usable_workers() -> int:
    """One for each available core; `HARNESS_WORKERS` caps it."""
    return max(1, int(os.environ.get("HARNESS_WORKERS", available_cpus())))


def ordered(work: Callable, jobs: Iterable, workers: int) -> Iterator:
    """`work(job)` for each job, in the order of the jobs, whatever the number of workers.

    Jobs are drawn only as results are taken. Workers are forked where the platform allows, so that `work`
    and what it holds is not copied. The first error, of a job or of `jobs` itself, ends it.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (work, os.getpid()))
    waiting = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(_run, job))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise HarnessError(
            "A worker process was killed from outside, probably for lack of memory.",
            remedy="Free memory, or set HARNESS_WORKERS=1, and run the command again.",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def die_with(parent: int) -> None:
    """On Linux, end this worker with its parent, also when that is killed: an orphan would go on writing."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def _start(work: Callable, parent: int) -> None:
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    offline.follow()


def _run(job):
    return _work(job)
