"""Losses: their sign, and the interval of their difference."""

import numpy as np
import pytest
from scipy import sparse

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided.counts import GroupCounts
from harness.statistics import paired, robustness

SETTINGS = paired.Settings()
GROUPS = tuple(f"g{i:03}" for i in range(200))


def counted(right: np.ndarray, metric: str = "accuracy") -> GroupCounts:
    """One row a group; `right` says which answers are."""
    return GroupCounts(metric, GROUPS, sparse.csr_array(np.stack([right, ~right], axis=-1).astype(np.int64)))


def runs(share: float, seed: int) -> dict[int, GroupCounts]:
    drawn = np.random.default_rng(seed)
    return {k: counted(drawn.random(200) < share) for k in range(5)}


def test_a_loss_is_above_zero_where_the_perturbed_score_is_worse(monkeypatch):
    from dataclasses import replace

    good, poor = counted(np.arange(200) < 180), counted(np.arange(200) < 100)
    assert robustness.loss(good, poor) == pytest.approx(0.4)
    monkeypatch.setitem(METRICS, "accuracy", replace(METRICS["accuracy"], higher_is_better=False))
    assert robustness.loss(good, poor) == pytest.approx(-0.4)
    arms = {"baseline": runs(0.8, 1), "clinical": runs(0.8, 2)}, {"baseline": runs(0.8, 3), "clinical": runs(0.4, 4)}
    (row,) = robustness.compare(*arms, SETTINGS, {})
    assert row["clinical"] == pytest.approx(-0.4, abs=0.06) and row["delta"] < -0.3


def test_the_difference_of_losses_is_that_of_paired_runs():
    whole = {"baseline": runs(0.8, 1), "clinical": runs(0.9, 2)}
    other = {"baseline": runs(0.6, 3), "clinical": runs(0.85, 4)}
    (row,) = robustness.compare(whole, other, SETTINGS, {})
    losses = {arm: [robustness.loss(whole[arm][k], other[arm][k]) for k in range(5)] for arm in whole}
    assert row["differences"] == pytest.approx(np.subtract(losses["clinical"], losses["baseline"]))
    assert (row["reference"], row["clinical"]) == tuple(pytest.approx(np.mean(losses[a])) for a in whole)
    assert row["ci_low"] < row["delta"] < row["ci_high"] < 0 and row["p_value"] < 0.05


def test_where_no_answer_counts_otherwise_there_is_no_interval():
    whole = {"baseline": runs(0.8, 1), "clinical": runs(0.9, 2)}
    (row,) = robustness.compare(whole, {arm: dict(of) for arm, of in whole.items()}, SETTINGS, {})
    assert row["delta"] == row["reference"] == row["clinical"] == 0 and row["differences"] == (0.0,) * 5
    assert row["ci_low"] is row["p_value"] is None
    # One answer of one run is enough.
    right = whole["baseline"][0].table.toarray()[:, 0].astype(bool)
    right[np.flatnonzero(right)[0]] = False
    other = {"baseline": {**whole["baseline"], 0: counted(right)}, "clinical": whole["clinical"]}
    assert robustness.compare(whole, other, SETTINGS, {})[0]["ci_low"] < 0


def test_the_interval_covers_a_difference_of_losses_as_often_as_it_says():
    """Groups and runs are drawn anew each time; both arms lose the same in truth."""
    covered, drawn = 0, np.random.default_rng(5)
    for _ in range(300):
        hard = drawn.normal(0, 1, 200)
        tables = []
        for shift in (0.8, 0.3):
            arms = {}
            for arm in ("baseline", "clinical"):
                chances = [1 / (1 + np.exp(-(shift + hard + drawn.normal(0, 0.3)))) for _ in range(5)]
                arms[arm] = {k: counted(drawn.random(200) < p) for k, p in enumerate(chances)}
            tables.append(arms)
        (row,) = robustness.compare(*tables, SETTINGS, {})
        covered += row["ci_low"] <= 0 <= row["ci_high"]
    assert 0.92 <= covered / 300 <= 0.99


def test_replicates_are_the_units_where_there_are_several():
    whole = {"baseline": runs(0.8, 1), "clinical": runs(0.9, 2)}
    other = {"baseline": runs(0.6, 3), "clinical": runs(0.85, 4)}
    (row,) = robustness.compare(whole, other, SETTINGS, {0: 1, 1: 2, 2: 1, 3: 2, 4: 1})
    assert row["n_replicates"] == len(row["differences"]) == 2


def test_arms_of_other_seeds_are_refused():
    whole = {"baseline": runs(0.8, 1), "clinical": runs(0.9, 2)}
    other = {"baseline": runs(0.6, 3), "clinical": {k: v for k, v in runs(0.85, 4).items() if k}}
    with pytest.raises(DataError, match="baseline have runs with different seeds"):
        robustness.compare(whole, other, SETTINGS, {})
