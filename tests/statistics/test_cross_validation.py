"""The corrected resampled t: its arithmetic, what it corrects, and answers where nothing varies."""

import math

import numpy as np
import pytest
from scipy import stats

from harness.errors import DataError
from harness.statistics.cross_validation import corrected

DIFFERENCES = [0.05, 0.01, -0.02, 0.08, 0.03, 0.04, 0.0, 0.06, -0.01, 0.02]


def test_a_case_by_hand():
    found = corrected(DIFFERENCES, ratio=0.25, groups=100, level=0.95, reach=1.0)
    mean, variance = np.mean(DIFFERENCES), np.var(DIFFERENCES, ddof=1)
    se = math.sqrt((0.1 + 0.25) * variance)
    assert found.delta == pytest.approx(mean) and found.se == pytest.approx(se) and found.df == 9
    assert found.p_value == pytest.approx(2 * stats.t(9).sf(mean / se))
    assert (found.ci_low, found.ci_high) == pytest.approx(stats.t(9, mean, se).interval(0.95))


def test_without_the_correction_it_is_the_one_sample_t_test():
    found = corrected(DIFFERENCES, ratio=1e-12, groups=100, level=0.95, reach=1.0)
    assert found.p_value == pytest.approx(stats.ttest_1samp(DIFFERENCES, 0).pvalue)
    assert found.naive_se == pytest.approx(stats.sem(DIFFERENCES)) == pytest.approx(found.se)


def test_repeating_the_same_folds_adds_no_certainty_beyond_a_bound():
    """s/√J falls without end as folds are repeated; the corrected error does not fall below √ratio·s."""
    many = corrected(DIFFERENCES * 100, ratio=0.25, groups=100, level=0.95, reach=1.0)
    assert many.naive_se < 0.001 < math.sqrt(0.25) * np.std(DIFFERENCES) < many.se


def test_identical_arms_are_not_different_and_their_interval_is_no_point():
    found = corrected([0.0] * 10, ratio=0.25, groups=50, level=0.95, reach=1.0)
    assert found.delta == 0 and found.p_value == 1 and found.se == 1 / 50
    assert -found.ci_low == found.ci_high > 0


def test_interval_and_p_value_never_contradict_each_other():
    rng = np.random.default_rng(3)
    for _ in range(200):
        found = corrected(list(rng.normal(0.02, 0.03, 10)), ratio=0.25, groups=80, level=0.95, reach=1.0)
        assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)


@pytest.mark.parametrize(("differences", "ratio", "groups"), [([0.1], 0.25, 9), ([0.1, 0.2], 0, 9), ([0.1, 0.2], 1, 0)])
def test_what_cannot_be_compared_is_refused(differences, ratio, groups):
    with pytest.raises(DataError):
        corrected(differences, ratio, groups, 0.95, reach=1.0)


def test_an_interval_ends_at_the_largest_possible_difference():
    found = corrected([0.9, -0.4, 0.8], ratio=0.5, groups=30, level=0.95, reach=1.0)
    assert found.ci_high == 1.0 and found.ci_low == -1.0
    assert corrected([0.9, -0.4, 0.8], ratio=0.5, groups=30, level=0.95, reach=2.0).ci_high > 1.0
