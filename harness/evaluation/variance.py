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
own. The degrees of freedom are Welch and Satterthwaite's (Satterthwaite 1946) with one term for the groups and
one for the seeds of each arm: V² / (V_groups²/(G − 1) + Σ_arms V_seeds,arm²/(K_arm − 1)), not under the
smallest of the parts. One term per arm matters: where one arm's runs scatter and the other's do not (a
collapsed baseline), K − 1 degrees of freedom are all there is. benchmarks/calibration.py holds the table.

All functions take leading dimensions, so that a simulation runs through the code that the report uses.
"""

from dataclasses import dataclass

import numpy as np

from harness.evaluation.counts import Score, Stack


@dataclass(frozen=True)
class Arm:
    """Runs of one arm: `scores` [..., seeds], and `shifts` [..., seeds, groups], the score without a group less
    the mean of these over the groups.
    """

    scores: np.ndarray
    shifts: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.scores.mean(axis=-1)

    @property
    def seeds(self) -> int:
        return self.scores.shape[-1]


def jackknife(counts: np.ndarray | Stack, score: Score) -> Arm:
    """Scores of every run with all groups and without each; `counts` is [..., seeds, groups, counts]."""
    totals, blocks = (counts.totals, counts.blocks()) if isinstance(counts, Stack) else (counts.sum(axis=-2), [counts])
    without = np.concatenate([score(totals[..., None, :] - block) for block in blocks], axis=-1)
    return Arm(score(totals), without - without.mean(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Components:
    """Parts of the variance of Δ, arrays of the leading shape; `seeds` and `interaction` are per arm."""

    groups: np.ndarray
    seeds: tuple[np.ndarray, np.ndarray]
    interaction: tuple[np.ndarray, np.ndarray]
    n_groups: int
    n_seeds: tuple[int, int]

    @property
    def total(self) -> np.ndarray:
        return self.groups + np.maximum(0.0, sum(self.seeds) - sum(self.interaction))

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of `total`; where nothing varies at all, those of the groups."""
        parts = (self.n_groups - 1, *(k - 1 for k in self.n_seeds))
        below = sum(v**2 / n for v, n in zip((self.groups, *self.seeds), parts, strict=True))
        found = np.divide(self.total**2, below, out=np.full(np.shape(below), float(parts[0])), where=below > 0)
        return np.maximum(found, min(parts))


def over_groups(reference: Arm, clinical: Arm) -> np.ndarray:
    """V_groups: with these very runs, how far would Δ move with other groups?"""
    return _jackknife_variance(clinical.shifts.mean(axis=-2) - reference.shifts.mean(axis=-2))


def components(reference: Arm, clinical: Arm) -> Components:
    """All parts; needs two groups and two seeds per arm."""
    arms = (reference, clinical)
    return Components(
        groups=over_groups(reference, clinical),
        seeds=tuple(arm.scores.var(axis=-1, ddof=1) / arm.seeds for arm in arms),
        interaction=tuple(_interaction(arm) for arm in arms),
        n_groups=reference.shifts.shape[-1],
        n_seeds=(reference.seeds, clinical.seeds),
    )


def _interaction(arm: Arm) -> np.ndarray:
    own = arm.shifts - arm.shifts.mean(axis=-2, keepdims=True)
    return _jackknife_variance(own).sum(axis=-1) / (arm.seeds * (arm.seeds - 1))


def _jackknife_variance(shifts: np.ndarray) -> np.ndarray:
    groups = shifts.shape[-1]
    return (groups - 1) / groups * (shifts**2).sum(axis=-1)
