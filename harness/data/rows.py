"""Raw rows to records: the columns a task wants, checked one row at a time."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.data import raw, reasons
from harness.data.findings import Finding, refuse
from harness.task import Reading

# A place ("line 12") and its values by raw column; None where the row could not be parsed.
Row = tuple[str, dict | None]
# Stands where a value was that a finding is about already.
TOLD = object()
REMEDY = "Correct these rows; nothing was written."
UNKNOWN = "unknown column"
# Columns of which a shape takes a list.
LISTED = ("options", "labels")
_NAME = re.compile(r"[^\W\d][\w-]{0,30}")
_INDEX = re.compile(r"Unnamed: \d+|__index_level_\d+__")
Drop = Callable[[list[dict]], tuple[list[dict], Counter]]


class Dropped(Exception):
    """Raised by a `shape`: the row has a declared defect; the argument is the reason, a text that is the same for all
    rows with that defect."""


class Refused(Exception):
    """Raised by a `shape`: the row is malformed; the arguments are column, check and, where it helps, the value."""


@dataclass(frozen=True)
class Plan:
    """How a raw row becomes a record: the arguments of the readers, and whether options may be a list."""

    columns: Mapping[str, str]
    known: frozenset[str]
    shape: Callable[[dict], dict] | None
    drop: tuple[Drop, ...]
    id_prefix: str
    max_characters: int
    listed: bool = False
    # Columns of a record that not every file has.
    optional: Mapping[str, str] = field(default_factory=dict)


def to_reading(
    path: Path, rows: list[Row], findings: list[Finding], repaired: Counter, plan: Plan, remedy: str = REMEDY
) -> Reading:
    """Records of all rows as `plan` has them. Raises DataError with every finding of the file."""
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
            # What no shape has seen may be an object.
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
    refuse(str(path), findings, max(1, len(rows)), remedy=remedy, reading=reading)
    return reading


def _parsed(row: dict, plan: Plan, repairs: set[str]) -> tuple[dict, list[tuple[str, str, str, int | None]]]:
    """The row's sound values by record column, and its faults: what, record column, column to show, its number."""
    record, faults = {}, []
    present = {column: key for column, key in plan.optional.items() if key in row}
    for column, key in {**plan.columns, **present}.items():
        value = row.get(key)
        if value is TOLD:
            continue
        if key not in row:
            faults.append(("missing column", column, key, None))
        elif value is None:
            faults.append(("null value", column, key, None))
        # Only a shape knows what to do with an object, and with a list.
        elif not isinstance(value, _types(plan, column)):
            faults.append((f"{type(value).__name__} where text belongs", column, key, None))
        else:
            record[column] = _cleaned(value, repairs)
    return record, faults + [(fault, "", name, number) for fault, name, number in unknown(row, plan.known)]


def unknown(row: dict, known: frozenset[str]) -> list[tuple[str, str, int]]:
    """(what, name, number from 1) of every column of a row that nobody declared."""
    if row.keys() <= known:
        return []
    return [
        (UNKNOWN + _cause(name, number), shown_name(name, number), number)
        for number, name in enumerate(row, start=1)
        if name not in known
    ]


def shown_name(name: str, number: int) -> str:
    """What a message calls a column that nobody declared: its name only where that cannot be mistaken for content."""
    return name if _NAME.fullmatch(name) else f"number {number}"


def _cause(name: str, number: int) -> str:
    """What is known of a column that goes by this name, or nothing."""
    if _INDEX.fullmatch(name) or (number == 1 and not name):
        return " (an index that pandas wrote; index=False leaves it away)"
    return " (without a name)" if not name else ""


def _types(plan: Plan, column: str) -> tuple[type, ...]:
    if not plan.shape:
        return (str,)
    return (str, dict, list) if plan.listed and column in LISTED else (str, dict)


def _cleaned(value, repairs: set[str]):
    if isinstance(value, str):
        return raw.clean(value, repairs)
    if isinstance(value, dict):
        return {key: _cleaned(item, repairs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(item, repairs) for item in value)
    return value


def read_so_far(records: list[dict], places: list[str], dropped: Counter, repaired: Counter) -> Reading:
    """What a reader of several files has; `places` say where each record stands, an id where it stands first."""
    where: dict[str, str] = {}
    for record, place in zip(records, places, strict=True):
        where.setdefault(record["id"], place)
    lost = {reason: count for reason, count in sorted(dropped.items()) if count}
    return Reading(records, len(records) + sum(lost.values()), lost, dict(sorted(repaired.items())), where, places)


def value_faults(value, limit: int) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            yield f"{type(item).__name__} where text belongs"
        elif fault := raw.text_fault(item, limit):
            yield fault


def _digest(record: dict) -> str:
    # A separator that no cleaned text holds, so that moving a word between columns gives another id.
    content = "\x1f".join(f"{key}\x1e{record[key]}" for key in sorted(record))
    return hashlib.sha256(content.encode("utf-8")).hexdigest()[:12]
