"""Files between stages: rows one at a time, and what is said of a file that is not as it should be."""

import pytest

from harness.errors import DataError, MissingInputError
from harness.files import jsonl_rows, read_jsonl, write_jsonl

ROWS = [{"id": "1", "text": "en\u2028to\x85tre"}, {"id": "2", "text": "æøå"}]


def test_only_a_line_feed_ends_a_row(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    assert list(jsonl_rows(tmp_path / "a.jsonl")) == read_jsonl(tmp_path / "a.jsonl") == ROWS


@pytest.mark.parametrize(("line", "what"), [(b'{"id": \xff\n', "not UTF-8"), (b'{"id": \n', "not JSON")])
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
