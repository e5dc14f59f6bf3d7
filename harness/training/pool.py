"""Many training runs at once: one process and one thread per run, a shared queue of progress.

Parallelism is over whole runs, never inside one, so the number of cores changes how long a
comparison takes and not one bit of what comes out.
"""

import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from harness import offline
from harness.determinism import prepare_torch
from harness.errors import TrainingError
from harness.parallel import die_with, usable_workers
from harness.progress import Progress

# Set once in each worker by `_start`, never in the parent.
_channel = None
_work = None


def workers_for(jobs: int, device: str) -> int:
    """How many runs go side by side: one per available core (`HARNESS_WORKERS` caps it), or per GPU."""
    if device == "cuda":
        import torch

        return max(1, min(jobs, torch.cuda.device_count()))
    return max(1, min(jobs, usable_workers()))


def run_all(jobs: Sequence, work: Callable, *, device: str, progress: Progress) -> list:
    """`work(job, report)` for each job, in the jobs' order; `report(steps_done)` feeds the progress bar.

    Workers are forked after the imports (spawned where CUDA or the platform demands it). The first
    error stops the rest; a worker that was killed from outside becomes a TrainingError.
    """
    forks = device == "cpu" and "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    channel = context.Queue()
    # Handed over at the start of a worker, not with each job: forked, it is not copied at all.
    given = (channel, work, device, context.Value("i", 0), os.getpid())
    pool = ProcessPoolExecutor(workers_for(len(jobs), device), context, _start, given)
    with pool:
        futures = [pool.submit(_run, i, job) for i, job in enumerate(jobs)]
        pending = set(futures)
        try:
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                _drain(channel, progress)
                for future in finished:
                    future.result()
        except BrokenProcessPool:
            raise TrainingError(
                "A training process was killed from outside, probably for lack of memory.",
                remedy="Free memory, lower the batch, or set HARNESS_WORKERS=1, and run the command again.",
            ) from None
        finally:
            for future in pending:
                future.cancel()
    _drain(channel, progress)
    return [future.result() for future in futures]


def _start(channel, work: Callable, device: str, started, parent: int) -> None:
    global _channel, _work
    _channel, _work = channel, work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    offline.follow()
    prepare_torch(threads=1, device=device)
    if device == "cuda":
        import torch

        with started.get_lock():
            torch.cuda.set_device(started.value % torch.cuda.device_count())
            started.value += 1


def _run(index: int, job):
    return _work(job, lambda steps: _channel.put((index, steps)))


def _drain(channel, progress: Progress) -> None:
    while True:
        try:
            index, steps = channel.get_nowait()
        except queue.Empty:
            return
        progress.update(index, steps)
