"""Parse delimited text (CSV, TSV) strictly into rows.

Quotes around a field usually are quoting, and do not belong to the value. But in tab-separated files quotes may belong
to the text, because many of these files are written without any quoting. Other tab-separated files (by pandas, R,
spreadsheets) quote fields with a tab, a quote or a new line. So the meaning of quotes in a tab-separated file is
detected from the whole file. If the meaning is ambiguous, the task must declare it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from harness.data.findings import Finding
from harness.data.rows import Row, shown_name
from harness.text.letters import composed

Quotes = Literal["detect", "quoting", "text"]
_SEPARATOR = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_QUOTED_HEADER = re.compile(r'"[^"\n]*"([;,\t|])')
_OTHERS = re.compile(r"[;,\t|]")
TRAILING = "an empty column without a name: each line ends with a delimiter, as some spreadsheets write"
AMBIGUOUS = (
    'it is not clear whether the quotes belong to the values: write quotes="text" if they do, quotes="quoting" if not'
)


def delimiter_fault(delimiter: object) -> str | None:
    """The reason why `delimiter` is not valid, or None if it is valid. Valid are one character, and "", which means the
    usual delimiter of the file's ending."""
    if not isinstance(delimiter, str) or len(delimiter) > 1:
        return f"delimiter={delimiter!r} is not one character; a file separated by more than one must be converted"
    unfit = f"delimiter={delimiter!r} cannot separate columns, because it is a quote or ends a line"
    return unfit if delimiter and delimiter in '"\r\n' else None


def delimited(
    text: str,
    delimiter: str,
    names: tuple[str, ...],
    quotes: Quotes,
    findings: list[Finding],
    *,
    optional: tuple[str, ...] = (),
    ignoring: bool = False,
) -> list[Row]:
    """The rows of a delimited text, as ("line N", {column: value}). A row with a wrong number of cells is ("line N",
    None) and becomes one of the `findings`.

    `names` are the columns of a file without a header, and () for a file with a header. In a file without a header, all
    of the `optional` columns may follow the columns in `names`. `quotes` says whether quotes around a field are quoting
    or belong to the text. Empty columns without a name at the end of a header are findings, unless `ignoring` is true,
    which means that undeclared columns are ignored.
    """
    text, before = _without_separator(text, findings)
    quoting = quotes == "quoting" or (quotes == "detect" and delimiter != "\t")
    if quotes == "detect" and delimiter == "\t":
        quoting = _are_quoting(text, bool(names), findings)
    rows = list(_rows(text, delimiter, quoting, before, findings))
    if not names and rows:
        line, header = rows.pop(0)
        names = tuple(composed(cell.strip()) for cell in header)
        other = _OTHERS.search(names[0])
        if len(names) == 1 and other:
            findings.append(
                Finding(f"one column: if the delimiter is {other[0]!r}, set delimiter={other[0]!r}", "", f"line {line}")
            )
            return [(f"line {number}", None) for number, _ in rows]
        names = _named(names, rows, f"line {line}", findings, ignoring)
    elif rows and _is_header(rows[0][1], names):
        findings.append(Finding("a header, although names= gives the columns", "", f"line {rows[0][0]}"))
    elif rows and len(rows[0][1]) == len(names + optional):
        names += optional
    found: list[Row] = []
    width = len(names)
    for number, cells in rows:
        fits = len(cells) == width
        if not fits:
            empty = "; the last is empty, because the line ends with a delimiter" if cells[width:] == [""] else ""
            findings.append(Finding(f"{len(cells)} cells instead of {width}{empty}", "", f"line {number}"))
        found.append((f"line {number}", dict(zip(names, cells, strict=True)) if fits else None))
    return found


def _without_separator(text: str, findings: list[Finding]) -> tuple[str, int]:
    """The text without the `sep=` line of a spreadsheet, which is a finding, and the number of lines removed."""
    match = _SEPARATOR.match(text)
    if not match:
        return text, 0
    remedy = f"remove it and set delimiter={match[1]!r}"
    findings.append(
        Finding(f"sep={match[1]}, which spreadsheets add and which is not a header: {remedy}", "", "line 1")
    )
    return text[match.end() :], 1


