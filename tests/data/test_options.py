"""Options of a multiple-choice item: an object's keys say which is which, whatever their order."""

import itertools
import json
import random
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from harness.data import options, tabular
from harness.data.discretion import errors_without_data
from harness.errors import DataError

CASE = Path(__file__).parent / "cases" / "options_out_of_order.jsonl"
COLUMNS = {"id": "id", "group": "group", "question": "question", "options": "options", "label": "label"}
TEXTS = ["hoste", "feber", "kløe"]


def items(n, keys, texts, label, *, seed=0):
    """`n` rows whose options stand in another order in each."""
    shuffled = random.Random(seed)
    rows = []
    for i in range(n):
        pairs = list(zip(keys, texts, strict=True))
        shuffled.shuffle(pairs)
        rows.append({"q": f"Hva {i}?", "o": dict(pairs), "right": label})
    return rows


def read(folder, rows, labels="ABC", answer="letter", file="a.jsonl"):
    if file.endswith(".jsonl"):
        (folder / file).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        write = pyarrow.parquet.write_table
        write(rows if isinstance(rows, pyarrow.Table) else pyarrow.Table.from_pylist(rows), folder / file)
    columns = {"question": "q", "options": "o", "label": "right"}
    return tabular.table(file, columns=columns, shape=options.choice(labels, answer=answer))(folder).records


def test_an_answer_means_the_option_of_its_key(tmp_path):
    raw = [json.loads(line) for line in CASE.read_text(encoding="utf-8").splitlines()]
    assert [list(row["options"]) for row in raw] != [["A", "B", "C", "D"]] * len(raw)
    reader = tabular.table("a.jsonl", columns=COLUMNS, shape=tabular.choice("ABCD"))
    (tmp_path / "a.jsonl").write_bytes(CASE.read_bytes())
    records = reader(tmp_path).records
    assert len(records) == 24
    for record, row in zip(records, raw, strict=True):
        assert record["options"] == [row["options"][letter] for letter in "ABCD"]
        assert record["options"]["ABCD".index(record["label"])] == row["options"][row["label"]]


@pytest.mark.parametrize("file", ["a.jsonl", "a.parquet"])
@pytest.mark.parametrize(
    ("keys", "labels", "answer", "label", "right"),
    [
        (("A", "B", "C"), "ABC", "letter", "B", "B"),
        (("a", "b", "c"), "ABC", "letter", "b", "B"),
        (("B", "A", "C"), "BAC", "letter", "A", "A"),
        (("A", "B", "C"), "ABC", "number from 1", 2, "B"),
        (("A", "B", "C"), "ABC", "text", "feber", "B"),
        (("0", "1", "2"), "ABC", "number from 0", 1, "B"),
        (("1", "2", "3"), "ABC", "number from 1", 2, "B"),
        (("1", "2", "3"), "ABC", "letter", "B", "B"),
        (("0", "1", "2"), "ABC", "text", "feber", "B"),
        (("0", "1", "2"), ("0", "1", "2"), "letter", 1, "1"),
    ],
)
def test_options_are_ordered_by_their_keys(tmp_path, file, keys, labels, answer, label, right):
    # A Parquet struct has one order of fields for all rows, that of the first.
    for order in itertools.permutations(range(3)):
        rows = [{"q": "Hva?", "o": {keys[i]: TEXTS[i] for i in order}, "right": label}]
        (record,) = read(tmp_path, rows, labels, answer, file)
        assert (record["options"], record["label"]) == (TEXTS, right)


def test_numbers_are_ordered_as_numbers(tmp_path):
    labels = tuple("ABCDEFGHIJKL")
    texts = [f"svar {label}" for label in labels]
    for first in (0, 1):
        keys = [str(first + i) for i in range(12)]
        rows = items(5, keys, texts, "K")
        assert {tuple(record["options"]) for record in read(tmp_path, rows, labels)} == {tuple(texts)}


