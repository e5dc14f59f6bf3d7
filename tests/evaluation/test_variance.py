"""Variance components against a loop that follows the definition, and against a bootstrap over groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evaluation import counts, variance

quick = settings(max_examples=15, deadline=None, derandomize=True)
f1 = counts.score("binary_f1")


def draw(seed, seeds=4, groups=12, rows=3, shift=0.0):
    """Counts (tp, fp, fn) of runs that share the difficulty of each group."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(1, groups, 1))
    gold = rng.random((1, groups, rows)) < 0.5
    right = rng.normal(size=(seeds, groups, rows)) + hard + rng.normal(size=(seeds, 1, 1)) * 0.3 + shift > -0.5
    return np.stack([gold & right, ~gold & ~right, gold & ~right], axis=-1).sum(axis=2).astype(float)


def slow_components(reference, clinical):
    """The definition, one group and one run at a time.

    Rests on the same definition as the code, so it shares a misreading of it. Evidence from elsewhere: the bootstrap
    over groups in this file, and the false alarms counted on simulated arms in `test_planted.py`.
    """

    def without(runs, g):
        return [f1(np.delete(run, g, axis=0).sum(axis=0)) for run in runs]

    def jackknife_variance(values):
        return (len(values) - 1) / len(values) * sum((v - np.mean(values)) ** 2 for v in values)

    groups = range(reference.shape[1])
    v_groups = jackknife_variance([np.mean(without(clinical, g)) - np.mean(without(reference, g)) for g in groups])
    seeds, interaction = [], []
    for runs in (reference, clinical):
        k = len(runs)
        seeds.append(np.var([f1(run.sum(axis=0)) for run in runs], ddof=1) / k)
        own = [[without(runs, g)[i] - np.mean(without(runs, g)) for g in groups] for i in range(k)]
        interaction.append(sum(map(jackknife_variance, own)) / (k * (k - 1)))
    total = v_groups + max(0, sum(seeds) - sum(interaction))
    below = v_groups**2 / (len(groups) - 1)
    below += sum(v**2 / (len(runs) - 1) for v, runs in zip(seeds, (reference, clinical), strict=True))
    return v_groups, seeds, interaction, total, max(total**2 / below, min(len(reference), len(clinical)) - 1)


@quick
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 5))
def test_components_follow_the_definition(seed, reference_seeds, clinical_seeds):
    reference, clinical = draw(seed, reference_seeds), draw(seed, clinical_seeds, shift=0.4)
    found = variance.components(variance.jackknife(reference, f1), variance.jackknife(clinical, f1))
    groups, seeds, interaction, total, df = slow_components(reference, clinical)
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


def test_arms_that_share_their_errors_differ_by_less_than_independent_ones():
    reference = draw(3, 5, groups=100)
    same = variance.over_groups(*(variance.jackknife(c, f1) for c in (reference, reference)))
    other = variance.over_groups(*(variance.jackknife(c, f1) for c in (reference, draw(4, 5, groups=100))))
    assert same == 0 < other


def test_where_only_one_arm_scatters_its_seeds_are_all_the_degrees_of_freedom():
    """Hit rates chosen by hand: the reference never moves, the clinical runs differ a lot, groups hardly."""
    share = counts.score("accuracy")
    reference = np.tile([[5.0, 5.0]], (5, 40, 1))
    clinical = np.array([[[n, 10.0 - n]] * 40 for n in (2, 4, 5, 6, 9)], dtype=float)
    found = variance.components(variance.jackknife(reference, share), variance.jackknife(clinical, share))
    assert found.groups == pytest.approx(0, abs=1e-20) and found.df == pytest.approx(4)
    assert found.total == pytest.approx(np.var([0.2, 0.4, 0.5, 0.6, 0.9], ddof=1) / 5)
