"""Schemas by head: every rule fails alone, all failures come in one table, restricted data stay unseen."""

import copy
import dataclasses

import pytest

from harness.data import schema
from harness.errors import DataError
from harness.task import Groups, Reading, Task

BUILD = {
    "sequence": lambda: schema.sequence(("a", "b"), columns={"standard": ("nynorsk", "bokmål"), "unit": None}),
    "pair": lambda: schema.pair(("0", "1")),
    "choice": lambda: schema.choice("ABCD"),
    "tokens": lambda: schema.tokens(("Age", "Date")),
}
BASE = {"id": "r1", "group": "g1", "part": "pool"}
GOOD = {
    "sequence": {"text": "Hei", "label": "a", "standard": "bokmål", "unit": "ward"},
    "pair": {"text": "Hei", "text_pair": "Hå", "label": "1"},
    "choice": {"question": "Hva?", "options": ["w", "x", "y", "z"], "label": "D"},
    "tokens": {"text": "Han er 61 år", "spans": [{"start": 7, "end": 9, "label": "Age"}]},
}


def validate(task, records, kind, name, where=None):
    reading = Reading(records, len(records), where=where or {})
    schema.refuse_failures(task, reading, schema.failures(task, reading, kind) if records else [], name)


def task(head):
    return Task(
        name="demo",
        version="1",
        title="Demo",
        head=head,
        reader=lambda folder: None,
        schema=BUILD[head],
        labels=("a",),
        groups=Groups(),
        metrics=("macro_f1",),
        licence="none",
        citation="none",
    )


def records(head, **changes):
    good = [{**BASE, **GOOD[head]}, {**BASE, **GOOD[head], "id": "r2"}]
    bad = {**copy.deepcopy(good[0]), "id": "bad"} | changes
    return [*good, {key: value for key, value in bad.items() if value != "ABSENT"}]


def spans(*triples):
    return [{"start": start, "end": end, "label": label} for start, end, label in triples]


@pytest.mark.parametrize("head", BUILD)
def test_good_records_pass_as_they_are(head):
    given = records(head)
    validate(task(head), given, "public", "a.jsonl")
    assert given == records(head)


@pytest.mark.parametrize(
    ("head", "changes", "check"),
    [
        ("sequence", {"text": ""}, "not empty"),
        ("sequence", {"text": " \n"}, "not empty"),
        ("sequence", {"text": 3}, "text "),
        ("sequence", {"text": "a\x00b"}, "no control characters"),
        ("sequence", {"text": None}, "value missing"),
        ("sequence", {"text": float("nan")}, "value missing"),
        ("sequence", {"label": "c"}, "label allowed"),
        ("sequence", {"label": ["a"]}, "label allowed"),
        ("sequence", {"standard": "svensk"}, "value allowed"),
        ("sequence", {"unit": "ABSENT"}, "value missing"),
        ("sequence", {"group": "ABSENT"}, "value missing"),
        ("sequence", {"part": "test"}, "part allowed"),
        ("sequence", {"id": "r1"}, "unique"),
        ("sequence", {"id": ["r1"]}, "text "),
        ("sequence", {"extra": "x"}, "column not declared"),
        ("pair", {"text_pair": ""}, "not empty"),
        ("pair", {"label": 1}, "label allowed"),
        ("choice", {"options": ["w", "x", "y"]}, "options: a list of 4"),
        ("choice", {"options": "wxyz"}, "options: a list of 4"),
        ("choice", {"options": ["w", "w", "y", "z"]}, "options distinct"),
        ("choice", {"options": ["w", " ", "y", "z"]}, "options: clean texts"),
        ("choice", {"label": "E"}, "exactly one right option"),
        ("choice", {"label": "AB"}, "exactly one right option"),
        ("tokens", {"spans": None}, "value missing"),
        ("tokens", {"spans": [[7, 9, "Age"]]}, "spans: a list of"),
        ("tokens", {"spans": [{"start": 7, "end": 9}]}, "spans: a list of"),
        ("tokens", {"spans": [{"start": 7.0, "end": 9, "label": "Age"}]}, "spans: a list of"),
        ("tokens", {"spans": [{"start": True, "end": 9, "label": "Age"}]}, "spans: a list of"),
        ("tokens", {"spans": spans((7, 99, "Age"))}, "span inside its text"),
        ("tokens", {"spans": spans((-2, 9, "Age"))}, "span inside its text"),
        ("tokens", {"spans": spans((7, 7, "Age"))}, "span not empty"),
        ("tokens", {"spans": spans((7, 9, "Age"), (8, 12, "Date"))}, "not overlapping"),
        ("tokens", {"spans": spans((7, 9, "Age"), (0, 3, "Date"))}, "in order"),
        ("tokens", {"spans": spans((7, 9, "City"))}, "span label allowed"),
        ("tokens", {"spans": spans((6, 9, "Age"))}, "edge whitespace"),
    ],
)
def test_each_rule_names_check_and_row(head, changes, check):
    with pytest.raises(DataError) as caught:
        validate(task(head), records(head, **changes), "public", "data/demo/a.jsonl")
    message = str(caught.value)
    assert "data/demo/a.jsonl" in message and "harness validate demo" in message
    line = next(line for line in message.splitlines() if check in line)
    identity = changes.get("id", "bad")
    assert (identity if isinstance(identity, str) else "record 3") in line or "every row" in line


