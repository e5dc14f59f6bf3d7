"""Read a user's own translation of a task: a CSV, TSV or JSONL file with one row for each item.

A row has `id` and one column for each text of the task (`text` and `text_pair`, or `question` and its options: a list
or an object `options`, or the columns `A`, `B`, …). The column names of the original file are accepted, too. All faults
of the file are reported together. Nothing is guessed, and no item is left out silently.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.data import raw
from harness.data.delimited import delimited
from harness.data.findings import Finding, refuse
from harness.data.translating import fields
from harness.data.translating.memory import Said
from harness.errors import DataError

ID = "id"
ENDINGS = (".csv", ".tsv", ".jsonl")
REMEDY = (
    "Correct these rows and run the same command again; nothing was written. A row with empty texts says that an item "
    "has no translation: the item is dropped and counted."
)
MISSING = "item missing: add a row for it, with empty texts if it has no translation"
UNKNOWN = "no item of the task has this id: correct it, or remove the row"
TWICE = "id occurs twice: keep one row of it"
NO_COLUMN = "column missing: add it"
OTHER_COLUMN = "column not known: remove it, or rename it"


def read(
    path: Path,
    originals: Sequence[Mapping],
    texts: Sequence[str],
    labels: Sequence[str],
    called: Mapping[str, str] | None = None,
) -> Said:
    """The translations in the file at `path`, as {(id, field): text}, for all `originals`.

    `texts` are the columns with texts. `labels` are the task's labels, which name the options (see `fields`). `called`
    maps fields to further accepted names of their columns. Raises DataError with all rows, columns and items that are
    missing, unknown or repeated, by line and id.
    """
    findings: list[Finding] = []
    rows = _rows(Path(path), findings)
    names = [name for name, _ in fields.of(originals[0], texts, labels)]
    by_column = _columns(names, called or {})
    known = _ids(originals)
    found: dict[str, dict[str, str]] = {}
    first: dict[str, str] = {}
    for where, row in rows:
        if row is None:
            continue
        said = _spread(row, labels)
        own = str(said.pop(ID, "") or "").strip()
        texts_of = _texts(said, by_column, where, findings, names)
        if not own:
            findings.append(Finding("id missing: write the item's id", ID, where))
        elif own not in known:
            findings.append(Finding(UNKNOWN, ID, where, own))
        elif (record_id := known[own]) in first:
            findings.append(Finding(TWICE, ID, f"{where} (first: {first[record_id]})", own))
        else:
            first[record_id], found[record_id] = where, texts_of
    absent = [record["id"] for record in originals if record["id"] not in found]
    findings += [Finding(MISSING, ID, record_id) for record_id in absent]
    refuse(str(path), findings, len(rows) + len(absent), unit="rows and items", remedy=REMEDY)
    return {(record_id, name): said[name] for record_id, said in found.items() for name in names}


def _rows(path: Path, findings: list[Finding]):
    if path.suffix.lower() not in ENDINGS:
        raise DataError(f"{path} is not one of {', '.join(ENDINGS)}.", remedy="Save the translation as one of these.")
    text = raw.read_text(path, Counter(), findings)
    if path.suffix.lower() == ".jsonl":
        return list(raw.json_lines(text, findings))
    header = text.partition("\n")[0]
    # Spreadsheets separate a .csv by ; if the comma is the decimal sign.
    separator = "\t" if path.suffix.lower() == ".tsv" else ";" if ";" in header and "," not in header else ","
    return delimited(text, separator, (), "quoting", findings)


def _columns(names: Sequence[str], called: Mapping[str, str]) -> dict[str, str]:
    """The field for each accepted name of a column."""
    found = {name: name for name in names}
    found |= {theirs: ours for ours, theirs in called.items() if ours in names}
    for name in names:
        if label := name.partition(".")[2]:
            found |= {label: name, f"option_{label.lower()}": name}
    return found


def _ids(originals: Sequence[Mapping]) -> dict[str, str]:
    """The item's id for each accepted id: the whole id, or the part after the task's prefix if that is unique."""
    known = {record["id"]: record["id"] for record in originals}
    short = Counter(record_id.partition("-")[2] for record_id in known)
    shorter = {record_id.partition("-")[2]: record_id for record_id in known}
    return {name: full for name, full in shorter.items() if name and short[name] == 1} | known


def _spread(row: Mapping, labels: Sequence[str]) -> dict:
    """A copy of a row with one column for each option ("options.A") in place of the column "options"."""
    said = dict(row)
    options = said.pop("options", None)
    if isinstance(options, list) and len(options) == len(labels):
        said |= {f"options.{label}": text for label, text in zip(labels, options, strict=True)}
    elif isinstance(options, Mapping):
        said |= {f"options.{label}": text for label, text in options.items()}
    elif options is not None:
        said["options"] = options
    return said


def _texts(said: dict, by_column: Mapping[str, str], where: str, findings: list, names) -> dict:
    found: dict[str, str] = {}
    for column, value in said.items():
        name = by_column.get(column)
        if name is None:
            findings.append(Finding(OTHER_COLUMN, str(column), where))
        elif value is not None and not isinstance(value, str):
            findings.append(Finding(raw.not_a_text(value), str(column), where))
        elif (fault := raw.text_fault(value or "", raw.MAX_CHARACTERS)) and value and value.strip():
            findings.append(Finding(fault, str(column), where))
        else:
            found[name] = raw.clean(value or "", set())
    given = {by_column.get(column) for column in said}
    for name in names:
        if name not in given:
            findings.append(Finding(NO_COLUMN, name, where))
    return found
