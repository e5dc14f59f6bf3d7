"""Several labels a row: what a record, a line and a score are, held against scikit-learn and plain counts."""

import dataclasses
import itertools
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from harness import heads
from harness.artifacts.predictions import consistent_lines
from harness.data import schema, splitting, tabular
from harness.data.rows import Refused
from harness.errors import DataError
from harness.metrics.decided.counts import by_class
from harness.statistics import measurable, selection, task_metrics
from harness.statistics.disclosure import disclosing, releasing
from harness.statistics.disclosure.coarsening import WITHHELD
from harness.system.files import write_jsonl
from harness.task import Groups, Reading, Task

LABELS = ("fall", "medication", "equipment")
HEAD = heads.HEADS["multilabel"]
TASK = Task(
    name="incidents", version="1", title="Incidents", head="multilabel", reader=lambda folder: Reading([], 0),
    schema=lambda: schema.multilabel(LABELS), labels=LABELS, groups=Groups(column="group"),
    metrics=("macro_f1", "micro_f1", "accuracy"), licence="CC0", citation="none",
)  # fmt: skip
some = st.sets(st.sampled_from(LABELS)).map(lambda found: sorted(found, key=LABELS.index))
rows = st.lists(st.tuples(some, some), min_size=1, max_size=20)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def line(i: int, gold: list[str], prediction: list[str], **changes) -> dict:
    scores = [0.9 if label in prediction else 0.2 for label in LABELS]
    told = {"id": f"r{i:02}", "part": "test", "group": f"g{i // 2}", "gold": gold, "prediction": prediction}
    return {**told, "scores": scores, **changes}


def decided(found):
    return task_metrics.decisions(TASK, [line(i, g, p) for i, (g, p) in enumerate(found)])


def table(side) -> np.ndarray:
    return np.array([[label in labels for label in LABELS] for labels in side])


@quick
@given(rows)
def test_scores_are_those_of_scikit_learn(found):
    gold, called = map(table, zip(*found, strict=True))
    scores = {name: metric(decided(found)) for name, metric in task_metrics.functions(TASK).items()}
    assert scores == pytest.approx(
        {
            "macro_f1": oracle.f1_score(gold, called, average="macro", zero_division=0),
            "micro_f1": oracle.f1_score(gold, called, average="micro", zero_division=0),
            "accuracy": oracle.accuracy_score(gold, called),
        }
    )
    for row, *expected in zip(
        by_class(decided(found)), *oracle.precision_recall_fscore_support(gold, called, zero_division=0), strict=True
    ):
        assert [row[key] for key in ("precision", "recall", "f1", "support")] == pytest.approx(expected)


@quick
@given(rows, st.lists(st.integers(0, 3), min_size=10, max_size=10))
def test_a_group_drawn_twice_is_two_groups(found, weights):
    for metric in task_metrics.functions(TASK).values():
        counted = metric.count(decided(found))
        assert counted.groups == tuple(sorted({f"g{i // 2}" for i in range(len(found))}))
        drawn = {f"g{i}": n for i, n in enumerate(weights)}
        again = [pair for i, pair in enumerate(found) for _ in range(drawn[f"g{i // 2}"])]
        weighted = metric.score(np.array([drawn[group] for group in counted.groups]) @ counted.values)
        assert weighted == pytest.approx(metric(decided(again)) if again else 0.0)


@quick
@given(rows)
def test_an_answer_that_is_always_the_same_keeps_no_weights(found):
    for answer in itertools.chain.from_iterable(itertools.combinations(LABELS, k) for k in range(4)):
        assert selection.score(TASK, [line(i, g, list(answer)) for i, (g, _) in enumerate(found)]) == 0
    told = selection.score(TASK, [line(i, g, p) for i, (g, p) in enumerate(found)])
    gold, called = map(table, zip(*found, strict=True))
    each = [oracle.matthews_corrcoef(g, c) for g, c in zip(gold.T, called.T, strict=True)]
    assert told == pytest.approx(float(np.mean(each)))


@quick
@given(st.lists(some, min_size=1, max_size=12))
def test_the_commonest_labels_are_the_constant_answer_with_the_best_micro_f1(held):
    training = [{"labels": labels} for labels in held]
    here = decided([(labels, []) for labels in held])
    constants = HEAD.constants(TASK, here, training)
    score = task_metrics.functions(TASK)["micro_f1"]
    answers = itertools.chain.from_iterable(itertools.combinations(LABELS, k) for k in range(4))
    best = max(score(dataclasses.replace(here, predicted=(frozenset(a),) * len(here))) for a in answers)
    assert score(constants["commonest_labels"]) == pytest.approx(best)
    assert {len(set(of.predicted)) for of in constants.values()} == {1}


