"""Convert raw rows to records, and check each row against the columns that the task declares."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from harness.data import raw, reasons
from harness.data.findings import Finding, refuse
from harness.task import Reading
from harness.text.letters import composed

# The place of a row ("line 12"), and its values by raw column or None if the row could not be parsed.
Row = tuple[str, dict | None]
Columns = Mapping[str, str | tuple[str, ...]]
Values = Mapping[str, Mapping[str, str]]
Drop = Callable[[list[dict]], tuple[list[dict], Counter]]
REMEDY = (
    'Correct these rows, or set in the reader what to do with them (columns=, values=, others="ignore"); '
    "nothing was written."
)
UNKNOWN = "unknown column"
# Columns in which a value may be a list that a `shape` function converts.
LISTED = ("options", "labels")
# Columns of texts. A number there means a wrong column. In other columns it may name a row, a group or a label.
TEXTS = ("text", "text_pair", "question", "options")
_NAME = re.compile(r"[^\W\d][\w-]{0,30}")
_INDEX = re.compile(r"Unnamed: \d+|__index_level_\d+__")


class Dropped(Exception):
    """The exception that a `shape` function raises for a row with a declared defect, so that the row is dropped and
    counted. The argument is the reason, a text that is the same for all rows with that defect."""


class Refused(Exception):
    """The exception that a `shape` function raises for a malformed row, so that the file is refused. The arguments are
    the column, the check that failed and, if it helps, the value."""


@dataclass(frozen=True)
class Plan:
    """The rules by which a raw row becomes a record. The fields are the arguments of `tabular.table`.

    The keys of `values` are in the form that `word` gives. `ignoring` is true if undeclared columns are ignored.
    """

    columns: Columns
    values: Values
    ignoring: bool
    shape: Callable[[dict], dict] | None
    drop: tuple[Drop, ...]
    id_prefix: str
    max_characters: int
    # Columns of a record that not every file has.
    optional: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The columns of the file for each record column, including optional record columns. Most record columns have
        only one."""
        return {
            name: (key,) if isinstance(key, str) else key for name, key in {**self.columns, **self.optional}.items()
        }

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(key for keys in self.keys.values() for key in keys)


def to_reading(path: Path, rows: list[Row], findings: list[Finding], repaired: Counter, plan: Plan) -> Reading:
    """Convert raw rows to the records of a Reading, by the rules in `plan`.

    `findings` and `repaired` are those of the file so far. Raises RowsRefused, a DataError, with all findings if there
    are any. `path` names the data in the error message.
    """
    records, places = [], []
    dropped: Counter[str] = Counter()
    for where, row in rows:
        if row is None:
            continue
        repairs: set[str] = set()
        record, faults = _parsed(row, plan, repairs)
        shaped = not plan.shape
        if plan.shape and plan.columns.keys() <= record.keys():
            try:
                record, shaped = plan.shape(record), True
            except Refused as refusal:
                column, check, *value = refusal.args
                findings.append(Finding(reasons.of(refusal, check), reasons.of(refusal, column), where, *value))
            except Dropped as reason:
                dropped[reasons.of(reason, reason)] += 1
                continue
        for column, value in record.items():
            # A value that no shape has converted may still be an object.
            if shaped or isinstance(value, str):
                faults += [(fault, column, column, None) for fault in value_faults(value, plan.max_characters)]
        findings += [Finding(fault, shown, where, number=number) for fault, _, shown, number in faults]
        if not shaped:
            continue
        if faults:
            record |= dict.fromkeys(column for _, column, _, _ in faults if column)
        else:
            repaired.update(repairs)
        if record.get("id", "") is not None:
            record["id"] = plan.id_prefix + record.get("id", _digest(record))
        record.setdefault("group", record["id"])
        records.append(record)
        places.append(where)
    standing = {id(record): place for record, place in zip(records, places, strict=True)}
    if not findings:
        for step in plan.drop:
            records, counts = step(records)
            dropped.update(counts)
    places = [standing.get(id(record), "") for record in records]
    reading = replace(read_so_far(records, places, dropped, repaired), rows_in=len(rows))
    refuse(str(path), findings, max(1, len(rows)), remedy=REMEDY, reading=reading)
    return reading


