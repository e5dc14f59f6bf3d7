"""Show the result of a rehearsal as a table for a reader, and as plain values for a program."""

import dataclasses
from collections.abc import Iterator, Sequence

from harness.grid.rehearsal import disk
from harness.grid.rehearsal.forecast import Stage
from harness.grid.rehearsal.model import Rehearsal
from harness.grid.rehearsal.sizes import GB
from harness.params.config import Engine

_HEADS = ("stage", "runs", "updates", "hours", "", "memory", "disk", "most of it")


def lines(made: Rehearsal, engine: Engine, cores: int) -> Iterator[str]:
    """Yield the lines of the table: a row per stage, the sums, then times, notes and the number of findings.

    `cores` is the number of cores that `harness repro` would use.
    """
    unit = "device h" if engine.device == "cuda" else "core h"
    rows = [tuple(unit if not head and at == 4 else head for at, head in enumerate(_HEADS))]
    rows += [_row(stage) for stage in made.stages]
    rows.append(_sum(made.stages, disk.total(made.writes)))
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADS))]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) if at in (0, 7) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
    yield ""
    alone = _time(sum(stage.seconds for stage in made.stages))
    if engine.device == "cpu":
        busy = sum(stage.busy for stage in made.stages)
        yield f"`dvc repro`, one stage after the other: {alone}."
        yield f"`harness repro`, families side by side on {cores} cores: about {_time(busy / cores)}."
    else:
        yield f"`dvc repro`, one stage after the other, on {engine.devices} devices: {alone}."
    more = [stage for stage in made.stages if stage.most_updates > stage.updates]
    if more:
        yield (
            "For tuned arms, the forecast uses the mean length of the candidates. An arm that chooses the longest "
            "takes more time."
        )
    yield "score, report and track are not rehearsed: they take minutes and little memory. ~ marks an estimate."
    for note in made.notes:
        yield f"note: {note}"
    yield f"The rehearsal took {_time(made.seconds)} and {made.peak / GB:.1f} GB of memory at most."
    if failed := [finding for finding in made.findings if not finding.stands_in]:
        yield f"{len(failed)} findings (above) would stop the run."


def _row(stage: Stage) -> tuple[str, ...]:
    memory = f"{'' if stage.memory_measured else '~'}{stage.memory / GB:.1f} GB" if stage.memory else ""
    runs, updates = (f"{number:,.0f}" if number else "" for number in (stage.runs, stage.updates))
    return (
        stage.title, runs, updates, _time(stage.seconds), _hours(stage.busy), memory, _size(stage.disk),
        stage.dominated_by,
    )  # fmt: skip


def _sum(stages: Sequence[Stage], written: int) -> tuple[str, ...]:
    memory = max((stage.memory for stage in stages), default=0.0)
    runs, updates = sum(s.runs for s in stages), sum(s.updates for s in stages)
    slowest = max(stages, key=lambda stage: stage.busy).title if stages else ""
    return (
        "together", f"{runs:,.0f}", f"{updates:,.0f}", _time(sum(s.seconds for s in stages)),
        _hours(sum(s.busy for s in stages)), f"{memory / GB:.1f} GB", _size(written), slowest,
    )  # fmt: skip


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.2f}" if seconds < 360_000 else f"{seconds / 3600:,.0f}"


def _size(written: int) -> str:
    return f"{written / GB:,.1f} GB" if written >= GB / 10 else f"{written / 1e6:,.0f} MB" if written else ""


def values(made: Rehearsal) -> dict:
    """The whole result of a rehearsal as plain values that JSON can store.

    Times are in seconds, and sizes are in bytes.
    """
    return {
        "findings": [dataclasses.asdict(finding) for finding in made.findings],
        "notes": made.notes,
        "stages": [
            {field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)}
            | {"parts": dict(stage.parts), "dominated_by": stage.dominated_by}
            for stage in made.stages
        ],
        "measured": made.measured,
        "written": disk.total(made.writes),
        "free": made.free,
        "rehearsal": {"seconds": made.seconds, "peak": made.peak},
    }
