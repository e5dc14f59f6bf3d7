"""Slices: the score of the rows themselves, and nothing that a small cell would give away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import METRICS
from harness.metrics.decided import rows, spans
from harness.statistics import slices

LABELS = ("a", "b")
quick = settings(max_examples=60, deadline=None, derandomize=True)


def decisions(n):
    gold = tuple("ab"[i % 2] for i in range(n))
    predicted = tuple("ab"[(i // 3) % 2] for i in range(n))
    return rows.Decisions(LABELS, gold, predicted, tuple(f"g{i // 2}" for i in range(n)), "b")


def test_a_slice_is_scored_like_a_test_set_of_its_own():
    d = decisions(24)
    values = ["nynorsk" if i % 3 == 0 else "bokmål" for i in range(24)]
    found = {s.value: s for s in slices.sliced(d, values, METRICS["binary_f1"])}
    at = range(0, 24, 3)
    own = rows.Decisions(LABELS, tuple(d.gold[i] for i in at), tuple(d.predicted[i] for i in at), (), "b")
    assert list(found) == ["bokmål", "nynorsk"] and found["nynorsk"].n == 8 and found["bokmål"].n == 16
    assert found["nynorsk"].score == METRICS["binary_f1"](own) != found["bokmål"].score


def test_documents_and_missing_values():
    documents = tuple(spans.Document(f"d{i}", ((0, 2, "a"),), ((0, 2, "a"),) if i < 6 else (), 9) for i in range(12))
    found = slices.sliced(spans.SpanDecisions(LABELS, documents), ["epikrise"] * 6 + [None] * 6, METRICS["strict_f1"])
    assert found == [slices.Slice("epikrise", 6, 1.0), slices.Slice("not stated", 6, 0.0)]


@pytest.mark.parametrize(
    "counts, hidden",
    [
        ({"a": 50, "b": 50}, set()),
        ({"a": 50, "b": 20, "c": 4}, {"b", "c"}),  # 4 would follow from the total
        ({"a": 50, "b": 4, "c": 4}, {"b", "c"}),
        ({"a": 50, "b": 1, "c": 2}, {"a", "b", "c"}),  # together 3, which would follow too
        ({"a": 3}, {"a"}),
    ],
)
def test_what_is_hidden(counts, hidden):
    assert slices.suppressed(counts) == hidden


@quick
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 12), min_size=1))
def test_hidden_cells_cannot_be_told_from_the_total(counts):
    hidden = slices.suppressed(counts)
    assert all(counts[v] >= slices.MINIMUM for v in counts if v not in hidden)
    assert not hidden or hidden == set(counts) or (len(hidden) > 1 and sum(counts[v] for v in hidden) >= 5)
    d = decisions(sum(counts.values()))
    values = [value for value, n in counts.items() for _ in range(n)]
    for found in slices.sliced(d, values, METRICS["accuracy"]):
        assert (found.n is None) == (found.score is None) == (found.value in hidden)


@quick
@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_quartiles_are_in_order_and_no_larger_than_a_quarter_without_ties(lengths):
    found = slices.length_quartiles(lengths)
    rank = {name: i for i, name in enumerate(slices.QUARTILES)}
    for (a, x), (b, y) in zip(
        sorted(zip(lengths, found, strict=True)), sorted(zip(lengths, found, strict=True))[1:], strict=False
    ):
        assert rank[x] <= rank[y] and (a != b or x == y)
    if len(set(lengths)) == len(lengths):
        assert max(found.count(name) for name in slices.QUARTILES) <= len(lengths) // 4 + 1


def test_one_value_per_row():
    with pytest.raises(DataError, match="3 values for 4 rows"):
        slices.sliced(decisions(4), ["x"] * 3, METRICS["accuracy"])
