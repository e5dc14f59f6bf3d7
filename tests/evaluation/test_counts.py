"""Counts per group against the metrics they stand for: one sum, many ways to draw it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.evaluation import classification, counts, spans

LABELS = ("a", "b", "d")
quick = settings(max_examples=25, deadline=None, derandomize=True)
rows = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS), st.sampled_from("uvwxyz")), min_size=1, max_size=20
)
LENGTH = 12
cuts = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 5), st.sampled_from(LABELS)), max_size=5)
documents = st.lists(st.tuples(cuts, cuts), min_size=1, max_size=6)


def decisions(found):
    gold, predicted, groups = zip(*found, strict=True)
    return classification.Decisions(LABELS, gold, predicted, groups, "b")


def span_decisions(found):
    def side(cut):
        return tuple((a, min(a + n, LENGTH), label) for a, n, label in cut)

    return spans.SpanDecisions(
        LABELS, tuple(spans.Document(f"d{i:02d}", side(g), side(p), LENGTH) for i, (g, p) in enumerate(found))
    )


@pytest.mark.parametrize("metric", sorted(classification.METRICS))
@quick
@given(found=rows)
def test_the_metric_of_the_sum_is_the_metric_of_the_rows(metric, found):
    d = decisions(found)
    c = counts.count(metric, d)
    assert c.groups == tuple(sorted({group for *_, group in found}))
    total = counts.score(metric)(c.values.sum(axis=0))
    assert total == pytest.approx(classification.METRICS[metric](d), abs=1e-12)


@pytest.mark.parametrize("metric", sorted(classification.METRICS))
@quick
@given(found=rows, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_weights_are_repeated_groups(metric, found, weights):
    c = counts.count(metric, decisions(found))
    times = dict(zip("uvwxyz", weights, strict=True))
    # A group drawn twice is two groups, each under a key of its own.
    again = [(g, p, f"{group}{i}") for g, p, group in found for i in range(times[group])]
    weighted = counts.score(metric)(np.array([times[g] for g in c.groups]) @ c.values)
    expected = classification.METRICS[metric](decisions(again)) if again else 0.0
    assert weighted == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", sorted(spans.METRICS))
@quick
@given(found=documents, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_documents_are_the_groups_of_spans(metric, found, weights):
    c = counts.count(metric, span_decisions(found))
    score = counts.score(metric)
    assert score(c.values.sum(axis=0)) == pytest.approx(spans.METRICS[metric](span_decisions(found)), abs=1e-12)
    again = [document for document, n in zip(found, weights, strict=False) for _ in range(n)]
    weighted = score(np.array(weights[: len(found)]) @ c.values)
    assert weighted == pytest.approx(spans.METRICS[metric](span_decisions(again)), abs=1e-12)


def test_layouts():
    d = decisions([("b", "b", "u"), ("b", "a", "u"), ("a", "b", "v"), ("d", "d", "v")])
    assert counts.count("binary_f1", d).values.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert counts.count("accuracy", d).values.tolist() == [[1, 1], [1, 1]]
    assert counts.count("macro_f1", d).values.tolist() == [[0, 1, 0, 1, 0, 1, 0, 0, 0], [0, 0, 1, 0, 1, 0, 1, 0, 0]]
    assert counts.count("group_accuracy", d).values.tolist() == [[0, 1], [0, 1]]


def test_documents_can_be_pooled_into_larger_groups():
    d = span_decisions([([(0, 2, "a")], [(0, 2, "a")]), ([(3, 2, "b")], []), ([], [(1, 1, "d")])])
    c = counts.count("strict_f1", d, groups={"d00": "x", "d01": "y", "d02": "x"})
    assert c.groups == ("x", "y") and c.values.tolist() == [[1, 1, 0], [0, 0, 1]]


def test_rows_without_a_group_key_are_groups_of_one():
    d = classification.Decisions(LABELS, ("a",) * 12, ("a",) * 11 + ("b",))
    c = counts.count("accuracy", d)
    assert len(c.groups) == 12 and c.values[-1].tolist() == [0, 1] and c.values.sum() == 12


def test_every_declared_metric_has_counts():
    assert set(counts._ROWS) == set(classification.METRICS) and set(counts._SPAN_ROWS) == set(spans.METRICS)
    assert set(counts._SCORES) == set(counts._ROWS) | set(counts._SPAN_ROWS)


def test_scores_take_any_leading_shape():
    values = np.arange(2 * 5 * 9).reshape(2, 5, 9)
    for metric, width in (("macro_f1", 9), ("weighted_f1", 9), ("mcc", 9), ("binary_f1", 3), ("accuracy", 2)):
        score = counts.score(metric)
        found = score(values[..., :width])
        assert found.shape == (2, 5)
        assert found[1, 3] == score(values[1, 3, :width])


def test_runs_over_other_groups_do_not_stack():
    one = counts.count("accuracy", decisions([("a", "a", "u"), ("a", "b", "v")]))
    other = counts.count("accuracy", decisions([("a", "a", "u"), ("a", "b", "w")]))
    assert counts.stack([one, one]).shape == (2, 2, 2)
    with pytest.raises(DataError, match="do not cover the same 2 groups"):
        counts.stack([one, other])


def test_what_cannot_be_counted_is_refused():
    d = classification.Decisions(LABELS, ("a",), ("a",))
    with pytest.raises(DataError, match="no counts per group for the metric 'strict_f1'"):
        counts.count("strict_f1", d)
    with pytest.raises(DataError, match="positive label"):
        counts.count("binary_f1", d)
