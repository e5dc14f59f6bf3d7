"""Run the jobs of `harness grid`: start them, wait for them, enter results in `dvc.lock`, and name each failed job's
log."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import TrainingError
from harness.grid import ledger
from harness.grid.comparisons import Comparison, is_made
from harness.grid.executors import Local, Slurm


@dataclass(frozen=True)
class Failure:
    """A comparison that was not made, with its job's last message (`reason`) and log file."""

    comparison: Comparison
    reason: str
    log: Path


def run(root: Path, todo: Sequence[Comparison], executor: Local | Slurm, say: Callable[[str], None]) -> None:
    """Make all comparisons of `todo`, and enter each in `dvc.lock` as soon as it is made. `say(line)` prints a line.

    Raises TrainingError with the name and log of every failed comparison. The results of the other comparisons are
    kept.
    """
    running = executor.running(todo)
    for one in running:
        say(f"{one.comparison.name}: submitted earlier, job {one.id}")
    taken = {one.comparison for one in running}
    waiting = [comparison for comparison in todo if comparison not in taken]
    failures: list[Failure] = []
    done = 0
    try:
        while waiting or running:
            started = executor.start(waiting)
            for one in started:
                say(f"{one.comparison.name}: job {one.id}, log {_below(one.log, root)}")
            waiting = waiting[len(started) :]
            running += started
            ended = executor.over(running)
            if not ended:
                time.sleep(executor.poll_seconds)
                continue
            running = [one for one in running if one not in ended]
            refused = ledger.record(root, [one.comparison for one in ended])
            for one in ended:
                done += 1
                if one.comparison in refused:
                    failures.append(Failure(one.comparison, last_words(one.log), one.log))
                word = "failed" if one.comparison in refused else "done"
                say(f"{one.comparison.name}: {word} ({done} of {len(todo)})")
    except KeyboardInterrupt:
        say(f"harness: interrupted; {executor.stop(running)}")
        raise
    if failures:
        lines = "\n".join(f"  {one.comparison.name}: {one.reason} Log: {_below(one.log, root)}" for one in failures)
        raise TrainingError(
            f"{len(failures)} of {len(todo)} comparisons were not made:\n{lines}",
            remedy="The others are kept. Fix the cause, then run `harness grid` again: it makes only these.",
        )


def finished_before(root: Path, stale: Sequence[Comparison]) -> list[Comparison]:
    """Enter in `dvc.lock` the stale comparisons that an earlier grid has already made.

    Returns the entered comparisons.
    """
    made = [comparison for comparison in stale if is_made(root, comparison)]
    refused = ledger.record(root, made)
    return [comparison for comparison in made if comparison not in refused]


def last_words(log: Path) -> str:
    """The first line of the last harness error in a log, or else the last line of the log."""
    text = log.read_bytes()[-20_000:].decode("utf-8", errors="replace") if log.is_file() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line.removeprefix("harness: ") for line in lines if line.startswith("harness: ")]
    if said:
        # The last line only says that the training ended. The error is before it.
        return said[-2] if len(said) > 1 and said[-1].startswith("the training of") else said[-1]
    if lines and lines[-1].endswith("Exiting after successful completion"):
        return "its inputs or its predictions have changed since."
    return lines[-1] if lines else "the job printed nothing."


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
