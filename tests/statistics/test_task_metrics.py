"""From a task's metrics and prediction lines to scores, each under its own name."""

import dataclasses
import subprocess
import sys

import pytest

from harness.statistics import task_metrics
from harness.statistics.task_metrics import primary
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


def test_every_metric_has_its_own_name_and_the_first_is_the_primary_one():
    assert list(task_metrics.functions(TASK)) == ["binary_f1", "accuracy"]
    assert primary(TASK, LINES) == pytest.approx(2 / 3)


def test_token_tasks_score_spans():
    task = dataclasses.replace(TASK, head="tokens", labels=("Age",), positive=None, metrics=("strict_f1", "relaxed_f1"))
    line = {"id": "1", "group": "1", "gold": [[0, 2, "Age"]], "prediction": [[0, 3, "Age"]], "length": 5}
    scores = {
        name: function(task_metrics.decisions(task, [line], {"1": {"text": "Kari!"}}))
        for name, function in task_metrics.functions(task).items()
    }
    assert scores == {"strict_f1": 0.0, "relaxed_f1": 1.0}


def test_span_scores_import_neither_scikit_learn_nor_torch(repository):
    code = (
        "import sys, harness.stages.score, harness.metrics.decided.spans;"
        "print([m for m in ('sklearn', 'torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