@pytest.mark.parametrize(
    ("keys", "labels", "answer"),
    [
        (("x", "y", "z"), "ABC", "letter"),
        (("A", "B", "D"), "ABC", "letter"),
        (("A", "a", "B"), "ABC", "letter"),
        (("1", "2", "4"), "ABC", "letter"),
        (("2", "3", "4"), "ABC", "text"),
        (("0", "1", "2"), "ABC", "number from 1"),
        (("1", "2", "3"), "ABC", "number from 0"),
        (("1", "2", "3"), ("1", "2", "3"), "number from 0"),
        (("0", "1", "2"), ("1", "2", "3"), "letter"),
        (("A", "B"), "ABC", "letter"),
        (("A", "B", "C", "D"), "ABC", "letter"),
    ],
)
def test_keys_that_leave_the_order_open_are_refused_with_row_and_keys(tmp_path, keys, labels, answer):
    rows = [{"q": "Hva?", "o": {key: f"svar {i}" for i, key in enumerate(keys)}, "right": "B"}]
    with pytest.raises(DataError, match=rf"(?s)keys that are neither .* options .*line 1.*{', '.join(keys)}"):
        read(tmp_path, rows, labels, answer)
    # Keys may be words of a restricted text.
    with pytest.raises(DataError) as told, errors_without_data("restricted", "site", tmp_path):
        read(tmp_path, [{**rows[0], "o": {"Kari": "a", "Ola": "b", "Per": "c"}}], labels, answer)
    assert "line 1" in str(told.value) and "Kari" not in str(told.value)


def test_a_field_of_a_struct_that_is_null_is_no_option(tmp_path):
    rows = [{"q": "Hva?", "o": {**dict(zip("CBA", reversed(TEXTS), strict=True)), "D": None}, "right": "C"}]
    for file in ("a.jsonl", "a.parquet"):
        (record,) = read(tmp_path, rows, file=file) if file == "a.jsonl" else read(tmp_path, struct(rows), file=file)
        assert (record["options"], record["label"]) == (TEXTS, "C")
    rows[0]["o"]["A"] = None
    with pytest.raises(DataError, match="keys that are neither"):
        read(tmp_path, rows)


def struct(rows):
    fields = pyarrow.struct([(key, pyarrow.string()) for key in "CBAD"])
    schema = pyarrow.schema([("q", pyarrow.string()), ("o", fields), ("right", pyarrow.string())])
    return pyarrow.Table.from_pylist(rows, schema=schema)


@pytest.mark.parametrize(
    "given",
    [
        [{"key": "C", "text": "kløe"}, {"key": "A", "text": "hoste"}, {"key": "B", "text": "feber"}],
        [{"label": "C", "text": "kløe"}, {"label": "A", "text": "hoste"}, {"label": "B", "text": "feber"}],
        {"text": ["kløe", "hoste", "feber"], "label": ["C", "A", "B"]},
        {"label": ["3", "1", "2"], "text": ["kløe", "hoste", "feber"]},
        TEXTS,
    ],
)
def test_keys_in_lists(tmp_path, given):
    for file in ("a.jsonl", "a.parquet"):
        (record,) = read(tmp_path, [{"q": "Hva?", "o": given, "right": "C"}], file=file)
        assert (record["options"], record["label"]) == (TEXTS, "C")


def test_a_parquet_map(tmp_path):
    kind = pyarrow.map_(pyarrow.string(), pyarrow.string())
    pairs = pyarrow.array([[("C", "kløe"), ("A", "hoste"), ("B", "feber")]], type=kind)
    table = pyarrow.table({"q": ["Hva?"], "o": pairs, "right": ["C"]})
    (record,) = read(tmp_path, table, file="a.parquet")
    assert (record["options"], record["label"]) == (TEXTS, "C")


def test_a_folder_of_a_data_set(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = items(6, "CAB", ["kløe", "hoste", "feber"], "C")
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path)
    columns = {"question": "q", "options": "o", "label": "right"}
    records = tabular.dataset(columns=columns, shape=options.choice("ABC"))(tmp_path).records
    assert {(*record["options"], record["label"]) for record in records} == {(*TEXTS, "C")}


def test_the_text_of_the_right_option_is_held_against_it_and_left_out(tmp_path):
    row = {"q": "Hva?", "o": TEXTS, "right": "B", "said": "feber"}
    columns = {"question": "q", "options": "o", "label": "right", "answer": "said"}
    told = tabular.table("a.jsonl", columns=columns, shape=options.choice("ABC", told="answer"))
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (record,) = told(tmp_path).records
    assert (record["options"], record["label"]) == (TEXTS, "B") and "answer" not in record
    (tmp_path / "a.jsonl").write_text(json.dumps(row | {"said": "hoste"}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="not the text of the right option"):
        told(tmp_path)


@pytest.mark.parametrize("cell", ['{"A": "hoste", "B": "feber"}', "['hoste', 'feber']", "hoste|feber"])
def test_options_written_into_one_text_are_refused_with_what_options_are(cell, tmp_path):
    with pytest.raises(DataError, match=r"one text: options are a list, an object with keys, or columns"):
        read(tmp_path, [{"q": "Hva?", "o": cell, "right": "A"}])
