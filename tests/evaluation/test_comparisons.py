"""Which arms are compared with which, and over what."""

import numpy as np
import pytest
from scipy import sparse

from harness.errors import DataError
from harness.evaluation import comparisons, counts, statistics

SETTINGS = statistics.Settings(draws=100)


def run(seed, rate=0.6, groups=30, name="g"):
    right = (np.random.default_rng(seed).random(groups) < rate).astype(int)
    keys = tuple(f"{name}{i:03}" for i in range(groups))
    return counts.GroupCounts("accuracy", keys, sparse.csr_array(np.stack([right, 1 - right], axis=-1)))


def arm(first, rate, seeds=(1, 2, 3)):
    return {seed: run(first + seed, rate) for seed in seeds}


def test_the_clinical_arm_is_compared_with_every_other_part_by_part():
    runs = {
        ("test", "baseline"): arm(0, 0.4),
        ("test", "clinical"): arm(10, 0.9),
        ("test", "control"): arm(20, 0.6, (1, 2)),
        ("holdout", "clinical"): arm(30, 0.9),
        ("holdout", "baseline"): arm(40, 0.5),
        ("validation", "baseline"): arm(50, 0.5),
    }
    found = comparisons.compare_arms(runs, SETTINGS)
    assert [(r["part"], r["against"], r["seeds"], r["n_seeds"]) for r in found] == [
        ("holdout", "baseline", [1, 2, 3], 3),
        ("test", "baseline", [1, 2, 3], 3),
        ("test", "control", [1, 2, 3], 2),
    ]
    stacked = [np.stack([run.values for run in runs["test", a].values()]) for a in ("baseline", "clinical")]
    expected = statistics.compare(*stacked, counts.score("accuracy"), SETTINGS)
    assert found[1]["delta"] == expected.delta > 0 and found[1]["p_value"] == expected.p_value
    assert not any("g0" in str(value) for row in found for value in row.values())


def test_arms_over_other_groups_are_refused():
    runs = {("test", "baseline"): {1: run(1)}, ("test", "clinical"): {1: run(2, name="h")}}
    with pytest.raises(DataError, match="do not cover the same 30 groups"):
        comparisons.compare_arms(runs, SETTINGS)
