"""Choosing a recipe, and what a smaller budget is expected to find."""

from itertools import product
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics import tuning

SCORES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=5)


@given(SCORES)
def test_the_expected_best_is_the_mean_over_all_draws(scores):
    found = tuning.expected_best([[score] for score in scores])
    assert len(found) == len(scores)
    for n, value in enumerate(found, start=1):
        draws = product(scores, repeat=n)
        assert value == pytest.approx(fmean(max(draw) for draw in draws), abs=1e-9)


def test_the_best_mean_is_chosen_and_of_equals_the_first():
    assert tuning.chosen([[0.1, 0.9], [0.6, 0.6], [0.2, 0.2]]) == 1
    assert tuning.chosen([[0.5], [0.7], [0.7]]) == 1
