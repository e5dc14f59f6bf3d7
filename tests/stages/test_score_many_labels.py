"""A task with two thousand labels is scored in the memory that its rows need, not in that of all pairs of labels."""

import dataclasses
import tracemalloc

import fakes
import pytest

from harness.report.disclosure import loading
from harness.report.render import confusion
from harness.stages import score

LABELS, SEEDS = tuple(f"code {i:04d}" for i in range(2000)), (1, 2)
MEGABYTES = 120  # a table of all pairs takes 32, of which there would be one for each run and part


@pytest.mark.parametrize("name", ["synergi", pytest.param("nor_deid", marks=pytest.mark.extended)])
def test_memory_and_file_stay_small(tmp_path, monkeypatch, name):
    task = dataclasses.replace(fakes.TASKS[name], labels=LABELS)
    monkeypatch.setitem(fakes.TASKS, name, task)
    root = fakes.build(tmp_path, tasks=(name,), families=("nb_bert",), seeds=SEEDS, rows=120)
    tracemalloc.start()
    try:
        score.run(root, task, "nb_bert", fakes.score_settings(SEEDS))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    written = root / "artifacts" / "scores" / name / "nb_bert.json"
    assert peak < MEGABYTES and written.stat().st_size < 8e6
    score.run_linear(root, task)
    (c,) = loading.load(root, fakes.settings((name,), ("nb_bert",), SEEDS).run, fakes.TASKS)
    assert not c.matrices and confusion.draw(c) == {} and len(c.mean_table("clinical")) == 2000
