"""The estimate of a comparison: calibrated, consistent with itself, and defined at every edge."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided import counts
from harness.statistics import paired, variance

quick = settings(max_examples=25, deadline=None, derandomize=True)
f1, share, macro = METRICS["binary_f1"], METRICS["accuracy"], METRICS["macro_f1"]
SETTINGS = paired.Settings()


def hits(seed, seeds, groups, rate=0.7, spread=0.0, rows=2, repeats=()):
    """(right, wrong) of runs with a shared difficulty per group; `repeats` are leading dimensions."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(*repeats, 1, groups, 1))
    level = stats.norm.ppf(rate) * math.sqrt(2) + spread * rng.normal(size=(*repeats, seeds, 1, 1))
    right = (level + hard + rng.normal(size=(*repeats, seeds, groups, rows)) > 0).sum(axis=-1)
    return np.stack([right, rows - right], axis=-1).astype(float)


@quick
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 6), st.floats(0.02, 0.98))
def test_every_answer_is_a_number_or_none_and_they_agree(seed, runs, groups, rate):
    e = paired.compare(hits(seed, runs, groups, rate), hits(seed + 1, runs, groups), share, SETTINGS)
    for name, value in dataclasses.asdict(e).items():
        assert value is None or np.isfinite(value).all(), name
    known = groups > 1 and runs > 1
    assert all((getattr(e, n) is not None) == known for n in ("ci_low", "ci_high", "p_value", "se", "df"))
    assert e.n_groups == groups and e.n_seeds == runs == len(e.differences)
    if known:
        assert -1 <= e.ci_low <= e.delta <= e.ci_high <= 1 and 0 <= e.p_value <= 1 and e.se > 0 and e.df >= 1
        assert (e.ci_low > 0 or e.ci_high < 0) == (e.p_value < 0.05)
        assert (max(-e.ci_low, e.ci_high) < SETTINGS.margin) == (e.p_equivalent < 0.05)
        assert e.mde is None or 0 < e.mde <= 1


def test_the_numbers_of_one_comparison():
    reference, clinical = hits(1, 5, 60, spread=0.2), hits(2, 5, 60, rate=0.8, spread=0.2)
    e = paired.compare(reference, clinical, share, SETTINGS)
    by_run = [[run.sum(axis=0)[0] / run.sum() for run in runs] for runs in (reference, clinical)]
    assert e.reference == pytest.approx(np.mean(by_run[0])) and e.delta == pytest.approx(e.clinical - e.reference)
    assert e.clinical_spread == pytest.approx(np.std(by_run[1], ddof=1))
    parts = variance.components(
        variance.differences(*(variance.jackknife(c, share.score) for c in (reference, clinical)))
    )
    assert e.se == pytest.approx(math.sqrt(parts.total)) and e.groups_variance == pytest.approx(parts.groups)
    assert e.differences == pytest.approx(np.subtract(by_run[1], by_run[0]))
    rest = max(0.0, np.var(e.differences, ddof=1) / 5 - e.interaction)
    assert e.se == pytest.approx(math.sqrt(e.groups_variance + rest))
    assert e.ci_high - e.ci_low == pytest.approx(2 * stats.t.ppf(0.975, e.df) * e.se)
    wider = paired.compare(reference, clinical, share, paired.Settings(level=0.99))
    assert wider.ci_high > e.ci_high and wider.p_value == e.p_value


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 15])
@pytest.mark.parametrize("df", [2, 4, 9, 60])
def test_the_detectable_effect_is_detected_four_times_in_five(df, alpha):
    """Half of all analyses print a larger one. The standard error is an estimate, too small in most of them."""
    rng, nothing = np.random.default_rng(df), paired.Estimate.of_nothing(None, df + 1)
    errors = np.sqrt(rng.chisquare(df, 40_000) / df)
    of = [dataclasses.replace(nothing, delta=0.0, se=float(se), df=float(df)) for se in errors[:3000]]
    true = np.median([paired.detectable(e, alpha, math.inf) for e in of])
    found = np.abs(true + rng.normal(size=errors.size)) / errors > stats.t.ppf(1 - alpha / 2, df)
    assert found.mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("runs", [3, 5])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_few_runs_with_many_groups_promise_no_more_than_they_keep(runs, share):
    """`share` of the variance is that of the runs, known from two or four degrees of freedom; the rest from 80."""
    rng, draws = np.random.default_rng(runs), 4000

    def compared(delta):
        luck = rng.normal(scale=math.sqrt(share * runs), size=(draws, runs))
        groups, of_groups = (
            rng.normal(scale=math.sqrt(1 - share), size=draws),
            (1 - share) * rng.chisquare(80, draws) / 80,
        )
        made = []
        for d, g, v in zip(luck, groups, of_groups, strict=True):
            own = np.var(d, ddof=1) / runs
            total = v + own
            known = {"delta": delta + g + d.mean(), "se": math.sqrt(total), "groups_variance": v, "groups_df": 80.0}
            known |= {"df": total**2 / (v**2 / 80 + own**2 / (runs - 1)), "differences": tuple(d), "interaction": 0.0}
            made.append(dataclasses.replace(paired.Estimate.of_nothing(81, runs), **known))
        return made

    true = np.median([paired.detectable(e, 0.05, math.inf) for e in compared(0.0)])
    found = [abs(e.delta) / e.se > stats.t.ppf(0.975, e.df) for e in compared(true)]
    assert 0.75 < np.mean(found) < 0.86


