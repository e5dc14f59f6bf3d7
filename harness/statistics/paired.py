"""The difference of two arms on one task, with an interval and a p-value over documents *and* runs.

The question is not about these particular runs or documents, so both are treated as samples. The interval and the
p-value come from the same standard error and the same t distribution (`harness.statistics.variance`), so they never
contradict each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
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
    """The `level` of the intervals (0 to 1), and the `margin` within which a difference does not matter, in the
    metric's unit. Both are declared in advance."""

    level: float = 0.95
    margin: float = 0.02


@dataclass(frozen=True)
class Estimate:
    """A comparison in the metric's own unit (F1: 0 to 1). `delta` is clinical minus reference.

    `ci_low`, `ci_high`, `p_value` (two-sided, Δ = 0), `se`, `df` and `mde` come from one procedure over groups and
    runs. They are None, never NaN, if an arm has fewer than two runs or there are fewer than two groups. An interval is
    cut at the largest possible difference. No true difference lies beyond, so the coverage is that of the whole
    interval. `mde` is the true difference that the two-sided test at this level, se and df detects with 80 % power
    (noncentral t distribution). It is None if no score can differ by so much. The spreads are sample standard
    deviations over seeds.

    `p_equivalent` is the p-value of a true difference outside ± margin: the larger of two one-sided p-values, doubled,
    so that it is below 1 − level if the interval lies within the margin.

    `differences` are those of the runs, by seed, or of the pre-training replicates if there are several
    (`n_replicates`). `groups_variance`, `groups_df` and `interaction` are the other parts of se, as in
    `variance.Components`.

    `skill_low` is the lower end of the interval of the better arm's skill, a score that is 0 for every constant answer.
    If it is not above 0, nothing shows that either arm knows anything. It is None if no skill was measured.

    If a metric cannot be measured on these rows, everything is None except the numbers of groups and seeds. The number
    of groups is None, too, if the data are restricted and it is small.
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
        """An estimate in which nothing is measured."""
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
    """Compare two arms given as counts [runs, groups, counts] over the same groups in the same order.

    Run k of both arms has the same seed. `strata` [groups] numbers the kind of each group (`variance.jackknife`).
    `replicates` [runs] numbers the pre-training run behind each run (None: one for all). If nothing varies over groups
    or runs (identical or constant arms), the standard error is 1/G, about what a single differing group would give.
    Identical arms then get Δ = 0, p = 1 and an interval of ± t/G, which still depends on the amount of data (a rule of
    three, Hanley & Lippman-Hand 1983).
    Raises DataError if the shapes of the arrays differ or are empty.
    """
    if len(reference.shape) != 3 or reference.shape != clinical.shape or 0 in reference.shape:
        raise DataError(
            f"Counts of shape {reference.shape} and {clinical.shape} cannot be compared.",
            remedy="Both arms need runs of the same seeds over the same test groups; make the scores again with "
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
    """The estimate of two arms, the reference first, from the scores of their runs and the `means` of these. `reach` is
    the largest difference, `replicates` as in `compare`."""
    runs = variance.differences(*arms)
    number = len(set(replicates)) if replicates else 1
    units = variance.averaged(runs, replicates) if replicates and number > 1 else runs
    return Estimate(
        reference=means[0],
        clinical=means[1],
        reference_spread=_spread(arms[0]),
        clinical_spread=_spread(arms[1]),
        n_seeds=runs.seeds,
        n_replicates=number,
        **of_runs(units, means[1] - means[0], reach, settings),
    )


def of_runs(runs: variance.Arm, delta: float, reach: float, settings: Settings) -> dict[str, Any]:
    """The fields of an Estimate that follow from the differences of its runs. `reach` is the largest difference."""
    groups = runs.shifts.shape[-1]
    shown: dict[str, Any] = {"delta": delta, "n_groups": groups, "differences": tuple(runs.scores.tolist())}
    unknown = dict.fromkeys(("ci_low", "ci_high", "p_value", "se", "df", "mde", "p_equivalent"))
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
    """Interval, p-values and detectable difference of `delta` with this standard error and degrees of freedom."""
    half = float(stats.t.ppf((1 + settings.level) / 2, df)) * se
    beyond = float(stats.t.sf((settings.margin - abs(delta)) / se, df))
    return {
        "ci_low": max(-reach, delta - half),
        "ci_high": min(reach, delta + half),
        "p_value": float(2 * stats.t.sf(abs(delta) / se, df)),
        "se": se,
        "df": df,
        "mde": detectable(se, df, 1 - settings.level, reach),
        "p_equivalent": min(1.0, 2 * beyond),
    }


def detectable(se: float, df: float, alpha: float, reach: float) -> float | None:
    """The true difference that a two-sided t test at `alpha` detects with 80 % power; None if it is above `reach`."""
    found = float(special.nctdtrinc(df, 1 - POWER, stats.t.ppf(1 - alpha / 2, df))) * se
    return found if found <= reach else None


def skill_low(
    arms: Sequence[np.ndarray | Stack], skill: Metric, strata: np.ndarray | None, level: float
) -> float | None:
    """The lower end of the interval of the better arm's skill, each arm over its own runs and groups; None if there are
    fewer than two runs or groups."""
    runs = [variance.jackknife(counts, skill.score, strata) for counts in arms]
    if any(arm.seeds < 2 or arm.shifts.shape[-1] < 2 for arm in runs):
        return None
    return max(float(low) for low in map(partial(lower_end, level=level), runs))


def lower_end(runs: variance.Arm, level: float) -> np.ndarray:
    """The lower end of the interval of the runs' mean, of the leading shape; the mean itself if nothing varies."""
    parts = variance.components(runs)
    return runs.mean - special.stdtrit(parts.df, (1 + level) / 2) * np.sqrt(parts.total)


def _spread(arm: variance.Arm) -> float | None:
    return float(arm.scores.std(ddof=1)) if arm.seeds > 1 else None
