"""Finished results for tasks that another package declares: of every head, scored and reported by the real stages."""

import csv
from dataclasses import replace

import fakes
import pytest

from harness.heads import HEADS
from harness.system import files
from harness.testing import results

TASKS = [
    replace(
        fakes.TASKS["synergi"],
        name=f"clinic_{name}",
        title=f"Of another package, {name}",
        head=name,
        labels=head.template.labels,
        metrics=head.template.metrics,
        positive=head.template.positive or None,
    )
    for name, head in HEADS.items()
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = results.build(tmp_path_factory.mktemp("clinic"), TASKS, rows=60)
    results.score(root, TASKS)
    results.report(root, TASKS)
    return root


def test_every_task_stands_in_the_report_with_a_figure_for_each_arm(root):
    with open(root / "reports" / "comparison.csv", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["task"] for row in rows] == [task.name for task in TASKS]
    assert all(0 < float(row["reference"]) < 1 and 0 < float(row["clinical"]) < 1 for row in rows)
    said = fakes.report_text(root)
    assert all(task.title in said for task in TASKS)


def test_the_same_again_has_the_same_bytes(root, tmp_path):
    results.build(tmp_path, TASKS, rows=60)
    for folder in ("artifacts/validated", "artifacts/predictions", "artifacts/checkpoints", "reports/splits"):
        assert files.sha256_tree(tmp_path / folder) == files.sha256_tree(root / folder), folder


def test_no_stage_is_made_of_it(repository):
    lists = sorted((repository / "pipeline").rglob("*.txt"))
    assert lists and not [path for path in lists if "harness/testing/" in path.read_text(encoding="utf-8")]
