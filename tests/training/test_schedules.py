"""Schedules: their corners, what all shapes share, and the linear one unchanged."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.training.schedules import SHAPES, learning_rate_factor, linear_schedule


def factors(shape, steps=100, warmup=0.1, **options):
    return [learning_rate_factor(step, steps, warmup, shape, **options) for step in range(steps)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_shape_rises_then_never_rises_again(shape, steps, warmup, floor, cooldown):
    values = factors(shape, steps, warmup, floor=floor, cooldown=cooldown)
    top = min(steps, max(1, math.ceil(steps * warmup)))
    assert values[:top] == [(step + 1) / max(1, math.ceil(steps * warmup)) for step in range(top)]
    assert all(a >= b for a, b in itertools.pairwise(values[top - 1 :]))
    assert all(0 < value <= 1 for value in values) or (shape == "cosine" and floor == 0)


def test_linear_is_the_schedule_of_fine_tuning():
    assert factors("linear", 77, 0.06) == [linear_schedule(step, 77, 0.06) for step in range(77)]
    assert factors("linear", 10, 0.2) == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def test_cosine_passes_the_middle_half_way_down_and_ends_at_its_floor():
    values = factors("cosine", 1000, 0.0, floor=0.2)
    assert values[1] == 1.0 and values[2] == 1.0 - 0.8 * (1 - math.cos(math.pi / 999)) / 2
    assert values[1 + 999 // 3] == pytest.approx(0.2 + 0.8 * 0.75, abs=1e-3)
    assert values[500] == pytest.approx(0.6, abs=2e-3) and values[-1] == pytest.approx(0.2, abs=1e-4)
    assert learning_rate_factor(5000, 1000, 0.0, "cosine", floor=0.2) == pytest.approx(0.2)


def test_constant_stays():
    assert set(factors("constant")[10:]) == {1.0}


def test_trapezoidal_stays_and_falls_in_its_last_part():
    values = factors("trapezoidal", cooldown=0.2)
    assert set(values[9:81]) == {1.0}
    assert values[80:] == pytest.approx([(20 - i) / 20 for i in range(20)])


def test_an_unknown_shape_is_refused_at_the_first_update_too():
    for step in (0, 50):
        with pytest.raises(ValueError, match="no schedule 'step'"):
            learning_rate_factor(step, 100, 0.1, "step")
