"""Run many jobs on all available processors, with results in the order of the jobs and bounded memory."""

import contextlib
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from harness.errors import HarnessError
from harness.system import messages, offline
from harness.system.determinism import available_cpus
from harness.system.stopping import held_back

AHEAD = 3  # pending jobs for each worker; more would only fill memory

# Signals that end a command, or ask a worker to end.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)

_work: Any = None  # set once in each worker, never in the parent


def usable_workers() -> int:
    """The number of worker processes to use: `HARNESS_WORKERS` if it is set, otherwise one for each available core."""
    return max(1, int(os.environ.get("HARNESS_WORKERS", available_cpus())))


def ordered(work: Callable, jobs: Iterable, workers: int) -> Generator:
    """Yield `work(job)` for each job, in the order of the jobs, from `workers` parallel processes.

    A job is drawn from `jobs` only when the caller takes results, so few jobs are in memory. Workers are forked if the
    platform allows this, so that `work` and its data are not copied. The first error, in a job or in `jobs` itself,
    ends all workers. Raises HarnessError if a worker is killed from outside.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (work, os.getpid()))
    waiting: deque = deque()
    fine = False
    try:
        for job in jobs:
            with starting():
                waiting.append(pool.submit(_run, job))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        fine = True
    except BrokenProcessPool:
        raise HarnessError(
            "A worker process was killed from outside, probably for lack of memory.",
            remedy="Free memory, or set HARNESS_WORKERS=1, and run the command again.",
        ) from None
    finally:
        if not fine:
            # A job may take minutes. From Python 3.14 on, `kill_workers` does this.
            for process in list((pool._processes or {}).values()):
                process.kill()
        pool.shutdown(cancel_futures=True)


def made_ahead(work: Callable, jobs: Iterable) -> Generator:
    """Yield `work(job)` for each job, in order. While the caller uses a result, another process makes the next result.

    The other process is forked, so that `work` and its data are not copied. That process makes at most one result that
    the caller has not asked for yet. Closing this generator ends the process at once. If the platform cannot fork,
    every result is made when the caller asks for it. Raises HarnessError if the process is killed from outside.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(work, there, here, os.getpid()), daemon=True)
    with starting():
        process.start()
    there.close()
    try:
        asked = 0
        for job in jobs:
            here.send(job)
            asked += 1
            if asked > 1:
                yield _received(here)
                asked -= 1
        if asked:
            yield _received(here)
    except (EOFError, ConnectionError):
        raise HarnessError(
            "The process that works ahead was killed from outside, probably for lack of memory.",
            remedy="Free memory, and run the command again.",
        ) from None
    finally:
        process.kill()
        process.join()
        here.close()


def _serve(work: Callable, connection, other_end, parent: int) -> None:
    # The parent decides when this process ends, even if a batch system signals the whole process group.
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    die_with(parent)
    other_end.close()
    while True:
        job = connection.recv()
        try:
            answer = True, work(job)
        except BaseException as error:
            answer = False, portable(error)
        connection.send(answer)


def _received(connection):
    fine, result = connection.recv()
    if not fine:
        raise result
    return result


def portable(error: BaseException) -> BaseException:
    """The error itself if it can be sent to another process, otherwise a RuntimeError with its type and message.

    A KeyboardInterrupt stays a KeyboardInterrupt. Any other exit of a worker, such as a library's `sys.exit(0)`,
    becomes a RuntimeError, because it must not end the whole command.
    """
    words = RuntimeError(f"{type(error).__name__}: {error}")
    if not isinstance(error, (Exception, KeyboardInterrupt)):
        return words
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return words
    return error


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Hold back signals while the block starts a worker process.

    A worker that has just been forked still has the signal handlers of its parent. A signal at that moment would make
    the worker go on as a second parent. The worker unblocks signals after it has set its own handlers.

    Another thread may still take a signal, and Python would handle it in this thread in the middle of the start. So
    handlers wait, too, and are called at the end of the block.
    """
    with held_back(*_ENDING) as deliver:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    deliver()


def ends_with_its_parent(parent: int) -> None:
    """Set up a worker process so that it ends when its parent process `parent` (a process id) ends.

    The parent's signal handlers are removed from the worker, because only the parent decides what an interruption
    means.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    die_with(parent)


def die_with(parent: int) -> None:
    """On Linux, let the kernel kill this worker when its parent process `parent` (a process id) ends in any way.

    Without this, an orphaned worker would go on writing files.
    """
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
    ends_with_its_parent(parent)
    offline.follow()
    messages.follow()


def _run(job):
    try:
        return _work(job)
    except BaseException as error:
        if (found := portable(error)) is error:
            raise
        raise found from None
