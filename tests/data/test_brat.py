"""brat stand-off: offsets, fragments, overlaps, and errors with file and line."""

import unicodedata

import pytest

from harness.data import brat
from harness.data.findings import RowsRefused
from harness.errors import DataError

LABELS = ("Name", "Place")
TEXT = "Kari Li\nbor i Os.\n"
ENTITIES = "T1\tName 0 7\tKari Li\nR1\tLives Arg1:T1 Arg2:T2\nT2\tPlace 14 16\tOs\n"
NOTES = ENTITIES + "#1\tNote T1\twhat\nA1\tOld T1\n*\tSame T1 T2\n"


def read(folder, text=TEXT, notes=NOTES, **options):
    (folder / "a.txt").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    (folder / "a.ann").write_bytes(notes if isinstance(notes, bytes) else notes.encode("utf-8"))
    return brat.brat(labels=LABELS, **options)(folder)


def entities(reading):
    (record,) = reading.records
    return [(record["text"][s["start"] : s["end"]], s["label"]) for s in record["spans"]]


def test_documents_with_their_entities(tmp_path):
    reading = read(tmp_path)
    assert reading.records[0]["id"] == reading.records[0]["group"] == "a"
    assert entities(reading) == [("Kari Li", "Name"), ("Os", "Place")] and reading.repaired == {}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("counted", [True, False])
def test_windows_lines_and_a_mark_counted_or_not(tmp_path, bom, counted):
    shift = counted * (1 + bool(bom)), counted * bool(bom)
    notes = f"T1\tName {shift[1]} {7 + shift[1]}\tKari Li\r\nT2\tPlace {14 + shift[0]} {16 + shift[0]}\tOs\r\n"
    reading = read(tmp_path, bom + TEXT.replace("\n", "\r\n").encode(), notes)
    assert entities(reading) == [("Kari Li", "Name"), ("Os", "Place")]
    assert ("offsets that count carriage returns or a byte-order mark" in reading.repaired) == counted


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ("T1\tName 0 7\tKari Li\nT2 Place 14 16 Os\n", r"not an annotation .* a\.ann line 2"),
        ("T1\tName 1 8\tKari Li\n", r"offsets that do not match .* a\.ann line 1"),
        ("T1\tName 0 99\tKari Li\n", r"offsets that do not match .* a\.ann line 1"),
        ("T1\tNmae 0 7\tKari Li\n", r"type not declared .* a\.ann line 1"),
        ("T1\tName 0 4;5 7\tKari Li\n", r"in fragments: .* a\.ann line 1"),
        ("T1\tName 0 7\tKari Li\nT2\tName 5 7\tLi\n", r"overlaps another entity: .* a\.ann line 2"),
        (b"\xff", r"not UTF-8 .* a\.ann"),
    ],
)
def test_errors_name_file_and_line_and_quote_nothing(tmp_path, notes, said):
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, notes=notes)
    assert "Kari" not in str(caught.value) and "Nmae" not in str(caught.value)


def test_what_could_be_read_in_spite_of_faults_is_kept_for_the_schema(tmp_path):
    with pytest.raises(RowsRefused) as caught:
        read(tmp_path, notes=ENTITIES + "T3\tNmae 8 11\tbor\n")
    (record,) = caught.value.reading.records
    assert (record["id"], record["text"]) == ("a", TEXT)


def test_a_text_without_annotations_has_an_empty_file_not_none(tmp_path):
    assert entities(read(tmp_path, notes="")) == []
    (tmp_path / "a.ann").unlink()
    with pytest.raises(DataError, match=r"its \.ann file is missing.* a\.txt"):
        brat.brat(labels=LABELS)(tmp_path)


def test_what_the_task_decides_is_counted(tmp_path):
    notes = (
        "T1\tName 0 4;5 7\tKari Li\nT2\tName 5 7\tLi\nT3\tPlace 14 17\tOs.\nT4\tAge 8 11\tbor\nT5\tPlace 13 16\t Os\n"
    )
    reading = read(tmp_path, notes=notes, fragments="join", overlaps="keep longest", ignore=("Age",))
    assert entities(reading) == [("Kari Li", "Name"), ("Os.", "Place")]
    assert reading.repaired == {"edge whitespace": 1, "fragments joined": 1, "overlapping entity left out": 2}


def test_a_document_of_windows_is_read_where_that_is_declared(tmp_path):
    (tmp_path / "a.txt").write_bytes("Bjørn bor her".encode("windows-1252"))
    (tmp_path / "a.ann").write_bytes("T1\tName 0 5\tBjørn\n".encode("windows-1252"))
    with pytest.raises(DataError, match=r"not UTF-8 .* a.txt line 1, a.ann"):
        brat.brat(labels=("Name",))(tmp_path)
    record = brat.brat(labels=("Name",), encoding="windows-1252")(tmp_path).records[0]
    assert record["text"] == "Bjørn bor her" and record["spans"] == [{"start": 0, "end": 5, "label": "Name"}]


def test_everything_in_a_folder_is_told_at_once(tmp_path):
    for name, text, notes in (("a", TEXT, ENTITIES), ("b", "Li", None), ("c", b"\xffLi", ""), ("d", "Os", b"\xff")):
        (tmp_path / f"{name}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
        if notes is not None:
            (tmp_path / f"{name}.ann").write_bytes(notes if isinstance(notes, bytes) else notes.encode())
    with pytest.raises(DataError, match=r"(?s)its \.ann file is missing.* b\.txt.*not UTF-8 .* c\.txt line 1, d\.ann"):
        brat.brat(labels=LABELS)(tmp_path)


def test_an_empty_note_is_dropped_and_counted(tmp_path):
    for name, text in (("b", ""), ("c", " \n\n"), ("unseen", "\u200b\n\u2060")):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        (tmp_path / f"{name}.ann").write_text("", encoding="utf-8")
    reading = read(tmp_path)
    assert [record["id"] for record in reading.records] == ["a"]
    assert (reading.dropped, reading.rows_in) == ({"empty text": 3}, 4)
    # What is annotated was not empty.
    (tmp_path / "b.ann").write_text("T1\tName 0 4\tKari\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"offsets that do not match .* b\.ann line 1"):
        read(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_mark_of_a_joined_file_is_counted_by_offsets_and_is_no_character(tmp_path, end):
    text = f"Kari Li{end}\ufeffbor i Os."
    at = text.index("Os") - (end == "\r\n")
    reading = read(tmp_path, text, f"T1\tName 0 7\tKari Li\nT2\tPlace {at} {at + 2}\tOs\n")
    assert entities(reading) == [("Kari Li", "Name"), ("Os", "Place")]
    assert reading.repaired["byte-order mark inside the file"] == 1 and "\ufeff" not in reading.records[0]["text"]


def test_the_name_of_a_document_is_composed(tmp_path):
    name = unicodedata.normalize("NFD", "Åse")
    (tmp_path / f"{name}.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / f"{name}.ann").write_text(ENTITIES, encoding="utf-8")
    [record] = brat.brat(labels=LABELS)(tmp_path).records
    assert record["id"] == record["group"] == "Åse"
