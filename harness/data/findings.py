"""Report the failed checks of a data file in one short table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import DataError

EVERY_ROW = "every row"
_ROWS_SHOWN, _KINDS_SHOWN = 5, 20
_EXAMPLE_CHARACTERS = 60
_VALUES_SHOWN, _SHORT = 6, 20


@dataclass(frozen=True)
class Finding:
    """One failed check of a data file.

    `check` says what failed. `column` is the column concerned, or "" for the whole row. `row` is the row concerned: a
    line, an id, or EVERY_ROW. `number` is the column's number in the file, from 1, for messages that may not show the
    column's name. `example` is the offending value, which `harness.data.discretion` removes if the data may not be
    shown. `place` is the place of the row ("line 12") if `row` may be an id.
    """

    check: str
    column: str
    row: str
    example: object = None
    number: int | None = None
    place: str = ""


class RowsRefused(DataError):
    """A DataError that keeps its findings, so that its message can be rewritten with less or more detail.

    `name` names the data. `rows` is the number of all rows, and `unit` is the word for rows in the message. `reading`
    has the records that could be read despite the findings. A value with a finding is None in `reading`.
    """

    def __init__(
        self, message: str, *, remedy: str, name="", findings: Iterable[Finding] = (), rows=0, unit="", reading=None
    ):
        super().__init__(message, remedy=remedy)
        self.name, self.findings, self.rows, self.unit, self.reading = name, tuple(findings), rows, unit, reading


def refuse(name: str, findings: Iterable[Finding], rows: int, *, remedy: str, unit: str = "rows", reading=None) -> None:
    """Raise RowsRefused with a table of all `findings`. Does nothing if there are no findings.

    `name` names the data in the message. `rows` is the number of all rows, with and without a fault, and `unit` is the
    word for rows in the message. `remedy` says what the user can do. `reading` is as in RowsRefused.
    """
    if findings := list(findings):
        raise refused(name, findings, rows, remedy=remedy, unit=unit, reading=reading)


def refused(name: str, findings: list[Finding], rows: int, *, remedy: str, unit: str, reading=None) -> RowsRefused:
    """The error that `refuse` raises, from the arguments of `refuse`."""
    places = _count(findings, rows)
    rows = max(rows, places)
    message = f"{name}: {places} of {rows} {unit} cannot be used.\n{table(findings, rows)}"
    return RowsRefused(message, remedy=remedy, name=name, findings=findings, rows=rows, unit=unit, reading=reading)


def table(findings: Iterable[Finding], rows: int) -> str:
    """A text table of the findings, with one line for each check and column. A line has the number of rows with the
    fault, the first of these rows, and examples of wrong values.

    `rows` is the number of all rows. Of more than 20 kinds of fault, only the 20 most frequent ones are shown.
    """
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((finding.check, finding.column), []).append(finding)
    lines, kinds = [("check", "column", "count", "first rows", "example")], list(grouped.items())
    if len(kinds) > _KINDS_SHOWN:
        kinds.sort(key=lambda kind: -_count(kind[1], rows))
    for (check, column), members in kinds[:_KINDS_SHOWN]:
        places = list(dict.fromkeys(member.row for member in members))
        shown = ", ".join(places[:_ROWS_SHOWN]) + (", …" if len(places) > _ROWS_SHOWN else "")
        lines.append((check, column or "-", str(_count(members, rows)), shown, _examples(members)))
    printed = aligned(lines)
    if others := kinds[_KINDS_SHOWN:]:
        hidden = [finding for _, members in others for finding in members]
        printed.append(f"and {len(others)} further kinds of fault, in {_count(hidden, rows)} rows")
    return "\n".join(printed)


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The lines of a text table, with cells padded to the width of their column."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _examples(members: list[Finding]) -> str:
    """The first offending value. If the values are few and short, such as labels, each value with its count."""
    values = Counter(shorten(member.example) for member in members if member.example is not None)
    if 1 < len(values) <= _VALUES_SHOWN and max(map(len, values)) <= _SHORT:
        return ", ".join(f"{value} × {count}" for value, count in values.most_common())
    return next(iter(values), "")


def _count(findings: list[Finding], rows: int) -> int:
    places = {finding.place or finding.row for finding in findings}
    return rows if EVERY_ROW in places else len(places)


def shorten(value: object) -> str:
    """The `repr` of `value`, on one line and cut to at most 60 characters."""
    shown = repr(value)
    return shown if len(shown) <= _EXAMPLE_CHARACTERS else shown[: _EXAMPLE_CHARACTERS - 1] + "…"
