"""Estimate the difference of two arms over the folds of a repeated cross-validation (exploratory, for small data sets).

Folds share most of their training rows, and repeats share all rows. So the differences of the folds are not
independent, and the textbook standard error s/√J is far too small.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from harness.errors import DataError

_NOTHING = 1e-9  # spreads below this are rounding errors, as in `harness.statistics.paired`


@dataclass(frozen=True)
class Resampled:
    """The mean difference of two arms over folds, with its uncertainty. `delta` is the mean in the metric's own unit.
    `se` is the corrected standard error of `delta`. `ci_low`, `ci_high` and `p_value` (two-sided test of no difference)
    come from `se` and Student's t with `df` degrees of freedom. `naive_se` is the standard error if the folds were
    independent, for comparison only."""

    delta: float
    ci_low: float
    ci_high: float
    p_value: float
    se: float
    df: int
    naive_se: float


def corrected(differences: Sequence[float], ratio: float, groups: int, level: float, reach: float) -> Resampled:
    """The mean of `differences`, with the interval and p-value of the corrected resampled t-test.

    The test is by Nadeau & Bengio (2003, Inference for the generalization error, Machine Learning 52, 239–281).
    Bouckaert & Frank (2004, PAKDD, LNAI 3056, 3–12) recommend it for repeated cross-validation.

    `differences` has one entry per fold of each repeat (J in all). `ratio` is the number of test groups of a fold
    divided by the number of its training groups. `groups` is the number of groups in the data, `level` the level of the
    interval (0 to 1). The interval is cut at ± `reach`, the largest possible difference of two scores. The variance of
    the mean is (1/J + ratio)·s² with J − 1 degrees of freedom. The term `ratio`
    accounts for the dependence between folds and does not shrink with more repeats. If the differences do not vary at
    all, the standard error is 1/groups, as in `harness.statistics.paired`. Identical arms then get p = 1 and an
    interval that is not a point.

    The interval covers the sampling of other training and test groups from the same population, and the seed of
    fine-tuning, which changes with every fold. The interval has three limits. It assumes that two folds correlate by
    ratio/(1 + ratio), because no unbiased estimate of that variance exists (Bengio & Grandvalet, 2004, JMLR 5,
    1089–1105). It is about models trained on a fold's share of the rows. It does not cover the chance of pre-training,
    because each arm is one pre-training run.

    Raises DataError for fewer than two differences, or a ratio or number of groups that is not positive.
    """
    n = len(differences)
    if n < 2 or ratio <= 0 or groups < 1:
        raise DataError(
            "A cross-validation needs two or more folds, one or more groups, and a test/train ratio above 0. "
            f"Found: {n} folds, {groups} groups, ratio {ratio}.",
            remedy="Set two or more folds under cross_validation.folds in params.yaml, then run `dvc repro`.",
        )
    delta = math.fsum(differences) / n
    variance = math.fsum((d - delta) ** 2 for d in differences) / (n - 1)
    naive = math.sqrt(variance / n)
    se = math.sqrt((1 / n + ratio) * variance)
    if se < _NOTHING:
        se = 1 / groups
    quantile = float(stats.t.ppf((1 + level) / 2, n - 1))
    return Resampled(
        delta=delta,
        ci_low=max(-reach, delta - quantile * se),
        ci_high=min(reach, delta + quantile * se),
        p_value=float(2 * stats.t.sf(abs(delta) / se, n - 1)),
        se=se,
        df=n - 1,
        naive_se=naive,
    )