def test_all_failures_come_at_once_missing_columns_first():
    broken = [
        {"id": f"r{i}", "group": "g", "part": "pool", "text": "" if i < 8 else "x", "label": "c"} for i in range(9)
    ]
    with pytest.raises(DataError) as caught:
        validate(task("sequence"), broken, "public", "a.jsonl")
    lines = str(caught.value).splitlines()
    assert "column missing" in lines[2] and "standard" in lines[2]
    assert any("column missing" in line and "unit" in line for line in lines)
    empty = next(line for line in lines if line.startswith("not empty"))
    assert "8" in empty and "r0, r1, r2, r3, r4, …" in empty
    assert next(line for line in lines if line.startswith("label allowed")).endswith("'c'")
    assert len(lines) <= 8


def test_a_frame_wide_failure_counts_once_per_row():
    with pytest.raises(DataError) as caught:
        validate(task("tokens"), records("tokens", spans=spans((7, 99, "Age"))), "public", "a.jsonl")
    line = next(line for line in str(caught.value).splitlines() if "inside" in line)
    assert line.split()[-2:] == ["1", "bad"]


@pytest.mark.parametrize("kind", ["public", "synthetic", "restricted"])
def test_examples_only_where_the_data_may_be_seen(kind):
    bad = records("sequence", label="SECRET " * 30)
    with pytest.raises(DataError) as caught:
        validate(task("sequence"), bad, kind, "a.jsonl")
    assert ("SECRET" in str(caught.value)) == (kind != "restricted")
    assert max(map(len, str(caught.value).splitlines())) < 160


def test_the_place_in_the_raw_file_stands_beside_the_id():
    with pytest.raises(DataError, match=r"bad \(line 7\)"):
        validate(task("pair"), records("pair", label="2"), "public", "mqp.csv", {"bad": "line 7"})


def test_no_records_are_no_data_set():
    with pytest.raises(DataError, match="no records are left"):
        validate(task("pair"), [], "public", "mqp.csv")


def test_schema_is_built_anew_for_each_task():
    other = dataclasses.replace(task("pair"), schema=lambda: schema.pair(("yes", "no")))
    validate(other, [{**BASE, **GOOD["pair"], "label": "yes"}], "public", "a.csv")
    with pytest.raises(DataError, match="label allowed"):
        validate(task("pair"), [{**BASE, **GOOD["pair"], "label": "yes"}], "public", "a.csv")
