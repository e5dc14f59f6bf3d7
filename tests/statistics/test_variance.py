"""Variance components against a loop that follows the definition, and against a bootstrap over groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.metrics import METRICS
from harness.metrics.decided import counts
from harness.statistics import variance

quick = settings(max_examples=15, deadline=None, derandomize=True)
f1 = METRICS["binary_f1"].score


def draw(seed, seeds=4, groups=12, rows=3, shift=0.0):
    """Counts (tp, fp, fn) of runs that share the difficulty of each group."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(1, groups, 1))
    gold = rng.random((1, groups, rows)) < 0.5
    right = rng.normal(size=(seeds, groups, rows)) + hard + rng.normal(size=(seeds, 1, 1)) * 0.3 + shift > -0.5
    return np.stack([gold & right, ~gold & ~right, gold & ~right], axis=-1).sum(axis=2).astype(float)


def slow_components(reference, clinical, strata=None):
    """The definition, one group and one run at a time; without a group, the others of its stratum weigh more.

    Rests on the same definition as the code, so it shares a misreading of it. Evidence from elsewhere: the bootstrap
    over groups in this file, and the false alarms counted on simulated arms in `test_planted.py`.
    """

    strata = np.zeros(reference.shape[1], dtype=int) if strata is None else strata
    every = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]

    def without(g):
        """The difference of every pair of runs."""
        weights = np.ones(len(strata))
        own = strata == strata[g]
        weights[own] = own.sum() / (own.sum() - 1)
        weights[g] = 0
        scores = [[f1((weights[:, None] * run).sum(axis=0)) for run in runs] for runs in (reference, clinical)]
        return np.subtract(scores[1], scores[0])

    left_out, k = [without(g) for g in range(len(strata))], len(reference)

    def squares(moved):
        return [
            [(len(own) - 1) / len(own) * (moved(g) - np.mean([moved(h) for h in own])) ** 2 for g in own]
            for own in every
        ]

    of_groups = squares(lambda g: np.mean(left_out[g]))
    v_groups = sum(map(sum, of_groups))

    def freedom(values):
        """Satterthwaite's, by the fourth moment: 2 V² / Var(V)."""
        total = sum(values)
        spread = sum(x**2 for x in values) - total**2 / len(values)
        own = 2 * total**2 / spread if spread > 0 else np.inf
        return min(max(own, 1), max(1, len(values) - 1))

    groups_df = v_groups**2 / sum(sum(v) ** 2 / freedom(v) for v in of_groups)
    differences = [f1(c.sum(axis=0)) - f1(r.sum(axis=0)) for r, c in zip(reference, clinical, strict=True)]
    runs = np.var(differences, ddof=1) / k
    own = [sum(map(sum, squares(lambda g, i=i: left_out[g][i] - np.mean(left_out[g])))) for i in range(k)]
    interaction = sum(own) / (k * (k - 1))
    total = v_groups + max(0, runs - interaction)
    below = v_groups**2 / groups_df + runs**2 / (k - 1)
    return v_groups, runs, interaction, total, max(total**2 / below, min(groups_df, k - 1))


# Of twelve groups; the last has a stratum of one group, which is no stratum.
STRATA = (None, np.repeat([0, 1], 6), np.tile([2, 0, 1], 4), np.array([0, 1] * 2 + [1] * 8), np.repeat([0, 1], [11, 1]))


@quick
@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from(range(len(STRATA))), st.booleans())
def test_components_follow_the_definition(seed, runs_an_arm, chosen, sparse):
    strata = STRATA[chosen]
    arms = reference, clinical = draw(seed, runs_an_arm), draw(seed + 1, runs_an_arm, shift=0.4)
    given_as = [counts.Stack.of(arm) if sparse else arm for arm in arms]
    found = compared(*given_as, strata=strata)
    expected = None if chosen == len(STRATA) - 1 else strata
    groups, runs, interaction, total, df = slow_components(reference, clinical, expected)
    assert found.groups == pytest.approx(groups)
    assert found.runs == pytest.approx(runs)
    assert found.interaction == pytest.approx(interaction)
    assert found.total == pytest.approx(total) and found.df == pytest.approx(df)


def compared(reference, clinical, score=f1, strata=None):
    """The components of the difference of two arms."""
    return variance.components(
        variance.differences(*(variance.jackknife(arm, score, strata) for arm in (reference, clinical)))
    )


def test_leading_dimensions_are_separate_comparisons():
    pairs = [(draw(i), draw(i + 100, shift=0.2)) for i in range(3)]
    together = compared(*(np.stack([pair[side] for pair in pairs]) for side in (0, 1)))
    for i, pair in enumerate(pairs):
        one = compared(*pair)
        assert together.total[i] == pytest.approx(one.total) and together.df[i] == pytest.approx(one.df)


