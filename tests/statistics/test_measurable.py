"""What cannot be measured follows from gold alone: by head, metric and the part that lacks a label."""

import dataclasses

import fakes
import pytest

from harness.statistics import measurable
from harness.statistics.task_metrics import decisions, functions

BINARY = dataclasses.replace(
    fakes.TASKS["aismec"], labels=("no", "yes"), positive="yes",
    metrics=("binary_f1", "sensitivity", "specificity", "mcc", "accuracy", "macro_f1"),
)  # fmt: skip
SPANS = dataclasses.replace(fakes.TASKS["nor_deid"], labels=("Date", "Age"))


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"test": [], "train": []}, {}),
        (
            {"test": ["yes"], "train": []},
            {
                "binary_f1": "no row of the test part has the label yes",
                "sensitivity": "no row of the test part has the label yes",
                "mcc": "every row of the test part has the label no",
            },
        ),
        (
            {"test": ["no"], "train": []},
            {
                "specificity": "every row of the test part has the label yes",
                "mcc": "every row of the test part has the label yes",
            },
        ),
        (
            {"test": [], "train": ["yes"]},
            {
                "binary_f1": "no row of the training part has the label yes",
                "sensitivity": "no row of the training part has the label yes",
                **dict.fromkeys(("mcc", "accuracy", "macro_f1"), "every row of the training part has the label no"),
            },
        ),
    ],
)
def test_rows(lacking, said):
    assert measurable.faults(BINARY, lacking).get("test", {}) == said


@pytest.mark.parametrize(
    ("lacking", "said", "metrics"),
    [
        ({"test": ["Age"], "train": []}, None, ()),
        ({"test": ["Date", "Age"], "train": []}, "no document of the test part has an entity", SPANS.metrics),
        ({"test": [], "train": ["Date", "Age"]}, "no document of the training part has an entity", SPANS.metrics),
        (
            {"test": ["Age"], "train": ["Date"]},
            "no label of the test part occurs in the training part",
            ("strict_f1", "relaxed_f1", "macro_f1"),
        ),
    ],
)
def test_spans(lacking, said, metrics):
    assert measurable.faults(SPANS, lacking).get("test", {}) == dict.fromkeys(metrics, said)


def test_each_part_speaks_for_itself():
    found = measurable.faults(BINARY, {"train": [], "validation": ["yes"], "test": [], "holdout": ["yes"]})
    assert list(found) == ["holdout", "validation"]
    assert found["holdout"]["binary_f1"] == "no row of the shipped holdout has the label yes"


@pytest.mark.parametrize("metric", ["binary_f1", "sensitivity", "mcc"])
def test_what_is_said_to_be_unmeasurable_is_0_for_every_answer(metric):
    """The two always-same answers, a right one and a wrong one."""
    gold = ["no"] * 4
    for answers in (["no"] * 4, ["yes"] * 4, ["no", "yes", "no", "yes"]):
        lines = [
            {"gold": g, "prediction": a, "group": str(i)} for i, (g, a) in enumerate(zip(gold, answers, strict=True))
        ]
        made = decisions(BINARY, lines)
        assert measurable.lacks_labels(BINARY, metric, made)
        assert functions(BINARY)[metric](made) == 0.0


def test_labels_are_read_off_rows_and_spans():
    assert measurable.absent(BINARY, [{"label": "no"}]) == ["yes"]
    assert measurable.absent(SPANS, [{"spans": []}, {"spans": [{"label": "Age"}]}]) == ["Date"]
