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
    for check, where in (("unknown tag", "line 1"), ("a whole number where", "line 2"), ("not JSON", "line 4")):
        assert any(check in line and where in line for line in message.splitlines()), (check, where)
    assert "Kari" not in message


@pytest.mark.parametrize(("identity", "said"), [(None, "null value +id"), (True, "true or false where .* +id")])
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
    for name, text in (("a", "<Name>Kari</Name> her."), ("b", ""), ("c", "\n \n"), ("unseen", "\u200b\n\u2060")):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    reading = tagged.tagged("*.txt", RULES)(tmp_path)
    assert [record["id"] for record in reading.records] == ["a"]
    assert (reading.dropped, reading.rows_in) == ({"empty text": 3}, 4)
    (tmp_path / "d.txt").write_bytes(b"en\n\xffto")
    with pytest.raises(DataError, match=r"not UTF-8 .* d\.txt line 2"):
        tagged.tagged("*.txt", RULES)(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<Name/>Kari bor i <Place>Os</Place>.", "tag that closes itself"),
        ("<Name />Kari", "tag that closes itself"),
        ("<Name>Kari bor i <Place>Os</Place>.", "unclosed tag"),
        ("<Place>Os og <Name>Kari</Place> bor.", "unclosed tag"),
        ("Hei <Name>Kari\nbor her.", "unclosed tag"),
        ("Kari\n</Name> bor her.", "close without an open"),
        ("&lt;Name&gt;Kari&lt;/Name&gt; bor her.", "escaped tag"),
        ("&amp;lt;Name&amp;gt;Kari", "escaped tag"),
    ],
)
def test_without_a_shape_a_broken_tag_is_unclear_and_no_guess(tmp_path, text, said):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said + ".* a.txt"):
        tagged.tagged("*.txt", RULES)(tmp_path)


def test_escapes_that_make_no_tag_are_characters_and_tags_may_be_declared_to_be_escaped(tmp_path):
    (tmp_path / "a.txt").write_text("<Name>Kari</Name>: p &lt; 0.05 &amp; mer", encoding="utf-8")
    reading = tagged.tagged("*.txt", RULES)(tmp_path)
    assert reading.records[0]["text"] == "Kari: p < 0.05 & mer" and entities(reading) == [[("Kari", "Name")]]
    (tmp_path / "a.txt").write_text("&lt;Name&gt;Kari&lt;/Name&gt; her", encoding="utf-8")
    assert entities(tagged.tagged("*.txt", tagged.rules(("Name",), escaped=True))(tmp_path)) == [[("Kari", "Name")]]


def test_an_alias_without_a_shape_is_its_label(tmp_path):
    (tmp_path / "a.txt").write_text("<Navn>Kari</Navn> her", encoding="utf-8")
    assert entities(tagged.tagged("*.txt", tagged.rules(("Name",), aliases={"Navn": "Name"}))(tmp_path)) == [
        [("Kari", "Name")]
    ]


@pytest.mark.parametrize(
    ("labels", "aliases"), [(("Name", "NAME_"), {}), (("Name", "Place"), {"name": "Place"}), (("Æ", "æ"), {})]
)
def test_labels_that_cannot_be_told_apart_are_refused(labels, aliases):
    with pytest.raises(ValueError, match="cannot be told apart"):
        tagged.rules(labels, aliases=aliases)
