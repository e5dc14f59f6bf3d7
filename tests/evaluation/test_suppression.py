"""Suppression: what is small is hidden, and nobody who can subtract, or try every table, finds it."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evaluation import suppression
from harness.evaluation.suppression import MINIMUM, pattern, suppressed

quick = settings(max_examples=40, deadline=None, derandomize=True)


def tables(size, largest=9, most=2):
    row = st.lists(st.integers(0, largest), min_size=size, max_size=size)
    table = st.lists(row, min_size=size, max_size=size)
    return st.lists(table, min_size=1, max_size=most)


def small(n):
    return 1 <= n < MINIMUM


def fitting(table, made):
    """Every table of whole numbers that fits what is shown of `table`: cells, totals, sum and diagonal."""
    size = range(len(table))
    cells = list(itertools.product(size, size))
    hidden = [(i, j) for i, j in cells if made.cells[i][j]]
    lines = [[(i, j) for j in size] for i in size if not made.rows[i]]
    lines += [[(i, j) for i in size] for j in size if not made.columns[j]]
    lines += [cells, [(i, i) for i in size]]
    wanted = [(set(line), sum(table[i][j] for i, j in line)) for line in lines]
    value = {(i, j): table[i][j] for i, j in cells if not made.cells[i][j]}

    def fill(k):
        if k == len(hidden):
            yield dict(value)
            return
        cell = hidden[k]
        rest = set(hidden[k + 1 :])
        low, high = min(1, table[cell[0]][cell[1]]), 10**6
        for line, total in wanted:
            if cell in line:
                gap = total - sum(value[c] for c in line if c in value)
                high = min(high, gap)
                if not line & rest:
                    low = max(low, gap)
        for n in range(low, high + 1):
            value[cell] = n
            yield from fill(k + 1)
        value.pop(cell, None)

    yield from fill(0)


def told(table, made):
    """Hidden cells and totals that have one value in all tables that fit, and are not zero."""
    size = range(len(table))
    places = {("cell", i, j): [(i, j)] for i in size for j in size if made.cells[i][j]}
    places |= {("row", i): [(i, j) for j in size] for i in size if made.rows[i]}
    places |= {("column", j): [(i, j) for i in size] for j in size if made.columns[j]}
    places = {place: line for place, line in places.items() if any(table[i][j] for i, j in line)}
    for found in itertools.islice(fitting(table, made), 5_000):
        places = {
            place: line
            for place, line in places.items()
            if sum(found[c] for c in line) == sum(table[i][j] for i, j in line)
        }
        if not places:
            break
    return places


def everything_hidden(made):
    return all(map(all, made.cells)) and all(made.rows) and all(made.columns)


@pytest.mark.parametrize("size", [2, 3])
def test_no_hidden_cell_is_told_by_the_rest(size):
    @settings(quick, max_examples=60 if size == 2 else 20)
    @given(tables(size))
    def holds(given_):
        made = pattern(given_)
        for table in given_:
            for i, j in itertools.product(range(size), range(size)):
                assert made.cells[i][j] or not small(table[i][j])
            for i in range(size):
                assert made.rows[i] or not small(sum(table[i]))
                assert made.columns[i] or not small(sum(row[i] for row in table))
            if not everything_hidden(made):
                assert not told(table, made)

    holds()


@quick
@given(tables(3))
def test_what_is_hidden_of_a_line_is_together_no_small_count(given_):
    made = pattern(given_)
    for table in given_:
        for i in range(3):
            if not made.rows[i]:
                assert not small(sum(table[i][j] for j in range(3) if made.cells[i][j]))
            if not made.columns[i]:
                assert not small(sum(table[j][i] for j in range(3) if made.cells[j][i]))


@quick
@given(tables(3, 30))
def test_the_audit_agrees_with_trying_every_table(given_):
    """For patterns that are not the rule's own, too: only the small cells hidden."""
    table = given_[0]
    bare = suppression.Pattern([[small(n) for n in row] for row in table], [False] * 3, [False] * 3)
    assert set(suppression.exposed(table, bare)) == set(told(table, bare))


def test_a_table_without_small_cells_is_shown_whole():
    table = [[90, 0, 7], [5, 60, 0], [0, 0, 12]]
    made = pattern([table])
    assert made.apply(table) == table and not any(made.rows + made.columns)


def test_two_tables_hide_the_same_cells():
    """Shown in one and hidden in the other, a cell would follow from their sum."""
    one, other = [[90, 10, 10], [10, 90, 10], [10, 10, 90]], [[90, 10, 10], [10, 90, 10], [10, 3, 90]]
    made = pattern([one, other])
    assert made.apply(one)[2][1] is None and made.apply(other)[2][1] is None


def test_a_small_cell_takes_three_others_with_it():
    table = [[100, 20, 30, 0], [15, 100, 25, 3], [20, 30, 110, 12], [30, 30, 30, 200]]
    made = pattern([table])
    hidden = [(i, j) for i in range(4) for j in range(4) if made.cells[i][j]]
    assert (1, 3) in hidden and len(hidden) == 4 and not any(made.rows + made.columns)


COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12), min_size=1)


@quick
@given(COUNTS)
def test_hidden_cells_cannot_be_told_from_a_total(counts):
    hidden = suppressed(counts)
    assert {v for v in counts if small(counts[v])} <= hidden and all(counts[v] for v in hidden)
    total, k = sum(counts[v] for v in hidden), len(hidden)
    if hidden and hidden != {v for v in counts if counts[v]}:
        assert not small(total) and k > 1
        # Known to be at least one each, every hidden cell may be one, or more than one.
        assert total > k


@quick
@given(COUNTS, st.sets(st.sampled_from("abcdefgh")))
def test_what_stands_elsewhere_is_no_complement(counts, elsewhere):
    hidden = suppressed(counts, shown=elsewhere)
    assert not any(counts[v] >= MINIMUM for v in hidden & elsewhere)
