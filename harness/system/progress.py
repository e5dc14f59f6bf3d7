"""Show the progress of a command: a live bar on a terminal, or a few lines in a log file."""

import sys
from contextlib import contextmanager


class Progress:
    """A display that shows nothing, and the base class of the other displays.

    `update(run, steps)` reports that the run with index `run` has made `steps` updates so far.
    """

    def update(self, run: int, steps: int) -> None:
        pass


class LineProgress(Progress):
    """A display for log files: it prints one line each time another tenth of all updates is done.

    `names` are the names of the runs, and `steps` is the number of updates of each run.
    """

    def __init__(self, title: str, names: list[str], steps: int):
        self._steps, self._say = steps, tenths(title)
        self._done = [0] * len(names)

    def update(self, run: int, steps: int) -> None:
        self._done[run] = steps
        finished, total = sum(done >= self._steps for done in self._done), self._steps * len(self._done)
        self._say(sum(self._done), total, f"{total} updates, {finished} of {len(self._done)} runs done")


class BarProgress(Progress):
    """A display on a terminal: one bar with the number of finished runs, the updates and the time left.

    `bar` is a rich.progress.Progress, and `task` is the id of its bar. `names` are the names of the runs, and `steps`
    is the number of updates of each run.
    """

    def __init__(self, bar, task, names: list[str], steps: int):
        self._bar, self._task, self._steps = bar, task, steps
        self._done = [0] * len(names)

    def update(self, run: int, steps: int) -> None:
        self._done[run] = steps
        finished = sum(done >= self._steps for done in self._done)
        self._bar.update(self._task, completed=sum(self._done), runs=f"{finished}/{len(self._done)} runs")


@contextmanager
def runs_progress(title: str, names: list[str], steps: int):
    """Yield the `Progress` for training runs on standard error: a bar if that is a terminal, otherwise lines.

    `names` are the names of the runs, and `steps` is the number of updates of each run.
    """
    if not sys.stderr.isatty():
        yield LineProgress(title, names, steps)
        return
    with bar("MofNCompleteColumn", "updates,", "{task.fields[runs]}", "TimeRemainingColumn") as drawn:
        task = drawn.add_task(title, total=steps * len(names), runs=f"0/{len(names)} runs")
        yield BarProgress(drawn, task, names, steps)


@contextmanager
def bar(*columns: str):
    """Yield a rich.progress.Progress on standard error, with a description and a bar, followed by `columns`.

    Each of `columns` is the name of one of rich's column classes, which ends in "Column", or a text.
    """
    from rich import progress
    from rich.console import Console

    made = [getattr(progress, name)() if name.endswith("Column") else progress.TextColumn(name) for name in columns]
    start = progress.TextColumn("{task.description}"), progress.BarColumn()
    with progress.Progress(*start, *made, console=Console(stderr=True)) as drawn:
        yield drawn


@contextmanager
def amounts_progress(title: str, total: int):
    """Show the progress through files of `total` bytes. Yields a function `more(documents, size)`.

    The caller calls `more` with the number of documents and bytes that were just done.
    """
    if not sys.stderr.isatty():
        yield _amount_lines(title, total)
        return
    with bar("DownloadColumn", "{task.fields[documents]:,} documents,", "TransferSpeedColumn",
             "TimeRemainingColumn") as drawn:  # fmt: skip
        task = drawn.add_task(title, total=total, documents=0)
        done = [0]

        def more(documents: int, size: int) -> None:
            done[0] += documents
            drawn.update(task, advance=size, documents=done[0])

        yield more


def _amount_lines(title: str, total: int):
    done, say = [0, 0], tenths(title)

    def more(documents: int, size: int) -> None:
        done[0], done[1] = done[0] + documents, done[1] + size
        say(done[1], total, f"{total / 1e6:,.0f} MB, {done[0]:,} documents done")

    return more


def tenths(title: str):
    """A function `say(done, total, what)` that prints a line each time another tenth of `total` is done."""
    said = 0

    def say(done: int, total: int, what: str) -> None:
        nonlocal said
        tenths = min(10, 10 * done // max(1, total))
        if tenths > said:
            said = tenths
            print(f"{title}: {10 * tenths} % of {what}", file=sys.stderr, flush=True)

    return say
