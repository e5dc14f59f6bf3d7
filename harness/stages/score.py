"""Stage `score`: predictions of one task and family → `artifacts/scores/<task>/<family>.json`.

Needs no torch and no model, and of the texts only their lengths: a changed metric costs seconds, and a number
can be computed again years later from the stored predictions.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts import runs, scores, split, validated
from harness.artifacts.predictions import held_against, recorded_lines
from harness.errors import DataError
from harness.params.config import ScoreSettings
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM
from harness.task import Task

PARTS = ("test", "holdout", "validation")
SLICED_BY = ("document_type", "written_standard")


def run(root: Path, task: Task, family: str, settings: ScoreSettings) -> None:
    """Check and score every run of `task` × `family`, compare the arms over the run's seeds, and write the scores file.

    Raises MissingInputError where a stage has not been run, DataError where the predictions are not
    the recorded ones, or do not belong to the records and the split manifest on disk.
    """
    root, made_by = Path(root), f"harness finetune {task.name} {family}"
    folder = runs.folder_of(root, task.name, family)
    data, recorded = _Data(root, task), runs.read(root, task.name, family)
    if recorded.family != family:
        raise DataError(f"{folder}/runs.json holds no runs of {family}.", remedy=f"Make it again with `{made_by}`.")
    scorer, inputs = _scored(data, folder, recorded, made_by)
    made = scores.Scores.of(
        family=family,
        **_described(data),
        **scorer.result(),
        reference=scorer.constants(data.training)["test"],
        comparisons=scorer.comparisons(settings),
        readings=scorer.readings(settings),
        learning=[_learning(run) for run in recorded.runs],
        diverged=[{"arm": run.arm, "seed": run.seed} for run in recorded.runs if run.diverged],
        inputs=inputs,
        provenance=recorded.model_dump(mode="json", include={"engine", "libraries", "inputs", "recipe"}),
    )
    made.write(scores.place(root, task.name, family), hidden=data.kind == restricted.KIND)


def _described(data: "_Data") -> dict:
    task = data.task
    return {
        "task": task.name,
        "data_kind": data.kind,
        "head": task.head,
        "primary": task.metrics[0],
        "labels": task.labels,
        "lacking": data.lacking,
        "unmeasurable": data.unmeasurable,
    }


def run_classic(root: Path, task: Task) -> None:
    """The same for the linear model that the stage `classic` fitted: `artifacts/scores/<task>/classic/linear.json`.

    With the scores of constant answers on every part, by part and name.
    """
    root, made_by = Path(root), f"harness classic {task.name}"
    folder = root / "artifacts" / "classic" / task.name
    data, recorded = _Data(root, task), runs.read_linear(root, task.name)
    scorer, inputs = _scored(data, folder, recorded, made_by)
    made = scores.LinearScores.of(
        system=recorded.runs[0].arm,
        **_described(data),
        **scorer.result(),
        constants=scorer.constants(data.training),
        inputs=inputs,
        provenance={"libraries": recorded.libraries, "settings": recorded.runs[0].settings},
    )
    made.write(scores.place(root, f"{task.name}/classic", "linear"), hidden=data.kind == restricted.KIND)


def run_disclosure(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Then, of restricted data, what may be released of these scores (`harness.statistics.disclosure.disclosing`)."""
    from harness.statistics.disclosure import disclosing

    disclosing.run(root, task, settings)


class _Data:
    """What predictions of a task are held against: its records, their parts and groups."""

    def __init__(self, root: Path, task: Task):
        from harness.statistics import measurable

        self.task, self.kind = task, validated.card(root, task.name).kind
        self.records = {record["id"]: record for record in validated.records(root, task.name)}
        if self.kind == restricted.KIND:
            self.records = {key: record | _categories(record) for key, record in self.records.items()}
        self.splits = split.parts_of(root, task.name)
        # What a split keeps together (linked texts too), which is more than a record's own group column.
        self.groups = split.groups_of(root, task.name)
        if lacking := [i for part in PARTS for i in self.ids(part) if i not in self.groups]:
            raise DataError(
                f"{split.groups_place(root, task.name)} lacks {len(lacking)} id(s) of the split, first {min(lacking)}.",
                remedy=f"Make it anew with `harness split {task.name}`.",
            )
        self.hashes = split.hashes(root, task.name)
        known = {part: [self.records[i] for i in self.ids(part) if i in self.records] for part in ("train", *PARTS)}
        self.training = known["train"]
        # By part the labels that its gold lacks, and by part and metric why it cannot be measured there.
        self.lacking = {part: measurable.absent(task, rows) for part, rows in known.items() if rows}
        self.unmeasurable = measurable.faults(task, self.lacking)

    def ids(self, part: str) -> list[str]:
        return [i for i, split in self.splits.items() if split == part]


