"""Files between stages: rows one at a time, and what is said of a file that is not as it should be."""

import tracemalloc

import pytest

from harness.errors import DataError, MissingInputError
from harness.system.files import jsonl_rows, read_json, read_jsonl, write_jsonl

ROWS = [{"id": "1", "text": "en\u2028to\x85tre"}, {"id": "2", "text": "æøå"}]


def test_only_a_line_feed_ends_a_row(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    assert list(jsonl_rows(tmp_path / "a.jsonl")) == read_jsonl(tmp_path / "a.jsonl") == ROWS


@pytest.mark.parametrize(
    ("line", "what"), [(b'{"id": \xff\n', "not UTF-8"), (b'{"id": \n', "not JSON"), (b"[1]\n", "not a JSON object")]
)
def test_a_bad_row_is_named_after_the_good_ones_were_read(line, what, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    with open(tmp_path / "a.jsonl", "ab") as lines:
        lines.write(line)
    rows = jsonl_rows(tmp_path / "a.jsonl")
    assert [next(rows), next(rows)] == ROWS
    with pytest.raises(DataError, match=rf"a\.jsonl, line 3: {what}"):
        next(rows)


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(MissingInputError, match="harness corpus"):
        next(jsonl_rows(tmp_path / "none.jsonl", made_by="harness corpus"))


def test_a_file_of_many_rows_is_written_row_by_row(tmp_path):
    """A part's answers may take gigabytes as text."""
    tracemalloc.start()
    write_jsonl(tmp_path / "rows.jsonl", ({"id": i, "text": "å" * 1000} for i in range(5000)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000, f"{most} bytes at once"
    assert len(read_jsonl(tmp_path / "rows.jsonl")) == 5000


def test_rows_that_fail_half_way_leave_the_file_as_it_was(tmp_path):
    def rows():
        yield {"id": 1}
        raise ValueError("no second row")

    write_jsonl(tmp_path / "rows.jsonl", [{"id": 0}])
    with pytest.raises(ValueError, match="no second row"):
        write_jsonl(tmp_path / "rows.jsonl", rows())
    assert read_jsonl(tmp_path / "rows.jsonl") == [{"id": 0}] and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("value", ["[" * 200_000, '{"a": ' + "7" * 5_000 + "}"])
def test_json_that_python_does_not_take_is_refused_and_not_quoted(value, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(f"{value}\n", encoding="utf-8")
    for read in (read_json, read_jsonl):
        with pytest.raises(DataError, match=r"a\.json(, line 1)?: JSON that is nested too deep, or has a") as caught:
            read(path)
        assert "777" not in str(caught.value)
