"""Classification scores against counts done by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided import rows as c
from harness.metrics.decided.counts import by_class

LABELS = ("a", "b", "d")
METRICS_OF_ROWS = {name: metric for name, metric in METRICS.items() if "rows" in metric.of}
quick = settings(max_examples=40, deadline=None, derandomize=True)
pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=25)


def decisions(rows, positive="b", groups=()):
    return c.Decisions(LABELS, tuple(g for g, _ in rows), tuple(p for _, p in rows), tuple(groups), positive)


def counts(rows, label):
    """True positives, false positives, false negatives, true negatives, by looking at every row."""
    tp = sum(g == label and p == label for g, p in rows)
    fp = sum(g != label and p == label for g, p in rows)
    fn = sum(g == label and p != label for g, p in rows)
    return tp, fp, fn, len(rows) - tp - fp - fn


def slow_f1(rows, label):
    """From the counts, by definition."""
    tp, fp, fn, _ = counts(rows, label)
    return 2 * tp / (2 * tp + fp + fn) if 2 * tp + fp + fn else 0.0


@quick
@given(pairs)
def test_every_score_equals_the_slow_count(rows):
    d = decisions(rows)
    tp, fp, fn, tn = counts(rows, "b")
    support = {label: sum(g == label for g, _ in rows) for label in LABELS}
    right = sum(g == p for g, p in rows)
    assert METRICS["binary_f1"](d) == pytest.approx(slow_f1(rows, "b"))
    assert METRICS["macro_f1"](d) == pytest.approx(sum(slow_f1(rows, label) for label in LABELS) / 3)
    assert METRICS["weighted_f1"](d) == pytest.approx(sum(slow_f1(rows, x) * support[x] for x in LABELS) / len(rows))
    assert METRICS["accuracy"](d) == pytest.approx(right / len(rows))
    assert METRICS["micro_f1"](d) == pytest.approx(right / len(rows))
    assert METRICS["sensitivity"](d) == pytest.approx(tp / (tp + fn) if tp + fn else 0)
    assert METRICS["specificity"](d) == pytest.approx(tn / (tn + fp) if tn + fp else 0)


@quick
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=25))
def test_mcc_of_two_classes_is_the_textbook_formula(rows):
    named = [("b" if g else "a", "b" if p else "a") for g, p in rows]
    tp, fp, fn, tn = counts(named, "b")
    below = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert METRICS["mcc"](decisions(named)) == pytest.approx((tp * tn - fp * fn) / below if below else 0.0)


@quick
@given(pairs, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    for name, metric in METRICS_OF_ROWS.items():
        if name != "group_accuracy":
            assert metric(decisions(rows)) == pytest.approx(metric(decisions(shuffled))), name


def test_perfect_predictions_score_one_everywhere():
    rows = [(label, label) for label in LABELS]
    for name, metric in METRICS_OF_ROWS.items():
        assert metric(decisions(rows, groups="xyz")) == 1, name


def test_a_class_that_occurs_only_in_predictions_changes_no_denominator():
    gold, predicted = ("a", "a", "b", "b", "b", "a"), ("a", "a", "b", "b", "b", "d")
    f1 = {row["label"]: row["f1"] for row in by_class(c.Decisions(LABELS, gold, predicted))}
    assert f1["d"] == 0
    assert METRICS["macro_f1"](c.Decisions(LABELS, gold, predicted)) == pytest.approx((0.8 + 1 + 0) / 3)
    # The mean is over three labels before and after: a right answer instead of "d" moves only "a".
    assert METRICS["macro_f1"](c.Decisions(LABELS, gold, gold)) == pytest.approx(2 / 3)


def test_group_accuracy_wants_every_row_of_a_group_right():
    rows = [("a", "a"), ("b", "b"), ("a", "a"), ("b", "a"), ("d", "d")]
    assert METRICS["group_accuracy"](decisions(rows, groups=("g", "g", "h", "h", "i"))) == pytest.approx(2 / 3)
    with pytest.raises(DataError, match="group"):
        METRICS["group_accuracy"](decisions(rows))


def test_confusion_has_gold_in_rows():
    assert decisions([("a", "b"), ("a", "b"), ("d", "a")]).confusion() == [[0, 1, 2], [2, 0, 1]]


def test_majority_and_constant():
    assert c.majority_label(["b", "a", "d", "a"], LABELS) == "a"
    assert c.majority_label(["d", "b"], LABELS) == "b"
    constant = c.constant(decisions([("a", "b"), ("b", "d")]), "a")
    assert constant.predicted == ("a", "a") and METRICS["accuracy"](constant) == 0.5


def test_the_measured_majority_row_of_medmcqa():
    """Always A on 950, 735, 617, 514 answers: accuracy .337, macro-F1 .126."""
    gold = ("A",) * 950 + ("B",) * 735 + ("C",) * 617 + ("D",) * 514
    d = c.Decisions(tuple("ABCD"), gold, ("A",) * len(gold))
    assert METRICS["accuracy"](d) == pytest.approx(0.337, abs=5e-4)
    assert METRICS["macro_f1"](d) == pytest.approx(0.126, abs=5e-4)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: c.Decisions(LABELS, ("a",), ("x",)), "'x' is not in"),
        (lambda: c.Decisions(LABELS, ("x",), ("a",)), "'x' is not in"),
        (lambda: c.Decisions(LABELS, (), ()), "nothing to score"),
        (lambda: c.Decisions(LABELS, ("a", "b"), ("a",)), r"labels \(2\), predictions \(1\) and groups \(0\) differ"),
        (lambda: METRICS["binary_f1"](c.Decisions(LABELS, ("a",), ("a",))), "positive label"),
    ],
)
def test_what_cannot_be_scored_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        make()
