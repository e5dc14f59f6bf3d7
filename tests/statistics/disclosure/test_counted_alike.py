"""The check of released figures counts as the metric does, or nothing is released."""

import dataclasses

import fakes
import numpy as np
import pytest

from harness import metrics
from harness.artifacts import scores
from harness.metrics import METRICS, Metric
from harness.metrics.decided.rows import Decisions
from harness.metrics.rows import share
from harness.report.disclosure import loading
from harness.statistics.disclosure import hidden, releasing
from harness.system import files

ROWS = sorted(name for name, metric in METRICS.items() if "rows" in metric.of)
# Of two labels, Youden's J is sensitivity + specificity − 1; here of hits alone, in columns the other way round.
ADDED = Metric("misses", "misses", ("rows",), lambda d: d.hits()[:, ::-1], share, higher_is_better=False)


def runs(labels: int, metric: str):
    drawn = np.random.default_rng(3)
    names = tuple(f"l{i}" for i in range(labels))
    gold, answers = (tuple(names[i] for i in drawn.integers(0, labels, 60)) for _ in range(2))
    groups = tuple(f"g{i // 2:02}" for i in range(60))
    made = Decisions(names, gold, answers, groups, "l1" if labels == 2 else None)
    return dataclasses.replace(
        fakes.TASKS["aismec"], labels=names, metrics=(metric,), positive="l1" if labels == 2 else None
    ), [("one", "clinical", list(groups), made)]


@pytest.mark.parametrize("labels", [2, 4])
@pytest.mark.parametrize("metric", ROWS)
def test_every_metric_of_rows_counts_what_is_checked(metric, labels):
    if labels != 2 and METRICS[metric].needs in ("positive", "other"):
        pytest.skip("asks for a positive label")
    task, made = runs(labels, metric)
    assert hidden.counted_alike(hidden.of(task, made), made)


def test_one_that_counts_otherwise_is_found(monkeypatch):
    monkeypatch.setitem(METRICS, "misses", ADDED)
    task, made = runs(2, "misses")
    assert not hidden.counted_alike(hidden.of(task, made), made)


@pytest.mark.parametrize("led", [True, False])
def test_of_restricted_data_nothing_is_then_released(tmp_path, monkeypatch, led):
    monkeypatch.setitem(metrics.METRICS, "misses", ADDED)
    names = ("misses", "macro_f1") if led else ("macro_f1", "misses")
    monkeypatch.setitem(fakes.TASKS, "synergi", dataclasses.replace(fakes.TASKS["synergi"], metrics=names))
    fakes.build(tmp_path, ("synergi",), ("nb_bert",), kind="restricted", rows=1200)
    fakes.score(tmp_path, ("synergi",), ("nb_bert",))
    assert scores.read(tmp_path, "synergi", "nb_bert").data_kind == "restricted"
    released = files.read_json(tmp_path / releasing.place("synergi"))
    assert released["rung"] == "withheld"
    (c,) = loading.load(tmp_path, fakes.settings(("synergi",), ("nb_bert",)).run, fakes.TASKS)
    assert c.values == {} and c.estimates["test", "baseline"].delta is None
