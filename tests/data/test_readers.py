"""Readers: columns, places, repairs, drops, and errors that show no data."""

import json

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import readers, tabular
from harness.errors import DataError

READ_LINES = tabular.table("a.jsonl", columns={"id": "key", "text": "body"})
READ_CELLS = tabular.table("a.csv", columns={"id": "key", "text": "body"})


def write(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


def test_lines_become_records_with_places(tmp_path):
    write(tmp_path, "a.jsonl", '{"key": "x", "body": "Hei"}\n\n{"key": "y", "body": "Hå\\u2028"}\n')
    reading = READ_LINES(tmp_path)
    assert reading.records == [{"id": "x", "text": "Hei", "group": "x"}, {"id": "y", "text": "Hå", "group": "y"}]
    assert (reading.rows_in, reading.where) == (2, {"x": "line 1", "y": "line 3"})
    assert reading.repaired == {"edge whitespace": 1}


def test_header_may_come_in_any_order(tmp_path):
    reading = READ_CELLS(write(tmp_path, "a.csv", 'body,key\r\n"to, tre\nlinjer",x\r\nfire,y\r\n'))
    assert [record["text"] for record in reading.records] == ["to, tre\nlinjer", "fire"]
    assert reading.where == {"x": "line 2", "y": "line 4"}


def test_decomposed_names_of_columns_are_those_of_the_declaration(tmp_path):
    name = "kl\u00e5r"
    there = "kla\u030ar"
    cells = tabular.table("a.csv", columns={"id": "key", "text": name})
    lines = tabular.table("a.jsonl", columns={"id": "key", "text": name})
    write(tmp_path, "a.csv", f"{there},key\nHei,x\n")
    write(tmp_path, "a.jsonl", json.dumps({"key": "x", there: "Hei"}) + "\n")
    assert cells(tmp_path).records == lines(tmp_path).records == [{"id": "x", "text": "Hei", "group": "x"}]


def test_tolerances_give_the_same_records(tmp_path):
    plain = READ_LINES(write(tmp_path, "a.jsonl", '{"key": "x", "body": "Hei du"}\n'))
    odd = READ_LINES(write(tmp_path, "a.jsonl", '\ufeff{"key": "x", "body": "\u00a0Hei\u00a0du "}\r\n'))
    assert odd.records == plain.records
    assert odd.repaired == {"byte-order mark": 1, "edge whitespace": 1, "no-break space": 1}


def test_all_failures_stand_in_one_table(tmp_path):
    rows = [
        '{"key": "a"}',
        "nonsense",
        '{"key": "c", "body": 3}',
        '{"key": "d", "body": "x\\u0007"}',
        '{"key": "e", "body": "ok"}',
    ]
    with pytest.raises(DataError) as caught:
        READ_LINES(write(tmp_path, "a.jsonl", "\n".join(rows)))
    message = str(caught.value)
    assert "a.jsonl: 4 of 5 rows" in message
    for row, check in (
        ("line 1", "missing column"),
        ("line 2", "not JSON"),
        ("line 3", "a whole number where a text"),
        ("line 4", "control"),
    ):
        assert any(row in line and check in line for line in message.splitlines()), (row, check)


def test_messages_quote_no_data(tmp_path):
    rows = ['{"key": "a", "body": "SECRET\\u0000"}', '{"key": "b", "SECRET name": "x", "body": "y"}', '{"key": SECRET}']
    with pytest.raises(DataError) as caught:
        READ_LINES(write(tmp_path, "a.jsonl", "\n".join(rows)))
    assert "SECRET" not in str(caught.value)
    with pytest.raises(DataError) as caught:
        READ_CELLS(write(tmp_path, "a.csv", "SECRET name,body\nx,y\n"))
    assert "SECRET" not in str(caught.value)


def test_over_long_text_is_refused_with_row_and_length(tmp_path):
    with pytest.raises(DataError, match=r"(?s)too many characters.*line 2"):
        READ_CELLS(write(tmp_path, "a.csv", f"key,body\nx,{'ä' * 1_000_000}\n"))


def test_csv_leaves_the_modules_limit_alone(tmp_path):
    import csv

    before = csv.field_size_limit()
    READ_CELLS(write(tmp_path, "a.csv", f"key,body\nx,{'ä' * 150_000}\n"))
    assert csv.field_size_limit() == before


def test_multiple_choice_shapes_and_drops(tmp_path):
    read = tabular.table(
        "a.jsonl",
        columns={
            "id": "realidx",
            "question": "question",
            "options": "options",
            "label": "answer_idx",
            "answer": "answer",
        },
        shape=tabular.choice("ABCD", told="answer"),
    )
    items = samples.mcqa_items()
    items[1]["options"]["B"] = " skin "
    reading = read(write(tmp_path, "a.jsonl", samples.to_jsonl(items)))
    assert reading.dropped == {"repeated option": 1}
    assert [record["options"] for record in reading.records] == [
        ["A", "B12", "C", "K"],
        ["p<0.05", "p>0.05", "p=1", "none"],
    ]
    assert all("answer" not in record for record in reading.records)
    assert reading.rows_in == len(reading.records) + sum(reading.dropped.values())


def test_contradictions_lose_both_and_duplicates_the_later():
    records = [{"q": "a", "l": "1"}, {"q": "a", "l": "0"}, {"q": "b", "l": "1"}, {"q": "b", "l": "1"}]
    kept, counts = readers.contradictions(lambda r: r["q"], lambda r: r["l"])(records)
    assert [r["q"] for r in kept] == ["b", "b"] and counts == {"contradictory duplicate": 2}
    kept, counts = readers.exact_duplicates(lambda r: r["q"])(kept)
    assert len(kept) == 1 and counts == {"exact duplicate": 1}


def test_content_ids_depend_on_every_cell_and_not_on_the_place(tmp_path):
    read = tabular.table("a.csv", names=("p", "q"), columns={"text": "p", "text_pair": "q"}, id_prefix="t-")
    first = read(write(tmp_path, "a.csv", "ab,c\na,bc\n")).records
    second = read(write(tmp_path, "a.csv", "a,bc\nab,c\n")).records
    assert sorted(r["id"] for r in first) == sorted(r["id"] for r in second)
    assert len({r["id"] for r in first}) == 2
    assert all(r["id"].startswith("t-") and len(r["id"]) == 14 for r in first)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_is_read_exactly_or_refused(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("raw")
    lines = [json.dumps({"key": f"k{i}", "body": body}) for i, (_, body) in enumerate(rows)]
    write(folder, "a.jsonl", "\n".join(lines))
    try:
        reading = READ_LINES(folder)
    except DataError as error:
        assert "a.jsonl" in str(error) and "line" in str(error)
        return
    assert [r["text"] for r in reading.records] == [body.replace("\u00a0", " ").strip() for _, body in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pasienten ble innlagt på sykehuset og er nå hjemme.", True),
        ("The patient was admitted to the hospital with pain.", False),
    ],
)
def test_norwegian_is_told_from_english(text, expected):
    assert readers.looks_norwegian(text) is expected


def optional_readers():
    """Each reader of rows, told of a column that not every file has; and how a file with and without it looks."""
    columns, more = {"id": "key", "text": "body"}, {"decided_by": "decider", "group": "case"}
    yield "jsonl", tabular.table("a.jsonl", columns=columns, optional=more), "a.jsonl", (
        '{"key": "x", "body": "Hei"}\n',
        '{"key": "x", "body": "Hei", "decider": "clinical", "case": "g"}\n',
        '{"key": "x", "body": "Hei", "decider": null, "case": "g"}\n',
    )  # fmt: skip
    yield "csv", tabular.table("a.csv", columns=columns, optional=more), "a.csv", (
        "key,body\nx,Hei\n", "case,key,decider,body\ng,x,clinical,Hei\n", "key,body,other\nx,Hei,1\n",
    )  # fmt: skip
    plain = tabular.table("a.csv", names=("key", "body"), columns=columns, optional=more)
    yield "no header", plain, "a.csv", ("x,Hei\n", "x,Hei,clinical,g\n", "x,Hei,clinical,g\ny,Du,everyday\n")
    yield "table", tabular.table("a.tsv", columns=columns, optional=more), "a.tsv", (
        "key\tbody\nx\tHei\n", "decider\tkey\tbody\tcase\nclinical\tx\tHei\tg\n", "key\tbody\tother\nx\tHei\t1\n",
    )  # fmt: skip


@pytest.mark.parametrize(("read", "name", "contents"), [of[1:] for of in optional_readers()],
                         ids=[of[0] for of in optional_readers()])  # fmt: skip
def test_an_optional_column_is_read_where_the_file_has_it(tmp_path, read, name, contents):
    without, with_, broken = contents
    assert read(write(tmp_path, name, without)).records == [{"id": "x", "text": "Hei", "group": "x"}]
    told = {"id": "x", "text": "Hei", "group": "g", "decided_by": "clinical"}
    assert read(write(tmp_path, name, with_)).records == [told]
    with pytest.raises(DataError):
        read(write(tmp_path, name, broken))
