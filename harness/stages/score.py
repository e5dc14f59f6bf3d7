"""Stage `score`: score the predictions of one task and family, into `artifacts/scores/<task>/<family>.json`.

The stage needs no torch and no model, so a changed metric costs seconds, and a number can be computed again years later
from the stored predictions.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import heads
from harness.artifacts import runs, scores
from harness.data import perturbed
from harness.params.config import ScoreSettings
from harness.params.robustness import Robustness
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM
from harness.statistics import task_metrics
from harness.statistics.stored_predictions import SCORED, Data, Stored
from harness.task import Task

if TYPE_CHECKING:
    from harness.statistics.robustness import Robust

SLICED_BY = ("document_type", "written_standard")


def run(root: Path, task: Task, family: str, settings: ScoreSettings) -> None:
    """Check and score every run of `task` × `family`, compare the arms over the run's seeds, and write the scores file.

    Raises MissingInputError if a stage has not been run, DataError if the predictions are not the recorded ones, or do
    not belong to the records and the split manifest on disk.
    """
    root, made_by = Path(root), f"harness finetune {task.name} {family}"
    data, recorded = _data(root, task), runs.read(root, task.name, family)
    robust = _robust(data, settings.robustness)
    stored = Stored(data, runs.folder_of(root, task.name, family), made_by, robust.parts)
    if recorded.family != family:
        raise stored.refused(f"has no runs of {family}")
    scorer = _scored(stored, recorded, robust)
    tuned = _tuned(stored, recorded)
    # All arms with several pre-trainings assign seeds to replicates alike. A baseline was pre-trained once.
    replicates = {run.seed: run.replicate for run in recorded.runs if run.arm != "baseline"}
    made = scores.Scores.of(
        family=family,
        **scorer.result(),
        reference=scorer.constants()["test"],
        comparisons=scorer.comparisons(settings, replicates),
        readings=scorer.readings(settings, replicates),
        learning=[_learning(run) for run in recorded.runs],
        diverged=[{"arm": run.arm, "seed": run.seed} for run in recorded.runs if run.diverged],
        replicates=[{"arm": run.arm, "seed": run.seed, "replicate": run.replicate} for run in recorded.runs],
        tuning=tuned and tuned | {"untuned": _untuned(stored, settings, replicates)},
        robustness=robust.result(*scorer.tested(settings), _statistics(settings), replicates),
        inputs=stored.inputs(),
        provenance=recorded.model_dump(mode="json", include={"engine", "libraries", "inputs", "recipe"})
        | ({"tuned": recorded.tuning.of_arms} if recorded.tuning else {}),
    )
    made.write(scores.place(root, task.name, family), hidden=data.restricted)


def run_linear(root: Path, task: Task) -> None:
    """Score the linear model that the stage `linear` fitted, into `artifacts/scores/<task>/linear/linear.json`.

    The file also has the scores of systems that give every row the same answer, as {part: {system: {metric: score}}}.
    """
    root, made_by = Path(root), f"harness linear {task.name}"
    data, recorded = _data(root, task), runs.read_linear(root, task.name)
    stored = Stored(data, root / "artifacts" / "linear" / task.name, made_by)
    scorer = _scored(stored, recorded)
    made = scores.LinearScores.of(
        system=recorded.runs[0].arm,
        **scorer.result(),
        constants=scorer.constants(),
        inputs=stored.inputs(),
        provenance={"libraries": recorded.libraries, "settings": recorded.runs[0].settings},
    )
    made.write(scores.place(root, f"{task.name}/linear", "linear"), hidden=data.restricted)


def run_disclosure(root: Path, task: Task, settings: ScoreSettings) -> None:
    """Decide which scores of restricted data may be released, and write them
    (`harness.statistics.disclosure.disclosing`)."""
    from harness.statistics.disclosure import disclosing

    disclosing.run(root, task, settings)


def _data(root: Path, task: Task) -> Data:
    """The data of a task. For restricted data, the columns of slices have values that may be shown."""
    data = Data.read(root, task)
    if not data.restricted:
        return data
    return replace(data, records={key: record | _categories(record) for key, record in data.records.items()})


def _categories(record: dict) -> dict[str, str]:
    """The values of the columns of slices that may be shown for restricted data."""
    return {column: restricted.category(record[column]) for column in SLICED_BY if record.get(column) is not None}


def _scored(stored: Stored, recorded: runs.Runs | runs.LinearRuns, robust: "Robust | None" = None) -> "_Scorer":
    """The scorer of the prediction files that `runs.json` records. `robust` gets the perturbed parts."""
    stored.check(recorded)
    scorer = _Scorer(stored.data)
    made: Sequence[runs.Run | runs.LinearRun] = recorded.runs
    for run in sorted(made, key=lambda run: (run.arm, run.seed)):
        rows = stored.rows(run, scorer.expected)
        scorer.add(run.arm, run.seed, {part: rows[part] for part in scorer.expected})
        if robust:
            robust.add(run.arm, run.seed, rows)
    return scorer


def _tuned(stored: Stored, recorded: runs.Runs) -> dict | None:
    """The search of every arm for its recipe; None without one. The validation scores are computed again from the
    answers of each trial, and DataError is raised if one differs."""
    if (tuning := recorded.tuning) is None:
        return None
    from harness.statistics import selection
    from harness.statistics.tuning import expected_best

    data, stored = stored.data, replace(stored, perturbed={})
    for trial in tuning.trials:
        rows = stored.rows(trial, {"validation": set(data.ids("validation"))})["validation"]
        found = round(selection.judged(data.task, rows, data.records)["selection"], 6)
        if found != trial.best_selection and not trial.diverged:
            wrong = f"says that {trial.file} has a validation score of {trial.best_selection}, but it is {found}"
            raise stored.refused(wrong)
    by_arm: dict[str, list[list[float]]] = {arm: [[] for _ in tuning.candidates] for arm in tuning.chosen}
    for trial in tuning.trials:
        by_arm[trial.arm][trial.candidate].append(trial.best_selection)
    return tuning.model_dump(mode="json", include={"candidates", "chosen"}) | {
        "expected": {arm: expected_best(of) for arm, of in by_arm.items()}
    }


def _untuned(stored: Stored, settings: ScoreSettings, replicates: Mapping[int, int]) -> list[dict[str, Any]]:
    """The comparisons of the arms by the declared recipe. `stored` are their tuned runs."""
    folder = stored.folder / runs.Runs.UNTUNED
    recorded = runs.Runs.read(folder / "runs.json", stored.made_by)
    declared = replace(stored, folder=folder, predictions={}, decisions={})
    return _scored(declared, recorded).comparisons(settings, replicates)


def _robust(data: Data, settings: Robustness) -> "Robust":
    """The collector of the runs' answers to the perturbed test part, which is made again from the records."""
    from harness.statistics.robustness import Robust

    head, ids = heads.of(data.task), sorted(i for i in data.ids("test") if i in data.records)
    test = [data.records[i] for i in ids]
    return Robust(data.task, test, {kind: perturbed.rewritten(head, test, kind, settings) for kind in settings.kinds})


