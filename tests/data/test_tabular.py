"""Tables in every format: the same records, and what does not fit refused with its place."""

import csv
import io
import json
import unicodedata

import pyarrow
import pyarrow.parquet
import pytest

from harness.data import tabular
from harness.errors import DataError

ROWS = [{"key": 1, "body": 'Hei, "du"; der', "kind": 0}, {"key": 2, "body": "Nå\u2028igjen", "kind": 1}]
COLUMNS = {"id": "key", "text": "body", "label": "kind"}
EXPECTED = [
    {"id": "1", "text": 'Hei, "du"; der', "label": "0", "group": "1"},
    {"id": "2", "text": "Nå\u2028igjen", "label": "1", "group": "2"},
]


def separated(rows, delimiter, quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(rows[0]), delimiter=delimiter, quoting=quoting, quotechar='"', lineterminator="\r\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(folder, name, rows):
    path = folder / name
    if name.endswith(".parquet"):
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif name.endswith(".tsv"):
        lines = ["\t".join(rows[0]), *("\t".join(str(value) for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif name.endswith(".csv"):
        path.write_text("\ufeff" + separated(rows, ";"), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.mark.parametrize("file", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
def test_every_format_gives_the_same_records(tmp_path, file):
    reader = tabular.table(file, columns=COLUMNS, delimiter=";" if file == "a.csv" else "")
    reading = reader(write(tmp_path, file, ROWS))
    assert reading.records == EXPECTED
    assert reading.repaired == ({"byte-order mark": 1} if file == "a.csv" else {})
    assert list(reading.where) == ["1", "2"]


def test_a_data_set_as_the_library_saves_it(tmp_path):
    datasets = pytest.importorskip("datasets")
    kinds = datasets.ClassLabel(names=["other", "stroke"])
    features = datasets.Features({"key": datasets.Value("int64"), "body": datasets.Value("string"), "kind": kinds})
    datasets.Dataset.from_list(ROWS, features=features).save_to_disk(tmp_path / "saved")
    for file in (tmp_path / "saved").iterdir():
        file.rename(tmp_path / f"test-{file.name}")
    write(tmp_path, "cache-0.parquet", [{"of": "the library's own"}])
    reading = tabular.dataset(columns=COLUMNS, parts={"test": "holdout"})(tmp_path)
    assert [r["label"] for r in reading.records] == ["other", "stroke"]
    assert {r["part"] for r in reading.records} == {"holdout"} and reading.records[1]["text"] == "Nå\u2028igjen"
    write(tmp_path, "train.parquet", [{"key": 3, "body": "x", "kind": "other"}])
    parts = {r["id"]: r["part"] for r in tabular.dataset(columns=COLUMNS, parts={"test": "holdout"})(tmp_path).records}
    assert parts == {"1": "holdout", "2": "holdout", "3": "pool"}


def test_columns_nobody_named_are_refused_or_ignored(tmp_path):
    write(tmp_path, "a.jsonl", [{**row, "secret_note": "x"} for row in ROWS])
    with pytest.raises(DataError, match=r"unknown column +secret_note +2"):
        tabular.table("a.jsonl", columns=COLUMNS)(tmp_path)
    assert tabular.table("a.jsonl", columns=COLUMNS, others="ignore")(tmp_path).records == EXPECTED


def test_rows_without_an_id_get_one_and_stand_once(tmp_path):
    write(tmp_path, "a.csv", [{"body": "Hei", "kind": "1"}, {"body": "Hei", "kind": "1"}, {"body": "Hå", "kind": "0"}])
    columns = {"text": "body", "label": "kind"}
    reading = tabular.table("a.csv", columns=columns, delimiter=";")(tmp_path)
    assert len({r["id"] for r in reading.records}) == 2
    assert reading.dropped == {"exact duplicate": 1} and reading.rows_in == 3
    (tmp_path / "b.csv").write_text("Hei,1\nHå,0\n", encoding="utf-8")
    assert tabular.table("b.csv", columns=columns, names=("body", "kind"))(tmp_path).records == reading.records


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"kind": 0.5}, "regression is not supported"),
        ({"kind": ["a", "b"]}, 'several labels in one row: use head="multilabel"'),
        ({"kind": True}, "true or false where a text belongs"),
        ({"kind": None}, "null value"),
        ({"body": ["a"]}, "a list where a text belongs"),
        ({"body": " "}, "empty text"),
    ],
)
def test_a_row_that_will_not_do_is_named(tmp_path, row, said):
    write(tmp_path, "a.jsonl", [ROWS[0], {**ROWS[1], **row}])
    with pytest.raises(DataError, match=rf"(?s){said}.*line 2"):
        tabular.table("a.jsonl", columns=COLUMNS)(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"key,body,kind\n1,x\n", r"2 cells instead of 3 .*line 2"),
        ("a.csv", b'key,body,kind\n1,"x,0\n', r"not separated values .*line 2"),
        ("a.csv", b"key,key,kind\n1,x,0\n", "a column name occurs twice .*line 1"),
        ("a.parquet", b"PAR1 no", "a.parquet: not a whole .parquet file"),
        ("a.xlsx", b"", "not one of .csv, .tsv, .jsonl, .parquet"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"(?s){said}"):
        tabular.table(name, columns=COLUMNS)(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(DataError, match=rf"{name} is missing"):
            tabular.table(name, columns=COLUMNS)(tmp_path)
    with pytest.raises(DataError, match=r"has no \.arrow or \.parquet file"):
        tabular.dataset(columns=COLUMNS)(tmp_path)


OPTIONS = ["hoste", "feber", "kløe"]


@pytest.mark.parametrize(
    ("answer", "label"), [("letter", "B"), ("number from 0", 1), ("number from 1", 2), ("text", "Feber")]
)
@pytest.mark.parametrize(
    "given", [{"o": OPTIONS}, {"o": dict(zip("ABC", OPTIONS, strict=True))}, dict(zip("xyz", OPTIONS, strict=True))]
)
def test_options_and_answers_in_every_form(tmp_path, answer, label, given):
    write(tmp_path, "a.jsonl", [{"q": "Hva?", **given, "right": label}])
    columns = {"question": "q", "options": "o" if "o" in given else ("x", "y", "z"), "label": "right"}
    reader = tabular.table("a.jsonl", columns=columns, shape=tabular.choice("ABC", answer=answer))
    (record,) = reader(tmp_path).records
    assert (record["options"], record["label"]) == (OPTIONS, "B")


@pytest.mark.parametrize(
    ("answer", "label"),
    [("letter", "D"), ("number from 0", 3), ("number from 1", 0), ("number from 1", "B"), ("text", "x")],
)
def test_an_answer_that_is_no_option_is_refused(tmp_path, answer, label):
    write(tmp_path, "a.jsonl", [{"q": "Hva?", "o": OPTIONS, "right": label}])
    columns = {"question": "q", "options": "o", "label": "right"}
    with pytest.raises(DataError, match=rf"(?s)not the {answer.split()[0]} .*of an option.*line 1"):
        tabular.table("a.jsonl", columns=columns, shape=tabular.choice("ABC", answer=answer))(tmp_path)


def test_an_item_that_repeats_an_option_is_dropped(tmp_path):
    write(tmp_path, "a.jsonl", [{"q": "Hva?", "o": ["a", "A ", "b"], "right": "C"}])
    columns = {"question": "q", "options": "o", "label": "right"}
    reading = tabular.table("a.jsonl", columns=columns, shape=tabular.choice("ABC"))(tmp_path)
    assert reading.records == [] and reading.dropped == {"repeated option": 1}


@pytest.mark.parametrize(
    ("file", "theirs"),
    [
        ("a.csv", ["0", "1"]),
        ("a.jsonl", [0, 1]),
        ("a.jsonl", [False, True]),
        ("a.jsonl", [0.0, 1.0]),
        ("a.parquet", [0, 1]),
        ("a.parquet", [False, True]),
        ("a.parquet", [0.0, 1.0]),
        ("a.tsv", ["Nei ", "JA"]),
    ],
)
def test_a_files_own_words_for_labels_are_mapped(tmp_path, file, theirs):
    write(tmp_path, file, [{**row, "kind": kind} for row, kind in zip(ROWS, theirs, strict=True)])
    words = {0: "nei", 1: "ja", "true": "ja", "false": "nei", "Nei": "nei", "JA": "ja"}
    reader = tabular.table(
        file, columns=COLUMNS, delimiter=";" if file == "a.csv" else "", values={"label": words}, quotes="text"
        if file == "a.tsv" else "detect",
    )  # fmt: skip
    assert [record["label"] for record in reader(tmp_path).records] == ["nei", "ja"]


def test_words_that_are_not_mapped_stay_and_the_mapping_is_part_of_what_is_recorded(tmp_path):
    from harness.data.reader import column_lines

    write(tmp_path, "a.jsonl", [*ROWS, {"key": 3, "body": "x", "kind": 9}])
    reader = tabular.table("a.jsonl", columns=COLUMNS, values={"label": {"0": "nei", "1": "ja"}})
    assert [record["label"] for record in reader(tmp_path).records] == ["nei", "ja", "9"]
    assert reader.columns["label"] == "kind (0 = nei, 1 = ja)"
    assert column_lines(reader.columns)[-1] == "  label  ← kind (0 = nei, 1 = ja)"


@pytest.mark.parametrize("values", [{"labels": {"0": "nei"}}, {"label": ["nei", "ja"]}, {"label": {"0": 1}}])
def test_a_mapping_that_maps_nothing_is_refused_with_the_declaration(values):
    with pytest.raises(ValueError, match="values= "):
        tabular.table("a.jsonl", columns=COLUMNS, values=values)


def test_every_column_nobody_named_is_named(tmp_path):
    write(tmp_path, "a.jsonl", [{"Pasient_ID": "x", **row, "alder": 3} for row in ROWS])
    with pytest.raises(DataError, match=r"(?s)unknown column +Pasient_ID +2 .*unknown column +alder +2 ") as caught:
        tabular.table("a.jsonl", columns=COLUMNS)(tmp_path)
    assert 'others="ignore"' in caught.value.remedy


def test_an_ending_in_capitals_is_the_same_ending(tmp_path):
    write(tmp_path, "a.jsonl", ROWS).joinpath("a.jsonl").rename(tmp_path / "A.JSONL")
    assert tabular.table("*", columns=COLUMNS)(tmp_path).records == EXPECTED
    assert tabular.table("A.JSONL", columns=COLUMNS)(tmp_path).records == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\nBlør,nei\n".encode("utf-16"), "UTF-16, which must be converted"),
        ("text,label\nBlør,nei\n".encode("utf-16-le"), "UTF-16, which must be converted"),
        ("text,label\nBlør,nei\n".encode("utf-16-be"), "UTF-16, which must be converted"),
        ("text,label\nBlør,nei\n".encode("utf-32"), "UTF-32, which must be converted"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "a spreadsheet or another packed file"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "a compressed file"),
    ],
)
def test_a_file_that_is_no_text_in_its_encoding_is_called_what_it_is(tmp_path, content, said, encoding):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"not {encoding.upper()} but {said}") as caught:
        tabular.table("a.csv", columns={"text": "text", "label": "label"}, encoding=encoding)(tmp_path)
    assert "1 of 1 rows" in str(caught.value)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_table_in_utf_8_is_not_read_as_one_of_windows(tmp_path, mark):
    """Every byte of it means a letter there: Blør would become BlÃ¸r."""
    (tmp_path / "a.csv").write_bytes(mark + "text,label\nBlør,nei\n".encode())
    with pytest.raises(DataError, match=r'UTF-8: remove encoding="windows-1252"'):
        tabular.table("a.csv", columns={"text": "text", "label": "label"}, encoding="windows-1252")(tmp_path)


