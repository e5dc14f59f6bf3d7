"""Span scores against nervaluate, and where the two count differently.

It walks the predictions in their order, and each takes a gold span that it touches from those that come after: also one
of another label, and also one that a later prediction meets exactly. Here a strict match is a span that both sides
have, and relaxed matches are the most pairs of one label that can be made. On spans of one tag a token the strict
counts are therefore the same, and the relaxed ones, label by label, wherever no span touches two.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator

from harness.metrics import METRICS
from harness.metrics.decided import spans as s
from harness.metrics.decided.counts import by_class

LABELS = ("Date", "Age", "Location")
LENGTH = 14


@st.composite
def disjoint(draw):
    cuts = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=9)))
    return tuple((a, b, draw(st.sampled_from(LABELS))) for a, b in itertools.pairwise(cuts) if draw(st.booleans()))


def decided(documents) -> s.SpanDecisions:
    made = (s.Document(f"d{i}", gold, predicted, 50) for i, (gold, predicted) in enumerate(documents))
    return s.SpanDecisions(LABELS, tuple(made))


def evaluated(documents) -> dict:
    """Their ends are inclusive."""
    gold, predicted = (
        [[{"label": label, "start": start, "end": end - 1} for start, end, label in sides[at]] for sides in documents]
        for at in (0, 1)
    )
    return Evaluator(gold, predicted, tags=list(LABELS), loader="dict").evaluate()


def of_each_label(documents) -> float:
    """F1 of their counts of every label by itself, added up."""
    counts = [found["ent_type"] for found in evaluated(documents)["entities"].values()]
    spans = sum(c.actual + c.possible for c in counts)
    return 2 * sum(c.correct for c in counts) / spans if spans else 0.0


def touching(one, other) -> bool:
    return one[2] == other[2] and one[0] < other[1] and other[0] < one[1]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(disjoint(), disjoint()), min_size=1, max_size=4))
def test_span_scores_are_those_of_nervaluate(documents):
    ours, theirs = decided(documents), evaluated(documents)
    assert METRICS["strict_f1"](ours) == pytest.approx(theirs["overall"]["strict"].f1)
    for row in by_class(ours):
        if row["label"] in theirs["entities"]:
            found = theirs["entities"][row["label"]]["strict"]
            assert (row["precision"], row["recall"]) == pytest.approx((found.precision, found.recall))
    relaxed = METRICS["relaxed_f1"](ours)
    pairs = [(g, p) for gold, predicted in documents for g, p in ((gold, predicted), (predicted, gold))]
    if all(sum(touching(one, other) for other in others) < 2 for some, others in pairs for one in some):
        assert relaxed == pytest.approx(of_each_label(documents))
    else:
        assert relaxed >= of_each_label(documents) - 1e-12


def test_where_the_conventions_part():
    # A prediction that overlaps takes the gold span from the one that meets it exactly.
    overlapping = [(((0, 5, "Date"),), ((0, 3, "Date"), (0, 5, "Date")))]
    assert METRICS["strict_f1"](decided(overlapping)) == pytest.approx(2 / 3)
    assert evaluated(overlapping)["overall"]["strict"].f1 == 0
    # The nearer of two gold spans is taken, though a later prediction touches no other one.
    between = [(((0, 10, "Date"), (12, 20, "Date")), ((8, 16, "Date"), (17, 19, "Date")))]
    assert METRICS["relaxed_f1"](decided(between)) == 1
    assert of_each_label(between) == pytest.approx(1 / 2)
    # A prediction of another label takes a gold span, too, unless labels are looked at one by one.
    mixed = [(((0, 5, "Date"),), ((0, 2, "Age"), (3, 5, "Date")))]
    assert METRICS["relaxed_f1"](decided(mixed)) == pytest.approx(2 / 3) == of_each_label(mixed)
    assert evaluated(mixed)["overall"]["ent_type"].f1 == 0
