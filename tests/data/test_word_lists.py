"""Rows of tokens and tags, in every kind of file, and faults with file and row."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from harness.data import word_lists
from harness.errors import DataError

LABELS = ("Name", "Place")
ROWS = [
    {"key": 7, "note": 1, "words": ["Kari", "Li", "bor", "i", "Os"], "tags": ["B-Name", "I-Name", "O", "O", "B-Place"]},
    {"key": 8, "note": 1, "words": ["Hei"], "tags": ["O"]},
]
COLUMNS = {"labels": LABELS, "tokens": "words", "tags": "tags", "identity": "key", "group": "note"}


def written(folder, rows):
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def entities(reading):
    return [[(r["text"][s["start"] : s["end"]], s["label"]) for s in r["spans"]] for r in reading.records]


def test_lines_and_parquet_give_the_same_records(tmp_path):
    written(tmp_path, ROWS)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    lines = word_lists.word_lists("a.jsonl", **COLUMNS)(tmp_path)
    assert word_lists.word_lists("a.parquet", **COLUMNS)(tmp_path).records == lines.records
    assert entities(lines) == [[("Kari Li", "Name"), ("Os", "Place")], []]
    assert [(r["id"], r["group"]) for r in lines.records] == [("7", "1"), ("8", "1")]
    assert lines.where == {"7": "a.jsonl line 1", "8": "a.jsonl line 2"}


def test_a_data_set_with_class_numbers_and_a_shipped_test_set(tmp_path):
    datasets = pytest.importorskip("datasets")
    names = ["O", "B-Name", "I-Name", "B-Place"]
    tags = datasets.List(datasets.ClassLabel(names=names))
    features = datasets.Features({"words": datasets.List(datasets.Value("string")), "tags": tags})
    rows = [{"words": row["words"], "tags": [names.index(tag) for tag in row["tags"]]} for row in ROWS]
    datasets.Dataset.from_list(rows, features=features).save_to_disk(tmp_path / "saved")
    (tmp_path / "saved" / "data-00000-of-00001.arrow").rename(tmp_path / "test-data.arrow")
    reader = word_lists.word_lists({"test*.arrow": "holdout"}, labels=LABELS, tokens="words", tags="tags")
    reading = reader(tmp_path)
    assert entities(reading) == [[("Kari Li", "Name"), ("Os", "Place")], []]
    assert [(r["id"], r["group"], r["part"]) for r in reading.records][1] == ("test-data-2", "test-data-2", "holdout")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tags": ["O"] * 4}, "not as many tags as tokens"),
        ({"tags": ["O", "O", "O", "O", "Nmae"]}, "no tag"),
        ({"tags": [0, 0, 0, 0, 1]}, "no tag"),
        ({"words": "Kari"}, "words and tags are not both lists"),
        ({"words": ["Kari", " ", "a", "b", "c"]}, "no token"),
        ({"words": ["Kari", "\x07", "a", "b", "c"]}, "control character"),
        ({"tags": ["O", "S-Name", "I-Name", "O", "O"]}, "an I- tag that continues no entity"),
        ({"tags": ["B-Nmae", "O", "O", "O", "O"]}, "label not declared"),
    ],
)
def test_faults_name_file_and_row_and_quote_nothing(tmp_path, change, said):
    written(tmp_path, [ROWS[1], ROWS[0] | change])
    with pytest.raises(DataError, match=rf"(?s){said}.*a\.jsonl line 2") as caught:
        word_lists.word_lists("*.jsonl", **COLUMNS)(tmp_path)
    assert "Kari" not in str(caught.value) and "Nmae" not in str(caught.value)


def test_a_group_that_is_null_is_refused_by_row():
    reader = word_lists.word_lists("null_groups.jsonl", labels=("NAME", "PLACE"), identity="id", group="pid")
    with pytest.raises(DataError, match=r"null value +pid +30 +null_groups.jsonl line 2, null_groups.jsonl line 4"):
        reader(Path(__file__).parent / "cases")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("key", None, "null value +key"),
        ("note", True, "true or false where a text belongs +note"),
        ("note", 1.0, "a decimal number where a text belongs +note"),
        ("note", "  ", "empty text +note"),
        ("note", [1], "a list where a text belongs +note"),
    ],
)
def test_ids_and_groups_are_texts_or_whole_numbers(tmp_path, column, value, said):
    written(tmp_path, [ROWS[0], ROWS[1] | {column: value}])
    with pytest.raises(DataError, match=said + r" +1 +a.jsonl line 2"):
        word_lists.word_lists("a.jsonl", **COLUMNS)(tmp_path)


def test_edge_white_space_makes_no_group_of_its_own(tmp_path):
    written(tmp_path, [ROWS[0] | {"note": "p1"}, ROWS[1] | {"note": " p1\u00a0"}])
    reading = word_lists.word_lists("a.jsonl", **COLUMNS)(tmp_path)
    assert [r["group"] for r in reading.records] == ["p1", "p1"]
    assert reading.repaired == {"edge whitespace": 1, "no-break space": 1}