def test_a_table_of_windows_is_read_where_that_is_declared(tmp_path):
    (tmp_path / "a.csv").write_bytes("id;text;label\n1;Blør på høyre side;nei\n".encode("windows-1252"))
    columns = {"id": "id", "text": "text", "label": "label"}
    with pytest.raises(DataError, match=r'not UTF-8 .if the file comes from Windows, write encoding="windows-1252"'):
        tabular.table("a.csv", columns=columns, delimiter=";")(tmp_path)
    reading = tabular.table("a.csv", columns=columns, delimiter=";", encoding="windows-1252")(tmp_path)
    assert reading.records[0]["text"] == "Blør på høyre side"


def test_a_longer_text_is_read_where_the_declaration_allows_it(tmp_path):
    folder = write(tmp_path, "a.jsonl", [{"key": "k", "body": "ord " * 60_000 + "slutt", "kind": "1"}])
    with pytest.raises(DataError, match=r"too many characters \(at most 200,000\).*set max_characters= in"):
        tabular.table("a.jsonl", columns=COLUMNS)(folder)
    (record,) = tabular.table("a.jsonl", columns=COLUMNS, max_characters=240_005)(folder).records
    assert len(record["text"]) == 240_005


def decomposed(value):
    return unicodedata.normalize("NFD", value)


