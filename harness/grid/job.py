"""Carry out one job of `harness grid`: run `harness finetune` for one comparison, and write a note of the finished job.

A job shares only files with the rest of the grid. The arguments of the job are plain strings, so that no data or
settings are pickled. The job reads data and settings from the repository on the machine that runs the job.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from harness.grid.comparisons import FOLDER, Comparison, inputs, is_made, write_note
from harness.system.parallel import die_with

CHANGED = 75  # the exit code if an input changed during the training


def carry_out(root: str, task: str, family: str, environment: Mapping[str, str]) -> int:
    """Fine-tune one comparison and write its note. Returns the exit code of `harness finetune`, or CHANGED.

    CHANGED means that an input changed during the training. `environment` has the variables that are set for the
    training. The training is a process of its own, as under `dvc repro`, because numeric libraries read these variables
    only once, when the libraries are loaded.
    """
    place, comparison = Path(root), Comparison(task, family)
    with alone(place, comparison):
        # A job of a killed grid may have made it while this one waited.
        if is_made(place, comparison):
            return 0
        before = inputs(place, comparison)
        command = [sys.executable, "-m", "harness", "finetune", task, family]
        done = subprocess.run(
            command, cwd=place, env={**os.environ, **environment}, preexec_fn=partial(die_with, os.getpid())
        )
        if done.returncode != 0:
            print(_ending(comparison, done.returncode), file=sys.stderr)
            return done.returncode
        if inputs(place, comparison) != before:
            print(f"harness: the inputs of {comparison.name} changed during its training.", file=sys.stderr)
            return CHANGED
        write_note(place, comparison, before)
        return 0


@contextlib.contextmanager
def alone(root: Path, comparison: Comparison) -> Iterator[None]:
    """Wait until no other job has this comparison, and lock the comparison during the block.

    On a file system without locks, the block runs without a lock.
    """
    file = root / FOLDER / "running" / f"{comparison.task}-{comparison.family}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w") as handle:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _ending(comparison: Comparison, code: int) -> str:
    if code < 0:
        return f"harness: the training of {comparison.name} was killed by signal {-code}."
    return f"harness: the training of {comparison.name} ended with exit code {code}."