def _categories(record: dict) -> dict[str, str]:
    """What a slice may be called where the data are restricted."""
    return {column: restricted.category(record[column]) for column in SLICED_BY if record.get(column) is not None}


def _scored(data: _Data, folder: Path, recorded: runs.Runs | runs.LinearRuns, made_by: str):
    """The scorer of the prediction files in `folder` that `runs.json` records, and their hashes."""
    from harness.statistics import task_metrics as metrics

    _check_inputs(recorded, data, folder, made_by)
    scorer, predictions, decisions = _Scorer(data, made_by), {}, {}
    made: Sequence[runs.Run | runs.LinearRun] = recorded.runs
    for run in sorted(made, key=lambda run: (run.arm, run.seed)):
        lines = recorded_lines(folder / run.file, run.predictions, data.task, made_by)
        predictions[run.file], decisions[run.file] = run.predictions, metrics.decision_hash(lines)
        scorer.add(run.arm, run.seed, lines, folder / run.file)
    return scorer, {"predictions": predictions, "decisions": decisions, **data.hashes}


def _check_inputs(recorded: runs.Runs | runs.LinearRuns, data: _Data, folder: Path, made_by: str) -> None:
    task = data.task
    if recorded.task != task.name or not recorded.runs:
        raise DataError(f"{folder}/runs.json holds no runs of {task.name}.", remedy=f"Make it again with `{made_by}`.")
    if recorded.labels != task.labels:
        raise DataError(
            f"{task.name}: the predictions were made for the labels {', '.join(recorded.labels)}; "
            f"the task now declares {', '.join(task.labels)}.",
            remedy=f"Make the predictions again with `{made_by}`.",
        )
    for name, sha in data.hashes.items():
        if getattr(recorded.inputs, name) != sha:
            raise DataError(
                f"{task.name}: the {name} on disk are not those that the predictions in {folder} were made with.",
                remedy=f"Run `dvc repro`, or make the predictions again with `{made_by}`.",
            )


def _learning(run: runs.Run) -> dict:
    """The validation score of a run after so many updates, and the update whose weights were kept."""
    points = [[point.step, point.validation] for point in run.curve if point.validation is not None]
    return {"arm": run.arm, "seed": run.seed, "best_step": run.best_step, "points": points}