@pytest.mark.parametrize("file", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
def test_decomposed_names_of_columns_and_words_mean_what_the_declaration_says(tmp_path, file):
    """A file from a Mac writes "spørsmål" in other characters than the task that names the column."""
    columns = {"id": "nøkkel", "text": "spørsmål", "label": "svår"}
    rows = [{decomposed(theirs): decomposed("å på") for theirs in columns.values()}]
    delimiter = ";" if file == "a.csv" else ""
    read = tabular.table(file, columns=columns, values={"label": {"å på": "ja"}}, delimiter=delimiter)
    [record] = read(write(tmp_path, file, rows)).records
    assert record == {"id": "å på", "group": "å på", "text": "å på", "label": "ja"}


@pytest.mark.parametrize("file", ["a.csv", "a.jsonl", "a.parquet"])
def test_two_columns_whose_names_differ_in_the_form_of_a_letter_are_one_that_stands_twice(tmp_path, file):
    rows = [{"nøkkel": "1", "på": "to", decomposed("på"): "tre"}]
    delimiter = ";" if file == "a.csv" else ""
    with pytest.raises(DataError, match="occurs twice"):
        tabular.table(file, columns={"id": "nøkkel", "text": "på"}, delimiter=delimiter)(write(tmp_path, file, rows))
