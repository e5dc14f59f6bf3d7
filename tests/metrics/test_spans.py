"""Span scores against brute force, and strict F1 against an independent reading of IOB2 tags."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided import spans as s
from harness.metrics.decided.counts import by_class

LABELS = ("Date", "Age", "Location")
LENGTH = 12
OF_SPANS = {name: metric for name, metric in METRICS.items() if "spans" in metric.of}
quick = settings(max_examples=80, deadline=None, derandomize=True)


@st.composite
def disjoint(draw):
    """Spans of one document that do not overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    return tuple((a, b, draw(st.sampled_from(LABELS))) for a, b in itertools.pairwise(cuts) if draw(st.booleans()))


anything = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 6), st.sampled_from(LABELS)), max_size=6).map(
    lambda found: tuple((a, min(a + n, LENGTH), label) for a, n, label in found)
)


def decisions(*documents):
    return s.SpanDecisions(
        LABELS,
        tuple(s.Document(f"d{i}", gold, predicted, LENGTH) for i, (gold, predicted) in enumerate(documents)),
    )


def f1(matched, gold, predicted):
    """F1 by definition, here of Python's sets of spans: independent of how the code counts."""
    return 2 * matched / (gold + predicted) if gold + predicted else 0.0


@quick
@given(st.lists(st.tuples(disjoint(), anything), max_size=4))
def test_strict_f1_is_set_intersection(documents):
    gold = {(i, *span) for i, (g, _) in enumerate(documents) for span in g}
    predicted = {(i, *span) for i, (_, p) in enumerate(documents) for span in p}
    d = decisions(*documents)
    assert METRICS["strict_f1"](d) == pytest.approx(f1(len(gold & predicted), len(gold), len(predicted)))
    expected = []
    for label in LABELS:
        g, p = ({x for x in side if x[3] == label} for side in (gold, predicted))
        expected.append(f1(len(g & p), len(g), len(p)))
        row = by_class(d)[LABELS.index(label)]
        assert row["support"] == len(g) and row["f1"] == pytest.approx(expected[-1])
        assert row["recall"] == pytest.approx(len(g & p) / len(g) if g else 0)
        assert row["precision"] == pytest.approx(len(g & p) / len(p) if p else 0)
    assert METRICS["macro_f1"](d) == pytest.approx(sum(expected) / 3)


def most_pairs(gold, predicted):
    """The largest one-to-one pairing, by trying every choice: independent of the algorithm that finds it."""
    if not gold:
        return 0
    (a, b, label), rest = gold[0], gold[1:]
    best = most_pairs(rest, predicted)
    for i, (c, d, other) in enumerate(predicted):
        if other == label and max(a, c) < min(b, d):
            best = max(best, 1 + most_pairs(rest, predicted[:i] + predicted[i + 1 :]))
    return best


@quick
@given(disjoint(), anything)
def test_relaxed_f1_is_the_largest_pairing(gold, predicted):
    predicted = tuple(sorted(set(predicted)))
    expected = f1(most_pairs(gold, predicted), len(gold), len(predicted))
    assert METRICS["relaxed_f1"](decisions((gold, predicted))) == pytest.approx(expected)


def test_relaxed_pairs_one_to_one():
    whole, halves = ((0, 8, "Age"),), ((0, 3, "Age"), (4, 8, "Age"))
    for gold, predicted in ((whole, halves), (halves, whole)):
        assert METRICS["relaxed_f1"](decisions((gold, predicted))) == pytest.approx(2 / 3)
    assert METRICS["relaxed_f1"](decisions((whole, ((0, 8, "Date"),)))) == 0
    assert METRICS["relaxed_f1"](decisions((whole, ((8, 9, "Age"),)))) == 0


@quick
@given(st.lists(st.tuples(disjoint(), disjoint()), max_size=4), st.randoms(use_true_random=False))
def test_order_of_documents_and_spans_does_not_matter(documents, random):
    mixed = [(tuple(random.sample(g, len(g))), tuple(random.sample(p, len(p)))) for g, p in documents]
    random.shuffle(mixed)
    for name, metric in OF_SPANS.items():
        assert metric(decisions(*documents)) == pytest.approx(metric(decisions(*mixed))), name


