"""Adjustment for many comparisons against the definitions, and what each interval allows to be said."""

import dataclasses
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.metrics import METRICS
from harness.statistics import paired, verdicts
from harness.statistics.paired import Estimate

F1, LEAKS = METRICS["macro_f1"], METRICS["document_leak_rate"]
quick = settings(max_examples=40, deadline=None, derandomize=True)


def estimate(delta=0.1, p=0.001, same=1.0, skill_low=0.2, se=0.02):
    return Estimate(
        reference=0.5, clinical=0.5 + delta, delta=delta, ci_low=delta - 0.05, ci_high=delta + 0.05, p_value=p,
        p_equivalent=same, se=se, df=8.0, mde=0.06, reference_spread=0.01, clinical_spread=0.01, n_groups=50, n_seeds=5,
        skill_low=skill_low,
    )  # fmt: skip


def of_one_seed():
    known = dict.fromkeys(("ci_low", "ci_high", "p_value", "p_equivalent", "se", "df", "mde", "skill_low"))
    return dataclasses.replace(estimate(), **known)


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_adjustment_is_that_of_statsmodels(p_values):
    with mock.patch("gc.collect"):  # which it calls each time
        expected = multipletests(p_values, method="holm")[1].tolist()
    assert verdicts.adjusted(p_values) == expected


def test_a_comparison_without_a_p_value_still_counts():
    assert verdicts.adjusted([0.01, None, 0.02]) == [pytest.approx(0.03), None, pytest.approx(0.04)]
    assert verdicts.adjusted([None]) == [None] and verdicts.adjusted([]) == []


@pytest.mark.parametrize(
    "found, p_holm, same, expected",
    [
        (estimate(), 0.01, 1.0, "better"),
        (estimate(-0.1), 0.01, 1.0, "worse"),
        (estimate(), 0.06, 1.0, "inconclusive"),  # its own interval excludes 0, the adjustment does not
        (estimate(0.0, 1.0), 1.0, 0.01, "equivalent"),
        (estimate(0.01), 0.01, 0.01, "equivalent"),  # real, and declared not to matter
        (estimate(0.0, 1.0), 1.0, 0.06, "inconclusive"),  # within the margin, the adjustment is not
        (of_one_seed(), None, None, "inconclusive"),
    ],
)
def test_verdicts(found, p_holm, same, expected):
    assert verdicts.verdict(found, F1, p_holm, same, alpha=0.05) == expected


def test_the_same_difference_needs_more_among_many():
    alone = verdicts.judge([estimate(p=0.02)], [F1], alpha=0.05)
    many = [estimate(p=p) for p in (0.02, *np.linspace(0.1, 0.9, 14))]
    among = verdicts.judge(many, [F1] * 15, alpha=0.05)
    assert alone[0].verdict == "better" and among[0].verdict == "inconclusive"
    assert among[0].p_holm == pytest.approx(0.3)


def test_the_same_equivalence_needs_more_among_many():
    same = estimate(0.0, 1.0, 0.02)
    assert verdicts.judge([same], [F1], alpha=0.05)[0].verdict == "equivalent"
    among = verdicts.judge([same, *[estimate(0.0, 1.0, 1.0)] * 14], [F1] * 15, alpha=0.05)
    assert among[0].verdict == "inconclusive"


def test_what_is_detectable_is_what_the_verdict_asks_of_the_first():
    """Among fifteen by the factors that independent simulation found: 2.11, 1.76, 1.55 and 1.36."""
    for df, factor in ((4, 2.11), (6, 1.76), (10, 1.55), (200, 1.36)):
        one = dataclasses.replace(estimate(se=0.001), df=float(df))
        alone, among = (verdicts.judge([one] * n, [F1] * n, alpha=0.05)[0].mde_holm for n in (1, 15))
        assert alone == pytest.approx(paired.detectable(one, 0.05, 1.0))
        assert among / alone == pytest.approx(factor, rel=0.015)
    (hopeless,) = verdicts.judge([estimate(se=0.4)], [F1], alpha=0.05)
    assert hopeless.mde_holm is None  # more than a score can differ


def test_of_what_is_not_tested_nothing_is_claimed_and_it_counts_among_the_others():
    found = verdicts.judge([estimate(p=0.02), estimate(p=0.02)], [F1] * 2, alpha=0.05, tested=[True, False])
    assert [j.p_holm for j in found] == [pytest.approx(0.04)] * 2
    assert [j.verdict for j in found] == ["better", "inconclusive"]


@pytest.mark.parametrize("low, expected", [(0.0, True), (-0.1, True), (0.05, False), (None, False)])
def test_a_pair_that_was_not_seen_to_know_anything(low, expected):
    """Also where the difference is real: an arm that always says yes and one that never does know as little."""
    (judged,) = verdicts.judge([estimate(skill_low=low)], [F1], alpha=0.05)
    assert judged.collapsed is expected and (judged.verdict == "inconclusive") is expected


def test_a_real_harm_is_told_though_always_positive_has_a_higher_f1():
    """Sensitivity / specificity .50 / .95 before, .20 / .97 after, on balanced labels: both know something, and the
    constant answer's F1 of .667 is above either."""
    rng = np.random.default_rng(3)
    gold = np.repeat([True, False], 300)

    def runs(sensitivity, specificity):
        called = [np.where(gold, rng.random(600) < sensitivity, rng.random(600) > specificity) for _ in range(5)]
        three = [np.stack([c & gold, c & ~gold, ~c & gold], axis=-1) for c in called]
        other = [np.stack([~c & ~gold, ~c & gold, c & ~gold], axis=-1) for c in called]
        return np.stack(three).astype(float), np.stack([np.concatenate(p, -1) for p in zip(three, other, strict=True)])

    (before, knew), (after, knows) = runs(0.50, 0.95), runs(0.20, 0.97)
    harm = paired.compare(before, after, METRICS["binary_f1"], paired.Settings())
    assert max(harm.reference, harm.clinical) < 0.667
    low = paired.skill_low([knew.astype(float), knows.astype(float)], METRICS["mcc"], None, 0.95)
    (judged,) = verdicts.judge([dataclasses.replace(harm, skill_low=low)], [METRICS["binary_f1"]], alpha=0.05)
    assert judged.verdict == "worse" and not judged.collapsed


@pytest.mark.parametrize("delta, same, expected", [(-0.1, 1, "better"), (0.1, 1, "worse"), (0.0, 0.01, "equivalent")])
def test_where_lower_is_better_a_fall_is_an_improvement(delta, same, expected):
    assert verdicts.verdict(estimate(delta), LEAKS, 0.01, same, alpha=0.05) == expected
