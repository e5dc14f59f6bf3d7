"""Curves against every threshold and every bin, one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics import curves

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
    called = [[g for g, s in rows if s >= cut] for cut in sorted(set(scores), reverse=True)]
    recalls = np.diff([0, *(sum(of) / len(positives) for of in called)])
    assert found["average_precision"] == pytest.approx(sum(recalls * [sum(of) / len(of) for of in called]))


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


@pytest.mark.parametrize("draw", range(20))
def test_no_count_under_five_lies_between_two_cuts_or_between_a_cut_and_the_decision(draw):
    """How many rows of either kind were called positive stands in a table: it can be subtracted from any step."""
    chance = np.random.default_rng(draw)
    gold = chance.random(80) < 0.5
    scores = np.round(np.clip(chance.normal(0.35 + 0.3 * gold, 0.25), 0, 1), 2)
    called = scores > 0.5
    parts = [(called & gold).sum(), (called & ~gold).sum(), (~called & gold).sum(), (~called & ~gold).sum()]
    steps = curves.merged(gold, scores, 5, called)
    assert min(parts) >= 5 and len(steps) > 1
    positives, negatives = (np.cumsum([step[kind] for step in steps]).tolist() for kind in ("positives", "negatives"))
    assert (positives[-1], negatives[-1]) == (gold.sum(), (~gold).sum())
    for reached, known in ((positives, parts[0]), (negatives, parts[1])):
        told = sorted({0, *reached, int(known)})
        assert min(np.diff(told)) >= 5
    found = curves.roc(gold, scores, 5, called)
    assert found["points"][-1] == [1.0, 1.0] and curves.roc(gold[:8], scores[:8], 5, called[:8]) is None
    points = curves.calibration(gold, scores, smallest=5, called=called)["points"]
    assert [(p["n"], round(p["n"] * p["observed"])) for p in points] == [
        (step["positives"] + step["negatives"], step["positives"]) for step in steps[::-1]
    ]