def _parsed(row: dict, plan: Plan, repairs: set[str]) -> tuple[dict, list[tuple[str, str, str, int | None]]]:
    """The row's valid values by record column, and its faults: (fault, record column, column to show, its number)."""
    record: dict = {}
    strange = [] if plan.ignoring else unknown(row, plan.known)
    faults: list[tuple[str, str, str, int | None]] = [(fault, "", name, number) for fault, name, number in strange]
    for column, keys in plan.keys.items():
        there = all(key in row for key in keys)
        if not there and column in plan.optional:
            continue
        value = _value(row, column, keys, plan) if there else None
        if fault := _value_fault(column, value, plan) if there else "missing column":
            faults.append((fault, column, "+".join(keys), None))
        else:
            record[column] = _cleaned(value, repairs)
    return record, faults


def _value(row: dict, column: str, keys: tuple[str, ...], plan: Plan):
    """The row's value of a record column: whole numbers as text, the task's words, several columns as a list."""
    if not isinstance(plan.columns.get(column, ""), str):
        return [plain(row[key]) for key in keys]
    value = row[keys[0]] if column in TEXTS else plain(row[keys[0]])
    return value if value is None else plan.values.get(column, {}).get(word(value), value)


def _value_fault(column: str, value, plan: Plan) -> str | None:
    if value is None:
        return "null value"
    if column == "label" and isinstance(value, float):
        whole = " (values= maps 0.0 and 1.0 to labels)" if value.is_integer() else ""
        return "a decimal number as label: regression is not supported" + whole
    if column == "label" and isinstance(value, list | dict):
        return 'several labels in one row: use head="multilabel" and a column "labels"'
    # Only a shape can convert an object or a list.
    types = () if not plan.shape else (dict, list) if column in LISTED else (dict,)
    return None if isinstance(value, (str, *types)) else raw.not_a_text(value)


def plain(value):
    """`value`, or its text if `value` is a whole number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def word(value) -> str:
    """The text by which a value of the file is looked up in the argument `values` of `tabular.table`. Texts are in NFC,
    numbers and truth values are as in JSON, and whole numbers have no decimal point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else composed(str(value).strip())


def unknown(row: dict, known: frozenset[str]) -> list[tuple[str, str, int]]:
    """The columns of a row that are not in `known`, each as (fault, name for messages, number of the column from 1)."""
    if row.keys() <= known:
        return []
    return [
        (UNKNOWN + _cause(name, number), shown_name(name, number), number)
        for number, name in enumerate(row, start=1)
        if name not in known
    ]


def shown_name(name: str, number: int) -> str:
    """The name of an undeclared column in messages. If the column's own name looks like content of the data, the result
    is "number N" instead."""
    return name if _NAME.fullmatch(name) else f"number {number}"


def _cause(name: str, number: int) -> str:
    """The likely cause of an undeclared column, as a remark in brackets, or "" if it is not known."""
    if _INDEX.fullmatch(name) or (number == 1 and not name):
        return " (an index that pandas wrote: write the file with index=False)"
    return " (without a name)" if not name else ""


def _cleaned(value, repairs: set[str]):
    if isinstance(value, str):
        return raw.clean(value, repairs)
    if isinstance(value, dict):
        return {key: _cleaned(item, repairs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(item, repairs) for item in value)
    return value


def read_so_far(records: list[dict], places: list[str], dropped: Counter, repaired: Counter) -> Reading:
    """A Reading (see `harness.task`) of `records`. `places` has the place of each record, such as "line 12". `dropped`
    and `repaired` count rows by reason."""
    where: dict[str, str] = {}
    for record, place in zip(records, places, strict=True):
        where.setdefault(record["id"], place)
    lost = {reason: count for reason, count in sorted(dropped.items()) if count}
    return Reading(records, len(records) + sum(lost.values()), lost, dict(sorted(repaired.items())), where, places)


def value_faults(value, limit: int) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            yield raw.not_a_text(item)
        elif fault := raw.text_fault(item, limit):
            yield fault


def _digest(record: dict) -> str:
    # No valid text has these separators, so moving a word between columns gives another id.
    content = "\x1f".join(f"{key}\x1e{record[key]}" for key in sorted(record))
    return hashlib.sha256(content.encode("utf-8")).hexdigest()[:12]
