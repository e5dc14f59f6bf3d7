"""Counts per group against the metrics they stand for: one sum, many ways to draw it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import METRICS, named
from harness.metrics.decided import counts, rows, spans

LABELS = ("a", "b", "d")
quick = settings(max_examples=25, deadline=None, derandomize=True)
drawn = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS), st.sampled_from("uvwxyz")), min_size=1, max_size=20
)
LENGTH = 12
OF = {kind: sorted(name for name, metric in METRICS.items() if kind in metric.of) for kind in ("rows", "spans")}
cuts = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 5), st.sampled_from(LABELS)), max_size=5)
documents = st.lists(st.tuples(cuts, cuts), min_size=1, max_size=6)


def decisions(found):
    gold, predicted, groups = zip(*found, strict=True)
    return rows.Decisions(LABELS, gold, predicted, groups, "b")


def span_decisions(found):
    def side(cut):
        return tuple((a, min(a + n, LENGTH), label) for a, n, label in cut)

    return spans.SpanDecisions(
        LABELS, tuple(spans.Document(f"d{i:02d}", side(g), side(p), LENGTH) for i, (g, p) in enumerate(found))
    )


@pytest.mark.parametrize("metric", OF["rows"])
@quick
@given(found=drawn)
def test_the_metric_of_the_sum_is_the_metric_of_the_rows(metric, found):
    d = decisions(found)
    c = named(metric).count(d)
    assert c.groups == tuple(sorted({group for *_, group in found}))
    total = named(metric).score(c.values.sum(axis=0))
    assert total == pytest.approx(METRICS[metric](d), abs=1e-12)


@pytest.mark.parametrize("metric", OF["rows"])
@quick
@given(found=drawn, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_weights_are_repeated_groups(metric, found, weights):
    c = named(metric).count(decisions(found))
    times = dict(zip("uvwxyz", weights, strict=True))
    # A group drawn twice is two groups, each under a key of its own.
    again = [(g, p, f"{group}{i}") for g, p, group in found for i in range(times[group])]
    weighted = named(metric).score(np.array([times[g] for g in c.groups]) @ c.values)
    expected = METRICS[metric](decisions(again)) if again else 0.0
    assert weighted == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", OF["spans"])
@quick
@given(found=documents, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_documents_are_the_groups_of_spans(metric, found, weights):
    c = named(metric).count(span_decisions(found))
    score = named(metric).score
    assert score(c.values.sum(axis=0)) == pytest.approx(METRICS[metric](span_decisions(found)), abs=1e-12)
    again = [document for document, n in zip(found, weights, strict=False) for _ in range(n)]
    weighted = score(np.array(weights[: len(found)]) @ c.values)
    assert weighted == pytest.approx(METRICS[metric](span_decisions(again)), abs=1e-12)


def test_layouts():
    d = decisions([("b", "b", "u"), ("b", "a", "u"), ("a", "b", "v"), ("d", "d", "v")])
    assert named("binary_f1").count(d).values.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert named("accuracy").count(d).values.tolist() == [[1, 1], [1, 1]]
    assert named("macro_f1").count(d).values.tolist() == [[0, 1, 0, 1, 0, 1, 0, 0, 0], [0, 0, 1, 0, 1, 0, 1, 0, 0]]
    assert named("group_accuracy").count(d).values.tolist() == [[0, 1], [0, 1]]


def test_documents_can_be_pooled_into_larger_groups():
    d = span_decisions([([(0, 2, "a")], [(0, 2, "a")]), ([(3, 2, "b")], []), ([], [(1, 1, "d")])])
    c = named("strict_f1").count(d, groups={"d00": "x", "d01": "y", "d02": "x"})
    assert c.groups == ("x", "y") and c.values.tolist() == [[1, 1, 0], [0, 0, 1]]


def test_rows_without_a_group_key_are_groups_of_one():
    d = rows.Decisions(LABELS, ("a",) * 12, ("a",) * 11 + ("b",))
    c = named("accuracy").count(d)
    assert len(c.groups) == 12 and c.values[-1].tolist() == [0, 1] and c.values.sum() == 12


def test_scores_take_any_leading_shape():
    values = np.arange(2 * 5 * 9).reshape(2, 5, 9)
    for metric, width in (("macro_f1", 9), ("weighted_f1", 9), ("mcc", 9), ("binary_f1", 3), ("accuracy", 2)):
        score = named(metric).score
        found = score(values[..., :width])
        assert found.shape == (2, 5)
        assert found[1, 3] == score(values[1, 3, :width])


def test_runs_over_other_groups_do_not_stack():
    one = named("accuracy").count(decisions([("a", "a", "u"), ("a", "b", "v")]))
    other = named("accuracy").count(decisions([("a", "a", "u"), ("a", "b", "w")]))
    assert counts.stack([one, one]).shape == (2, 2, 2)
    with pytest.raises(DataError, match="do not cover the same 2 groups"):
        counts.stack([one, other])


def test_what_cannot_be_counted_is_refused():
    d = rows.Decisions(LABELS, ("a",), ("a",))
    with pytest.raises(DataError, match=r"no metric 'stric_f1'\. Did you mean 'strict_f1'\?"):
        named("stric_f1").count(d)
    with pytest.raises(DataError, match="positive label"):
        named("binary_f1").count(d)
