"""What an author's own code says of a row of restricted data: a text of the code, or nothing of it."""

import json

import pytest
import restricted_site

from harness.data import reasons
from harness.errors import DataError
from harness.privacy import pseudonyms
from harness.stages import validate

TASK = """
from harness.data import schema, tabular
from harness.data.readers import Dropped, Refused
from harness.task import Groups, Reading, Task

LABELS = ("no", "yes")


def shaped(row):
    if "leave out" in row["text"]:
        raise Dropped("left out by the ward")
    if "quote" in row["text"]:
        raise Dropped(f"cannot use {row['text']}")
    if "refuse" in row["text"]:
        raise Refused(row["text"][:9], f"not a text: {row['text']}")
    if "known" in row["text"]:
        raise Refused("text", "a known text")
    return row


def counted(folder):
    text = (folder / "rows.jsonl").read_text(encoding="utf-8").split("\\n")[0]
    records = [{"id": str(i), "group": str(i), "text": f"ord {i}", "label": LABELS[i % 2]} for i in range(20)]
    return Reading(records, 22, {f"like {text}": 1, "a plain reason": 1}, {f"fixed {text}": 1})


COLUMNS = dict(id="id", group="group", text="text", label="label")
TASK = Task(
    name="calls", version="1", title="Calls", head="sequence", labels=LABELS, groups=Groups(), metrics=("macro_f1",),
    reader=READER, schema=lambda: schema.sequence(LABELS), licence="-", citation="-",
)
"""
ROWS = 'tabular.table("rows.jsonl", columns=COLUMNS, shape=shaped)'


def site(root, reader: str, texts: list[str], kind: str):
    (root / "tasks").mkdir()
    (root / "tasks" / "calls.py").write_text(TASK.replace("READER", reader), encoding="utf-8")
    folder = root / "data" / "calls"
    folder.mkdir(parents=True)
    rows = [
        {"id": f"r{i}", "group": f"g{i}", "text": f"{text} {i}", "label": ("no", "yes")[i % 2]}
        for i, text in enumerate([*["noe sto her"] * 20, *texts])
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    restricted_site.record(folder)
    source = json.loads((folder / "source.json").read_text(encoding="utf-8"))
    (folder / "source.json").write_text(json.dumps(source | {"kind": kind}), encoding="utf-8")
    pseudonyms.ensure_key(root)
    return folder


TEXTS = ["leave out", "leave out", "quote Qzxcan", "quote Qzxcantwo"]


def test_a_reason_for_dropping_is_a_text_of_the_code_or_is_not_told(tmp_path, capsys):
    site(tmp_path, ROWS, TEXTS, "restricted")
    card = validate.run(tmp_path, "calls")
    assert card.dropped == {"left out by the ward": 2, reasons.OTHER: 2}
    assert "Qzxcan" not in capsys.readouterr().err + json.dumps(card.dropped)


def test_of_other_data_every_reason_is_told(tmp_path):
    site(tmp_path, ROWS, TEXTS, "public")
    assert "cannot use quote Qzxcan 22" in validate.run(tmp_path, "calls").dropped


def test_a_reader_that_counts_by_itself_tells_no_more(tmp_path):
    site(tmp_path, "counted", ["Qzxcan"], "restricted")
    card = validate.run(tmp_path, "calls")
    assert card.dropped == {"a plain reason": 1, reasons.OTHER: 1} and card.repaired == {reasons.OTHER: 1}


def test_a_refusal_that_quotes_the_row_is_told_without_its_words(tmp_path):
    site(tmp_path, ROWS, ["refuse Qzxcan", "known"], "restricted")
    with pytest.raises(DataError) as error:
        validate.run(tmp_path, "calls")
    said = error.value.message
    assert "Qzxcan" not in said and "refuse Q" not in said and reasons.OTHER in said and "a known text" in said
