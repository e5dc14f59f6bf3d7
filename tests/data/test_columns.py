"""Rows on disk come back as they were, and equal ones are found however little is sorted at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.columns import Column, equal_rows

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
# Hashes: the leading bits decide the partition.
value = st.sampled_from([n * 0x1111111111111111 for n in range(16)])


@QUICK
@given(st.lists(st.tuples(value, st.booleans())), st.sampled_from([1, 2, 5, 100]))
def test_equal_rows_are_found_in_any_number_of_partitions(tmp_path_factory, rows, partition):
    column = Column(tmp_path_factory.mktemp("columns") / "values", np.uint64)
    column.append(np.array([value for value, _ in rows], np.uint64))
    chosen = np.array([mine for _, mine in rows], bool)
    found: dict[int, list[int]] = {}
    for values, numbers in equal_rows(column, chosen, partition):
        for one, number in zip(values.tolist(), numbers.tolist(), strict=True):
            found.setdefault(one, []).append(number)
    column.close()
    expected: dict[int, list[int]] = {}
    for number, (one, mine) in enumerate(rows):
        if mine:
            expected.setdefault(one, []).append(number)
    assert found == {one: numbers for one, numbers in expected.items() if len(numbers) > 1}


@pytest.mark.parametrize(("dtype", "width"), [(np.int64, 2), (np.dtype([("a", "<u4"), ("b", "<u2")]), 1)])
def test_rows_come_back(tmp_path, dtype, width):
    column = Column(tmp_path / "rows", dtype, width)
    rows = np.arange(20).reshape(10, 2).astype(np.int64) if width == 2 else np.zeros(10, dtype)
    if width == 1:
        rows["a"], rows["b"] = np.arange(10), np.arange(10) * 2
    column.append(rows[:4])
    column.append(rows[4:])
    assert len(column) == 10
    blocks = list(column.blocks(3))
    assert [start for start, _ in blocks] == [0, 3, 6, 9]
    assert np.array_equal(np.concatenate([block for _, block in blocks]), rows)
    assert np.array_equal(column.gather(np.array([7, 0, 7])), rows[[7, 0, 7]])
    column.close()
