"""The stored scores of a run as comparisons, as far as they may be shown: all that a report begins with."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.params.config import Run
from harness.report.disclosure import shown
from harness.report.model import results, stored
from harness.task import Task


def load(root: Path, run: Run, tasks: Mapping[str, Task]) -> list[results.Comparison]:
    """The scores of every task × family of the run, in the order of `params.yaml`, as far as they may be shown.

    Raises MissingInputError, naming the stage, for one that is not there; leftovers of earlier runs
    are not looked at.
    """
    found = []
    for task in run.tasks:
        folder, title = Path(root) / "artifacts" / "scores" / task, tasks[task].title
        for family in run.families:
            scores = stored.scores(
                folder / f"{family}.json", {"task": task, "family": family}, f"harness score {task} {family}"
            )
            found.append(results.read(scores, title, run.seeds))
        linear = stored.scores(folder / results.CLASSIC / "linear.json", {"task": task}, f"harness score {task}")
        classic = results.read_classic(linear, title)
        found = [replace(c, classic=classic, constants=linear["constants"]) if c.task == task else c for c in found]
    return shown.disclosed(root, found)
