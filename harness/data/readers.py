"""Readers of raw files: factories that return a function from a task's folder to a `Reading`.

What is an error and what is dropped:

- *Malformed input is an error.* A row that cannot be parsed, lacks a column, has a column that nobody
  declared, the wrong type, an empty or over-long text or a control character refuses the whole file,
  with all such rows in one table. Nothing is guessed and nothing silently lost.
- *A declared defect of a published original is dropped and counted*, by the functions a task lists
  under `drop` (exact duplicates, contradictions) or raises as `Dropped` in its `shape`.
- *A harmless oddity is mended and counted*: a byte-order mark, edge whitespace, no-break spaces.
  CRLF line ends are the same as LF.

No message quotes the data: a reader does not know whether it may be shown.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from harness.data import raw
from harness.data.documents import looks_norwegian, tagged_json
from harness.data.findings import Finding, refuse
from harness.data.folders import reads
from harness.data.mapping import carrying
from harness.data.rows import Drop, Dropped, Plan, Refused, to_reading
from harness.task import Reading
from harness.text.letters import composed
from harness.text.visible import folded

__all__ = [
    "Dropped",
    "Refused",
    "contradictions",
    "csv",
    "exact_duplicates",
    "fold",
    "fold_question",
    "jsonl",
    "looks_norwegian",
    "multiple_choice",
    "tagged_json",
]


def jsonl(
    file: str,
    *,
    columns: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    shape: Callable[[dict], dict] | None = None,
    drop: Iterable[Drop] = (),
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Callable[[Path], Reading]:
    """A reader of JSON lines: `columns` maps record columns to keys of the raw objects.

    `optional` columns are read where the file has them.
    Values are texts, except where `shape(record)` turns a raw value into something else. `ignore`
    names raw keys that are known and not used. Ids get `id_prefix` in front; without an "id" column the
    id is the first 12 hex digits of a SHA-256 over the row. Without a "group" column the group is the id.
    """

    optional = dict(optional or {})
    known = frozenset([*columns.values(), *optional.values(), *ignore])
    plan = Plan(columns, known, shape, tuple(drop), id_prefix, max_characters, optional=optional)

    def read(folder: Path) -> Reading:
        path = Path(folder) / file
        findings: list[Finding] = []
        repaired: Counter[str] = Counter()
        rows = list(raw.json_lines(raw.read_text(path, repaired, findings), findings))
        return to_reading(path, rows, findings, repaired, plan)

    return carrying(read, columns, reads=reads(file))


def csv(
    file: str,
    *,
    header: bool,
    names: Iterable[str],
    columns: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    shape: Callable[[dict], dict] | None = None,
    drop: Iterable[Drop] = (),
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Callable[[Path], Reading]:
    """A reader of comma-separated rows: `names` are the raw columns, in order where there is no header.

    `optional` columns are read where the file has them; without a header all of them stand behind the others.
    """
    names, optional = tuple(names), dict(optional or {})
    more = tuple(optional.values())
    plan = Plan(columns, frozenset(names + more), shape, tuple(drop), id_prefix, max_characters, optional=optional)

    def read(folder: Path) -> Reading:
        path = Path(folder) / file
        findings: list[Finding] = []
        repaired: Counter[str] = Counter()
        lines = list(raw.csv_rows(raw.read_text(path, repaired, findings), findings))
        order = names
        if header and lines:
            order = _header(path, lines.pop(0), names, more, findings)
        elif lines and _is_header(lines[0][1], names):
            findings.append(Finding("a header where none belongs", "", lines[0][0]))
        elif lines and len(lines[0][1] or ()) == len(names + more):
            order = names + more
        rows = []
        for where, cells in lines:
            if cells is not None and len(cells) != len(order):
                findings.append(Finding(f"{len(cells)} cells instead of {len(order)}", "", where))
                cells = None
            rows.append((where, None if cells is None else dict(zip(order, cells, strict=True))))
        return to_reading(path, rows, findings, repaired, plan)

    return carrying(read, columns, reads=reads(file))


def _header(
    path: Path,
    line: tuple[str, list[str] | None],
    names: tuple[str, ...],
    more: tuple[str, ...],
    findings: list[Finding],
) -> tuple[str, ...]:
    where, cells = line
    order = tuple(composed(cell.strip()) for cell in cells or ())
    if cells is not None:
        findings = [Finding("missing column", name, where) for name in names if name not in order]
        # What stands where a name should be may be somebody's data: it is not quoted.
        if set(order) - {*names, *more} or len(set(order)) != len(order):
            findings.append(Finding("unknown or repeated column", "", where))
    refuse(str(path), findings, 1, unit="header line", remedy=f"The header is: {','.join(names)}")
    return order


def _is_header(cells: list[str] | None, names: tuple[str, ...]) -> bool:
    return bool({cell.strip().casefold() for cell in cells or ()} & {name.casefold() for name in names})


def multiple_choice(letters: str = "ABCD", *, answer: str = "answer") -> Callable[[dict], dict]:
    """A `shape`: options from an object by letter to a list; the answer's text must be the labelled option.

    An item that repeats an option has no single right answer and is dropped as "repeated option"
    (compared stripped and case-folded; folding punctuation would merge p<0.05 and p>0.05).
    """

    def shape(record: dict) -> dict:
        options, label = record.get("options"), record["label"]
        if isinstance(options, list) and len(options) == len(letters):
            options = dict(zip(letters, options, strict=True))
        if not isinstance(options, dict) or sorted(options) != sorted(letters):
            raise Refused("options", f"not one option for each of {', '.join(letters)}")
        if not all(isinstance(option, str) for option in options.values()):
            raise Refused("options", "an option that is not text")
        if not isinstance(label, str) or label not in letters:
            raise Refused("label", f"not one of {', '.join(letters)}")
        if options[label] != record[answer]:
            raise Refused(answer, "not the text of the right option")
        if all(options.values()) and len({fold(option) for option in options.values()}) < len(options):
            raise Dropped("repeated option")
        shaped = {**record, "options": [options[letter] for letter in letters]}
        del shaped[answer]
        return shaped

    return shape


def fold(text: str) -> str:
    """`text` for comparison, as a reader sees it: case folded, white space runs as one space; punctuation counts."""
    return folded(text)


def fold_question(text: str) -> str:
    """A question for comparison: as `fold`, without the colon, dash or stop it ends in."""
    return fold(text).rstrip(" :-.?…")


def exact_duplicates(key: Callable[[dict], object]) -> Drop:
    """Drop every record whose `key` an earlier one has, as "exact duplicate"."""

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        first: dict[object, dict] = {}
        for record in records:
            first.setdefault(key(record), record)
        kept = list(first.values())
        return kept, Counter({"exact duplicate": len(records) - len(kept)} if len(kept) < len(records) else {})

    return drop


def contradictions(key: Callable[[dict], object], answer: Callable[[dict], object]) -> Drop:
    """Drop all records that share a `key` but not the `answer`, as "contradictory duplicate"."""

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        answers: dict[object, set] = {}
        for record in records:
            answers.setdefault(key(record), set()).add(answer(record))
        kept = [record for record in records if len(answers[key(record)]) == 1]
        lost = len(records) - len(kept)
        return kept, Counter({"contradictory duplicate": lost} if lost else {})

    return drop