def test_two_documents_say_nothing_and_this_is_said():
    """An interval ends where a score does, and no difference is detectable."""
    e = paired.compare(hits(3, 3, 2, 0.5), hits(4, 3, 2, 0.5), share, SETTINGS)
    assert (e.ci_low, e.ci_high) == (-1, 1) and e.mde is None and e.p_value > 0.05


def test_order_of_seeds_and_groups_does_not_matter_and_arms_are_alike():
    reference, clinical = hits(1, 4, 30), hits(2, 4, 30, rate=0.8)
    e = paired.compare(reference, clinical, share, SETTINGS)
    order = np.random.default_rng(0).permutation(30)
    shuffled = paired.compare(reference[::-1, order], clinical[::-1, order], share, SETTINGS)
    assert shuffled.se == pytest.approx(e.se) and shuffled.p_value == pytest.approx(e.p_value)
    turned = paired.compare(clinical, reference, share, SETTINGS)
    assert (turned.delta, turned.ci_low, turned.ci_high) == pytest.approx((-e.delta, -e.ci_high, -e.ci_low))
    assert turned.p_value == pytest.approx(e.p_value)


# --- Calibration in small; benchmarks/calibration.py has the table. ---


@pytest.mark.parametrize("spread, groups_alone_fail", [(0.0, False), (0.3, True)])
def test_false_alarms_stay_near_five_percent_where_seeds_scatter(spread, groups_alone_fail):
    arms = [
        variance.jackknife(hits(seed, 5, 120, spread=spread, repeats=(600,)), share.score) for seed in (11, 12)
    ]  # independent items in both arms: nothing is shared
    parts = variance.components(variance.differences(*arms))
    size = np.abs(arms[1].mean - arms[0].mean)
    alarms = np.mean(size > stats.t.ppf(0.975, parts.df) * np.sqrt(parts.total))
    assert 0.02 <= alarms <= 0.07
    groups_alone = np.mean(size > 1.96 * np.sqrt(parts.groups))
    assert (groups_alone > 0.2) == groups_alone_fail


# --- Edges. ---


def test_identical_arms_with_scattering_seeds():
    runs = hits(1, 5, 40, spread=0.3)
    e = paired.compare(runs, runs, share, SETTINGS)
    assert e.delta == 0 and e.p_value == 1 and e.ci_low == -e.ci_high < 0