def test_the_jackknife_agrees_with_the_bootstrap_over_groups():
    """10,000 draws of the same groups for both arms and all seeds, as one multinomial weight matrix."""
    reference, clinical = draw(5, 5, groups=150), draw(5, 5, groups=150, shift=0.3)
    found = compared(reference, clinical).groups
    weights = np.random.default_rng(1).multinomial(150, np.full(150, 1 / 150), size=10_000).astype(float)
    means = [f1(np.einsum("dg,kgc->dkc", weights, runs, optimize=True)).mean(axis=1) for runs in (reference, clinical)]
    assert found == pytest.approx(np.var(means[1] - means[0]), rel=0.05)


def test_kinds_of_groups_are_drawn_again_each_by_itself():
    """The bootstrap within strata; over all groups at once it takes the number of hard ones for luck."""
    sides = [[draw(5, 5, groups=80, rows=10, shift=s) for s in (side, 3.0)] for side in (-1.0, 3.0)]
    reference, clinical = (np.concatenate(side, axis=1) for side in sides)
    strata = np.repeat([0, 1], 80)
    rng = np.random.default_rng(1)

    def bootstrapped(*sizes):
        weights = np.concatenate([rng.multinomial(n, np.full(n, 1 / n), size=10_000) for n in sizes], 1).astype(float)
        means = [
            f1(np.einsum("dg,kgc->dkc", weights, runs, optimize=True)).mean(axis=1) for runs in (reference, clinical)
        ]
        return np.var(means[1] - means[0])

    within, over_all = compared(reference, clinical, strata=strata).groups, compared(reference, clinical).groups
    assert within == pytest.approx(bootstrapped(80, 80), rel=0.06)
    assert over_all == pytest.approx(bootstrapped(160), rel=0.06) and over_all > 1.5 * within


def test_arms_that_share_their_errors_differ_by_less_than_independent_ones():
    reference = draw(3, 5, groups=100)
    assert compared(reference, reference).groups == 0 < compared(reference, draw(4, 5, groups=100)).groups


def test_where_only_one_arm_scatters_its_seeds_are_all_the_degrees_of_freedom():
    """Hit rates chosen by hand: the reference never moves, the clinical runs differ a lot, groups hardly."""
    share = METRICS["accuracy"].score
    reference = np.tile([[5.0, 5.0]], (5, 40, 1))
    clinical = np.array([[[n, 10.0 - n]] * 40 for n in (2, 4, 5, 6, 9)], dtype=float)
    found = compared(reference, clinical, share)
    assert found.groups == pytest.approx(0, abs=1e-20) and found.df == pytest.approx(4)
    assert found.total == pytest.approx(np.var([0.2, 0.4, 0.5, 0.6, 0.9], ddof=1) / 5)


def test_what_seeds_do_to_both_arms_is_no_uncertainty_about_their_difference():
    """Every second seed is a bad one for both arms: the differences do not scatter."""
    rng = np.random.default_rng(3)
    shared = rng.integers(0, 4, size=(6, 40))
    reference = np.stack([shared + 3, 7 - shared], axis=-1).astype(float)
    clinical = reference + np.array([1.0, -1.0])
    share = METRICS["accuracy"].score
    found = compared(reference, clinical, share)
    assert found.runs < 1e-20 < np.var(variance.jackknife(reference, share).scores)


def test_runs_of_one_replicate_are_no_further_evidence():
    """Three pre-trainings, of which each was fine-tuned twice: the mean of either is what may scatter."""
    runs = variance.differences(*(variance.jackknife(draw(seed, 6, groups=30), f1) for seed in (1, 2)))
    units = variance.averaged(runs, [1, 2, 3, 1, 2, 3])
    assert units.seeds == 3 and units.mean == pytest.approx(runs.mean)
    assert units.scores == pytest.approx([(runs.scores[i] + runs.scores[i + 3]) / 2 for i in range(3)])
    found = variance.components(units)
    assert found.runs == pytest.approx(np.var(units.scores, ddof=1) / 3) and found.n_runs == 3
    assert found.groups == pytest.approx(variance.components(runs).groups)


def test_a_few_long_documents_leave_few_degrees_of_freedom():
    rng = np.random.default_rng(5)
    alike = rng.integers(3, 8, size=(5, 60, 2)).astype(float)
    long = alike.copy()
    long[:, 7] *= 200
    share = METRICS["accuracy"].score
    assert compared(alike, alike[..., ::-1], share).groups_df > 40
    assert compared(long, long[..., ::-1], share).groups_df < 5
