"""Stage `score_folds`: score the predictions of a cross-validation, into `artifacts/scores/cross-validation/`.

This stage needs no torch, like the stage `score`. The folds are made again from the split manifest. A prediction file
is refused if its rows are not those of its fold.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from harness import heads
from harness.artifacts import runs, scores
from harness.data import folding
from harness.params.config import ScoreSettings
from harness.params.folds import Folds
from harness.statistics import measurable, task_metrics
from harness.statistics.stored_predictions import Data, Stored
from harness.task import Task


def run(root: Path, task: Task, family: str, settings: ScoreSettings, folds: Folds) -> None:
    """Check and score every fold of `task` × `family`, and compare the arms over the folds.

    Raises MissingInputError if a stage has not been run, DataError if the predictions are not the recorded ones, or do
    not belong to the records, the manifest or the folds.
    """
    root, name = Path(root), f"cross-validation/{task.name}"
    data, recorded = Data.read(root, task), runs.read_folds(root, task.name, family)
    stored = Stored(data, runs.folder_of(root, name, family), f"harness crossvalidate {task.name} {family}")
    stored.check(recorded)
    dealt = recorded.folds
    for what, ok in (
        (f"has no runs of {family}", recorded.family == family),
        (
            "has folds that differ from params.yaml",
            (dealt.number, dealt.repeats, dealt.validation) == (folds.number, folds.repeats, folds.validation),
        ),
        ("lacks a run: every arm needs one run on every fold", _complete(recorded.runs, folds)),
    ):
        if not ok:
            raise stored.refused(what)
    rows = folding.rows_of(data.records.values(), data.splits, data.groups, heads.of(task))
    scored = _Folds(data)
    for repeat in folds.seeds:
        for fold, parts in enumerate(folding.deal(rows, folds, repeat), start=1):
            placed = {part: [i for i, of in parts.items() if of == part] for part in ("train", "validation", "test")}
            expected = {part: placed[part] for part in ("validation", "test")}
            for run in (run for run in recorded.runs if (run.repeat, run.fold) == (repeat, fold)):
                scored.add(run, stored.rows(run, expected)["test"], placed)
    made = scores.FoldScores.of(
        family=family,
        folds=dealt.plain(),
        n=len(rows),
        groups=len({row.group for row in rows}),
        **scored.result(settings.statistics.level),
        inputs=stored.inputs(),
        provenance=recorded.model_dump(mode="json", include={"engine", "folds", "libraries", "inputs", "recipe"}),
    )
    made.write(scores.place(root, name, family), hidden=data.restricted)


def _complete(made: Sequence[runs.FoldRun], folds: Folds) -> bool:
    """True if the runs have at least the arms baseline and clinical, and each arm once on every fold."""
    arms, numbers = {run.arm for run in made}, range(1, folds.number + 1)
    wanted = [(arm, repeat, fold) for arm in arms for repeat in folds.seeds for fold in numbers]
    found = [(run.arm, run.repeat, run.fold) for run in made]
    return {"baseline", "clinical"} <= arms and sorted(wanted) == sorted(found)


class _Folds:
    """Collects the scores of one cross-validation, fold by fold, and compares the arms."""

    def __init__(self, data: Data):
        self._data, self._task, self._records = data, data.task, data.records
        self._functions = task_metrics.functions(data.task)
        self._runs: list[dict] = []
        self._tested: dict[tuple[str, int], list[dict]] = defaultdict(list)
        self._ratios: list[float] = []

    def add(self, run: runs.FoldRun, tested: list[dict], placed: Mapping[str, Sequence[str]]) -> None:
        """Score the test rows of a fold. `placed` has the ids of each part."""
        self._tested[run.arm, run.repeat] += tested
        test, train = ({self._data.groups[i] for i in placed[part]} for part in ("test", "train"))
        self._ratios.append(len(test) / len(train))
        self._runs.append(
            {
                "arm": run.arm,
                "repeat": run.repeat,
                "fold": run.fold,
                "n_test": len(tested),
                "diverged": run.diverged,
                "unmeasured": self._fault(placed),
                "scores": self._scores(tested),
            }
        )

    def _fault(self, placed: Mapping[str, Sequence[str]]) -> str:
        """The reason why the primary metric cannot be measured on this fold; empty if it can. Gold alone decides, so
        the reason is the same for every arm."""
        parts = ("train", "test")
        lacking = {part: measurable.absent(self._task, [self._records[i] for i in placed[part]]) for part in parts}
        return measurable.faults(self._task, lacking).get("test", {}).get(self._task.metrics[0], "")

    def _scores(self, lines: list[dict]) -> dict[str, float]:
        decisions = task_metrics.decisions(self._task, lines, self._records)
        return {name: function(decisions) for name, function in self._functions.items()}

    def _reference(self) -> dict[str, dict[str, float]]:
        """The scores of constant answers on all rows. Strata give every training part the same commonest label."""
        _, lines = min(self._tested.items())
        rows = [self._records[line["id"]] for line in lines]
        return task_metrics.references(self._task, task_metrics.decisions(self._task, lines, self._records), rows)

    def result(self, level: float) -> dict:
        """Scores by fold and over all rows of a repeat, and comparisons of the clinical arm with every other arm."""
        from harness.metrics import primary
        from harness.statistics import cross_validation

        metric = primary(self._task)
        by_arm: dict[str, list[float]] = defaultdict(list)
        for run in self._runs:
            by_arm[run["arm"]] += [] if run["unmeasured"] else [run["scores"][self._task.metrics[0]]]
        ratio = sum(self._ratios) / len(self._ratios)
        groups = len({line["group"] for lines in self._tested.values() for line in lines})
        compared = []
        # Unmeasured folds are left out: every model scores 0 there, which is no difference of 0. One fold has no
        # interval.
        for against in sorted(set(by_arm) - {"clinical"}) if len(by_arm["clinical"]) > 1 else ():
            pairs = zip(by_arm[against], by_arm["clinical"], strict=True)
            differences = [after - before for before, after in pairs]
            estimate = cross_validation.corrected(differences, ratio, groups, level, metric.highest - metric.lowest)
            compared.append({"against": against, **asdict(estimate)})
        return {
            **self._data.described(),
            "runs": self._runs,
            "pooled": [
                {"arm": arm, "repeat": repeat, "scores": self._scores(sorted(lines, key=lambda line: line["id"]))}
                for (arm, repeat), lines in sorted(self._tested.items())
            ],
            "test_to_train": ratio,
            "reference": self._reference(),
            "comparisons": compared,
        }
