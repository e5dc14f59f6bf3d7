"""Somebody's translation from a file: what is refused, all at once, by line and id."""

import csv
import json

import pytest

from harness.data.translating import given
from harness.errors import DataError

PAIRS = [{"id": f"mqp-{n}", "text": f"Why {n}?", "text_pair": f"How {n}?"} for n in range(4)]
ITEMS = [{"id": f"mcqa-{n}", "question": f"Which {n}?", "options": ["a", "b", "c", "d"]} for n in range(2)]
OURS = {"text": "question_1", "text_pair": "question_2"}


def read_pairs(path):
    return given.read(path, PAIRS, ("text", "text_pair"), ("0", "1"), OURS)


def read_items(path):
    return given.read(path, ITEMS, ("question", "options"), tuple("ABCD"))


def write_csv(path, rows, header=("id", "text", "text_pair"), delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, delimiter=delimiter).writerows([header, *rows])
    return path


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


ROWS = [[f"mqp-{n}", f"Hvorfor {n}?", f"Hvordan, {n}?"] for n in range(4)]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("header", [("id", "text", "text_pair"), ("id", "question_1", "question_2")])
def test_a_csv_is_read_by_the_tasks_names_or_the_originals(tmp_path, header, delimiter):
    said = read_pairs(write_csv(tmp_path / "t.csv", ROWS, header, delimiter))
    assert said["mqp-2", "text_pair"] == "Hvordan, 2?" and len(said) == 8


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Hvilken?", "options": ["å", "b", "c", "d"]},
        {"question": "Hvilken?", "options": {"A": "å", "B": "b", "C": "c", "D": "d"}},
        {"question": "Hvilken?", "A": "å", "B": "b", "C": "c", "D": "d"},
        {"question": "Hvilken?", "option_a": "å", "option_b": "b", "option_c": "c", "option_d": "d"},
    ],
)
def test_options_are_a_list_an_object_or_columns(tmp_path, row):
    said = read_items(write_jsonl(tmp_path / "t.jsonl", [{"id": f"mcqa-{n}", **row} for n in range(2)]))
    assert said["mcqa-1", "options.A"] == "å" and said["mcqa-0", "question"] == "Hvilken?"


def test_an_id_may_lack_the_tasks_prefix(tmp_path):
    assert read_pairs(write_csv(tmp_path / "t.csv", [[row[0][4:], *row[1:]] for row in ROWS]))["mqp-3", "text"]


def test_an_empty_text_is_no_fault_of_the_file(tmp_path):
    assert read_pairs(write_csv(tmp_path / "t.csv", [*ROWS[:3], ["mqp-3", "", " "]]))["mqp-3", "text_pair"] == ""


def test_all_faults_are_told_at_once_by_line_and_id(tmp_path):
    rows = [ROWS[0], ROWS[1], ["mqp-1", "Igjen", "Igjen"], ["mqp-99", "Ukjent", "Ukjent"], ["", "Uten", "id"]]
    with pytest.raises(DataError) as refused:
        read_pairs(write_csv(tmp_path / "t.csv", rows))
    told = str(refused.value)
    for said in (
        given.TWICE, "line 4 (first: line 3)", given.UNKNOWN, "line 5", "'mqp-99'", "id missing", "line 6",
        given.MISSING, "mqp-2, mqp-3", "nothing was written",
    ):  # fmt: skip
        assert said in told, said


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("id", "text", "text_paar"), given.OTHER_COLUMN),
        (("id", "text"), given.NO_COLUMN),
        (("text", "text_pair"), "id"),
    ],
)
def test_a_column_that_is_missing_or_unknown_is_named(tmp_path, header, said):
    rows = [dict(zip(("id", "text", "text_pair"), row, strict=True)) for row in ROWS]
    cells = [[row.get("text_pair" if name == "text_paar" else name) for name in header] for row in rows]
    with pytest.raises(DataError) as refused:
        read_pairs(write_csv(tmp_path / "t.csv", cells, header))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "row", [{"text": 3, "text_pair": "b"}, {"text": ["a"], "text_pair": "b"}, {"text": "a\u0007", "text_pair": "b"}]
)
def test_what_is_no_text_is_refused(tmp_path, row):
    rows = [{"id": item["id"], **row} for item in PAIRS]
    with pytest.raises(DataError, match="text"):
        read_pairs(write_jsonl(tmp_path / "t.jsonl", rows))


@pytest.mark.parametrize("content", ["[1]\n", "{\n", ""])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "t.jsonl").write_text(content)
    with pytest.raises(DataError, match=r"t\.jsonl"):
        read_pairs(tmp_path / "t.jsonl")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"\.csv, \.tsv, \.jsonl"):
        read_pairs(tmp_path / "t.xlsx")
