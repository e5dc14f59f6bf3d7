"""Run many trainings in parallel, each in one process with one thread, and show their progress.

Whole runs are parallel, and no run is divided. So the number of cores changes the duration of a comparison, but no bit
of its results.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from harness.errors import TrainingError
from harness.system import messages, offline
from harness.system.determinism import prepare_torch
from harness.system.parallel import ends_with_its_parent, portable, starting, usable_workers
from harness.system.progress import Progress

LOOK_EVERY = 0.2  # seconds between two looks at how far the runs are
AT_EASE = 5.0  # most seconds that a worker without a job needs to end


def workers_for(jobs: int, device: str) -> int:
    """The number of runs to carry out in parallel: one per GPU if `device` is "cuda", otherwise `HARNESS_WORKERS` or
    one per available core. There are never more than `jobs`."""
    if device == "cuda":
        import torch

        return max(1, min(jobs, torch.cuda.device_count()))
    return max(1, min(jobs, usable_workers()))


def run_all(jobs: Sequence, work: Callable, *, device: str, progress: Progress, grace: float = 0.0) -> list:
    """Carry out all jobs in parallel processes. Returns the results of `work(job, report)` in the order of `jobs`.
    `work` calls `report(updates_done)` to move the progress bar.

    Workers are forked after the imports, or spawned if CUDA or the platform requires it. The first error ends all
    workers at once, and so does an interruption of this process. Workers that handle SIGTERM then have `grace` seconds
    to save their state. Raises TrainingError if a worker is killed from outside.
    """
    forks = device == "cpu" and "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    # Shared memory instead of a pipe, because a pipe that nobody reads fills up, and then its writers never end.
    steps = context.RawArray("q", len(jobs))
    shown = [0] * len(jobs)
    waiting = deque(enumerate(jobs))
    results: dict[int, Any] = {}
    workers: list[_Worker] = []
    fine = False
    try:
        for number in range(workers_for(len(jobs), device)):
            with starting():
                workers.append(_Worker.started(context, number, work, steps, device))
            workers[-1].give(*waiting.popleft())
        while len(results) < len(jobs):
            ready = wait([worker.connection for worker in workers], timeout=LOOK_EVERY)
            for index, done in enumerate(steps):
                if done != shown[index]:
                    shown[index] = done
                    progress.update(index, done)
            for worker in workers:
                if worker.connection in ready:
                    index, results[index] = worker.answer()
                    if waiting:
                        worker.give(*waiting.popleft())
                elif not worker.process.is_alive() and not worker.connection.poll():
                    raise worker.killed()
        fine = True
    finally:
        _end(workers, AT_EASE if fine else grace, at_work=not fine)
    return [results[index] for index in range(len(jobs))]


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection

    @classmethod
    def started(cls, context, number: int, work: Callable, steps, device: str) -> "_Worker":
        here, there = context.Pipe()
        # `work` is passed at the start of a worker and not with each job, because a fork does not copy it.
        process = context.Process(target=_serve, args=(there, number, work, steps, device, os.getpid()))
        process.start()
        there.close()
        return cls(process, here)

    def give(self, index: int, job) -> None:
        try:
            self.connection.send((index, job))
        except OSError:
            raise self.killed() from None

    def answer(self) -> tuple[int, object]:
        try:
            index, result, error, frames = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            raise self.killed() from None
        if error is not None:
            raise error from (RemoteTraceback(frames) if frames else None)
        return index, result

    def killed(self) -> TrainingError:
        self.process.join(1)
        code = self.process.exitcode
        if code is not None and code >= 0:
            return TrainingError(
                f"A training process ended by itself with exit code {code}, before its run was done.",
                remedy="See the output of a library above for the reason, or run the command again with "
                "HARNESS_WORKERS=1.",
            )
        how = f" by {signal.Signals(-code).name}" if code is not None and code < 0 else ""
        return TrainingError(
            f"A training process was killed from outside{how}, probably for lack of memory.",
            remedy="Free memory, lower the batch, or set HARNESS_WORKERS=1, and run the command again.",
        )


class RemoteTraceback(Exception):
    """An exception with the text of a worker's traceback. It is the cause (`__cause__`) of the error that the worker
    sent."""


def _end(workers: Sequence[_Worker], seconds: float, *, at_work: bool) -> None:
    """End all workers, and kill those that still run after `seconds`. `at_work` is true if workers may have jobs."""
    try:
        for worker in workers:
            # Ends a worker that has no job, or that ignores signals until its job ends. `None` fits into every pipe.
            with contextlib.suppress(OSError):
                worker.connection.send(None)
            if at_work:
                worker.process.terminate()
        until = time.monotonic() + seconds
        for worker in workers:
            worker.process.join(max(0.0, until - time.monotonic()))
    finally:
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join()
            worker.connection.close()


def _serve(connection: Connection, number: int, work: Callable, steps, device: str, parent: int) -> None:
    ends_with_its_parent(parent)
    offline.follow()
    messages.follow()
    prepare_torch(threads=1, device=device)
    if device == "cuda":
        import torch

        torch.cuda.set_device(number % torch.cuda.device_count())
    while (given := connection.recv()) is not None:
        index, job = given
        try:
            answer = pickle.dumps((index, work(job, lambda done, at=index: steps.__setitem__(at, done)), None, ""))
        except BaseException as error:
            answer = pickle.dumps((index, None, portable(error), traceback.format_exc()))
        with contextlib.suppress(OSError):
            connection.send_bytes(answer)
