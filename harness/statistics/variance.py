"""Estimate the variance of a difference of two arms over test groups and seeds.

The arms are compared run by run. Run k of both arms has the same fine-tuning seed, so both scores share the order of
the training rows and the initial values of new weights. What both scores share is no uncertainty about their
difference. A comparison is K differences of two runs over the same G test groups. Two sources of chance affect their
mean Δ (a crossed random-effects model, Searle, Casella & McCulloch 1992, ch. 5):

    Var(Δ) = V_groups + max(0, V_runs − V_interaction)

    V_groups       variance over the test groups of Δ, the same groups left out of both arms and all runs
    V_runs         s²/K: the spread of the K differences
    V_interaction  the part of V_runs that is only sampling of items (each run errs on other groups). V_groups already
                   contains this part. It is the variance over groups of each difference's deviation from the mean Δ,
                   summed over runs, divided by K(K − 1).

If an arm was pre-trained several times, the K differences are those of the pre-training replicates. Each is the mean
over the replicate's own fine-tuning seeds (`averaged`), because these seeds are no further evidence about pre-training.

Variances over groups are delete-one-group jackknife variances (Efron & Stein 1981). For a smooth function of summed
counts they agree with those of a bootstrap over groups, but have no sampling noise and no seed. If the data record the
kind of each group, the kinds are strata. The number of rows of each kind is a choice of the makers of a test set, not
chance. So only groups of the same kind replace a group, and V_groups is the sum over strata (the stratified jackknife,
Wolter 2007, *Introduction to Variance Estimation*, 2nd edition, section 4.5).

The degrees of freedom are Welch and Satterthwaite's (Satterthwaite 1946) with one term for the groups of each stratum
and one for the runs: V² / (Σ_strata V_h²/df_h + V_runs²/(K − 1)), not under the smallest of the parts. df_h is
Satterthwaite's 2·V²/Var(V) with the fourth moment of the jackknife's values in place of the normal one. It is G_h − 1
if groups weigh alike, and small if a handful of long documents decide the score. The table is in
benchmarks/calibration.md.

All functions take leading dimensions, so a simulation runs the same code as the report.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from harness.metrics.decided.counts import Score, Stack


@dataclass(frozen=True)
class Arm:
    """The jackknifed scores of one arm's runs. `scores` [..., seeds] are the scores on all groups. `shifts` [...,
    seeds, groups] are the scores without each group, minus the mean of these scores over the groups of the same
    stratum. The shifts are scaled so that their sum of squares is the variance over groups. `strata` [groups] numbers
    the strata from 0."""

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
    """The scores of every run with all groups, and without each group.

    `counts` is [..., seeds, groups, counts], and `score` turns counts summed over groups into a score. `strata`
    [groups] numbers the strata from 0. If `strata` is None, or a stratum has a single group, all groups are one
    stratum. A left-out group is replaced by the others of its stratum. With one stratum this is the same as leaving the
    group out, because scores are ratios of counts.
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


def differences(reference: Arm, clinical: Arm) -> Arm:
    """The clinical minus the reference scores, run by run. Run k of both arms has the same seed."""
    return Arm(clinical.scores - reference.scores, clinical.shifts - reference.shifts, reference.strata)


def averaged(runs: Arm, replicates: Sequence[int]) -> Arm:
    """The mean over the runs of each pre-training replicate, in order of the replicates' numbers. `replicates` has the
    number of each run's replicate."""
    own = [np.flatnonzero(np.asarray(replicates) == number) for number in sorted(set(replicates))]
    scores = np.stack([runs.scores[..., at].mean(axis=-1) for at in own], axis=-1)
    shifts = np.stack([runs.shifts[..., at, :].mean(axis=-2) for at in own], axis=-2)
    return Arm(scores, shifts, runs.strata)


@dataclass(frozen=True)
class Components:
    """The parts of the variance of a mean over K runs (see the module's formula), as arrays of the leading shape.
    `groups`, `runs` and `interaction` are V_groups, V_runs and V_interaction. `groups_df` is the degrees of freedom of
    `groups`, and `n_runs` is K."""

    groups: np.ndarray
    groups_df: np.ndarray
    runs: np.ndarray
    interaction: np.ndarray
    n_runs: int

    @property
    def total(self) -> np.ndarray:
        return self.groups + np.maximum(0.0, self.runs - self.interaction)

    @property
    def df(self) -> np.ndarray:
        """The degrees of freedom of `total`. If nothing varies at all, they are those of the groups."""
        below = self.groups**2 / self.groups_df + self.runs**2 / (self.n_runs - 1)
        found = np.divide(self.total**2, below, out=np.array(self.groups_df, dtype=float), where=below > 0)
        return np.maximum(found, np.minimum(self.groups_df, self.n_runs - 1))

    def unbiased(self) -> "Components":
        """The same parts without the bias of their medians.

        An estimated variance is more often below the true one than above: with two degrees of freedom by 31 % at the
        median. So each part is divided by the median of its ratio to the true part, which is a χ² variable over its
        degrees of freedom.
        """
        return replace(
            self,
            groups=self.groups * self.groups_df / special.chdtri(self.groups_df, 0.5),
            runs=self.runs * (self.n_runs - 1) / special.chdtri(self.n_runs - 1, 0.5),
        )


def components(runs: Arm) -> Components:
    """The parts of the variance of the mean over `runs`, which are the runs of one arm or the differences of two arms.
    There must be at least two groups and two runs."""
    groups, groups_df = _satterthwaite(runs.shifts.mean(axis=-2), runs.strata)
    own = runs.shifts - runs.shifts.mean(axis=-2, keepdims=True)
    return Components(
        groups=groups,
        groups_df=groups_df,
        runs=runs.scores.var(axis=-1, ddof=1) / runs.seeds,
        interaction=(own**2).sum(axis=(-2, -1)) / (runs.seeds * (runs.seeds - 1)),
        n_runs=runs.seeds,
    )


def _satterthwaite(moved: np.ndarray, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of squares of `moved` over all strata, and its degrees of freedom."""
    sizes = np.bincount(strata)
    parts = [moved[..., strata == stratum] for stratum in range(len(sizes))]
    sums = np.stack([(part**2).sum(axis=-1) for part in parts], axis=-1)
    fourth = np.stack([(part**4).sum(axis=-1) for part in parts], axis=-1)
    spread = fourth - sums**2 / sizes
    own = np.divide(2 * sums**2, spread, out=np.full(sums.shape, np.inf), where=spread > 0)
    own = np.clip(own, 1, np.maximum(1, sizes - 1))
    total, below = sums.sum(axis=-1), (sums**2 / own).sum(axis=-1)
    freedom = np.full(np.shape(total), float(sizes.sum() - len(sizes)))
    return total, np.divide(total**2, below, out=freedom, where=below > 0)
