"""Documents with inline tags, as files and as a column of JSON lines."""

import json

import pytest

from harness.data import tagged
from harness.errors import DataError

RULES = tagged.rules(("Name", "Place"))


def entities(reading):
    return [[(r["text"][s["start"] : s["end"]], s["label"]) for s in r["spans"]] for r in reading.records]


def test_files_and_lines_give_the_same_spans(tmp_path):
    texts = {"a": "<Name>Kari</Name> bor i <Place>Os</Place>.", "b": "Ingen her."}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    lines = "".join(json.dumps({"key": name, "body": text}) + "\n" for name, text in texts.items())
    (tmp_path / "all.jsonl").write_text(lines, encoding="utf-8")
    files = tagged.tagged("*.txt", RULES)(tmp_path)
    rows = tagged.tagged("all.jsonl", RULES, text="body", identity="key")(tmp_path)
    assert files.records == rows.records and [r["id"] for r in rows.records] == ["a", "b"]
    assert entities(files) == [[("Kari", "Name"), ("Os", "Place")], []]
    assert rows.where == {"a": "all.jsonl line 1", "b": "all.jsonl line 2"}


def test_faults_name_file_and_line(tmp_path):
    rows = [{"text": "<Nmae>Kari</Nmae> bor her"}, {"text": 3}, {"text": "<Name>Li</Name>"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        tagged.tagged("*.jsonl", RULES)(tmp_path)
    message = str(caught.value)
    for check, where in (("unknown tag", "line 1"), ("int where text belongs", "line 2"), ("not JSON", "line 4")):
        assert any(check in line and where in line for line in message.splitlines()), (check, where)
    assert "Kari" not in message


@pytest.mark.parametrize(("identity", "said"), [(None, "null value +id"), (True, "bool where text belongs +id")])
def test_an_id_is_a_text_or_a_whole_number(tmp_path, identity, said):
    rows = [{"id": 7, "text": "<Name>Kari</Name>"}, {"id": identity, "text": "<Name>Li</Name>"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(DataError, match=said + " +1 +a.jsonl line 2"):
        tagged.tagged("*.jsonl", RULES)(tmp_path)


def test_a_document_of_windows_is_read_where_that_is_declared(tmp_path):
    (tmp_path / "a.txt").write_bytes("<Name>Bjørn</Name> her".encode("windows-1252"))
    reading = tagged.tagged("*.txt", RULES, encoding="windows-1252")(tmp_path)
    assert entities(reading) == [[("Bjørn", "Name")]]


def test_an_empty_note_is_dropped_and_counted(tmp_path):
    for name, text in (("a", "<Name>Kari</Name> her."), ("b", ""), ("c", "\n \n")):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    reading = tagged.tagged("*.txt", RULES)(tmp_path)
    assert [record["id"] for record in reading.records] == ["a"]
    assert (reading.dropped, reading.rows_in) == ({"empty text": 2}, 3)
    (tmp_path / "d.txt").write_bytes(b"en\n\xffto")
    with pytest.raises(DataError, match=r"not UTF-8 .* d\.txt line 2"):
        tagged.tagged("*.txt", RULES)(tmp_path)
