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

    def without(runs, g):
        weights = np.ones(len(strata))
        own = strata == strata[g]
        weights[own] = own.sum() / (own.sum() - 1)
        weights[g] = 0
        return [f1((weights[:, None] * run).sum(axis=0)) for run in runs]

    def jackknife_variances(moved):
        values = [[moved(g) for g in own] for own in every]
        return [(len(v) - 1) / len(v) * sum((x - np.mean(v)) ** 2 for x in v) for v in values]

    parts = jackknife_variances(lambda g: np.mean(without(clinical, g)) - np.mean(without(reference, g)))
    v_groups = sum(parts)
    groups_df = v_groups**2 / sum(v**2 / (len(own) - 1) for v, own in zip(parts, every, strict=True))
    seeds, interaction = [], []
    for runs in (reference, clinical):
        k = len(runs)
        seeds.append(np.var([f1(run.sum(axis=0)) for run in runs], ddof=1) / k)
        own = [
            sum(jackknife_variances(lambda g, i=i, runs=runs: without(runs, g)[i] - np.mean(without(runs, g))))
            for i in range(k)
        ]
        interaction.append(sum(own) / (k * (k - 1)))
    total = v_groups + max(0, sum(seeds) - sum(interaction))
    below = v_groups**2 / groups_df
    below += sum(v**2 / (len(runs) - 1) for v, runs in zip(seeds, (reference, clinical), strict=True))
    fewest = min(groups_df, len(reference) - 1, len(clinical) - 1)
    return v_groups, seeds, interaction, total, max(total**2 / below, fewest)


# Of twelve groups; the last has a stratum of one group, which is no stratum.
STRATA = (None, np.repeat([0, 1], 6), np.tile([2, 0, 1], 4), np.array([0, 1] * 2 + [1] * 8), np.repeat([0, 1], [11, 1]))


@quick
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 5), st.sampled_from(range(len(STRATA))), st.booleans())
def test_components_follow_the_definition(seed, reference_seeds, clinical_seeds, chosen, sparse):
    strata = STRATA[chosen]
    arms = reference, clinical = draw(seed, reference_seeds), draw(seed, clinical_seeds, shift=0.4)
    given_as = [counts.Stack.of(arm) if sparse else arm for arm in arms]
    found = variance.components(*(variance.jackknife(arm, f1, strata) for arm in given_as))
    expected = None if chosen == len(STRATA) - 1 else strata
    groups, seeds, interaction, total, df = slow_components(reference, clinical, expected)
    assert found.groups == pytest.approx(groups)
    assert found.seeds == pytest.approx(seeds)
    assert found.interaction == pytest.approx(interaction)
    assert found.total == pytest.approx(total) and found.df == pytest.approx(df)


def test_leading_dimensions_are_separate_comparisons():
    pairs = [(draw(i), draw(i + 100, shift=0.2)) for i in range(3)]
    together = variance.components(
        *(variance.jackknife(np.stack([pair[side] for pair in pairs]), f1) for side in (0, 1))
    )
    for i, pair in enumerate(pairs):
        one = variance.components(*(variance.jackknife(counts, f1) for counts in pair))
        assert together.total[i] == pytest.approx(one.total) and together.df[i] == pytest.approx(one.df)


def test_the_jackknife_agrees_with_the_bootstrap_over_groups():
    """10,000 draws of the same groups for both arms and all seeds, as one multinomial weight matrix."""
    reference, clinical = draw(5, 5, groups=150), draw(5, 5, groups=150, shift=0.3)
    found = variance.over_groups(variance.jackknife(reference, f1), variance.jackknife(clinical, f1))
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

    within = variance.over_groups(*(variance.jackknife(arm, f1, strata) for arm in (reference, clinical)))
    over_all = variance.over_groups(*(variance.jackknife(arm, f1) for arm in (reference, clinical)))
    assert within == pytest.approx(bootstrapped(80, 80), rel=0.06)
    assert over_all == pytest.approx(bootstrapped(160), rel=0.06) and over_all > 1.5 * within


def test_arms_that_share_their_errors_differ_by_less_than_independent_ones():
    reference = draw(3, 5, groups=100)
    same = variance.over_groups(*(variance.jackknife(c, f1) for c in (reference, reference)))
    other = variance.over_groups(*(variance.jackknife(c, f1) for c in (reference, draw(4, 5, groups=100))))
    assert same == 0 < other


def test_where_only_one_arm_scatters_its_seeds_are_all_the_degrees_of_freedom():
    """Hit rates chosen by hand: the reference never moves, the clinical runs differ a lot, groups hardly."""
    share = METRICS["accuracy"].score
    reference = np.tile([[5.0, 5.0]], (5, 40, 1))
    clinical = np.array([[[n, 10.0 - n]] * 40 for n in (2, 4, 5, 6, 9)], dtype=float)
    found = variance.components(variance.jackknife(reference, share), variance.jackknife(clinical, share))
    assert found.groups == pytest.approx(0, abs=1e-20) and found.df == pytest.approx(4)
    assert found.total == pytest.approx(np.var([0.2, 0.4, 0.5, 0.6, 0.9], ddof=1) / 5)
