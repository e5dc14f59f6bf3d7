"""Stage `score_folds`: predictions of a cross-validation → `artifacts/scores/cross-validation/<task>/<family>.json`.

Without torch, like `score`. The folds are dealt again from the split manifest, and a file whose rows are not those of
its fold is refused.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness import heads
from harness.artifacts import runs, scores, split, validated
from harness.artifacts.predictions import held_against, recorded_lines
from harness.data import folding
from harness.errors import DataError
from harness.params.config import ScoreSettings
from harness.params.folds import Folds
from harness.privacy import restricted
from harness.statistics import measurable
from harness.task import Task


def run(root: Path, task: Task, family: str, settings: ScoreSettings, folds: Folds) -> None:
    """Check and score every fold of `task` × `family`, and compare the arms over the folds.

    Raises MissingInputError where a stage has not been run, DataError where the predictions are not the recorded
    ones, or do not belong to the records, the manifest or the folds.
    """
    root = Path(root)
    folder = root / "artifacts" / "predictions" / "cross-validation" / task.name / family
    made_by = f"harness crossvalidate {task.name} {family}"
    recorded, card = runs.read_folds(root, task.name, family), validated.card(root, task.name)
    records, groups = validated.records(root, task.name), split.groups_of(root, task.name)
    rows = folding.rows_of(records, split.parts_of(root, task.name), groups, heads.of(task))
    hashes = split.hashes(root, task.name)
    _check_recorded(recorded, task, family, folds, hashes, made_by)

    scored = _Folds(task, {record["id"]: record for record in records}, groups, made_by)
    predictions, decisions = {}, {}
    for repeat in folds.seeds:
        for fold, parts in enumerate(folding.deal(rows, folds, repeat), start=1):
            for run in (run for run in recorded.runs if (run.repeat, run.fold) == (repeat, fold)):
                path = folder / run.file
                lines = recorded_lines(path, run.predictions, task, made_by)
                predictions[run.file] = run.predictions
                decisions[run.file] = scored.add(run, lines, parts, path)
    made = scores.FoldScores.of(
        task=task.name,
        family=family,
        data_kind=card.kind,
        primary=task.metrics[0],
        folds=recorded.folds.plain(),
        n=len(rows),
        groups=len({row.group for row in rows}),
        **scored.result(settings.statistics.level),
        inputs={"predictions": predictions, "decisions": decisions, **hashes},
        provenance=recorded.model_dump(mode="json", include={"engine", "folds", "libraries", "inputs", "recipe"}),
    )
    place = scores.place(root, f"cross-validation/{task.name}", family)
    made.write(place, hidden=card.kind == restricted.KIND)


def _check_recorded(recorded: runs.FoldRuns, task: Task, family: str, folds: Folds, hashes: dict, made_by: str) -> None:
    dealt, wanted = recorded.folds, (task.name, family, task.labels)
    asked = (folds.number, folds.repeats, folds.validation)
    for what, ok in (
        ("another comparison", (recorded.task, recorded.family, recorded.labels) == wanted),
        ("other folds than params.yaml asks for", (dealt.number, dealt.repeats, dealt.validation) == asked),
        ("other records or another split", all(getattr(recorded.inputs, key) == sha for key, sha in hashes.items())),
        ("no complete set of arms and folds", _complete(recorded.runs, folds)),
    ):
        if not ok:
            raise DataError(
                f"artifacts/predictions/cross-validation/{task.name}/{family}/runs.json is of {what}.",
                remedy=f"Make it again with `{made_by}`.",
            )


def _complete(made: Sequence[runs.FoldRun], folds: Folds) -> bool:
    """At least the two arms, and each of them once on every fold."""
    arms, numbers = {run.arm for run in made}, range(1, folds.number + 1)
    wanted = [(arm, repeat, fold) for arm in arms for repeat in folds.seeds for fold in numbers]
    found = [(run.arm, run.repeat, run.fold) for run in made]
    return {"baseline", "clinical"} <= arms and sorted(wanted) == sorted(found)


class _Folds:
    """Collects the scores of one cross-validation, file by file."""

    def __init__(self, task: Task, records: dict[str, dict], groups: dict[str, str], made_by: str):
        from harness.statistics import task_metrics

        self._task, self._records, self._groups = task, records, groups
        self._metrics, self._functions = task_metrics, task_metrics.functions(task)
        self._made_by = made_by
        self._runs: list[dict] = []
        self._tested: dict[tuple[str, int], list[dict]] = defaultdict(list)
        self._ratios: list[float] = []

    def add(self, run: runs.FoldRun, lines: list[dict], parts: folding.Parts, path: Path) -> str:
        """Score a file that should hold the validation and test rows of `parts`; returns the hash of its decisions."""
        expected = {name: [i for i, part in parts.items() if part == name] for name in ("validation", "test")}
        by_part = held_against(path, lines, expected, self._records, self._task, self._made_by)
        tested = [{**line, "group": self._groups[line["id"]]} for line in by_part["test"]]
        self._tested[run.arm, run.repeat] += tested
        of_part = {part: {self._groups[i] for i, p in parts.items() if p == part} for part in ("train", "test")}
        self._ratios.append(len(of_part["test"]) / len(of_part["train"]))
        self._runs.append(
            {
                "arm": run.arm,
                "repeat": run.repeat,
                "fold": run.fold,
                "n_test": len(tested),
                "diverged": run.diverged,
                "unmeasured": self._fault(parts),
                "scores": self._scores(tested),
            }
        )
        return self._metrics.decision_hash(lines)

    def _fault(self, parts: folding.Parts) -> str:
        """Why the primary metric cannot be measured on this fold, by its gold alone, so that it is the same for every
        arm; empty where it can."""
        rows = {part: [self._records[i] for i, p in parts.items() if p == part] for part in ("train", "test")}
        lacking = {part: measurable.absent(self._task, of) for part, of in rows.items()}
        return measurable.faults(self._task, lacking).get("test", {}).get(self._task.metrics[0], "")

    def _scores(self, lines: list[dict]) -> dict[str, float]:
        decisions = self._metrics.decisions(self._task, lines, self._records)
        return {name: function(decisions) for name, function in self._functions.items()}

    def _reference(self) -> dict[str, dict[str, float]]:
        """What constant answers score on all rows at once; strata make every training part's commonest label theirs."""
        _, lines = min(self._tested.items())
        rows = [self._records[line["id"]] for line in lines]
        return self._metrics.references(self._task, self._metrics.decisions(self._task, lines, self._records), rows)

    def result(self, level: float) -> dict:
        """Scores by fold and over all rows of a repeat, and the clinical arm with every other over the folds."""
        from harness.statistics import resampled

        by_arm: dict[str, list[float]] = defaultdict(list)
        for run in self._runs:
            by_arm[run["arm"]] += [] if run["unmeasured"] else [run["scores"][self._task.metrics[0]]]
        ratio = sum(self._ratios) / len(self._ratios)
        groups = len({line["group"] for lines in self._tested.values() for line in lines})
        compared = []
        # A score of 0 on a fold where every model has it is no difference of 0. From one fold there is no interval.
        for against in sorted(set(by_arm) - {"clinical"}) if len(by_arm["clinical"]) > 1 else ():
            pairs = zip(by_arm[against], by_arm["clinical"], strict=True)
            estimate = resampled.corrected([after - before for before, after in pairs], ratio, groups, level)
            compared.append({"against": against, **asdict(estimate)})
        return {
            "runs": self._runs,
            "pooled": [
                {"arm": arm, "repeat": repeat, "scores": self._scores(sorted(lines, key=lambda line: line["id"]))}
                for (arm, repeat), lines in sorted(self._tested.items())
            ],
            "test_to_train": ratio,
            "reference": self._reference(),
            "comparisons": compared,
        }
