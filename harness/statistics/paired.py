"""The difference of two arms on one task, with an interval and a p-value over documents *and* runs.

The question is not about these runs or these documents, so both are samples: the interval and the p-value come from the
same standard error and the same t distribution (`harness.statistics.variance`) and can never contradict each other.
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
    """`level` of the intervals (0 to 1), and the `margin` within which a difference does not matter, in the metric's
    unit: both declared in advance."""

    level: float = 0.95
    margin: float = 0.02


@dataclass(frozen=True)
class Estimate:
    """A comparison in the metric's own unit (F1: 0 to 1); `delta` is clinical minus reference.

    `ci_low`, `ci_high`, `p_value` (two-sided, Δ = 0), `se`, `df` and `mde` come from one procedure over groups
    and runs. They are None, never NaN, where it has nothing to go by: fewer than two runs in an arm, or
    fewer than two groups. An interval ends where the score does: no true difference lies beyond, so that its coverage
    is that of the whole one. `mde` is the true difference that this se and df would detect with 80 % power at the
    level's two-sided test (of the noncentral t distribution), None where no score can differ by so much. The spreads
    are sample standard deviations over seeds.

    `p_equivalent` is that of a true difference outside ± margin: the larger of two one-sided p-values, doubled, so that
    it lies below 1 − level where the interval lies within the margin.

    `differences` are those of the runs, by seed, or of the pre-training replicates where there are several
    (`n_replicates`); `groups_variance`, `groups_df` and `interaction` are the other parts of se, as in
    `variance.Components`.

    `skill_low` is the lower end of the interval of the better arm's skill, a score that every constant answer has 0 of:
    where it is not above 0, neither arm was seen to know anything. None where no skill was measured.

    Of a metric that cannot be measured on these rows everything is None but the numbers of groups and seeds; where
    few groups are restricted, theirs is not shown.
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
        """Where nothing can be measured."""
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

    Run k of either arm has the same seed. `strata` [groups] numbers what kind of group each is (`variance.jackknife`),
    `replicates` [runs] by which pre-training run each was made (None: all by one). Where nothing varies, neither over
    groups nor over runs (identical or constant arms), the standard error is 1/G, about what a single differing group
    would give: identical arms get Δ = 0, p = 1 and an interval of ± t/G that still depends on how much was looked at (a
    rule of three, Hanley & Lippman-Hand 1983).
    Raises DataError for arrays that do not belong together.
    """
    if len(reference.shape) != 3 or reference.shape != clinical.shape or 0 in reference.shape:
        raise DataError(
            f"Counts of shape {reference.shape} and {clinical.shape} cannot be compared.",
            remedy="Both arms need runs of the same seeds over the same test groups; make the scores again with "
            "`harness score`.",
        )
    reference, clinical = (side if isinstance(side, Stack) else Stack.of(side) for side in (reference, clinical))
    arms = [variance.jackknife(counts, metric.score, strata) for counts in (reference, clinical)]
    runs = variance.differences(*arms)
    number = len(set(replicates)) if replicates else 1
    units = variance.averaged(runs, replicates) if replicates and number > 1 else runs
    means = [math.fsum(arm.scores) / arm.seeds for arm in arms]
    found = {
        "reference": means[0],
        "clinical": means[1],
        "reference_spread": _spread(arms[0]),
        "clinical_spread": _spread(arms[1]),
        "n_seeds": runs.seeds,
        "n_replicates": number,
    }
    return Estimate(**{**found, **of_runs(units, means[1] - means[0], metric.highest - metric.lowest, settings)})


def of_runs(runs: variance.Arm, delta: float, reach: float, settings: Settings) -> dict[str, Any]:
    """The fields of an Estimate that follow from the differences of its runs; none of them is further from 0 than
    `reach`."""
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
    """The true difference that a two-sided t test at `alpha` finds four times in five; None beyond `reach`."""
    found = float(special.nctdtrinc(df, 1 - POWER, stats.t.ppf(1 - alpha / 2, df))) * se
    return found if found <= reach else None


def skill_low(
    arms: Sequence[np.ndarray | Stack], skill: Metric, strata: np.ndarray | None, level: float
) -> float | None:
    """The lower end of the interval of the better arm's skill, each arm over its own runs and groups; None where there
    are fewer than two of either."""
    runs = [variance.jackknife(counts, skill.score, strata) for counts in arms]
    if any(arm.seeds < 2 or arm.shifts.shape[-1] < 2 for arm in runs):
        return None
    return max(float(low) for low in map(partial(lower_end, level=level), runs))


def lower_end(runs: variance.Arm, level: float) -> np.ndarray:
    """The lower end of the interval of the runs' mean, of the leading shape; the mean itself where nothing varies."""
    parts = variance.components(runs)
    return runs.mean - special.stdtrit(parts.df, (1 + level) / 2) * np.sqrt(parts.total)


def _spread(arm: variance.Arm) -> float | None:
    return float(arm.scores.std(ddof=1)) if arm.seeds > 1 else None
