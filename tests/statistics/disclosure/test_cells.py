"""Cells that follow from margins and diagonal: against every table there is."""

import itertools

import numpy as np
import pytest

from harness.statistics.disclosure import cells

ZERO_TOLD = [[20, 0, 5], [0, 20, 5], [5, 5, 20]]


def off_diagonal(rows, columns):
    """Every table of three labels with these sums off its diagonal."""
    found = []
    for x in itertools.product(range(max(rows) + 1), repeat=2):
        a01, a10 = x
        a02, a12 = rows[0] - a01, rows[1] - a10
        a21, a20 = columns[1] - a01, columns[0] - a10
        if min(a02, a12, a21, a20) >= 0 and a20 + a21 == rows[2] and a02 + a12 == columns[2]:
            found.append({(0, 1): a01, (0, 2): a02, (1, 0): a10, (1, 2): a12, (2, 0): a20, (2, 1): a21})
    return found


def test_what_was_taken_for_what_may_follow_though_no_label_has_a_small_count():
    assert len(off_diagonal((5, 5, 10), (5, 5, 10))) == 1
    assert cells.confined(ZERO_TOLD, 5, 5)


@pytest.mark.parametrize("width", [2, 5])
def test_a_cell_is_told_where_every_table_says_so(width):
    chance, both = np.random.default_rng(1), set()
    for _ in range(60):
        matrix = chance.integers(0, 9, (3, 3))
        off = matrix - np.diag(np.diag(matrix))
        every = off_diagonal(off.sum(axis=1).tolist(), off.sum(axis=0).tolist())
        values = {at: {table[at] for table in every} for at in every[0]}
        told = any(
            off[at] < 5 and (len(seen) < width or max(seen) < 5)
            for at, seen in values.items()
        )  # fmt: skip
        assert cells.confined(matrix, width, 5) == told
        both.add(told)
    assert both == {True, False}


def test_many_labels_leave_room_and_two_labels_have_no_cell_of_their_own():
    chance = np.random.default_rng(2)
    assert not cells.confined(chance.integers(0, 5, (8, 8)) + 20 * np.eye(8, dtype=int), 5, 5)
    assert not cells.confined([[9, 0], [7, 9]], 5, 5)
