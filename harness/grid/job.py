"""One job of the array: `harness finetune` for one comparison, and the note that it was made.

A job meets the rest of the grid only through files. It is called by its name with plain words, so that nothing
of the data or the settings is pickled: both are read where the job runs, from the repository.
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

CHANGED = 75  # an exit code: what the comparison was made of is not what is there any more


def carry_out(root: str, task: str, family: str, environment: Mapping[str, str]) -> int:
    """Fine-tune one comparison and note what it was made of; the exit code of `harness finetune`, or CHANGED.

    A process of its own, as under `dvc repro`: the numeric libraries read their settings once, when loaded.
    """
    place, comparison = Path(root), Comparison(task, family)
    with alone(place, comparison):
        # One that was left over from a grid that was killed may have made it while this one waited.
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
            print(f"harness: what {comparison.name} is made of changed while it was trained.", file=sys.stderr)
            return CHANGED
        write_note(place, comparison, before)
        return 0


@contextlib.contextmanager
def alone(root: Path, comparison: Comparison) -> Iterator[None]:
    """Hold this comparison; wait while another job does. A file system without locks is no reason to stop."""
    file = root / FOLDER / "running" / f"{comparison.task}-{comparison.family}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w") as handle:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _ending(comparison: Comparison, code: int) -> str:
    if code < 0:
        return f"harness: the training of {comparison.name} was killed by signal {-code}."
    return f"harness: the training of {comparison.name} ended with {code}."