@quick
@given(st.lists(st.tuples(disjoint(), disjoint()), max_size=4))
def test_relaxed_is_never_below_strict(documents):
    assert METRICS["relaxed_f1"](decisions(*documents)) >= METRICS["strict_f1"](decisions(*documents)) - 1e-12


@pytest.mark.parametrize("metric", OF_SPANS.values(), ids=lambda m: m.name)
def test_a_metric_that_masking_everything_wins_cannot_lead(metric):
    everything = decisions((((0, 2, "Age"), (4, 6, "Date")), ((0, 9, "Age"),)), (((3, 5, "Date"),), ((0, 9, "Age"),)))
    best = metric.highest if metric.higher_is_better else metric.lowest
    assert (metric(everything) == best) is bool(metric.unfit)


@quick
@given(st.lists(disjoint(), max_size=4))
def test_perfect_is_one_and_empty_is_zero(gold):
    perfect, empty = decisions(*[(g, g) for g in gold]), decisions(*[(g, ()) for g in gold])
    marked = any(gold)
    assert METRICS["strict_f1"](perfect) == METRICS["relaxed_f1"](perfect) == (1 if marked else 0)
    assert METRICS["document_leak_rate"](perfect) == 0
    assert METRICS["strict_f1"](empty) == METRICS["relaxed_f1"](empty) == METRICS["macro_f1"](empty) == 0
    assert METRICS["document_leak_rate"](empty) == (1 if marked else 0)


def test_a_leak_is_one_uncovered_character_of_one_identifier():
    gold = ((0, 4, "Age"), (6, 9, "Date"))
    assert METRICS["document_leak_rate"](decisions((gold, ((0, 9, "Location"),)))) == 0
    assert METRICS["document_leak_rate"](decisions((gold, ((0, 2, "Age"), (2, 4, "Date"), (6, 9, "Date"))))) == 0
    assert METRICS["document_leak_rate"](decisions((gold, ((0, 4, "Age"), (6, 8, "Date"))))) == 1
    without = ((), ((0, 3, "Age"),))
    assert METRICS["document_leak_rate"](decisions((gold, gold), (gold, ()), without)) == 0.5


def test_macro_counts_an_absent_label_as_zero():
    gold = ((0, 4, "Age"),)
    assert METRICS["macro_f1"](decisions((gold, gold))) == pytest.approx(1 / 3)
    # A label that occurs only in predictions was already in the denominator.
    assert METRICS["macro_f1"](decisions((gold, (*gold, (6, 9, "Date"))))) == pytest.approx(1 / 3)


def iob2_entities(tags):
    """Entities of IOB2 tags read strictly: B- opens, I- of the same type continues, nothing else does."""
    entities, start = set(), None
    for i, tag in enumerate([*tags, "O"]):
        if start is not None and not (tag.startswith("I-") and tag[2:] == tags[start][2:]):
            entities.add((start, i, tags[start][2:]))
            start = None
        if tag.startswith("B-"):
            start = i
    return entities


def tags_of(spans):
    tags = ["O"] * LENGTH
    for a, b, label in spans:
        tags[a:b] = [f"B-{label}"] + [f"I-{label}"] * (b - a - 1)
    return tags


@settings(max_examples=200, deadline=None, derandomize=True)
@given(disjoint(), disjoint())
def test_strict_f1_agrees_with_strict_iob2_on_one_character_tokens(gold, predicted):
    g, p = iob2_entities(tags_of(gold)), iob2_entities(tags_of(predicted))
    assert METRICS["strict_f1"](decisions((gold, predicted))) == pytest.approx(f1(len(g & p), len(g), len(p)))


@pytest.mark.parametrize(
    "gold, predicted, message",
    [
        ((), ((0, 3, "Name"),), "'Name' is not in"),
        ((), ((3, 3, "Age"),), "empty or outside"),
        ((), ((0, LENGTH + 1, "Age"),), "outside its 12 characters"),
        (((-1, 2, "Age"),), (), "gold span"),
    ],
)
def test_impossible_spans_are_refused(gold, predicted, message):
    with pytest.raises(DataError, match=message):
        decisions((gold, predicted))


def test_a_document_stands_once():
    document = s.Document("d", (), (), 1)
    with pytest.raises(DataError, match="occurs twice"):
        s.SpanDecisions(LABELS, (document, document))
