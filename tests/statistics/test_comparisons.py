"""Which arms are compared with which, and over what."""

import numpy as np
import pytest
from scipy import sparse

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided import counts
from harness.metrics.decided.rows import Decisions
from harness.statistics import comparisons, paired

SETTINGS = paired.Settings()


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
        ("test", "control"): arm(20, 0.6),
        ("holdout", "clinical"): arm(30, 0.9),
        ("holdout", "baseline"): arm(40, 0.5),
        ("validation", "baseline"): arm(50, 0.5),
    }
    found = comparisons.compare_arms(runs, {}, SETTINGS, {})
    assert [(r["part"], r["against"], r["seeds"], r["n_seeds"]) for r in found] == [
        ("holdout", "baseline", [1, 2, 3], 3),
        ("test", "baseline", [1, 2, 3], 3),
        ("test", "control", [1, 2, 3], 3),
    ]
    stacked = [np.stack([run.values for run in runs["test", a].values()]) for a in ("baseline", "clinical")]
    expected = paired.compare(*stacked, METRICS["accuracy"], SETTINGS)
    assert found[1]["delta"] == expected.delta > 0 and found[1]["p_value"] == expected.p_value
    assert not any("g0" in str(value) for row in found for value in row.values())


def test_kinds_of_groups_are_strata_of_their_part():
    runs = {("test", "baseline"): arm(0, 0.4), ("test", "clinical"): arm(10, 0.9)}
    keys = runs["test", "baseline"][1].groups
    kinds = {key: "clinical" if i % 3 else "everyday" for i, key in enumerate(keys)}
    (plain,) = comparisons.compare_arms(runs, {}, SETTINGS, {})
    (found,) = comparisons.compare_arms(runs, {}, SETTINGS, {}, kinds={"test": kinds})
    (other,) = comparisons.compare_arms(runs, {}, SETTINGS, {}, kinds={"holdout": kinds})
    stacked = [np.stack([run.values for run in runs["test", a].values()]) for a in ("baseline", "clinical")]
    strata = np.array([0 if i % 3 else 1 for i in range(len(keys))])
    expected = paired.compare(*stacked, METRICS["accuracy"], SETTINGS, strata)
    assert found["se"] == expected.se != plain["se"] == other["se"] and found["delta"] == plain["delta"]


def test_arms_over_other_groups_are_refused():
    runs = {("test", "baseline"): {1: run(1)}, ("test", "clinical"): {1: run(2, name="h")}}
    with pytest.raises(DataError, match="do not cover the same 30 groups"):
        comparisons.compare_arms(runs, {}, SETTINGS, {})


def test_arms_of_other_seeds_are_refused():
    runs = {("test", "baseline"): arm(0, 0.4), ("test", "clinical"): arm(10, 0.9, (1, 2))}
    with pytest.raises(DataError, match=r"different seeds: 1, 2, 3 \(reference arm\) and 1, 2 \(the other arm\)"):
        comparisons.compare_arms(runs, {}, SETTINGS, {})


def test_runs_of_one_pre_training_are_one_replicate():
    runs = {
        ("test", name): arm(first, rate, range(1, 7))
        for name, first, rate in (("baseline", 0, 0.4), ("clinical", 10, 0.6))
    }
    (found,) = comparisons.compare_arms(runs, {}, SETTINGS, {seed: 1 + (seed - 1) % 3 for seed in range(1, 7)})
    (alone,) = comparisons.compare_arms(runs, {}, SETTINGS, {})
    assert (found["n_replicates"], found["n_seeds"], len(found["differences"])) == (3, 6, 3)
    assert (alone["n_replicates"], alone["n_seeds"], len(alone["differences"])) == (1, 6, 6)
    assert found["delta"] == alone["delta"] and found["groups_variance"] == pytest.approx(alone["groups_variance"])