def test_what_a_record_may_be():
    tried = [
        ([], None),
        (["fall", "equipment"], None),
        (["equipment", "fall"], "labels once, in the task's order"),
        (["fall", "fall"], "labels once, in the task's order"),
        (["theft"], "label allowed: fall, medication, equipment"),
        ("fall", "labels: a list of texts"),
    ]
    for i, (labels, fault) in enumerate(tried):
        record = {"id": f"r{i}", "group": "g", "part": "pool", "text": "Hun falt.", "labels": labels}
        found = schema.failures(TASK, Reading([record], 1), "public")
        assert [finding.check for finding in found] == ([fault] if fault else []), labels


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"scores": [0.9, 0.2]}, "one score for each of the 3 labels"),
        ({"scores": [0.9, 1.2, 0.2]}, "a score is not a probability"),
        ({"scores": [0.9, 0.6, 0.2]}, "not match the labels with a score over 0.5"),
        ({"prediction": []}, "not match the labels with a score over 0.5"),
        ({"gold": ["theft"]}, "the gold is not a list of the task's labels"),
        ({"gold": "fall"}, "the gold is not a list of the task's labels"),
        ({"gold": ["medication", "fall"]}, "not in the order"),
    ],
)
def test_what_a_prediction_may_be(tmp_path, change, fault):
    path = tmp_path / "predictions.jsonl"
    write_jsonl(path, [line(0, ["fall", "medication"], ["fall"]) | change])
    if fault is None:
        assert len(consistent_lines(path, TASK, "harness finetune incidents f")) == 1
        return
    with pytest.raises(DataError, match=fault):
        consistent_lines(path, TASK, "harness finetune incidents f")


def test_a_split_keeps_the_share_of_every_label():
    chance = random.Random(4)
    rates = {"fall": 0.5, "medication": 0.3, "equipment": 0.08}
    records = [{"id": f"r{i:03}", "labels": [x for x in LABELS if chance.random() < rates[x]]} for i in range(400)]
    strata = HEAD.strata(records)
    rows = [splitting.Row(r["id"], r["id"], strata[r["id"]]) for r in records]
    parts = splitting.split(rows, {"train": 0.75, "validation": 0.1, "test": 0.15}, 1)
    for label in LABELS:
        has = [parts[r["id"]] for r in records if label in r["labels"]]
        for part, share in (("train", 0.75), ("validation", 0.1), ("test", 0.15)):
            assert abs(has.count(part) - share * len(has)) <= 2, (label, part)
    assert HEAD.strata(reversed(records)) == strata


def test_what_cannot_be_measured_is_a_part_without_labels():
    lacking = {"train": ["fall"], "test": list(LABELS)}
    assert measurable.absent(TASK, [{"labels": ["fall"]}, {"labels": []}]) == ["medication", "equipment"]
    said = measurable.faults(TASK, lacking)["test"]
    assert set(said.values()) == {"no row of the test part has a label"} and set(said) == set(TASK.metrics)


def test_every_label_is_a_question_of_its_own():
    """The loss is that of single questions, and an answer needs a probability over a half."""
    logits = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 0.0, -0.1]])
    targets = torch.tensor([HEAD.target({"labels": of}, dict.fromkeys(LABELS)) for of in (["fall"], ["equipment"])])
    chances = torch.sigmoid(logits)
    expected = -torch.log(torch.where(targets == 1, chances, 1 - chances)).sum()
    assert float(HEAD.loss(logits, targets)) == pytest.approx(float(expected), rel=1e-6)
    first, second = HEAD.answers([{}, {}], [], logits, LABELS)
    assert first["prediction"] == ["fall", "equipment"] and second["prediction"] == []
    assert first["scores"][0] == pytest.approx(float(chances[0, 0]), abs=1e-6)


def test_the_linear_baseline_learns_every_label_by_itself():
    words = {"fall": "falt", "medication": "tablett", "equipment": "pumpe"}
    records = [
        {"id": f"r{i:03}", "text": f"notat {i % 7} " + " ".join(words[x] for x in of), "labels": list(of)}
        for i, of in enumerate(itertools.islice(itertools.cycle(_subsets()), 80))
    ]
    baseline = HEAD.linear_baseline()(HEAD, LABELS, records[:56], {"test": records[56:]})
    answers = baseline.answers(10.0)["test"]
    assert [answer["prediction"] for answer in answers] == [record["labels"] for record in records[56:]]
    # A label that no training row has is never answered, one that all have always.
    few = [{**record, "labels": ["fall"]} for record in records[:20]]
    (answer, *_) = HEAD.linear_baseline()(HEAD, LABELS, few, {"test": records[56:]}).answers(1.0)["test"]
    assert answer == {"prediction": ["fall"], "scores": [1.0, 0.0, 0.0]}


def _subsets():
    return list(itertools.chain.from_iterable(itertools.combinations(LABELS, k) for k in range(4)))


def test_of_restricted_rows_with_several_labels_no_figure_is_released(monkeypatch):
    class Large:
        unmeasurable, parts, bound, majority = "", ("test", "holdout"), {"f": "1" * 64}, None

    monkeypatch.setattr(disclosing, "_Rows", lambda *_: Large)
    settings = SimpleNamespace(statistics=SimpleNamespace(level=0.95, margin=0.01))
    made = releasing.read(disclosing.made(Path("nowhere"), TASK, settings))
    assert made.rung.name == WITHHELD and made.figures == {}


def test_labels_come_as_a_list_or_as_one_text():
    shape = tabular.several(LABELS)
    for value in (["equipment", "fall", "fall"], "equipment; fall", "fall;equipment;"):
        assert shape({"labels": value}) == {"labels": ["fall", "equipment"]}
    assert shape({"labels": ""}) == {"labels": []}
    for value in ("theft", ["fall", 3], {"fall": 1}):
        with pytest.raises(Refused):
            shape({"labels": value})
