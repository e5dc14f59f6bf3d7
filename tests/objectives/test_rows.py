"""Rows in flat arrays come back as they were put in."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.objectives.common.rows import Row, Table
from harness.text.bio import IGNORED

IDS = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=9).map(tuple)


@given(st.lists(st.tuples(IDS, st.sampled_from([0, 1, IGNORED])), max_size=9), st.booleans(), st.booleans())
def test_rows_come_back_as_they_were(given_rows, segments, documents):
    rows = [
        Row(
            ids,
            tuple(i % 2 for i in range(len(ids))) if segments else (),
            tuple(range(len(ids))) if documents else (),
            label,
        )
        for ids, label in given_rows
    ]
    table = Table(iter(rows))
    assert len(table) == len(rows) and table.lengths.tolist() == [row.length for row in rows]
    for kept in (table, pickle.loads(pickle.dumps(table))):
        found = [kept[i] for i in range(len(kept))]
        assert found == rows
        assert all(type(number) is int for row in found for number in (*row.ids, row.label))


def test_a_row_that_is_not_like_the_others_is_refused():
    with pytest.raises(ValueError, match="some rows have segments"):
        Table([Row((1, 2), (0, 0)), Row((1, 2))])


def test_a_million_tokens_take_a_few_megabytes():
    table = Table(Row(tuple(range(1000)), (0,) * 1000) for _ in range(1000))
    assert len(pickle.dumps(table)) < 5.1 * 10**6