def test_readings_compare_every_pair_of_arms_on_the_rows_of_each_kind():
    runs = {
        ("clinical", "baseline"): arm(0, 0.4),
        ("clinical", "clinical"): arm(10, 0.9),
        ("clinical", "control"): arm(20, 0.4),
        ("everyday", "baseline"): arm(30, 0.8),
        ("everyday", "clinical"): arm(40, 0.8),
    }
    found = comparisons.by_kind(runs, {}, SETTINGS, {}, unmeasured={"everyday"})
    assert [(r["decided_by"], r["arm"], r["against"]) for r in found] == [
        ("clinical", "clinical", "baseline"),
        ("clinical", "clinical", "control"),
        ("clinical", "control", "baseline"),
        ("everyday", "clinical", "baseline"),
    ]
    for row in found[:3]:
        stacked = [np.stack([run.values for run in runs["clinical", a].values()]) for a in (row["against"], row["arm"])]
        expected = paired.compare(*stacked, METRICS["accuracy"], SETTINGS)
        assert (row["delta"], row["p_value"]) == (expected.delta, expected.p_value)
    assert found[3]["delta"] is None and found[3]["n_groups"] == 30


def graded(first, rate, seeds=(1, 2, 3), groups=60):
    """Runs that answer two balanced labels, each right with this probability, counted for the correlation."""
    found = {}
    for seed in seeds:
        chance = np.random.default_rng(first + seed)
        gold = ["yes", "no"] * (groups // 2)
        right = chance.random(groups) < rate
        answers = [of if is_right else {"yes": "no", "no": "yes"}[of] for of, is_right in zip(gold, right, strict=True)]
        decided = Decisions(("no", "yes"), tuple(gold), tuple(answers), tuple(f"g{i:03}" for i in range(groups)))
        found[seed] = METRICS["mcc"].count(decided)
    return found


def test_a_reading_in_which_no_arm_knows_anything_says_nothing():
    """Arms that guess agree within a margin on many rows, and this is no equivalence."""
    kinds = {("clinical", name): graded(first, 0.5) for name, first in (("baseline", 0), ("clinical", 10))}
    (nothing,) = comparisons.by_kind(kinds, kinds, SETTINGS, {})
    assert nothing["skill_low"] <= 0
    learnt = kinds | {("clinical", "clinical"): graded(10, 0.95)}
    (known,) = comparisons.by_kind(learnt, learnt, SETTINGS, {})
    assert known["skill_low"] > 0.5


def test_where_no_skill_can_be_measured_no_arm_is_known_to_have_any():
    """With a single gold label, the constant answer is always right: two arms that agree may both be constant."""
    runs = {("test", "baseline"): arm(0, 0.9), ("test", "clinical"): arm(10, 0.9)}
    (found,) = comparisons.compare_arms(runs, {}, SETTINGS, {})
    assert found["skill_low"] == 0.0
    (found,) = comparisons.compare_arms(runs, {}, SETTINGS, {}, unmeasured={"test"})
    assert found["skill_low"] is None


def test_seeds_of_one_pre_training_are_no_separate_evidence_of_skill():
    """Two of three pre-trainings learnt. Each was fine-tuned four times: this is two of three, not eight of twelve."""
    numbers = {seed: 1 + (seed - 1) % 3 for seed in range(1, 13)}
    lucky = {seed: graded(seed, 0.95 if number < 3 else 0.5, (seed,))[seed] for seed, number in numbers.items()}
    runs = {("test", "clinical"): lucky, ("test", "control"): graded(50, 0.5, tuple(numbers))}
    (apart,) = comparisons.compare_arms(runs, runs, SETTINGS, {})
    (together,) = comparisons.compare_arms(runs, runs, SETTINGS, numbers)
    assert together["skill_low"] < 0 < apart["skill_low"]
    # A baseline was pre-trained once, so its seeds stay separate.
    once = {("test", "baseline"): lucky, ("test", "clinical"): graded(50, 0.5, tuple(numbers))}
    (found,) = comparisons.compare_arms(once, once, SETTINGS, numbers)
    assert found["skill_low"] == apart["skill_low"]
