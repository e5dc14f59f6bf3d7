"""Raw rows to records: the columns a task wants, checked one row at a time."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.data import raw
from harness.data.findings import Finding, refuse
from harness.task import Reading

# A place ("line 12") and its values by raw column; None where the row could not be parsed.
Row = tuple[str, dict | None]
Drop = Callable[[list[dict]], tuple[list[dict], Counter]]


class Dropped(Exception):
    """Raised by a `shape`: the row has a declared defect; the argument is the reason."""


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


def to_reading(path: Path, rows: list[Row], findings: list[Finding], repaired: Counter, plan: Plan) -> Reading:
    """Records of all rows as `plan` has them. Raises DataError with every finding of the file."""
    records, places, dropped = [], {}, Counter()
    for where, row in rows:
        if row is None:
            continue
        repairs: set[str] = set()
        try:
            faults = _row_faults(row, plan)
            record = {} if faults else {column: _cleaned(row[key], repairs) for column, key in plan.columns.items()}
            if plan.shape and not faults:
                record = plan.shape(record)
            for column, value in record.items():
                faults += [(fault, column) for fault in value_faults(value, plan.max_characters)]
        except Refused as refusal:
            column, check, *value = refusal.args
            findings.append(Finding(check, column, where, *value))
            continue
        except Dropped as reason:
            dropped[str(reason)] += 1
            continue
        findings += [Finding(fault, column, where) for fault, column in faults]
        if faults:
            continue
        repaired.update(repairs)
        record["id"] = plan.id_prefix + record.get("id", _digest(record))
        record.setdefault("group", record["id"])
        records.append(record)
        places.setdefault(record["id"], where)
    refuse(str(path), findings, len(rows), remedy="Correct these rows; nothing was written.")
    for step in plan.drop:
        records, counts = step(records)
        dropped.update(counts)
    return Reading(records, len(rows), dict(sorted(dropped.items())), dict(sorted(repaired.items())), places)


def _row_faults(row: dict, plan: Plan) -> list[tuple[str, str]]:
    faults = []
    for column, key in plan.columns.items():
        value = row.get(key)
        if key not in row:
            faults.append(("missing column", key))
        elif value is None:
            faults.append(("null value", key))
        # Only a shape knows what to do with an object, and with a list of options.
        elif not isinstance(value, _types(plan, column)):
            faults.append((f"{type(value).__name__} where text belongs", key))
    unknown = [key for key in row if key not in plan.known]
    if unknown:
        # A key is shown only where it cannot be mistaken for content.
        faults.append(("unknown column", unknown[0] if re.fullmatch(r"[a-z][a-z0-9_]{0,30}", unknown[0]) else ""))
    return faults


def _types(plan: Plan, column: str) -> tuple[type, ...]:
    if not plan.shape:
        return (str,)
    return (str, dict, list) if plan.listed and column == "options" else (str, dict)


def _cleaned(value, repairs: set[str]):
    if isinstance(value, str):
        return raw.clean(value, repairs)
    if isinstance(value, dict):
        return {key: _cleaned(item, repairs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(item, repairs) for item in value)
    return value


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
