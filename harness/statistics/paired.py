"""Estimate the difference of two arms on one task, with an interval and a p-value over documents *and* runs.

The question is not about these particular runs or documents, so both runs and documents are treated as samples. The
interval and the p-value come from the same standard error and the same t distribution (`harness.statistics.variance`),
so they never contradict each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import special, stats

from harness.errors import DataError
from harness.metrics import Metric
from harness.metrics.decided.counts import Stack
from harness.statistics import variance

POWER = 0.8
NOTHING = 1e-9  # standard errors below this are rounding: one decision among 10⁶ moves a score by more


@dataclass(frozen=True)
class Settings:
    """The settings of a comparison, declared in advance. `level` is the confidence level of the intervals (0 to 1).
    `margin` is the largest difference that does not matter, in the metric's unit (F1: 0.02 is two points)."""

    level: float = 0.95
    margin: float = 0.02


@dataclass(frozen=True)
class Estimate:
    """A comparison of the clinical arm with a reference arm, in the metric's own unit (F1: 0 to 1).

    `reference` and `clinical` are the mean scores of the two arms over their runs. `delta` is clinical minus reference.

    `ci_low`, `ci_high`, `p_value` (two-sided, Δ = 0), `se`, `df` and `mde` come from one procedure over groups and
    runs. They are None, never NaN, if an arm has fewer than two runs or there are fewer than two groups. An interval is
    cut at the largest possible difference. No true difference lies beyond this limit, so the coverage is that of the
    whole interval. `mde` is the true difference that the two-sided test at this level detects with 80 % power
    (`detectable`). It is None if no score can differ by so much.
    `reference_spread` and `clinical_spread` are the sample standard deviations of an arm's scores over its seeds.

    `p_equivalent` is the p-value of a true difference outside ± margin: the larger of two one-sided p-values, doubled,
    so that it is below 1 − level if the interval lies within the margin.

    `differences` has the difference of each run, in the order of the seeds. If the arms have several pre-training runs
    (`n_replicates` above 1), the field has the mean difference of each pre-training run. `groups_variance`,
    `groups_df` and `interaction` are the other parts of `se`, as in `variance.Components`.

    `skill_low` is the lower end of the interval of the better arm's skill, a score that is 0 for every constant answer.
    If this end is not above 0, nothing shows that either arm knows anything. It is 0 if the gold labels do not allow to
    measure a skill, and None if the skill has no interval or is not released.

    If a metric cannot be measured on these rows, everything is None except the numbers of groups, seeds and replicates.
    The number of groups is None, too, if the data are restricted and the number is small.
    """

    reference: float | None
    clinical: float | None
    delta: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    se: float | None
    df: float | None
    mde: float | None
    p_equivalent: float | None
    reference_spread: float | None
    clinical_spread: float | None
    n_groups: int | None
    n_seeds: int
    n_replicates: int = 1
    differences: tuple[float, ...] | None = None
    groups_variance: float | None = None
    groups_df: float | None = None
    interaction: float | None = None
    skill_low: float | None = None

    @classmethod
    def of_nothing(cls, n_groups: int | None, n_seeds: int, n_replicates: int = 1) -> "Estimate":
        """An estimate in which every field is None, except the three given numbers."""
        unknown: dict[str, Any] = dict.fromkeys(field.name for field in fields(cls))
        return cls(**unknown | {"n_groups": n_groups, "n_seeds": n_seeds, "n_replicates": n_replicates})

    @property
    def measured(self) -> bool:
        return self.delta is not None


def compare(
    reference: np.ndarray | Stack,
    clinical: np.ndarray | Stack,
    metric: Metric,
    settings: Settings,
    strata: np.ndarray | None = None,
    replicates: Sequence[int] | None = None,
) -> Estimate:
    """Compare two arms by their counts on the same test groups.

    `reference` and `clinical` are arrays [runs, groups, counts] (see `harness.metrics.decided.counts`) over the same
    groups in the same order. Run k of both arms has the same seed. `strata` [groups] has the number of each group's
    kind, from 0 (`variance.jackknife`). `replicates` [runs] has the number of the pre-training run that made the
    encoder of each run. If `replicates` is None, all runs come from one pre-training run.

    If nothing varies over groups or runs (identical or constant arms), the standard error is 1/G for G groups, about
    what a single differing group would give. Identical arms then get Δ = 0, p = 1 and an interval of ± t/G, which still
    depends on the amount of data (a rule of three, Hanley & Lippman-Hand 1983).

    Raises DataError if the arrays are empty or differ in shape.
    """
    if len(reference.shape) != 3 or reference.shape != clinical.shape or 0 in reference.shape:
        sizes = " and ".join(" × ".join(map(str, side.shape)) for side in (reference, clinical))
        raise DataError(
            f"The counts of the two arms cannot be compared: their sizes (runs × groups × counts) are {sizes}.",
            remedy="Both arms need runs with the same seeds on the same test groups. Make the scores again with "
            "`harness score`.",
        )
    reference, clinical = (side if isinstance(side, Stack) else Stack.of(side) for side in (reference, clinical))
    arms = [variance.jackknife(counts, metric.score, strata) for counts in (reference, clinical)]
    means = [math.fsum(arm.scores) / arm.seeds for arm in arms]
    return of_arms(arms, means, replicates, metric.highest - metric.lowest, settings)


