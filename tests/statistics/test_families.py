"""The mean over tasks of a family against a bootstrap of runs and groups, and what may enter it."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from harness.metrics import METRICS
from harness.statistics import families, paired

SETTINGS = paired.Settings()
SHARE, MCC, LEAKS = METRICS["accuracy"], METRICS["mcc"], METRICS["document_leak_rate"]


def hits(rng, runs, groups, luck, shift=0.0):
    """(right, wrong) of runs [runs, groups, 2]; `luck` [runs] moves a run in every task alike."""
    hard = rng.normal(size=(1, groups, 1))
    right = (hard + luck[:, None, None] + shift + rng.normal(size=(runs, groups, 3)) > -0.5).sum(axis=-1)
    return np.stack([right, 3 - right], axis=-1).astype(float)


def tasks(seed, runs=6, groups=(80, 120, 60), luck=0.3):
    rng = np.random.default_rng(seed)
    lucky = luck * rng.normal(size=runs)
    return [(hits(rng, runs, g, np.zeros(runs)), hits(rng, runs, g, lucky, 0.2)) for g in groups]


def estimates(pairs, replicates=None):
    return [paired.compare(*pair, SHARE, SETTINGS, replicates=replicates) for pair in pairs]


def test_one_task_is_the_family():
    (alone,) = estimates(tasks(1, groups=(80,)))
    found = families.joint([alone], [SHARE], SETTINGS)
    for name in ("reference", "clinical", "delta", "se", "df", "ci_low", "ci_high", "p_value", "mde", "p_equivalent"):
        assert getattr(found.estimate, name) == pytest.approx(getattr(alone, name)), name
    assert found.probability == pytest.approx(stats.t.cdf(alone.delta / alone.se, alone.df))


@pytest.mark.parametrize("replicates", [None, [1, 2, 3, 4, 5, 6] * 2])
def test_the_variance_is_that_of_a_joint_bootstrap_of_groups_and_runs(replicates):
    """Sellam et al. 2022: runs are drawn once for all tasks, groups task by task; here by brute force."""
    pairs = tasks(7, runs=12)
    found = families.joint(estimates(pairs, replicates), [SHARE] * 3, SETTINGS).estimate
    units = np.arange(12) if replicates is None else np.array(replicates) - 1
    number, rng, drawn = units.max() + 1, np.random.default_rng(5), []
    for _ in range(6000):
        chosen = np.concatenate([np.flatnonzero(units == u) for u in rng.integers(0, number, number)])
        deltas = []
        for reference, clinical in pairs:
            groups = rng.integers(0, reference.shape[1], reference.shape[1])
            scores = [SHARE.score(side[chosen][:, groups].sum(axis=1)).mean() for side in (reference, clinical)]
            deltas.append(scores[1] - scores[0])
        drawn.append(np.mean(deltas))
    # Drawing K of K with replacement understates a variance by (K − 1)/K. The bootstrap counts what sampling of items
    # adds to the spread of runs twice (once in the runs, once in the groups); the closed form takes it out.
    of_runs = np.var(np.mean([e.differences for e in estimates(pairs, replicates)], axis=0), ddof=1) / number
    interaction = sum(e.interaction for e in estimates(pairs, replicates)) / 9
    assert found.se**2 == pytest.approx(np.var(drawn) + of_runs / number - interaction, rel=0.06)


def test_one_unlucky_encoder_is_unlucky_in_every_task():
    """Runs that go up and down together make the mean over tasks as uncertain as one task; others cancel."""
    together, apart = tasks(3, luck=0.5), tasks(3, luck=0.5)
    apart = [(reference, clinical[np.roll(np.arange(6), 2 * i)]) for i, (reference, clinical) in enumerate(apart)]
    shared, own = (families.joint(estimates(pairs), [SHARE] * 3, SETTINGS).estimate for pairs in (together, apart))
    assert shared.delta == pytest.approx(own.delta) and shared.se > 1.3 * own.se


def test_tasks_enter_that_have_a_difference_on_one_scale():
    share, other = estimates(tasks(4, groups=(80, 60)))
    nothing = paired.Estimate.of_nothing(None, 6)
    found = families.joint([nothing, share, other, share], [SHARE, SHARE, MCC, SHARE], SETTINGS)
    assert found.at == (1, 3) and found.estimate.delta == pytest.approx(share.delta)
    assert families.joint([other, share], [MCC, LEAKS], SETTINGS).at == (1,)
    nobody = families.joint([nothing], [SHARE], SETTINGS)
    assert nobody.at == () and nobody.estimate.delta is None and nobody.probability is None


def test_where_lower_is_better_a_fall_is_an_improvement():
    (leaks,) = estimates(tasks(4, groups=(80,)))
    found = families.joint([leaks], [LEAKS], SETTINGS)
    assert found.estimate.delta == -leaks.delta and found.metric.higher_is_better
    assert found.estimate.reference == pytest.approx(1 - leaks.reference)
    assert found.estimate.ci_low == pytest.approx(-leaks.ci_high) and found.probability < 0.5


def test_of_a_released_difference_the_interval_alone_is_used_and_taken_for_the_widest_that_it_can_be():
    (known,) = estimates(tasks(4, groups=(80,)))
    parts = ("se", "df", "differences", "groups_variance", "groups_df", "interaction", "reference", "clinical")
    released = dataclasses.replace(known, **dict.fromkeys(parts))
    found = families.joint([released, known], [SHARE] * 2, SETTINGS).estimate
    assert found.delta == pytest.approx(known.delta) and found.reference is None
    several = [dataclasses.replace(e, n_replicates=6) for e in (released, known)]
    shared = families.joint(several, [SHARE] * 2, SETTINGS).estimate
    assert known.se < shared.se and found.se < shared.se
    fewest = [families.joint([dataclasses.replace(released, n_replicates=n)], [SHARE], SETTINGS) for n in (1, 3)]
    assert [of.estimate.df for of in fewest] == [known.n_seeds - 1, 2]
    alone = families.joint([released], [SHARE], SETTINGS).estimate
    assert alone.ci_low < known.ci_low and alone.ci_high > known.ci_high


def test_one_seed_has_a_mean_and_no_interval():
    found = families.joint(estimates(tasks(4, runs=1)), [SHARE] * 3, SETTINGS)
    assert found.estimate.delta is not None and found.estimate.p_value is None and found.probability is None


@pytest.mark.parametrize(
    ("lows", "expected"),
    [((-0.1, 0.2, -0.3), 0.2), ((-0.1, -0.2, 0.0), 0.0), ((-0.1, None, -0.3), None)],
)
def test_the_mean_has_the_skill_of_its_best_task(lows, expected):
    """The mean is without evidence only if every task is: no arm of any task is known to beat a constant answer."""
    of = [dataclasses.replace(e, skill_low=low) for e, low in zip(estimates(tasks(4)), lows, strict=True)]
    assert families.joint(of, [SHARE] * 3, SETTINGS).estimate.skill_low == expected
