"""Decide which scores of a task with restricted data may be released: the last step of the stage `score`.

The figures of all arms, families, seeds and of the linear model are about the same rows, so they are checked together
(`harness.statistics.disclosure.twins`). The report reads the released figures and nothing else.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from harness import heads
from harness.artifacts import runs, scores, validated
from harness.artifacts.predictions import held_against, recorded_lines
from harness.errors import DataError
from harness.params.config import ScoreSettings
from harness.privacy import even, restricted
from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure import releasing
from harness.statistics.stored_predictions import Data
from harness.system import files
from harness.task import Task


def run(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Write `artifacts/scores/<task>/released.json`, the figures of a task with restricted data that may be shown. For
    a task with other data, delete this file, which may remain from a time when the data were restricted."""
    path = Path(root) / releasing.place(task.name)
    if validated.card(root, task.name).kind == restricted.KIND:
        even.write_json(path, made(root, task, settings), hidden=True)
    else:
        path.unlink(missing_ok=True)


def verify(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Make the disclosure check again. Raises DataError if the check now allows other figures than the file
    `released.json` records."""
    path = Path(root) / releasing.place(task.name)
    if files.read_json(path, made_by=f"harness score {task.name}") != made(root, task, settings):
        raise DataError(
            f"{task.name}: a new check allows figures that differ from those in {releasing.place(task.name)}.",
            remedy=f"Run `harness score {task.name}` and `harness report`.",
        )


def made(root: Path, task: Task, settings: ScoreSettings) -> dict[str, Any]:
    from harness.statistics import task_metrics as metrics
    from harness.statistics.disclosure import hidden, twins
    from harness.statistics.paired import Settings

    rows = _Rows(Path(root), task, settings)
    statistics = settings.statistics
    known = Settings(statistics.level, statistics.margin)
    if heads.of(task).unreleased or rows.unmeasurable or "test" not in rows.parts:
        return releasing.withheld(task, rows.bound)
    parts = {
        part: replace(hidden.of(task, rows.decided(part, metrics)), replicates=rows.replicates) for part in rows.parts
    }
    # The finest kind of release has a table of labels, even if no metric of the task is their mean.
    others = dict.fromkeys([*task.metrics[1:], *(["macro_f1"] if heads.of(task).nothing else [])])
    whole = [
        (part, hidden.of(replace(task, metrics=(metric,)), rows.decided(part, metrics)))
        for part in rows.parts
        for metric in others
    ]
    if not all(hidden.counted_alike(of, rows.decided(part, metrics)) for part, of in [*parts.items(), *whole]):
        return releasing.withheld(task, rows.bound)
    return releasing.record(task, rows.bound, twins.check(parts, known, whole=(of for _, of in whole)), parts, known)


def _by_arm(run: runs.Run | runs.LinearRun) -> tuple[str, int]:
    return run.arm, run.seed


class _Rows:
    """Every stored answer of a task, by part, system, arm and seed."""

    def __init__(self, root: Path, task: Task, settings: ScoreSettings):
        self._task, self._data = task, Data.read(root, task)
        # No figure of a part with few rows is released, so none is checked. Groups are counted: there are no more than
        # rows.
        groups = self._data.groups
        self.parts = [part for part in scores.TESTED if len({groups[i] for i in self._data.ids(part)}) >= MINIMUM]
        self._lines: dict[str, list[tuple[str, str, list[dict[str, Any]]]]] = defaultdict(list)
        self.bound: dict[str, str] = {}
        self.unmeasurable = ""
        self.replicates: dict[str, tuple[int, ...]] = {}  # by family: the pre-training run of each run's encoder
        for family in settings.families:
            self._bind(family, scores.read(root, task.name, family), scores.place(root, task.name, family))
            made = runs.read(root, task.name, family)
            chosen = sorted((run for run in made.runs if run.seed in settings.seeds), key=_by_arm)
            self.replicates[family] = tuple(run.replicate for run in chosen)
            self._read(runs.folder_of(root, task.name, family), family, chosen, f"harness finetune {task.name}")
        linear = scores.place(root, f"{task.name}/linear", "linear")
        self._bind("linear", scores.read_linear(root, task.name), linear)
        folder = root / "artifacts" / "linear" / task.name
        self._read(folder, "linear", runs.read_linear(root, task.name).runs, f"harness linear {task.name}")

    def _bind(self, system: str, stored: scores.Scored, place: Path) -> None:
        faults = stored.unmeasurable.get("test", {})
        self.unmeasurable = self.unmeasurable or faults.get(self._task.metrics[0], "")
        self.bound[system] = files.sha256(place)

    def _read(self, folder: Path, system: str, made: Sequence[runs.Run | runs.LinearRun], made_by: str) -> None:
        for run in sorted(made, key=_by_arm):
            path = folder / run.file
            lines = recorded_lines(path, run.predictions, self._task, made_by)
            lines = [line for line in lines if line["part"] in self.parts]
            expected = {part: self._data.ids(part) for part in self.parts}
            for part, rows in held_against(path, lines, expected, self._data.records, self._task, made_by).items():
                rows = [{**row, "group": self._data.groups[row["id"]]} for row in rows]
                self._lines[part].append((system, run.arm, rows))

    def decided(self, part: str, metrics: ModuleType) -> list[tuple[str, str, list[str], object]]:
        """One tuple (system, arm, group of each row, decisions) for every run."""
        return [
            (system, arm, [row["group"] for row in rows], metrics.decisions(self._task, rows, self._data.records))
            for system, arm, rows in self._lines[part]
        ]
