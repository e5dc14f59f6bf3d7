"""Metric names: found by head, the primary called f1, a slip answered with the nearest name."""

import dataclasses
import subprocess
import sys

import pytest

from harness.errors import RegistryError
from harness.evaluation import metrics, primary
from harness.task import Groups, Reading, Task

TASK = Task(
    name="toy", version="1", title="Toy", head="sequence", reader=lambda folder: Reading([], 0), schema=lambda: None,
    labels=("no", "yes"), groups=Groups(), metrics=("binary_f1", "accuracy"), licence="CC0", citation="none",
    positive="yes",
)  # fmt: skip
LINES = [
    {"id": "1", "group": "1", "gold": "yes", "prediction": "yes"},
    {"id": "2", "group": "2", "gold": "no", "prediction": "yes"},
]


def test_the_primary_metric_is_called_f1():
    assert list(metrics.functions(TASK)) == ["f1", "accuracy"]
    assert primary(TASK, LINES) == pytest.approx(2 / 3)


def test_token_tasks_score_spans():
    task = dataclasses.replace(TASK, head="tokens", labels=("Age",), positive=None, metrics=("strict_f1", "relaxed_f1"))
    line = {"id": "1", "group": "1", "gold": [[0, 2, "Age"]], "prediction": [[0, 3, "Age"]], "length": 5}
    scores = {name: function(metrics.decisions(task, [line])) for name, function in metrics.functions(task).items()}
    assert scores == {"f1": 0.0, "relaxed_f1": 1.0}


@pytest.mark.parametrize(
    "head, name, suggestion", [("sequence", "marco_f1", "macro_f1"), ("tokens", "strict-f1", "strict_f1")]
)
def test_an_unknown_metric_gets_a_suggestion(head, name, suggestion):
    with pytest.raises(RegistryError, match=f"tasks/toy.py.*Did you mean '{suggestion}'"):
        metrics.functions(dataclasses.replace(TASK, head=head, metrics=(name,)))


def test_a_metric_of_another_head_is_refused():
    with pytest.raises(RegistryError, match="head 'tokens'"):
        metrics.functions(dataclasses.replace(TASK, head="tokens", metrics=("accuracy",)))


def test_span_scores_import_neither_scikit_learn_nor_torch(repository):
    code = (
        "import sys, harness.stages.score, harness.evaluation.spans;"
        "print([m for m in ('sklearn', 'torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