@pytest.mark.parametrize("groups", [2, 50, 400])
def test_where_nothing_varies_the_interval_says_how_much_was_looked_at(groups):
    runs = np.tile([[1.0, 0.0]], (5, groups, 1))
    e = paired.compare(runs, runs, share, SETTINGS)
    assert (e.delta, e.p_value) == (0, 1)
    assert e.ci_high == pytest.approx(min(1, stats.t.ppf(0.975, groups - 1) / groups)) and e.se == 1 / groups
    apart = paired.compare(runs[..., ::-1], runs, share, SETTINGS)
    assert apart.delta == apart.ci_high == 1
    assert apart.ci_low == pytest.approx(max(-1, 1 - stats.t.ppf(0.975, groups - 1) / groups))


def test_one_seed_has_no_interval_but_a_difference():
    e = paired.compare(hits(1, 1, 30), hits(2, 1, 30), share, SETTINGS)
    assert e.ci_low is e.p_value is e.se is e.mde is e.reference_spread is None
    assert e.delta != 0 and e.n_seeds == 1


def test_no_predictions_and_a_class_that_never_occurs():
    silent = np.zeros((3, 20, 3))
    silent[..., 2] = 1  # every group holds one positive, and none is found
    e = paired.compare(silent, silent, f1, SETTINGS)
    assert (e.reference, e.clinical, e.delta, e.p_value) == (0, 0, 0, 1)
    found = silent.copy()
    found[:, ::2] = [1, 0, 0]
    assert paired.compare(silent, found, f1, SETTINGS).p_value < 0.01
    absent = np.concatenate([found, np.zeros_like(found)], axis=-1)
    e = paired.compare(absent, absent, macro, SETTINGS)
    assert e.reference == pytest.approx(np.mean([f1.score(found[0].sum(axis=0)), 0]))


def test_counts_that_do_not_belong_together_are_refused():
    for other in (hits(1, 5, 31), hits(1, 4, 30), hits(1, 0, 30), hits(1, 5, 30)[0]):
        with pytest.raises(DataError, match="cannot be compared"):
            paired.compare(hits(1, 5, 30), other, share, SETTINGS)


# --- Skill: does an arm know anything? ---


def test_skill_is_that_of_the_better_arm():
    mcc = METRICS["mcc"]
    rng = np.random.default_rng(2)
    gold = rng.integers(0, 2, 200)

    def table(called):
        of = [((called == v) & (gold == v), (called == v) & (gold != v), (called != v) & (gold == v)) for v in (0, 1)]
        return np.stack([column for three in of for column in three], axis=-1).astype(float)

    always = np.stack([table(np.ones_like(gold))] * 3)
    knows = np.stack([table(np.where(rng.random(200) < 0.8, gold, 1 - gold)) for _ in range(3)])
    coins = np.stack([table(rng.integers(0, 2, 200)) for _ in range(3)])
    assert paired.skill_low([always, always], mcc, None, 0.95) == 0
    assert paired.skill_low([always, coins], mcc, None, 0.95) <= 0
    low = paired.skill_low([coins, knows], mcc, None, 0.95)
    assert 0.3 < low == paired.skill_low([knows, always], mcc, None, 0.95) < mcc.score(knows.sum(axis=1)).mean()
    assert paired.skill_low([always[:1], knows[:1]], mcc, None, 0.95) is None


def test_the_size_of_the_pieces_changes_nothing(monkeypatch):
    """Leaving groups out is done a few groups at a time, so that memory stays flat."""
    arms = [
        hits(seed, 3, 40, rate)[..., None, :].repeat(7, axis=-2).reshape(3, 40, -1)
        for seed, rate in ((1, 0.7), (2, 0.8))
    ]
    sevenths = [np.pad(a, ((0, 0), (0, 0), (0, 7))) for a in arms]
    whole = paired.compare(*sevenths, macro, SETTINGS)
    for cells in (1, 50, 1000):
        monkeypatch.setattr(counts, "CELLS", cells)
        assert paired.compare(*sevenths, macro, SETTINGS) == whole
    assert whole.se > 0 and whole.n_groups == 40