class _Scorer:
    """Collects the scores of one comparison, run by run."""

    def __init__(self, data: _Data, made_by: str):
        from harness.metrics import METRICS
        from harness.statistics import beyond
        from harness.statistics import task_metrics as metrics

        self._skill = METRICS[heads.of(data.task).skill]
        self._task, self._records, self._group_of = data.task, data.records, data.groups
        self._expected = expected = {part: set(data.ids(part)) for part in PARTS}
        self._evaluation, self._functions = metrics, metrics.functions(data.task)
        self._smallest = MINIMUM if data.kind == restricted.KIND else 1
        self._made_by = made_by
        self._unmeasured = {part for part, metrics in data.unmeasurable.items() if data.task.metrics[0] in metrics}
        self._metrics: list[dict] = []
        self._per_class: list[dict] = []
        self._confusion: list[dict] = []
        self._slices: list[dict] = []
        self._privacy: list[dict] = []
        self._thresholds: list[dict] = []
        self._divided = {
            part: beyond.slicings(data.task, [data.records[i] for i in ids if i in data.records])
            for part, ids in expected.items()
        }
        self._groups: dict[str, int] = {}
        self._last: dict[str, Any] = {}
        self._counts: dict[tuple[str, str], dict] = defaultdict(dict)
        self._skills: dict[tuple[str, str], dict] = defaultdict(dict)
        # By what decides a test row, and arm; of restricted data not even how many rows a kind has is looked at.
        self._kinds: dict[tuple[str, str], dict] = defaultdict(dict)
        self._unmeasured_kinds: set[str] = set()
        self._strata: dict[str, dict[str, str]] = {}
        self._rows_of: dict[str, int] = {}
        self._told = data.kind != restricted.KIND

    def add(self, arm: str, seed: int, lines: list[dict], path: Path) -> None:
        # Predictions from before validation rows were stored have none of them.
        stored = [part for part in PARTS if part != "validation" or any(line["part"] == part for line in lines)]
        expected = {part: self._expected[part] for part in stored}
        for part, rows in held_against(path, lines, expected, self._records, self._task, self._made_by).items():
            if rows:
                self._score(arm, seed, part, [{**row, "group": self._group_of[row["id"]]} for row in rows])

    def _score(self, arm: str, seed: int, part: str, rows: list[dict]) -> None:
        from harness.metrics import METRICS
        from harness.statistics import beyond, measurable

        decisions: Any = self._evaluation.decisions(self._task, rows, self._records)
        shows, primary = heads.of(self._task).shows, METRICS[self._task.metrics[0]]
        at = {"arm": arm, "seed": seed, "part": part}
        if "matrix" in shows:
            self._confusion.append({**at, "cells": decisions.confusion()})
        self._metrics += [{**at, "metric": name, "value": f(decisions)} for name, f in self._functions.items()]
        self._per_class += [{**at, **row} for row in decisions.by_class]
        if part != "validation":
            ids = [row["id"] for row in rows]
            self._slices += [{**at, **s} for s in beyond.by_slice(self._task, decisions, ids, self._divided[part])]
            if "masking" in shows:
                self._privacy.append({**at, **beyond.leaks(decisions)})
            if "curves" in shows and (found := beyond.thresholds(self._task, rows, self._smallest)):
                self._thresholds.append({**at, **found})
        groups = {row["id"]: row["group"] for row in rows}
        self._groups[part] = len(set(groups.values()))
        self._counts[part, arm][seed] = primary.count(decisions, groups)
        if not measurable.fault_of(self._task, self._skill.name, decisions):
            self._skills[part, arm][seed] = self._skill.count(decisions, groups)
        self._last[part] = decisions
        deciders = self._divided[part].get(beyond.DECIDED_BY, {}) if self._told else {}
        if None not in {deciders.get(row["id"]) for row in rows}:
            self._strata[part] = beyond.kinds_of_groups(groups, deciders)
        if part == "test" and self._told:
            for kind, some in beyond.by_decider(decisions, [deciders.get(row["id"]) for row in rows]).items():
                self._kinds[kind, arm][seed] = primary.count(some, groups)
                self._rows_of[kind] = sum(deciders[row["id"]] == kind for row in rows)
                if measurable.fault_of(self._task, primary.name, some):
                    self._unmeasured_kinds.add(kind)

    def result(self) -> dict:
        return {
            "n": {part: len(ids) for part, ids in self._expected.items()},
            "groups": dict(sorted(self._groups.items())),
            "metrics": self._metrics,
            "per_class": self._per_class,
            "confusion": self._confusion,
            "slices": self._slices,
            "privacy": self._privacy,
            "thresholds": self._thresholds,
        }

    def comparisons(self, settings: ScoreSettings) -> list[dict]:
        """The clinical arm with every other arm over the seeds of this run, on the test part and the holdout."""
        from harness.statistics import comparisons

        compared = _of_seeds({key: of for key, of in self._counts.items() if key[0] != "validation"}, settings)
        skills, given = _of_seeds(self._skills, settings), _statistics(settings)
        return comparisons.compare_arms(compared, skills, given, {}, self._unmeasured, self._strata)

    def readings(self, settings: ScoreSettings) -> list[dict]:
        """The arms on the test rows of each kind, where the records say what decides a row."""
        from harness.statistics import comparisons

        kinds = _of_seeds(self._kinds, settings)
        found = comparisons.by_kind(kinds, _statistics(settings), {}, self._unmeasured_kinds)
        return [row | {"n": self._rows_of[row["decided_by"]]} for row in found]

    def constants(self, training: list[dict]) -> dict[str, dict[str, dict[str, float]]]:
        """What systems that read nothing score, by part but validation, name and metric."""
        return {
            part: self._evaluation.references(self._task, decisions, training)
            for part, decisions in self._last.items()
            if part != "validation"
        }


def _of_seeds(runs: dict, settings: ScoreSettings) -> dict:
    """The runs of this run's seeds."""
    kept = {key: {seed: c for seed, c in of.items() if seed in settings.seeds} for key, of in runs.items()}
    return {key: of for key, of in kept.items() if of}


def _statistics(settings: ScoreSettings):
    from harness.statistics import paired

    return paired.Settings(settings.statistics.level, settings.statistics.margin)
