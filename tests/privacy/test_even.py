"""Sizes that tell nothing."""

import pytest

from harness.privacy import even
from harness.system.files import read_json, read_jsonl, write_json, write_jsonl


@pytest.mark.parametrize("rows", [0, 1, 2, 400])
def test_the_size_of_an_even_file_does_not_tell_what_is_inside(tmp_path, rows):
    sizes = set()
    for label in ("other", "stroke"):
        given = [{"id": f"{i:04}", "gold": label} for i in range(rows)]
        write_jsonl(tmp_path / "rows.jsonl", given)
        write_json(tmp_path / "all.json", given)
        for name in ("rows.jsonl", "all.json"):
            even.fill(tmp_path / name)
        assert read_jsonl(tmp_path / "rows.jsonl") == given == read_json(tmp_path / "all.json")
        sizes.add(((tmp_path / "rows.jsonl").stat().st_size, (tmp_path / "all.json").stat().st_size))
    assert sizes == {(even.BLOCK if rows else 0, even.BLOCK)}