def _learning(run: runs.Run) -> dict:
    """The validation scores of a run by number of updates, and the update whose weights were kept."""
    points = [[point.step, point.validation] for point in run.curve if point.validation is not None]
    return {"arm": run.arm, "seed": run.seed, "best_step": run.best_step, "points": points}


class _Scorer:
    """Collects the scores of one comparison, run by run."""

    def __init__(self, data: Data):
        from harness.metrics import METRICS
        from harness.statistics import further_scores, measurable

        self._skill = METRICS[heads.of(data.task).skill]
        self._data, self._task, self._records = data, data.task, data.records
        self.expected = {part: set(data.ids(part)) for part in SCORED}
        known = {part: [data.records[i] for i in data.ids(part) if i in data.records] for part in ("train", *SCORED)}
        self._training = known["train"]
        # Part → labels that its gold lacks, and part → metric → why it cannot be measured there.
        self._lacking = {part: measurable.absent(data.task, rows) for part, rows in known.items() if rows}
        self._unmeasurable = measurable.faults(data.task, self._lacking)
        self._unmeasured = {part for part, metrics in self._unmeasurable.items() if data.task.metrics[0] in metrics}
        self._functions = task_metrics.functions(data.task)
        self._smallest = MINIMUM if data.restricted else 1
        kinds = ("metrics", "per_class", "confusion", "slices", "privacy", "thresholds")
        self._found: dict[str, list[dict]] = {kind: [] for kind in kinds}
        self._divided = {part: further_scores.slicings(data.task, known[part]) for part in SCORED}
        self._groups: dict[str, int] = {}
        self._last: dict[str, Any] = {}
        self._counts: dict[tuple[str, str], dict] = defaultdict(dict)
        self._skills: dict[tuple[str, str], dict] = defaultdict(dict)
        # By (what decides a test row, arm). For restricted data, not even the number of rows of a kind is used.
        self._kinds: dict[tuple[str, str], dict] = defaultdict(dict)
        self._kind_skills: dict[tuple[str, str], dict] = defaultdict(dict)
        self._unmeasured_kinds: set[str] = set()
        self._strata: dict[str, dict[str, str]] = {}
        self._rows_of: dict[str, int] = {}
        self._told = not data.restricted

    def add(self, arm: str, seed: int, by_part: dict[str, list[dict]]) -> None:
        for part, rows in by_part.items():
            if rows:
                self._score(arm, seed, part, rows, by_part.get("validation", []) if self._told else [])

    def _score(self, arm: str, seed: int, part: str, rows: list[dict], validation: list[dict]) -> None:
        from harness.metrics import primary
        from harness.metrics.decided.counts import by_class
        from harness.statistics import further_scores, measurable

        decisions: Any = task_metrics.decisions(self._task, rows, self._records)
        shows, metric = heads.of(self._task).shows, primary(self._task)
        at = {"arm": arm, "seed": seed, "part": part}
        if "matrix" in shows:
            self._found["confusion"].append({**at, "cells": decisions.confusion()})
        self._found["metrics"] += [{**at, "metric": name, "value": f(decisions)} for name, f in self._functions.items()]
        self._found["per_class"] += [{**at, **row} for row in by_class(decisions)]
        if part != "validation":
            ids = [row["id"] for row in rows]
            divided, measured = self._divided[part], part not in self._unmeasured
            self._found["slices"] += [
                {**at, **s} for s in further_scores.by_slice(self._task, decisions, ids, divided, measured)
            ]
            if "masking" in shows:
                self._found["privacy"].append({**at, **further_scores.leaks(decisions)})
            if "curves" in shows and (found := further_scores.thresholds(self._task, rows, self._smallest, validation)):
                self._found["thresholds"].append({**at, **found})
        groups = {row["id"]: row["group"] for row in rows}
        self._groups[part] = len(set(groups.values()))
        self._counts[part, arm][seed] = metric.count(decisions, groups)
        if not measurable.lacks_labels(self._task, self._skill.name, decisions):
            self._skills[part, arm][seed] = self._skill.count(decisions, groups)
        self._last[part] = decisions
        deciders = self._divided[part].get(further_scores.DECIDED_BY, {}) if self._told else {}
        if None not in {deciders.get(row["id"]) for row in rows}:
            self._strata[part] = further_scores.kinds_of_groups(groups, deciders)
        if part == "test" and self._told:
            for kind, some in further_scores.by_decider(decisions, [deciders.get(row["id"]) for row in rows]).items():
                self._kinds[kind, arm][seed] = metric.count(some, groups)
                self._rows_of[kind] = sum(deciders[row["id"]] == kind for row in rows)
                if part in self._unmeasured or measurable.lacks_labels(self._task, metric.name, some):
                    self._unmeasured_kinds.add(kind)
                if not measurable.lacks_labels(self._task, self._skill.name, some):
                    self._kind_skills[kind, arm][seed] = self._skill.count(some, groups)

    def result(self) -> dict:
        return {
            **self._data.described(),
            "head": self._task.head,
            "labels": self._task.labels,
            "lacking": self._lacking,
            "unmeasurable": self._unmeasurable,
            "n": {part: len(ids) for part, ids in self.expected.items()},
            "groups": dict(sorted(self._groups.items())),
            **self._found,
        }

    def comparisons(self, settings: ScoreSettings, replicates: Mapping[int, int]) -> list[dict]:
        """Compare the clinical arm with every other arm over the run's seeds, on the test part and the holdout."""
        from harness.statistics import comparisons

        compared = _of_seeds({key: of for key, of in self._counts.items() if key[0] != "validation"}, settings)
        skills, given = _of_seeds(self._skills, settings), _statistics(settings)
        return comparisons.compare_arms(compared, skills, given, replicates, self._unmeasured, self._strata)

    def readings(self, settings: ScoreSettings, replicates: Mapping[int, int]) -> list[dict]:
        """Compare the arms on the test rows of each kind, if the records say what decides a row."""
        from harness.statistics import comparisons

        kinds, skills = (_of_seeds(of, settings) for of in (self._kinds, self._kind_skills))
        found = comparisons.by_kind(kinds, skills, _statistics(settings), replicates, self._unmeasured_kinds)
        return [row | {"n": self._rows_of[row["decided_by"]]} for row in found]

    def tested(self, settings: ScoreSettings) -> tuple[dict[str, dict], dict[str, str] | None]:
        """The counts on the test part by arm and seed (empty if it cannot be measured), and the kind of each of its
        groups (None if the data have no kinds)."""
        whole = {arm: of for (part, arm), of in self._counts.items() if part == "test"}
        return {} if "test" in self._unmeasured else _of_seeds(whole, settings), self._strata.get("test")

    def constants(self) -> dict[str, dict[str, dict[str, float]]]:
        """The scores of systems that read nothing, by part (except validation), name and metric."""
        return {
            part: task_metrics.references(self._task, decisions, self._training)
            for part, decisions in self._last.items()
            if part != "validation"
        }


def _of_seeds(runs: dict, settings: ScoreSettings) -> dict:
    """The runs with the seeds in `settings`. `runs` maps a key to {seed: run}. Keys without such a run are left out."""
    kept = {key: {seed: c for seed, c in of.items() if seed in settings.seeds} for key, of in runs.items()}
    return {key: of for key, of in kept.items() if of}


def _statistics(settings: ScoreSettings):
    from harness.statistics import paired

    return paired.Settings(settings.statistics.level, settings.statistics.margin)
