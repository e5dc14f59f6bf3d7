"""Schedules: their corners, what all shapes share, and the linear one unchanged."""

import itertools
import math
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.objectives.settings import Pretraining
from harness.training.common.schedules import learning_rate_factor

SHAPES, COOLDOWNS = (get_args(Pretraining.__annotations__[key]) for key in ("schedule", "cooldown_shape"))


def factors(shape, steps=100, warmup=0.1, **options):
    return [learning_rate_factor(step, steps, warmup, shape, **options) for step in range(steps)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SHAPES), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1),
    st.sampled_from(COOLDOWNS),
)  # fmt: skip
def test_every_shape_rises_then_never_rises_again(shape, steps, warmup, floor, cooldown, cooldown_shape):
    values = factors(shape, steps, warmup, floor=floor, cooldown=cooldown, cooldown_shape=cooldown_shape)
    top = min(steps, max(1, math.ceil(steps * warmup)))
    assert values[:top] == [(step + 1) / max(1, math.ceil(steps * warmup)) for step in range(top)]
    assert all(a >= b for a, b in itertools.pairwise(values[top - 1 :]))
    assert all(0 < value <= 1 for value in values)
    assert shape == "constant" or all(value >= min(floor, 1.0) - 1e-12 for value in values[top:])


def test_linear_is_the_schedule_of_fine_tuning():
    assert factors("linear", 77, 0.06) == [learning_rate_factor(step, 77, 0.06) for step in range(77)]
    assert factors("linear", 10, 0.2) == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def test_cosine_passes_the_middle_half_way_down_and_ends_at_its_floor():
    values = factors("cosine", 1000, 0.0, floor=0.2)
    assert values[1] == 1.0 and values[2] == pytest.approx(1.0 - 0.8 * (1 - math.cos(math.pi / 999)) / 2, abs=1e-12)
    assert values[1 + 999 // 3] == pytest.approx(0.2 + 0.8 * 0.75, abs=1e-3)
    assert values[500] == pytest.approx(0.6, abs=2e-3) and values[-1] == pytest.approx(0.2, abs=1e-4)
    assert learning_rate_factor(5000, 1000, 0.0, "cosine", floor=0.2) == pytest.approx(0.2)


def test_linear_falls_to_its_floor():
    values = factors("linear", 101, 0.0, floor=0.5)
    assert (values[1], values[51]) == (1.0, pytest.approx(0.75)) and values[-1] == pytest.approx(0.505)


def test_constant_stays():
    assert set(factors("constant")[10:]) == {1.0}


def test_trapezoidal_stays_and_falls_in_its_last_part():
    values = factors("trapezoidal", cooldown=0.2)
    assert set(values[9:81]) == {1.0}
    assert values[80:] == pytest.approx([(20 - i) / 20 for i in range(20)])


def test_a_trapezoid_can_fall_as_one_minus_the_root_of_what_is_done():
    """Hägele et al. 2024, equation 1: f(n) = 1 - sqrt((n - (N - D)) / D) in the last D of N updates."""
    values = factors("trapezoidal", cooldown=0.2, cooldown_shape="sqrt")
    assert set(values[9:81]) == {1.0}
    assert values[80:] == pytest.approx([1 - math.sqrt((n - 80) / 20) for n in range(80, 100)])
    raised = factors("trapezoidal", cooldown=0.2, cooldown_shape="sqrt", floor=0.1)
    assert raised == pytest.approx([v if i < 10 else 0.1 + 0.9 * v for i, v in enumerate(values)])