def _named(names: tuple[str, ...], rows: list, where: str, findings: list[Finding], ignoring: bool) -> tuple[str, ...]:
    """The names of the header without empty ones at its end whose cells are all empty. These cells are removed from
    `rows`."""
    while len(names) > 1 and not names[-1] and all(len(cells) != len(names) or not cells[-1] for _, cells in rows):
        for _, cells in rows:
            if len(cells) == len(names):
                cells.pop()
        if not ignoring:
            findings.append(Finding(TRAILING, f"number {len(names)}", where))
        names = names[:-1]
    standing = Counter(names)
    for number, name in enumerate(names, start=1):
        if standing[name] > 1 and names.index(name) + 1 != number:
            findings.append(Finding("a column name occurs twice", shown_name(name, number), where, number=number))
    return names


def _rows(text: str, delimiter: str, quoting: bool, before: int, findings: list[Finding]) -> Iterator:
    """Yield (number of its first line, cells) of every row that is not blank. `before`: lines already removed."""
    limit = csv.field_size_limit(max(len(text) + 1, csv.field_size_limit()))
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE
    try:
        # Only "\n" ends a line: splitlines would cut at U+2028 and friends, which are text here.
        lines = (line + "\n" for line in text.removesuffix("\n").split("\n"))
        reader, start = csv.reader(lines, delimiter=delimiter, quoting=style, strict=True), 1 + before
        try:
            for cells in reader:
                if cells:
                    yield start, cells
                start = reader.line_num + 1 + before
        except csv.Error as error:
            # The reader has lost its place, so later rows cannot be told from the broken one.
            other = _QUOTED_HEADER.match(text)
            hint = (
                f": if the delimiter is {other[1]!r}, set delimiter={other[1]!r}"
                if other and other[1] != delimiter
                else ""
            )
            findings.append(Finding(f"not separated values ({error}){hint}", "", f"line {start}"))
    finally:
        csv.field_size_limit(limit)


def _is_header(cells: list[str], names: tuple[str, ...]) -> bool:
    """Return whether the cells contain more than half of the column names."""
    return 2 * len({name.casefold() for name in names} & {cell.strip().casefold() for cell in cells}) > len(names)


def _are_quoting(text: str, headless: bool, findings: list[Finding]) -> bool:
    """Return whether quotes around tab-separated fields are quoting. If some must be and others cannot, that is a
    finding."""
    if not (text.startswith('"') or '\t"' in text or '\n"' in text):
        return False
    lines = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    if not headless and all(_QUOTED.fullmatch(cell) for cell in lines[0]):
        return True
    width = len(lines[0])
    if any(len(cells) != width for cells in lines if cells != [""]):
        # There may be tabs or new lines inside quotes. If so, every row fits once quotes are read as quoting.
        broken: list[Finding] = []
        rows = [cells for _, cells in _rows(text, "\t", True, 0, broken)]
        return not broken and all(len(cells) == width for cells in rows)
    marked = [(number, cell) for number, cells in enumerate(lines, 1) for cell in cells if cell.startswith('"')]
    needed = [bool(_QUOTED.fullmatch(cell)) and '""' in cell[1:-1] for _, cell in marked]
    if all(needed) or _by_column(lines if headless else lines[1:]):
        return True
    if any(needed):
        findings.append(Finding(AMBIGUOUS, "", f"line {marked[needed.index(False)][0]}"))
    return False


def _by_column(lines: list[list[str]]) -> bool:
    """Return whether every cell of some columns is in quotes, and no cell of the others. Empty cells do not count."""
    columns = [[bool(_QUOTED.fullmatch(cell)) for cell in column if cell] for column in zip(*lines, strict=False)]
    return all(all(column) or not any(column) for column in columns) and any(any(column) for column in columns)
