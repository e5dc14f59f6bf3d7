"""Leaks against a document written out letter by letter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.metrics import METRICS
from harness.metrics.decided import spans
from harness.metrics.decided.counts import by_class
from harness.statistics import residual_identifiers

LABELS = ("Name", "Place", "Date")
quick = settings(max_examples=40, deadline=None, derandomize=True)
LENGTH = 12
side = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 6), st.sampled_from(LABELS)), max_size=5).map(
    lambda found: tuple((a, min(a + n, LENGTH), label) for a, n, label in found)
)


def decisions(*documents):
    return spans.SpanDecisions(
        LABELS, tuple(spans.Document(f"d{i}", g, p, LENGTH) for i, (g, p) in enumerate(documents))
    )


def readable(gold, predicted):
    """The identifying letters of a document, and those left after every predicted span is struck out."""
    page = ["x" if any(a <= i < b for a, b, _ in gold) else "." for i in range(LENGTH)]
    left = ["#" if any(a <= i < b for a, b, _ in predicted) else letter for i, letter in enumerate(page)]
    return left.count("x"), page.count("x")


@quick
@given(st.lists(st.tuples(side, side), max_size=4))
def test_what_is_left_on_the_page(documents):
    d = decisions(*documents)
    pages = [readable(*document) for document in documents]
    total = residual_identifiers.leaked_characters(d)
    assert (total.leaked, total.characters) == (sum(x for x, _ in pages), sum(n for _, n in pages))
    leaks = residual_identifiers.by_document(d)
    assert list(leaks) == [f"d{i}" for i, (gold, _) in enumerate(documents) if gold]
    rate = sum(leak.leaked > 0 for leak in leaks.values()) / len(leaks) if leaks else 0.0
    assert rate == METRICS["document_leak_rate"](d)
    for row, strict in zip(residual_identifiers.by_label(d), by_class(d), strict=True):
        assert (row["support"], row["recall"]) == (strict["support"], strict["recall"])
        own = [(tuple(s for s in g if s[2] == row["label"]), p) for g, p in documents]
        pages = [readable(*pair) for pair in own if pair[0]]
        assert row["leaked"] == sum(x for x, _ in pages) and row["documents"] == len(pages)
        hidden = [readable([span], p)[0] == 0 for g, p in own for span in set(g)]
        assert row["masked"] == pytest.approx(sum(hidden) / len(hidden) if hidden else 0)
        leaking = sum(x > 0 for x, _ in pages)
        assert row["document_leak_rate"] == pytest.approx(leaking / len(pages) if pages else 0)


def test_a_name_masked_as_a_place_is_masked_and_not_found():
    d = decisions((((0, 4, "Name"), (6, 10, "Place")), ((0, 4, "Place"), (6, 9, "Place"))))
    name, place, date = residual_identifiers.by_label(d)
    assert (name["recall"], name["masked"], name["leaked"]) == (0, 1, 0)
    assert (place["masked"], place["leaked"], place["document_leak_rate"]) == (0, 1, 1)
    assert date["support"] == date["documents"] == date["document_leak_rate"] == 0
    assert residual_identifiers.leaked_characters(d) == residual_identifiers.Leak(1, 8)


def marked(text: str, gold, predicted):
    """A document of one text, its spans given as the words that they hold."""

    def side(words):
        return tuple((text.index(word), text.index(word) + len(word), "Name") for word in words)

    found = side(gold)
    return spans.SpanDecisions(
        LABELS, (spans.Document("d", found, side(predicted), len(text), spans.unseen(text, found)),)
    )


@pytest.mark.parametrize(
    "between",
    [
        " ",
        "\u00a0",
        "\u2009",
        "\t",
        "\u00ad",
        "\u200b",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u0085",
        "\ufe0f",
        "\u180b",
        "\U000e0101",
        "\u2028",
        " \u200b ",
    ],
    ids=lambda c: "+".join(f"U+{ord(x):04X}" for x in c),
)
def test_what_stands_between_two_predicted_spans_and_cannot_be_read_is_no_leak(between):
    d = marked(f"Pasienten Kari{between}Moen kom.", [f"Kari{between}Moen"], ["Kari", "Moen"])
    assert METRICS["document_leak_rate"](d) == 0 and residual_identifiers.leaked_characters(
        d
    ) == residual_identifiers.Leak(0, 8)
    (name, *_) = residual_identifiers.by_label(d)
    assert (name["masked"], name["leaked"], name["document_leak_rate"], name["recall"]) == (1, 0, 0, 0)
    assert residual_identifiers.by_document(d)["d"].leaked == 0
    assert METRICS["document_leak_rate"].count(d).values.tolist() == [[0, 1]]


@pytest.mark.parametrize("between", ["-", "i", "'", "\u0301", "\u00b7"], ids=lambda c: f"U+{ord(c):04X}")
def test_what_can_be_read_is(between):
    d = marked(f"Pasienten Kari{between}Moen kom.", [f"Kari{between}Moen"], ["Kari", "Moen"])
    assert METRICS["document_leak_rate"](d) == 1 and residual_identifiers.leaked_characters(
        d
    ) == residual_identifiers.Leak(1, 9)


def test_a_blank_at_the_edge_of_a_prediction_makes_no_difference():
    for predicted in ("Kari Moen", " Kari Moen", "Kari Moen "):
        assert METRICS["document_leak_rate"](marked("Her er Kari Moen nå.", ["Kari Moen"], [predicted])) == 0


def test_finding_nothing_still_leaks():
    d = spans.nothing_found(marked("Kari Moen", ["Kari Moen"], ["Kari Moen"]))
    assert METRICS["document_leak_rate"](d) == 1 and residual_identifiers.leaked_characters(
        d
    ) == residual_identifiers.Leak(8, 8)
