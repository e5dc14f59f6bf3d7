"""Read the stored predictions of a task, and check them against its records, split and groups before scoring."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.artifacts import runs, scores, split, validated
from harness.artifacts.predictions import held_against, recorded_lines
from harness.errors import DataError
from harness.privacy import restricted
from harness.statistics import task_metrics
from harness.task import Task

Rows = list[dict[str, Any]]
SCORED = (*scores.TESTED, "validation")


@dataclass(frozen=True)
class Data:
    """The data of a task, against which predictions are checked.

    `kind` is "public", "synthetic" or "restricted". `records` maps an id to its validated record, `splits` an id to its
    part, and `groups` an id to its group. `hashes` has the SHA-256 of the records file (`records`) and of the file that
    assigns ids to parts (`manifest`).
    """

    task: Task
    kind: str
    records: dict[str, dict[str, Any]]
    splits: dict[str, str]
    # The groups of the split. It keeps linked texts together, too, which a record's own group column does not.
    groups: dict[str, str]
    hashes: dict[str, str]

    @classmethod
    def read(cls, root: Path, task: Task) -> "Data":
        """Read the data of `task`. Raises MissingInputError if a stage has not been run, DataError if a row that is
        scored has no group."""
        name = task.name
        records = {record["id"]: record for record in validated.records(root, name)}
        splits, groups = split.parts_of(root, name), split.groups_of(root, name)
        if lacking := [i for i, part in splits.items() if part in SCORED and i not in groups]:
            raise DataError(
                f"{split.groups_place(root, name)} lacks {len(lacking)} id(s) of the split, first {min(lacking)}.",
                remedy=f"Make it anew with `harness split {name}`.",
            )
        return cls(task, validated.card(root, name).kind, records, splits, groups, split.hashes(root, name))

    @property
    def restricted(self) -> bool:
        return self.kind == restricted.KIND

    def ids(self, part: str) -> list[str]:
        return [i for i, place in self.splits.items() if place == part]

    def described(self) -> dict[str, Any]:
        """The first fields of every scores file: the task, the kind of its data, and the name of its primary metric."""
        return {"task": self.task.name, "data_kind": self.kind, "primary": self.task.metrics[0]}


@dataclass(frozen=True)
class Stored:
    """The prediction files of one comparison, in `folder`, next to their record `runs.json`. `made_by` is the command
    that writes all these files. `rows` adds the hash of each file that it reads to `predictions` and `decisions`, by
    file name."""

    data: Data
    folder: Path
    made_by: str
    # The perturbed test parts: by the name of the part, its records by id.
    perturbed: Mapping[str, Mapping[str, dict[str, Any]]] = field(default_factory=dict)
    predictions: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)

    def check(self, recorded: runs.Runs | runs.LinearRuns) -> None:
        """Check that `runs.json` belongs to the data. Raises DataError if it was made for another task, with other
        labels, from other records or with another split."""
        task = self.data.task
        if recorded.task != task.name or not recorded.runs:
            raise self.refused(f"has no runs of {task.name}")
        if recorded.labels != task.labels:
            raise DataError(
                f"{task.name}: the predictions were made for the labels {', '.join(recorded.labels)}; "
                f"the task now declares {', '.join(task.labels)}.",
                remedy=f"Make the predictions again with `{self.made_by}`.",
            )
        for name, sha in self.data.hashes.items():
            if getattr(recorded.inputs, name) != sha:
                raise DataError(
                    f"{task.name}: the {name} on disk changed after the predictions in {self.folder} were made.",
                    remedy=f"Run `dvc repro`, or make the predictions again with `{self.made_by}`.",
                )

    def refused(self, why: str) -> DataError:
        return DataError(f"{self.folder}/runs.json {why}.", remedy=f"Make it again with `{self.made_by}`.")

    def rows(self, run: runs.Run | runs.LinearRun, expected: Mapping[str, Collection[str]]) -> dict[str, Rows]:
        """The lines of a run's prediction file, as {part: lines in order of their ids}. Each line gets the group of its
        id in the split. `expected` maps each part to the ids that the file should have. Raises DataError if the file
        has other rows, or is not the recorded file."""
        path, data = self.folder / run.file, self.data
        lines = recorded_lines(path, run.predictions, data.task, self.made_by)
        own = [line for line in lines if line["part"] not in self.perturbed]
        by_part = held_against(path, own, expected, data.records, data.task, self.made_by)
        for part, records in self.perturbed.items():
            of = [line for line in lines if line["part"] == part]
            by_part |= held_against(path, of, {part: list(records)}, records, data.task, self.made_by)
        self.predictions[run.file], self.decisions[run.file] = run.predictions, task_metrics.decision_hash(lines)
        return {part: [{**row, "group": data.groups[row["id"]]} for row in rows] for part, rows in by_part.items()}

    def inputs(self) -> dict[str, Any]:
        """The hashes of all files that were read: of predictions and decisions by file name, of records and of the
        split."""
        return {"predictions": self.predictions, "decisions": self.decisions, **self.data.hashes}
