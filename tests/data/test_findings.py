"""The table of what is wrong: rows counted once, whatever calls them, and a length that somebody reads."""

import re

import pytest

from harness.data import tabular
from harness.data.findings import Finding, refuse
from harness.data.options import choice
from harness.errors import DataError
from harness.plugins import checking, creating


def refused(*findings, rows):
    with pytest.raises(DataError) as caught:
        refuse("set", findings, rows, remedy="Fix it.")
    return caught.value.message


def test_a_row_that_reader_and_schema_find_fault_with_counts_once():
    said = refused(
        Finding("unknown column", "x", "line 2"),
        Finding("label allowed: a, b", "label", "key (odd) (line 2)", place="line 2"),
        Finding("unknown column", "x", "line 3"),
        rows=2,
    )
    assert said.startswith("set: 2 of 2 rows")


def test_a_column_too_many_and_labels_of_the_files_own_are_not_more_rows_than_there_are(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    path = tmp_path / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8").replace('("no", "yes")', '("nei", "ja")').replace('"yes"', '"ja"')
    path.write_text(text.replace('            "group": "group",\n', ""), encoding="utf-8")
    (said,) = checking.findings(tmp_path, "triage")
    assert ": 24 of 24 rows cannot be used" in said and "unknown column" in said and "label allowed" in said


def test_as_many_kinds_as_somebody_reads():
    findings = [Finding(f"not JSON (column {i})", "", f"line {i}") for i in range(400)]
    said = refused(*findings, rows=400)
    assert said.startswith("set: 400 of 400 rows") and len(said.splitlines()) < 30
    assert re.search(r"\d+ further kinds of fault, in \d+ rows", said.splitlines()[-1])


def test_texts_that_are_too_long_are_one_kind_whatever_their_length(tmp_path):
    rows = [f"{i},{'lang ' * (i + 5)},a" for i in range(9)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,label", *rows]), encoding="utf-8")
    read = tabular.table("a.csv", columns={c: c for c in ("id", "text", "label")}, max_characters=20)
    with pytest.raises(
        DataError, match=r"text with too many characters \(at most 20\); set max_characters=.* 9 "
    ) as caught:
        read(tmp_path)
    assert len(str(caught.value).splitlines()) == 4


def test_an_answer_that_is_no_option_is_shown(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"q": "Hva?", "o": ["x", "y"], "a": "E"}\n', encoding="utf-8")
    columns = {"question": "q", "options": "o", "label": "a"}
    with pytest.raises(DataError, match=r"not the letter of an option.*'E'"):
        tabular.table("a.jsonl", columns=columns, shape=choice(("A", "B")))(tmp_path)
