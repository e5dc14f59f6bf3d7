"""Progress display: a live bar on a terminal, sparse lines in a log, otherwise nothing."""

import sys
from contextlib import contextmanager


class Progress:
    """A silent display, and the base of the others. `update(run, steps)` reports the updates done of a run."""

    def update(self, run: int, steps: int) -> None:
        pass


class LineProgress(Progress):
    """One line each time another tenth of all updates is done: readable in a log file."""

    def __init__(self, title: str, names: list[str], steps: int):
        self._steps, self._say = steps, _tenths(title)
        self._done = [0] * len(names)

    def update(self, run: int, steps: int) -> None:
        self._done[run] = steps
        finished, total = sum(done >= self._steps for done in self._done), self._steps * len(self._done)
        self._say(sum(self._done), total, f"{total} updates, {finished} of {len(self._done)} runs done")


class BarProgress(Progress):
    """A bar with runs done, updates and time left, on a terminal."""

    def __init__(self, bar, task, names: list[str], steps: int):
        self._bar, self._task, self._steps = bar, task, steps
        self._done = [0] * len(names)

    def update(self, run: int, steps: int) -> None:
        self._done[run] = steps
        finished = sum(done >= self._steps for done in self._done)
        self._bar.update(self._task, completed=sum(self._done), runs=f"{finished}/{len(self._done)} runs")


@contextmanager
def runs_progress(title: str, names: list[str], steps: int):
    """The display for standard error: a bar on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield LineProgress(title, names, steps)
        return
    with bar("MofNCompleteColumn", "updates,", "{task.fields[runs]}", "TimeRemainingColumn") as drawn:
        task = drawn.add_task(title, total=steps * len(names), runs=f"0/{len(names)} runs")
        yield BarProgress(drawn, task, names, steps)


@contextmanager
def bar(*columns: str):
    """A bar with its description before it and `columns` after it: names of rich's column classes, or texts."""
    from rich import progress
    from rich.console import Console

    made = [getattr(progress, name)() if name.endswith("Column") else progress.TextColumn(name) for name in columns]
    start = progress.TextColumn("{task.description}"), progress.BarColumn()
    with progress.Progress(*start, *made, console=Console(stderr=True)) as drawn:
        yield drawn


@contextmanager
def amounts_progress(title: str, total: int):
    """Progress through files of `total` bytes: a function to call with the (documents, bytes) just done."""
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
    done, say = [0, 0], _tenths(title)

    def more(documents: int, size: int) -> None:
        done[0], done[1] = done[0] + documents, done[1] + size
        say(done[1], total, f"{total / 1e6:,.0f} MB, {done[0]:,} documents done")

    return more


def _tenths(title: str):
    """A function that prints a line each time another tenth of a total is done."""
    said = 0

    def say(done: int, total: int, what: str) -> None:
        nonlocal said
        tenths = min(10, 10 * done // max(1, total))
        if tenths > said:
            said = tenths
            print(f"{title}: {10 * tenths} % of {what}", file=sys.stderr, flush=True)

    return say
