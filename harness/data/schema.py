"""Make the pandera schema that checks the records of a task, and report all failures of a file in one table.

The schema depends on the task's head (the kind of task). A column that the task does not declare is a failure. The data
frames contain plain Python objects, so that exactly those values are checked that are written. The version of a schema
is that of its task (`Task.version`), not a hash.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from harness.data import authored
from harness.data.findings import EVERY_ROW, Finding, refuse
from harness.data.raw import text_fault
from harness.heads import HEADS, Head
from harness.heads.head import Rule
from harness.heads.labelled import listed
from harness.privacy import restricted
from harness.task import Reading, Task

_PARTS = ("pool", "holdout")
_ANY_LENGTH = 1 << 62
MISSING = "value missing"
# Checks with a name that lists the allowed values.
_LISTED = ("label allowed", "value allowed", "span label allowed")
# A column that any record may have: which words decide its answer. Only generated data can know that.
DECIDED_BY = "decided_by"
DECIDERS = ("clinical", "everyday")


def __getattr__(name: str) -> Callable:
    """The function that makes the schema for the head `name`. So `schema.sequence(labels, columns)` is the schema for
    the head `sequence`. Its arguments are those of `of`."""
    if name not in HEADS:
        raise AttributeError(f"harness.data.schema has no {name!r}: there is no such head ({', '.join(HEADS)})")

    def made(labels: Iterable[str], columns: Mapping[str, Iterable[str] | None] | None = None):
        return of(HEADS[name], labels, columns)

    return made


def of(head: Head, labels: Iterable[str], columns: Mapping[str, Iterable[str] | None] | None = None):
    """The pandera schema of the records of a task with this `head` (kind of task) and these `labels`.

    A record has the columns id, group and part, the texts and the answer of the head, and the task's further columns.
    `columns` maps the names of further columns to the allowed values, or to None if any text is allowed.
    """
    labels = tuple(labels)
    ruled = {
        name: [_check(rule.holds, rule.name) for rule in rules]
        for name, rules in head.columns(labels, _is_text).items()
    }
    # In the order in which they are declared, texts first.
    every = {name: ruled.get(name) or _text_checks() for name in dict.fromkeys([*head.texts, *ruled])}
    answered = {*head.texts, head.answer}
    return _schema(every, columns, [_across(rule, answered) for rule in head.across(labels)])


def refuse_failures(task: Task, reading: Reading, found: list[Finding], source_name: str) -> None:
    """Raise DataError with all failures in `found`, or if the reading has no record. `source_name` names the data in
    the message."""
    if not reading.records:
        refuse(source_name, [Finding("no records are left", "", "-")], 0, remedy="Put the whole data set there.")
    remedy = (
        f"Correct these rows in your file, put it in place with `harness data use {task.name} PATH`, and run "
        f"`harness validate {task.name}` again; nothing was written.{mapped(task, found)}"
    )
    refuse(source_name, found, len(reading.records), unit="records", remedy=remedy)


def failures(task: Task, reading: Reading, kind: str) -> list[Finding]:
    """The failures of the reading's records against the task's schema.

    `kind` is the kind of the data. If `kind` is "public" or "synthetic", the failures show ids and wrong values. For
    other data, the failures name only the place of a row, because an id may be a person's number.
    """
    import pandas

    records = reading.records
    frame = pandas.DataFrame(
        {name: pandas.Series([record.get(name) for record in records], dtype=object) for name in _names(records)}
    )
    cases = authored.failures(task, frame)
    return [] if cases is None else list(_findings(cases, frame, reading, show=kind in restricted.OPEN))


def mapped(task: Task, found: Iterable[Finding]) -> str:
    """Advice on how to map the file's own words for labels and categories to the task's words, for an error message.
    Returns "" if no finding in `found` is about such a word, or if the reader cannot map words."""
    columns = sorted({finding.column for finding in found if finding.check.startswith(_LISTED)})
    if not columns or getattr(task.reader, "values", None) is None:
        return ""
    said = ", ".join(f'"{column}": {{"…": "…"}}' for column in columns)
    return f"\nIf the file has its own words for them, map these in tasks/{task.name}.py: values={{{said}}}."


def _schema(columns: dict, metadata: Mapping[str, Iterable[str] | None] | None, checks: Iterable = ()):
    import pandera.pandas as pa

    every = {"id": [*_text_checks(), _unique()], "group": _text_checks(), "part": [_one_of(_PARTS, "part allowed")]}
    every |= columns
    for name, allowed in (metadata or {}).items():
        every[name] = _text_checks() if allowed is None else [_listed("value allowed", allowed)]
    known = {name: pa.Column(None, checks=found, nullable=False) for name, found in every.items()}
    known[DECIDED_BY] = pa.Column(None, checks=[_listed("value allowed", DECIDERS)], nullable=False, required=False)
    return pa.DataFrameSchema(known, checks=list(checks), strict=True)


def _check(rule, name: str):
    import pandera.pandas as pa

    return pa.Check(rule, element_wise=True, name=name, error=name)


def _text_checks() -> list:
    def without(fault: str, name: str):
        return _check(lambda v: not isinstance(v, str) or text_fault(v, _ANY_LENGTH) != fault, name)

    return [
        _check(lambda v: isinstance(v, str), "text"),
        without("empty text", "not empty"),
        without("control character", "no control characters"),
    ]


def _is_text(value) -> bool:
    return isinstance(value, str) and text_fault(value, _ANY_LENGTH) is None


def _one_of(allowed: Iterable[str], name: str):
    allowed = tuple(allowed)
    return _check(lambda v: isinstance(v, str) and v in allowed, name)


def _listed(check: str, allowed: Iterable[str]):
    """A pandera check that a value is one of the `allowed` values. The name of the check lists these values."""
    allowed = tuple(allowed)
    return _one_of(allowed, listed(check, allowed))


def _unique():
    import pandera.pandas as pa

    def unique(ids):
        keys = ids.map(repr)
        seen = Counter(keys)
        return keys.map(lambda key: seen[key] == 1).astype(bool)

    return pa.Check(unique, name="unique", error="unique")


def _across(rule: Rule, columns: Collection[str]):
    import pandas
    import pandera.pandas as pa

    def holds(frame):
        if not set(columns) <= set(frame.columns):
            return pandas.Series(True, index=frame.index)
        rows = frame[sorted(columns)].to_dict("records")
        return pandas.Series([rule.holds(row) for row in rows], index=frame.index, dtype=bool)

    return pa.Check(holds, name=rule.name, error=rule.name)


def _names(records: list[dict]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))


def _findings(cases, frame, reading: Reading, show: bool) -> list[Finding]:
    """pandera's failure cases as findings, missing columns first. A check of whole rows gives one finding per row."""
    missing, found, seen = [], [], set()
    values: dict[str, set[str]] = {}
    for case in cases.to_dict("records"):
        check, column, index = str(case["check"]), str(case["column"]), case["index"]
        if case["schema_context"] == "DataFrameSchema":
            if check == "column_in_dataframe":
                missing.append(Finding("column missing", str(case["failure_case"]), EVERY_ROW))
                continue
            if check == "column_in_schema":
                found.append(Finding("column not declared", str(case["failure_case"]), EVERY_ROW))
                continue
            column = "spans"
        if check == "not_nullable":
            check = MISSING
        row = "?" if index is None or index != index else _row_name(frame, int(index), reading, show)
        if (check, column, row) not in seen:
            seen.add((check, column, row))
            value = case["failure_case"] if case["schema_context"] == "Column" else None
            if value is not None:
                values.setdefault(check, set()).add(repr(value))
            place = "" if row == "?" or not reading.places else reading.places[int(index)]
            found.append(Finding(check, column, row, value if show else None, place=place))
    if not show:
        # The values of a restricted file are not shown. Their number tells a wrong column (many) from 0 and 1 (two).
        several = {
            check: f" ({len(v)} other value{'s' * (len(v) > 1)})"
            for check, v in values.items()
            if check.startswith(_LISTED)
        }
        found = [replace(finding, check=finding.check + several.get(finding.check, "")) for finding in found]
    return missing + found


def _row_name(frame, index: int, reading: Reading, show: bool) -> str:
    identity = frame["id"].iloc[index] if "id" in frame else None
    known = identity if isinstance(identity, str) else ""
    place = reading.places[index] if reading.places else reading.where.get(known) if known else None
    if not known or not show:
        return place or f"record {index + 1}"
    return f"{known} ({place})" if place else known
