"""The last step of the stage `score` on restricted data: what may be released of `artifacts/scores/<task>`.

The figures of all arms, families, seeds and of the linear model are about the same rows, so they are checked together
(`harness.statistics.disclosure.twins`). The report reads what is released of them, and nothing else.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts.predictions import held_against, recorded_lines
from harness.errors import DataError
from harness.params.config import ScoreSettings
from harness.privacy import even, restricted
from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure import releasing
from harness.system import files
from harness.task import Task

PARTS = ("test", "holdout")


def run(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Write what may be released of a restricted task; of other tasks remove what an earlier kind has left."""
    path = Path(root) / releasing.place(task.name)
    if kind(root, task) == restricted.KIND:
        even.write_json(path, made(root, task, settings), hidden=True)
    else:
        path.unlink(missing_ok=True)


def kind(root: Path, task: Task) -> str:
    card = Path(root) / "artifacts" / "validated" / task.name / "card.json"
    return files.read_object(card, "kind", made_by=f"harness validate {task.name}")["kind"]


def verify(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Check once more. Raises DataError where something else would be released than is written down."""
    path = Path(root) / releasing.place(task.name)
    if files.read_json(path, made_by=f"harness score {task.name}") != made(root, task, settings):
        raise DataError(
            f"{task.name}: checked again, other figures may be released than {releasing.place(task.name)} says.",
            remedy=f"Run `harness score {task.name}` and `harness report`.",
        )


def made(root: Path, task: Task, settings: ScoreSettings) -> dict[str, Any]:
    from harness.statistics import task_metrics as metrics
    from harness.statistics.disclosure import hidden, twins
    from harness.statistics.disclosure.coarsening import Known

    rows = _Rows(Path(root), task, settings)
    statistics = settings.statistics
    known = Known(statistics.level, statistics.margin)
    if heads.of(task).unreleased or rows.unmeasurable or "test" not in rows.parts:
        return releasing.withheld(task, rows.bound)
    parts = {part: hidden.of(task, rows.decided(part, metrics), rows.majority) for part in rows.parts}
    # The finest rung has a table of labels, whichever metric is their mean.
    others = dict.fromkeys([*task.metrics[1:], *(["macro_f1"] if rows.majority is None else [])])
    whole = (
        hidden.of(replace(task, metrics=(metric,)), rows.decided(part, metrics), rows.majority)
        for part in rows.parts
        for metric in others
    )
    return releasing.record(task, rows.bound, twins.check(parts, known, whole=whole), parts, known)


class _Rows:
    """Every stored answer of a task, by part, system, arm and seed."""

    def __init__(self, root: Path, task: Task, settings: ScoreSettings):
        from harness.metrics.decided.rows import majority_label

        self._task, validated = task, root / "artifacts" / "validated" / task.name
        split = f"harness split {task.name}"
        records = files.read_jsonl(validated / "records.jsonl", made_by=f"harness validate {task.name}")
        self.records = {record["id"]: record for record in records}
        manifest = root / "reports" / "splits" / f"{task.name}.json"
        self._splits = files.read_object(manifest, "splits", made_by=split)["splits"]
        self._groups = files.read_json(root / "artifacts" / "splits" / task.name / "groups.json", made_by=split)
        # Of a part of few rows no figure is released, so that none is checked. Their groups are as many or fewer.
        self.parts = [part for part in PARTS if len({self._groups[i] for i in self._ids(part)}) >= MINIMUM]
        training = [self.records[i].get("label") for i in self._ids("train") if i in self.records]
        # Of records that may have several labels, no one label is the answer that never looks.
        self.majority = None if heads.of(task).nothing else majority_label(training, task.labels)
        self._lines: dict[str, list[tuple[str, str, list[dict[str, Any]]]]] = defaultdict(list)
        scores = root / "artifacts" / "scores" / task.name
        self.bound, self.unmeasurable = {}, ""
        for family in settings.families:
            folder = root / "artifacts" / "predictions" / task.name / family
            self._read(folder, family, settings.seeds, scores / f"{family}.json")
        folder = root / "artifacts" / "classic" / task.name
        self._read(folder, "classic", None, scores / "classic" / "linear.json")

    def _ids(self, part: str) -> list[str]:
        return [i for i, split in self._splits.items() if split == part]

    def _read(self, folder: Path, system: str, seeds: tuple[int, ...] | None, scores: Path) -> None:
        made_by = f"harness {'classic' if seeds is None else 'finetune'} {self._task.name}"
        stored = files.read_json(scores, made_by=f"harness score {self._task.name}")
        faults = stored.get("unmeasurable", {}).get("test", {})
        self.unmeasurable = self.unmeasurable or faults.get(self._task.metrics[0], "")
        self.bound[system] = files.sha256(scores)
        recorded = files.read_json(folder / "runs.json", made_by=made_by)
        for entry in sorted(recorded["runs"], key=lambda entry: (entry["arm"], entry["seed"])):
            if seeds is None or entry["seed"] in seeds:
                name = "predictions.jsonl" if seeds is None else f"{entry['arm']}-seed{entry['seed']}.jsonl"
                lines = recorded_lines(folder / name, entry["predictions"], self._task, made_by)
                lines = [line for line in lines if line["part"] in self.parts]
                expected = {part: self._ids(part) for part in self.parts}
                by_part = held_against(folder / name, lines, expected, self.records, self._task, made_by)
                for part, rows in by_part.items():
                    rows = [{**row, "group": self._groups[row["id"]]} for row in rows]
                    self._lines[part].append((system, entry["arm"], rows))

    def decided(self, part: str, metrics) -> list[tuple[str, str, list[str], object]]:
        """(system, arm, group of each row, decisions) of every run."""
        return [
            (system, arm, [row["group"] for row in rows], metrics.decisions(self._task, rows, self.records))
            for system, arm, rows in self._lines[part]
        ]
