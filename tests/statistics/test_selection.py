"""Which weights are kept: no constant answer wins, for any head, and scikit-learn says the same number."""

import dataclasses
import re

import fakes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import matthews_corrcoef

from harness.statistics import selection, task_metrics
from harness.text.bio import decode_tags

quick = settings(max_examples=60, deadline=None, derandomize=True)
CALLS, TYPES, NOTES = (fakes.TASKS[name] for name in ("aismec", "synergi", "nor_deid"))
LENGTH = 30
TEXTS = {"d": {"text": "x" * LENGTH}}


def lines(gold, answers):
    pairs = zip(gold, answers, strict=True)
    return [{"id": str(i), "group": str(i), "gold": g, "prediction": p} for i, (g, p) in enumerate(pairs)]


def characters(text, gold, found):
    line = {"id": "d", "group": "d", "gold": gold, "prediction": found, "length": len(text)}
    return selection.score(NOTES, [line], {"d": {"text": text}})


def document(gold, found, name="d"):
    return {"id": name, "group": name, "gold": gold, "prediction": found, "length": LENGTH}


def test_always_positive_does_not_beat_an_informative_answer():
    """F1 says the opposite: .667 against .60."""
    gold = ["stroke"] * 50 + ["other"] * 50
    always = lines(gold, ["stroke"] * 100)
    informative = lines(gold, ["stroke"] * 30 + ["other"] * 20 + ["stroke"] * 20 + ["other"] * 30)
    assert task_metrics.primary(CALLS, always) == pytest.approx(2 / 3)
    assert task_metrics.primary(CALLS, informative) == pytest.approx(0.6)
    assert selection.score(CALLS, always) == 0 < selection.score(CALLS, informative)


def test_a_span_that_is_nearly_right_is_better_than_none():
    """Strict F1 is 0 for both, so that it would keep whatever came first."""
    gold = [[0, 8, NOTES.labels[0]]]
    nothing, nearly = [document(gold, [])], [document(gold, [[0, 7, NOTES.labels[0]]])]
    assert task_metrics.primary(NOTES, nothing, TEXTS) == task_metrics.primary(NOTES, nearly, TEXTS) == 0
    assert selection.score(NOTES, nothing, TEXTS) == 0 < selection.score(NOTES, nearly, TEXTS)
    everything = [document(gold, [[0, LENGTH, NOTES.labels[0]]])]
    assert selection.score(NOTES, everything, TEXTS) == 0, "marking all of a text is a constant answer, too"


@pytest.mark.parametrize("tag", range(5))
def test_the_same_tag_for_every_token_scores_nothing(tag):
    """An entity begun at every token leaves the blanks between them out, as most of the gold does."""
    text = "Pasienten Ola Nordmann ble innlagt 3. mai\u00a0ved Haukeland sykehus, med feber."
    offsets = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    found = decode_tags([(offset, tag) for offset in offsets], NOTES.labels)
    assert characters(text, [[10, 22, NOTES.labels[0]]], found) == 0


@pytest.mark.parametrize("metric", ["document_leak_rate", "strict_f1"])
def test_the_rule_does_not_ask_which_metric_leads(metric):
    """Not the leakiest answers are kept where fewer leaks are better, nor those that mask everything."""
    task = dataclasses.replace(NOTES, metrics=(metric,))
    gold = [[0, 8, NOTES.labels[0]], [12, 20, NOTES.labels[1]]]
    answers = {
        "nothing": [],
        "everything": [[0, LENGTH, NOTES.labels[0]]],
        "half": gold[:1],
        "all": gold,
    }
    scores = {
        name: selection.judged(task, [document(gold, found)], TEXTS)["selection"] for name, found in answers.items()
    }
    assert max(scores, key=scores.get) == "all" and scores["half"] > scores["nothing"] == scores["everything"] == 0


@quick
@given(st.lists(st.tuples(st.sampled_from(TYPES.labels), st.sampled_from(TYPES.labels)), min_size=2, max_size=30))
def test_rows_are_scored_as_scikit_learn_does(found):
    gold, answers = zip(*found, strict=True)
    expected = matthews_corrcoef(gold, answers) if min(len(set(gold)), len(set(answers))) > 1 else 0
    assert selection.score(TYPES, lines(gold, answers)) == pytest.approx(expected, abs=1e-12)


cut = st.tuples(st.integers(0, 9), st.integers(1, 3), st.sampled_from(NOTES.labels))
spans = st.lists(cut, max_size=3, unique_by=lambda s: s[0]).map(
    lambda found: sorted([3 * at, 3 * at + n, label] for at, n, label in found)
)


@quick
@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=4))
def test_characters_are_scored_as_scikit_learn_does(found):
    def characters(side):
        every = np.array(["outside"] * LENGTH, dtype=object)
        for start, end, label in side:
            every[start:end] = label
        return every.tolist()

    gold, answers = ([word for one in found for word in characters(one[side])] for side in (0, 1))
    expected = matthews_corrcoef(gold, answers) if min(len(set(gold)), len(set(answers))) > 1 else 0
    written = [document(*one, f"d{i}") for i, one in enumerate(found)]
    assert selection.score(NOTES, written, {line["id"]: TEXTS["d"] for line in written}) == pytest.approx(
        expected, abs=1e-12
    )


@quick
@given(st.lists(st.sampled_from(TYPES.labels), min_size=1, max_size=20), st.sampled_from(TYPES.labels))
def test_no_constant_answer_scores(gold, answer):
    assert selection.score(TYPES, lines(gold, [answer] * len(gold))) == 0


def test_the_curve_shows_the_primary_score_beside_it():
    found = selection.judged(CALLS, lines(["stroke", "other"], ["stroke", "other"]))
    assert found == {"selection": 1.0, "validation": 1.0}
