"""How far a difference of two arms would move with other test groups and other seeds.

An arm is K runs (seeds) over the same G test groups, the arms' seeds independent of each other, the
groups shared. Two sources of chance reach the difference Δ of the seed means (a crossed random-effects
model, Searle, Casella & McCulloch 1992, ch. 5):

    Var(Δ) = V_groups + max(0, V_seeds − V_interaction)

V_groups       variance over the test groups of the difference of seed means, the same groups left out of
               both arms: what the item difficulty that the arms share does not cancel;
V_seeds        s²/K per arm: the spread of the runs' scores;
V_interaction  the part of V_seeds that is only sampling of items (each run errs on other groups), which
               V_groups holds already: per arm the variance over groups of each run's deviation from the
               seed mean, summed over runs, divided by K(K − 1).

Variances over groups are delete-one-group jackknife variances (Efron & Stein 1981): of a smooth function of
summed counts they agree with those of a bootstrap over groups, without its sampling noise or a seed of their
own. Where data say of what kind a group is, the kinds are strata: how many rows a test set has of each is a choice of
its makers and no luck, so other groups of the same kind take a group's place, and V_groups is the sum over strata
(the stratified jackknife, Wolter 2007, *Introduction to Variance Estimation*, 2nd edition, section 4.5).

The degrees of freedom are Welch and Satterthwaite's (Satterthwaite 1946) with one term for the groups of each stratum
and one for the seeds of each arm: V² / (Σ_strata V_h²/(G_h − 1) + Σ_arms V_seeds,arm²/(K_arm − 1)), not under the
smallest of the parts. One term per arm matters: where one arm's runs scatter and the other's do not (a
collapsed baseline), K − 1 degrees of freedom are all there is. benchmarks/calibration.py holds the table.

All functions take leading dimensions, so that a simulation runs through the code that the report uses.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.metrics.decided.counts import Score, Stack


@dataclass(frozen=True)
class Arm:
    """Runs of one arm: `scores` [..., seeds], and `shifts` [..., seeds, groups], how far the score lies without a group
    from the mean of these over the groups of its stratum, scaled so that the sum of their squares is the variance.
    `strata` [groups] numbers the strata from 0.
    """

    scores: np.ndarray
    shifts: np.ndarray
    strata: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.scores.mean(axis=-1)

    @property
    def seeds(self) -> int:
        return self.scores.shape[-1]


def jackknife(counts: np.ndarray | Stack, score: Score, strata: np.ndarray | None = None) -> Arm:
    """Scores of every run with all groups and without each; `counts` is [..., seeds, groups, counts].

    `strata` [groups] numbers them from 0; None, or a stratum of a single group, is no strata at all. Without a group
    the others of its stratum stand in for it; of one stratum that is leaving it out, as scores are ratios of counts.
    """
    groups = counts.shape[-2]
    if strata is None or np.bincount(strata).min() < 2:
        strata = np.zeros(groups, dtype=np.int64)
    sizes = np.bincount(strata)
    totals, blocks = (counts.totals, counts.blocks()) if isinstance(counts, Stack) else (counts.sum(axis=-2), [counts])
    if len(sizes) == 1:
        without = np.concatenate([score(totals[..., None, :] - block) for block in blocks], axis=-1)
    else:
        without = _without(totals, _by_stratum(counts, strata), blocks, strata, score)
    for stratum, size in enumerate(sizes):
        own = strata == stratum
        without[..., own] -= without[..., own].mean(axis=-1, keepdims=True)
        without[..., own] *= np.sqrt((size - 1) / size)
    return Arm(score(totals), without, strata)


def _without(
    totals: np.ndarray, within: np.ndarray, blocks: Iterable[np.ndarray], strata: np.ndarray, score: Score
) -> np.ndarray:
    """Scores without each group; `within` [..., strata, counts] are the sums of the strata."""
    sizes, found, first = np.bincount(strata), [], 0
    for block in blocks:
        own = strata[first : first + block.shape[-2]]
        weight = (sizes / (sizes - 1))[own][:, None]
        of = within[..., own, :]
        found.append(score(totals[..., None, :] - of + weight * (of - block)))
        first += len(own)
    return np.concatenate(found, axis=-1)


def _by_stratum(counts: np.ndarray | Stack, strata: np.ndarray) -> np.ndarray:
    every = [strata == stratum for stratum in range(strata.max() + 1)]
    if isinstance(counts, Stack):
        return np.stack([np.stack([table[own].sum(axis=0) for own in every]) for table in counts.tables])
    return np.stack([counts[..., own, :].sum(axis=-2) for own in every], axis=-2)


@dataclass(frozen=True)
class Components:
    """Parts of the variance of Δ, arrays of the leading shape; `seeds` and `interaction` are per arm, and `groups_df`
    are the degrees of freedom of `groups`: G − 1 of one stratum."""

    groups: np.ndarray
    groups_df: np.ndarray
    seeds: tuple[np.ndarray, np.ndarray]
    interaction: tuple[np.ndarray, np.ndarray]
    n_seeds: tuple[int, int]

    @property
    def total(self) -> np.ndarray:
        return self.groups + np.maximum(0.0, sum(self.seeds) - sum(self.interaction))

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of `total`; where nothing varies at all, those of the groups."""
        of_seeds = [k - 1 for k in self.n_seeds]
        parts = zip((self.groups, *self.seeds), (self.groups_df, *of_seeds), strict=True)
        below = sum(v**2 / n for v, n in parts)
        found = np.divide(self.total**2, below, out=np.array(self.groups_df, dtype=float), where=below > 0)
        return np.maximum(found, np.minimum(self.groups_df, min(of_seeds)))


def over_groups(reference: Arm, clinical: Arm) -> np.ndarray:
    """V_groups: with these very runs, how far would Δ move with other groups?"""
    return (_moved(reference, clinical) ** 2).sum(axis=-1)


def components(reference: Arm, clinical: Arm) -> Components:
    """All parts; needs two groups and two seeds per arm."""
    groups, groups_df = _satterthwaite(_moved(reference, clinical), reference.strata)
    return Components(
        groups=groups,
        groups_df=groups_df,
        seeds=(_of_seeds(reference), _of_seeds(clinical)),
        interaction=(_interaction(reference), _interaction(clinical)),
        n_seeds=(reference.seeds, clinical.seeds),
    )


def _moved(reference: Arm, clinical: Arm) -> np.ndarray:
    """What Δ moves by without each group, [..., groups]."""
    return clinical.shifts.mean(axis=-2) - reference.shifts.mean(axis=-2)


def _satterthwaite(moved: np.ndarray, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of squares of `moved` over all strata, and its degrees of freedom."""
    sizes = np.bincount(strata)
    parts = np.stack([(moved[..., strata == stratum] ** 2).sum(axis=-1) for stratum in range(len(sizes))], axis=-1)
    total, below = parts.sum(axis=-1), (parts**2 / (sizes - 1)).sum(axis=-1)
    freedom = np.full(np.shape(total), float(sizes.sum() - len(sizes)))
    return total, np.divide(total**2, below, out=freedom, where=below > 0)


def _of_seeds(arm: Arm) -> np.ndarray:
    return arm.scores.var(axis=-1, ddof=1) / arm.seeds


def _interaction(arm: Arm) -> np.ndarray:
    own = arm.shifts - arm.shifts.mean(axis=-2, keepdims=True)
    return (own**2).sum(axis=(-2, -1)) / (arm.seeds * (arm.seeds - 1))