def of_arms(
    arms: Sequence[variance.Arm],
    means: Sequence[float],
    replicates: Sequence[int] | None,
    reach: float,
    settings: Settings,
) -> Estimate:
    """The estimate of the difference of two arms. `arms` has the reference arm first, with the scores of its runs, and
    `means` has the mean score of each arm. `reach` is the largest possible difference of two scores. `replicates` is as
    in `compare`."""
    runs = variance.differences(*arms)
    number = len(set(replicates)) if replicates else 1
    units = variance.averaged(runs, replicates) if replicates and number > 1 else runs
    estimate = Estimate(
        reference=means[0],
        clinical=means[1],
        mde=None,
        reference_spread=_spread(arms[0]),
        clinical_spread=_spread(arms[1]),
        n_seeds=runs.seeds,
        n_replicates=number,
        **of_runs(units, means[1] - means[0], reach, settings),
    )
    return replace(estimate, mde=detectable(estimate, 1 - settings.level, reach))


def of_runs(runs: variance.Arm, delta: float, reach: float, settings: Settings) -> dict[str, Any]:
    """The fields of an Estimate that follow from the differences of its runs, by name of the field. `runs` has the
    clinical minus the reference score of each run or pre-training replicate. `delta` is the mean difference, and
    `reach` the largest possible difference."""
    groups = runs.shifts.shape[-1]
    shown: dict[str, Any] = {"delta": delta, "n_groups": groups, "differences": tuple(runs.scores.tolist())}
    unknown = dict.fromkeys(("ci_low", "ci_high", "p_value", "se", "df", "p_equivalent"))
    if groups < 2 or runs.seeds < 2:
        return shown | unknown
    parts = variance.components(runs)
    shown |= {
        "groups_variance": float(parts.groups),
        "groups_df": float(parts.groups_df),
        "interaction": float(parts.interaction),
    }
    se, df = float(np.sqrt(parts.total)), float(parts.df)
    if se < NOTHING:
        se, df = 1 / groups, float(groups - 1)
    return shown | of_error(delta, se, df, reach, settings)


def of_error(delta: float, se: float, df: float, reach: float, settings: Settings) -> dict[str, Any]:
    """The interval and the p-values of `delta`, as fields of an Estimate by name. `se` is the standard error of
    `delta`, `df` its degrees of freedom, and `reach` the largest possible difference."""
    half = float(stats.t.ppf((1 + settings.level) / 2, df)) * se
    beyond = float(stats.t.sf((settings.margin - abs(delta)) / se, df))
    return {
        "ci_low": max(-reach, delta - half),
        "ci_high": min(reach, delta + half),
        "p_value": float(2 * stats.t.sf(abs(delta) / se, df)),
        "se": se,
        "df": df,
        "p_equivalent": min(1.0, 2 * beyond),
    }


def detectable(estimate: Estimate, alpha: float, reach: float) -> float | None:
    """The true difference that a two-sided t test at level `alpha` detects with 80 % power, in another comparison of
    the same size. Returns None if there is no standard error, or if the difference is above `reach`, the largest
    possible one.

    The parts of the variance are taken without the bias of their medians (`variance.Components.unbiased`).
    benchmarks/calibration.md has the power that results.
    """
    if estimate.se is None or estimate.df is None:
        return None
    se, df = _unbiased(estimate, estimate.se, estimate.df)
    found = float(special.nctdtrinc(df, 1 - POWER, stats.t.ppf(1 - alpha / 2, df))) * se
    return found if found <= reach else None


def _unbiased(e: Estimate, se: float, df: float) -> tuple[float, float]:
    """The standard error of an estimate without the bias of its median, and its degrees of freedom. If the parts of the
    variance are not released, the whole variance is taken for one part."""
    if e.differences is None or e.groups_variance is None or e.groups_df is None or e.interaction is None:
        return se * math.sqrt(df / float(special.chdtri(df, 0.5))), df
    found = variance.Components(
        groups=np.array(e.groups_variance),
        groups_df=np.array(e.groups_df),
        runs=np.array(np.var(e.differences, ddof=1) / len(e.differences)),
        interaction=np.array(e.interaction),
        n_runs=len(e.differences),
    ).unbiased()
    # If nothing varies, the standard error does not come from these parts.
    return (se, df) if found.total < se**2 else (float(np.sqrt(found.total)), float(found.df))


def skill_low(
    arms: Sequence[np.ndarray | Stack],
    skill: Metric,
    strata: np.ndarray | None,
    level: float,
    replicates: Sequence[Sequence[int]] | None = None,
) -> float | None:
    """The lower end of the interval of the better arm's skill: the higher one of the two arms' lower ends.

    `arms` has the counts [runs, groups, counts] of each arm. `skill` is a metric that is 0 for every constant answer.
    The interval of an arm is over its own runs and groups, with strata and level as in `compare`. `replicates` has, for
    each arm, the number of each run's pre-training run. If an arm has several, the interval is over the means of these
    pre-training runs. If `replicates` is None, each arm was pre-trained once. Returns None if there are fewer than two
    runs or groups.
    """
    runs = [variance.jackknife(counts, skill.score, strata) for counts in arms]
    if replicates:
        both = zip(runs, replicates, strict=True)
        runs = [variance.averaged(arm, numbers) if len(set(numbers)) > 1 else arm for arm, numbers in both]
    if any(arm.seeds < 2 or arm.shifts.shape[-1] < 2 for arm in runs):
        return None
    return max(float(low) for low in map(partial(lower_end, level=level), runs))


def lower_end(runs: variance.Arm, level: float) -> np.ndarray:
    """The lower end of the interval of the runs' mean score, for each comparison of the leading dimensions. If the
    scores do not vary at all, the lower end is the mean itself."""
    parts = variance.components(runs)
    return runs.mean - special.stdtrit(parts.df, (1 + level) / 2) * np.sqrt(parts.total)


def _spread(arm: variance.Arm) -> float | None:
    return float(arm.scores.std(ddof=1)) if arm.seeds > 1 else None
