"""Adjustment for many comparisons against the definitions, and what each interval allows to be said."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.metrics import METRICS
from harness.statistics import verdicts
from harness.statistics.paired import Estimate

F1, LEAKS = METRICS["macro_f1"], METRICS["document_leak_rate"]
quick = settings(max_examples=40, deadline=None, derandomize=True)


def estimate(delta=0.1, low=0.05, high=0.15, p=0.001):
    known = low is not None
    return Estimate(
        reference=0.5, clinical=0.5 + delta, delta=delta, ci_low=low, ci_high=high, p_value=p,
        se=0.02 if known else None, df=8.0 if known else None, mde=0.06 if known else None, reference_spread=0.01,
        clinical_spread=0.01, documents_se=0.02, p_group_swap=0.01, n_groups=50, n_seeds=5,
    )  # fmt: skip


def slow_holm(p_values):
    """Step down, from Holm 1979; the code asks statsmodels, so the two are independent."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    found, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        found[i] = highest
    return found


def slow_bh(p_values):
    """Step up, from Benjamini and Hochberg 1995; the code asks statsmodels, so the two are independent."""
    n = len(p_values)
    ranked = sorted(p_values)
    return [min(min(1.0, n * q / (rank + 1)) for rank, q in enumerate(ranked) if q >= p) for p in p_values]


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjustments_follow_their_definitions(p_values):
    assert verdicts.adjusted(p_values, "holm") == pytest.approx(slow_holm(p_values))
    assert verdicts.adjusted(p_values, "fdr_bh") == pytest.approx(slow_bh(p_values))


def test_a_comparison_without_a_p_value_still_counts():
    assert verdicts.adjusted([0.01, None, 0.02], "holm") == [pytest.approx(0.03), None, pytest.approx(0.04)]
    assert verdicts.adjusted([None], "holm") == [None] and verdicts.adjusted([], "holm") == []


@pytest.mark.parametrize(
    "found, p_holm, expected",
    [
        (estimate(), 0.01, "better"),
        (estimate(-0.1, -0.15, -0.05), 0.01, "worse"),
        (estimate(), 0.06, "inconclusive"),  # its own interval excludes 0, the adjustment does not
        (estimate(0.0, -0.01, 0.01, 1.0), 1.0, "equivalent"),
        (estimate(0.01, 0.004, 0.016, 0.001), 0.01, "equivalent"),  # real, and declared not to matter
        (estimate(0.0, -0.03, 0.03, 1.0), 1.0, "inconclusive"),
        (estimate(0.1, None, None, None), None, "inconclusive"),
    ],
)
def test_verdicts(found, p_holm, expected):
    assert verdicts.verdict(found, F1, p_holm, alpha=0.05, margin=0.02) == expected


def test_the_same_difference_needs_more_among_many():
    alone = verdicts.judge([estimate(p=0.02)], [F1], alpha=0.05, margin=0.02)
    many = [estimate(p=p) for p in (0.02, *np.linspace(0.1, 0.9, 14))]
    among = verdicts.judge(many, [F1] * 15, alpha=0.05, margin=0.02)
    assert alone[0].verdict == "better" and among[0].verdict == "inconclusive"
    assert among[0].p_holm == pytest.approx(0.3) and among[0].p_bh <= among[0].p_holm


@pytest.mark.parametrize(
    "reference, clinical, floor, expected",
    [
        (0.60, 0.60, 0.60, True),  # both answer the same constant
        (0.60, 0.61, 0.60, True),  # ahead by less than what was declared not to matter
        (0.60, 0.621, 0.60, False),
        (0.70, 0.10, 0.60, False),  # one arm has learnt something, and that can be compared
        (0.10, 0.30, 0.60, True),  # a difference between two that read nothing is none to speak of
        (0.10, 0.30, None, False),
    ],
)
def test_a_pair_that_a_constant_answer_beats(reference, clinical, floor, expected):
    delta = clinical - reference
    found = dataclasses.replace(estimate(delta, delta - 0.005, delta + 0.005), reference=reference, clinical=clinical)
    assert verdicts.collapsed(found, F1, 0.02, floor) is expected
    judged = verdicts.judge([found], [F1], alpha=0.05, margin=0.02, floors=[floor])[0]
    assert judged.collapsed is expected and (judged.verdict == "inconclusive") is expected


def test_without_floors_nothing_is_known_to_be_collapsed():
    assert not verdicts.judge([estimate()], [F1], alpha=0.05, margin=0.02)[0].collapsed


@pytest.mark.parametrize(
    "delta, expected", [(-0.1, "better"), (0.1, "worse"), (0.0, "equivalent")], ids=["fewer leak", "more leak", "same"]
)
def test_where_lower_is_better_a_fall_is_an_improvement(delta, expected):
    width = 0.05 if delta else 0.01
    found = estimate(delta, delta - width, delta + width)
    assert verdicts.verdict(found, LEAKS, 0.01, alpha=0.05, margin=0.02) == expected


@pytest.mark.parametrize(
    "reference, clinical, expected", [(1.0, 0.99, True), (1.0, 0.97, False), (0.2, 1.0, False), (1.0, 1.0, True)]
)
def test_where_lower_is_better_a_constant_answer_is_beaten_from_above(reference, clinical, expected):
    """Finding nothing leaks every document: rate 1."""
    delta = clinical - reference
    found = dataclasses.replace(estimate(delta, delta - 0.3, delta + 0.3), reference=reference, clinical=clinical)
    assert verdicts.collapsed(found, LEAKS, 0.02, 1.0) is expected
