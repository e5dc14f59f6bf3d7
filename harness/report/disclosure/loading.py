"""Load the stored scores of a run for the report, and reduce scores on restricted data to what was released."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.artifacts import scores, validated
from harness.params.config import Run
from harness.report.disclosure import released
from harness.report.model import results
from harness.task import Task


def load(root: Path, run: Run, tasks: Mapping[str, Task]) -> list[results.Comparison]:
    """One Comparison for every task and encoder family of the run, in the order of `params.yaml`. Comparisons on
    restricted data have only the released numbers.

    Stored scores of other tasks, families and seeds are ignored. Raises MissingInputError, which names the command to
    run, if scores are missing.
    """
    found = []
    for task in run.tasks:
        title, stored = tasks[task].title, scores.read_linear(root, task)
        translated = validated.translated(root, task)
        linear = replace(results.read_linear(stored, title), translated=translated)
        for family in run.families:
            comparison = results.read(scores.read(root, task, family), title, run.seeds)
            found.append(replace(comparison, linear=linear, constants=stored.constants, translated=translated))
    return released.disclosed(root, found)
