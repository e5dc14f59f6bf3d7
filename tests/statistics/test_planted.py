"""One checkpoint as both arms is never better or worse; ten planted points are, as often as benchmarks/calibration.md
says. The comparisons are those that the table was made with."""

import importlib.util
import re
import sys

import numpy as np
import pytest
from scipy import stats

from harness.metrics import METRICS
from harness.statistics import paired, verdicts

SETTING, SEEDS, REPEATS = "strict F1, 161 documents", 5, 50


@pytest.fixture(scope="module")
def simulation(repository):
    spec = importlib.util.spec_from_file_location("simulation", repository / "benchmarks" / "simulation.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulation"] = module
    spec.loader.exec_module(module)
    return module


def drawn(simulation, points: float, spread: float):
    setting = simulation.Marked(SETTING, 161, 7.5, 0.75)
    scores, spreads = (setting.base, setting.base + points / 100), (spread / 100,) * 2
    levels, deviations = simulation.solve(setting, scores, spreads)
    rng = np.random.default_rng(4)
    return setting.draw(rng, levels, simulation.luck(rng, REPEATS, SEEDS, deviations))


def verdict(reference, clinical) -> str:
    estimate = paired.compare(reference, clinical, METRICS["strict_f1"], paired.Settings())
    (judgement,) = verdicts.judge([estimate], [METRICS["strict_f1"]], alpha=0.05)
    return judgement.verdict


def tabulated(repository, spread: int) -> float:
    """The power at 10 points, from the committed table."""
    text = (repository / "benchmarks" / "calibration.md").read_text(encoding="utf-8")
    table = text.split("## A true difference")[1]
    row = re.search(rf"^\| {re.escape(SETTING)} \| {SEEDS} \| {spread} \|(.+)\|$", table, re.M).group(1)
    return float(row.split("|")[5])


def test_one_checkpoint_as_both_arms_is_never_better_or_worse(simulation):
    """The same checkpoint under the same seeds gives the same predictions, however the seeds scatter."""
    for runs in drawn(simulation, 0, 6)[0]:
        assert verdict(runs, runs) in ("equivalent", "inconclusive")


def test_one_checkpoint_under_other_seeds_is_better_or_worse_as_seldom_as_declared(simulation):
    reference, clinical = drawn(simulation, 0, 3)
    told_apart = sum(verdict(*pair) in ("better", "worse") for pair in zip(reference, clinical, strict=True))
    assert told_apart <= stats.binom.ppf(0.999, REPEATS, 0.06)


@pytest.mark.parametrize("spread", [0, 3])
def test_ten_planted_points_are_found_as_often_as_tabulated(simulation, repository, spread):
    power = tabulated(repository, spread)
    assert power > 0.9
    found = [verdict(*pair) for pair in zip(*drawn(simulation, 10, spread), strict=True)]
    assert "worse" not in found
    assert stats.binom.ppf(0.001, REPEATS, min(power, 0.99)) <= found.count("better") <= REPEATS
