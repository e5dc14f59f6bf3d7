"""Curves against every threshold and every bin, one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evaluation import curves

quick = settings(max_examples=40, deadline=None, derandomize=True)
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 20).map(lambda n: n / 20)), min_size=1, max_size=30)


@quick
@given(scored)
def test_roc_is_the_best_threshold_at_each_rate(rows):
    gold, scores = zip(*rows, strict=True)
    found = curves.roc(gold, scores)
    positives = [s for g, s in rows if g]
    negatives = [s for g, s in rows if not g]
    if not positives or not negatives:
        assert found is None
        return
    cuts = [2.0, *sorted(set(scores))]
    reached = [(np.mean([s >= c for s in negatives]), np.mean([s >= c for s in positives])) for c in cuts]
    assert len(found["points"]) == 101
    for false, true in found["points"]:
        assert true == pytest.approx(max(t for f, t in reached if f <= false + 1e-9))
    pairs = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    assert found["auc"] == pytest.approx(np.mean(pairs))


@quick
@given(scored, st.integers(1, 6))
def test_calibration_is_a_table_of_bins(rows, minimum):
    gold, scores = zip(*rows, strict=True)
    found = curves.calibration(gold, scores, bins=4, minimum=minimum)
    expected, hidden, error = [], 0, 0.0
    for low in (0, 0.25, 0.5, 0.75):
        inside = [(g, s) for g, s in rows if low <= s < low + 0.25 or (low == 0.75 and s == 1)]
        if not inside:
            continue
        point = {"predicted": np.mean([s for _, s in inside]), "observed": np.mean([g for g, _ in inside])}
        error += abs(point["observed"] - point["predicted"]) * len(inside) / len(rows)
        if len(inside) >= minimum:
            expected.append(pytest.approx({**point, "n": len(inside)}))
        else:
            hidden += len(inside)
    assert found["points"] == expected and found["suppressed"] == hidden
    assert found["expected_error"] == pytest.approx(error)
    assert found["brier"] == pytest.approx(np.mean([(g - s) ** 2 for g, s in rows]))


def test_probabilities_that_mean_what_they_say():
    rng = np.random.default_rng(1)
    given_ = rng.random(20_000)
    gold = rng.random(20_000) < given_
    assert curves.calibration(gold, given_)["expected_error"] < 0.02
    assert curves.calibration(gold, given_**3)["expected_error"] > 0.2
