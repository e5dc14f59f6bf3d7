"""Is the clinical arm better, and by how much: one interval and one p-value over documents *and* seeds.

The question is about the checkpoint, not about these runs or these documents, so both are samples: the
interval and the p-value come from the same standard error and the same t distribution
(`harness.statistics.variance`) and can never contradict each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import sparse, stats

from harness.errors import DataError
from harness.metrics.decided.counts import CELLS, Score, Stack
from harness.statistics import variance

POWER = 0.8
_NOTHING = 1e-9  # standard errors below this are rounding: one decision among 10⁶ moves a score by more


@dataclass(frozen=True)
class Settings:
    """`level` of the interval (0 to 1), `draws` and `seed` of the group-swap permutation."""

    level: float = 0.95
    draws: int = 2000
    seed: int = 2026


@dataclass(frozen=True)
class Estimate:
    """A comparison in the metric's own unit (F1: 0 to 1); `delta` is clinical minus reference.

    `ci_low`, `ci_high`, `p_value` (two-sided, Δ = 0), `se`, `df` and `mde` come from one procedure over groups
    and seeds. They are None, never NaN, where it has nothing to go by: fewer than two seeds in an arm, or
    fewer than two groups. `mde` is the true difference that this se and df would detect with 80 % power
    at the level's two-sided test (Bloom 1995). The spreads are sample standard deviations over seeds.

    Not evidence about the checkpoint, and named for what they are: `documents_se` is the standard error over
    groups alone, with these very runs; `p_group_swap` the permutation of the arms within groups (None where
    the arms differ in the number of seeds). Both answer "would these runs differ on other documents?".

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
    reference_spread: float | None
    clinical_spread: float | None
    documents_se: float | None
    p_group_swap: float | None
    n_groups: int | None
    n_seeds: int

    @classmethod
    def of_nothing(cls, n_groups: int | None, n_seeds: int) -> "Estimate":
        """Where nothing can be measured."""
        unknown: dict[str, Any] = dict.fromkeys(field.name for field in fields(cls))
        return cls(**unknown | {"n_groups": n_groups, "n_seeds": n_seeds})

    @property
    def measured(self) -> bool:
        return self.delta is not None


def compare(
    reference: np.ndarray | Stack,
    clinical: np.ndarray | Stack,
    score: Score,
    settings: Settings,
    strata: np.ndarray | None = None,
) -> Estimate:
    """Compare two arms given as counts [seeds, groups, counts] over the same groups in the same order.

    `strata` [groups] numbers what kind of group each is (`variance.jackknife`). The seeds of the arms need not be
    paired or equally many; `n_seeds` is the smaller number. Where nothing varies, neither over groups nor over seeds
    (identical or constant arms), the standard error is 1/G, about what a single differing group would give: identical
    arms get Δ = 0, p = 1 and an interval of ± t/G that still depends on how much was looked at (a rule of three,
    Hanley & Lippman-Hand 1983).
    Raises DataError for arrays that do not belong together.
    """
    fits = len(reference.shape) == 3 and reference.shape[1:] == clinical.shape[1:]
    if not fits or 0 in reference.shape + clinical.shape:
        raise DataError(
            f"Counts of shape {reference.shape} and {clinical.shape} cannot be compared.",
            remedy="Both arms need runs over the same test groups; make the scores again with `harness score`.",
        )
    reference, clinical = (side if isinstance(side, Stack) else Stack.of(side) for side in (reference, clinical))
    arms = [variance.jackknife(counts, score, strata) for counts in (reference, clinical)]
    groups, seeds = reference.shape[1], min(arm.seeds for arm in arms)
    means = [math.fsum(arm.scores) / arm.seeds for arm in arms]
    delta = means[1] - means[0]
    se, df = _uncertainty(arms, groups, seeds)
    found = dict.fromkeys(("ci_low", "ci_high", "p_value", "mde"))
    if se is not None:
        quantile = float(stats.t.ppf((1 + settings.level) / 2, df))
        found = {
            "ci_low": delta - quantile * se,
            "ci_high": delta + quantile * se,
            "p_value": float(2 * stats.t.sf(abs(delta) / se, df)),
            "mde": (quantile + float(stats.t.ppf(POWER, df))) * se,
        }
    return Estimate(
        reference=means[0], clinical=means[1], delta=delta, **found, se=se, df=df,
        reference_spread=_spread(arms[0]), clinical_spread=_spread(arms[1]),
        documents_se=float(np.sqrt(variance.over_groups(*arms))) if groups > 1 else None,
        p_group_swap=group_swap(reference, clinical, score, settings), n_groups=groups, n_seeds=seeds,
    )  # fmt: skip


def _uncertainty(arms: Sequence[variance.Arm], groups: int, seeds: int) -> tuple[float | None, float | None]:
    if groups < 2 or seeds < 2:
        return None, None
    parts = variance.components(*arms)
    se = float(np.sqrt(parts.total))
    if se < _NOTHING:
        return 1 / groups, float(groups - 1)
    return se, float(parts.df)


def _spread(arm: variance.Arm) -> float | None:
    return float(arm.scores.std(ddof=1)) if arm.seeds > 1 else None


def group_swap(
    reference: np.ndarray | Stack, clinical: np.ndarray | Stack, score: Score, settings: Settings
) -> float | None:
    """p-value of Δ when the two arms' answers are exchanged within randomly chosen groups.

    A permutation test (approximate randomisation, Noreen 1989) of whether *these runs* differ. One draw swaps the
    same groups in all runs, the n-th run of one arm with the n-th of the other; None where their numbers
    differ. It knows nothing of other seeds: where runs scatter it calls far too many differences real.
    """
    reference, clinical = (side if isinstance(side, Stack) else Stack.of(side) for side in (reference, clinical))
    if len(reference.tables) != len(clinical.tables):
        return None
    seeds, groups, columns = reference.shape
    rng = np.random.default_rng(settings.seed)
    pairs = zip(reference.tables, clinical.tables, strict=True)
    step = sparse.hstack([after - before for before, after in pairs], format="csr")
    low, high = reference.totals, clinical.totals
    observed = abs((score(high) - score(low)).mean())
    extreme, chunk = 0, max(1, CELLS // max(groups, seeds * columns))
    for start in range(0, settings.draws, chunk):
        swaps = rng.integers(0, 2, size=(min(chunk, settings.draws - start), groups))
        # Whole numbers, so the product is exact and the same on every processor.
        moved = (swaps.astype(np.float64) @ step).reshape(-1, seeds, columns)
        deltas = (score(high - moved) - score(low + moved)).mean(axis=-1)
        extreme += int((np.abs(deltas) >= observed - 1e-12).sum())
    return (1 + extreme) / (1 + settings.draws)
