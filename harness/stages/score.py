"""Stage `score`: predictions of one task and family → `artifacts/scores/<task>/<family>.json`.

Needs no torch and no model, and of the texts only their lengths: a changed metric costs seconds, and a number
can be computed again years later from the stored predictions.
"""

from collections import defaultdict
from pathlib import Path

from harness import files
from harness.config import ScoreSettings
from harness.errors import DataError, MissingInputError
from harness.evaluation.suppression import MINIMUM
from harness.task import Task

PARTS = ("test", "holdout", "validation")


def run(root: Path, task: Task, family: str, settings: ScoreSettings) -> None:
    """Check and score every run of `task` × `family`, compare the arms over the run's seeds, and write the scores file.

    Raises MissingInputError where a stage has not been run, DataError where the predictions are not
    the recorded ones, or do not belong to the records and the split manifest on disk.
    """
    from harness.evaluation import metrics

    root = Path(root)
    validated = root / "artifacts" / "validated" / task.name
    card = files.read_json(validated / "card.json", made_by=f"harness validate {task.name}")
    records_path, manifest_path = (
        validated / "records.jsonl",
        root / "reports" / "splits" / f"{task.name}.json",
    )
    records = {r["id"]: r for r in files.read_jsonl(records_path, made_by=f"harness validate {task.name}")}
    splits = files.read_json(manifest_path, made_by=f"harness split {task.name}")["splits"]
    # What a split keeps together (linked texts too), which is more than a record's own group column.
    groups = files.read_json(
        root / "artifacts" / "splits" / task.name / "groups.json", made_by=f"harness split {task.name}"
    )
    folder = root / "artifacts" / "predictions" / task.name / family
    made_by = f"harness finetune {task.name} {family}"
    recorded = files.read_json(folder / "runs.json", made_by=made_by)
    hashes = {"records": files.sha256(records_path), "manifest": files.sha256(manifest_path)}
    _check_inputs(recorded, task, family, hashes, made_by)

    expected = {part: {i for i, split in splits.items() if split == part} for part in PARTS}
    scorer = _Scorer(task, family, expected, records, groups, MINIMUM if card["kind"] == "restricted" else 1)
    predictions, decisions = {}, {}
    for entry in sorted(recorded["runs"], key=lambda entry: (entry["arm"], entry["seed"])):
        name = f"{entry['arm']}-seed{entry['seed']}.jsonl"
        path = folder / name
        if not path.is_file():
            raise MissingInputError(f"{path} is missing.", remedy=f"Make it with `{made_by}`.")
        predictions[name] = files.sha256(path)
        if predictions[name] != entry["predictions"]:
            raise DataError(
                f"{path} is not the file that runs.json records (SHA-256 {predictions[name][:12]}… instead of "
                f"{entry['predictions'][:12]}…).",
                remedy=f"Make the predictions again with `{made_by}`.",
            )
        lines = files.read_jsonl(path)
        decisions[name] = metrics.decision_hash(lines)
        scorer.add(entry["arm"], entry["seed"], lines, path)

    training = [records[i].get("label") for i, split in splits.items() if split == "train" and i in records]
    files.write_json(
        root / "artifacts" / "scores" / task.name / f"{family}.json",
        {
            "task": task.name,
            "family": family,
            "data_kind": card["kind"],
            "head": task.head,
            "primary": task.metrics[0],
            "labels": list(task.labels),
            **scorer.result(training),
            "comparisons": scorer.comparisons(settings),
            "learning": [_learning(entry) for entry in recorded["runs"]],
            "diverged": [{"arm": e["arm"], "seed": e["seed"]} for e in recorded["runs"] if e.get("diverged")],
            "inputs": {"predictions": predictions, "decisions": decisions, **hashes},
            "provenance": {key: recorded.get(key) for key in ("engine", "libraries", "inputs", "recipe")},
        },
    )


def _check_inputs(recorded: dict, task: Task, family: str, hashes: dict[str, str], made_by: str) -> None:
    if (recorded.get("task"), recorded.get("family")) != (task.name, family) or not recorded.get("runs"):
        raise DataError(
            f"artifacts/predictions/{task.name}/{family}/runs.json holds no runs of {task.name} with {family}.",
            remedy=f"Make it again with `{made_by}`.",
        )
    if list(recorded["labels"]) != list(task.labels):
        raise DataError(
            f"{task.name}: the predictions were made for the labels {', '.join(recorded['labels'])}; "
            f"the task now declares {', '.join(task.labels)}.",
            remedy=f"Make the predictions again with `{made_by}`.",
        )
    for name, sha in hashes.items():
        if recorded["inputs"].get(name) != sha:
            raise DataError(
                f"{task.name}: the {name} on disk are not those that the predictions of {family} were made with.",
                remedy=f"Run `dvc repro`, or make the predictions again with `{made_by}`.",
            )


def _learning(entry: dict) -> dict:
    """The validation score of a run after so many updates, and the update whose weights were kept."""
    points = [[point["step"], point["validation_f1"]] for point in entry.get("curve", []) if "validation_f1" in point]
    return {"arm": entry["arm"], "seed": entry["seed"], "best_step": entry.get("best_step"), "points": points}


class _Scorer:
    """Collects the scores of one comparison, run by run."""

    def __init__(
        self,
        task: Task,
        family: str,
        expected: dict,
        records: dict[str, dict],
        groups: dict[str, str],
        smallest: int,
    ):
        from harness.evaluation import beyond, metrics

        self._smallest = smallest

        self._task, self._expected, self._records, self._group_of = task, expected, records, groups
        self._evaluation, self._functions = metrics, metrics.functions(task)
        self._remedy = f"Make the predictions again with `harness finetune {task.name} {family}`."
        self._metrics: list[dict] = []
        self._per_class: list[dict] = []
        self._confusion: list[dict] = []
        self._slices: list[dict] = []
        self._privacy: list[dict] = []
        self._thresholds: list[dict] = []
        self._divided = {
            part: beyond.slicings(task, [records[i] for i in ids if i in records]) for part, ids in expected.items()
        }
        self._groups: dict[str, int] = {}
        self._test = None
        self._counts: dict[tuple[str, str], dict] = defaultdict(dict)

    def add(self, arm: str, seed: int, lines: list[dict], path: Path) -> None:
        by_part = defaultdict(list)
        for line in lines:
            by_part[line["part"]].append(line)
        for part in PARTS:
            if part == "validation" and not by_part[part]:
                continue
            rows = by_part[part]
            self._check_rows(rows, part, path)
            if rows:
                self._score(arm, seed, part, [{**row, "group": self._group_of[row["id"]]} for row in rows])

    def _check_rows(self, rows: list[dict], part: str, path: Path) -> None:
        ids = [row["id"] for row in rows]
        if len(set(ids)) != len(ids):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            raise DataError(f"{path}: {part} rows stand twice: {_some(twice)}.", remedy=self._remedy)
        for what, some in (
            ("lacks", self._expected[part] - set(ids)),
            ("has, beyond the split,", set(ids) - self._expected[part]),
        ):
            if some:
                raise DataError(
                    f"{path} {what} {len(some)} {part} row(s): {_some(sorted(some))}.",
                    remedy=self._remedy,
                )
        # A score is a comparison with the data, not with what a prediction file says the data were.
        wrong = [row["id"] for row in rows if row["id"] not in self._records or row["gold"] != self._gold(row["id"])]
        if wrong:
            raise DataError(
                f"{path}: the gold of {len(wrong)} {part} row(s) is not that of the validated data: "
                f"{_some(sorted(wrong))}.",
                remedy=self._remedy,
            )

    def _gold(self, row_id: str):
        record = self._records[row_id]
        if self._task.head == "tokens":
            return sorted([s["start"], s["end"], s["label"]] for s in record["spans"])
        return record["label"]

    def _score(self, arm: str, seed: int, part: str, rows: list[dict]) -> None:
        from harness.evaluation import beyond, counts

        decisions = self._evaluation.decisions(self._task, rows)
        if self._task.head == "tokens":
            from harness.evaluation import spans

            table = spans.per_label(decisions)
        else:
            from harness.evaluation import classification

            table = classification.per_class(decisions)
            matrix = classification.confusion(decisions)
            self._confusion.append({"arm": arm, "seed": seed, "part": part, "matrix": matrix})
        at = {"arm": arm, "seed": seed, "part": part}
        self._metrics += [{**at, "metric": name, "value": f(decisions)} for name, f in self._functions.items()]
        self._per_class += [{**at, **row} for row in table]
        if part != "validation":
            ids = [row["id"] for row in rows]
            self._slices += [{**at, **s} for s in beyond.by_slice(self._task, decisions, ids, self._divided[part])]
            if self._task.head == "tokens":
                self._privacy.append({**at, **beyond.leaks(decisions)})
            elif found := beyond.thresholds(self._task, rows, self._smallest):
                self._thresholds.append({**at, **found})
        groups = {row["id"]: row["group"] for row in rows}
        self._groups[part] = len(set(groups.values()))
        self._counts[part, arm][seed] = counts.count(self._task.metrics[0], decisions, groups)
        if part == "test":
            self._test = decisions

    def result(self, training: list[str]) -> dict:
        return {
            "n": {part: len(ids) for part, ids in self._expected.items()},
            "groups": dict(sorted(self._groups.items())),
            "metrics": self._metrics,
            "per_class": self._per_class,
            "confusion": self._confusion,
            "slices": self._slices,
            "privacy": self._privacy,
            "thresholds": self._thresholds,
            "reference": self._references(training),
        }

    def comparisons(self, settings: ScoreSettings) -> list[dict]:
        """The clinical arm with every other arm over the seeds of this run, on the test part and the holdout."""
        from harness.evaluation import comparisons, statistics

        runs = {
            (part, arm): kept
            for (part, arm), of in self._counts.items()
            if part != "validation" and (kept := {seed: c for seed, c in of.items() if seed in settings.seeds})
        }
        given = settings.statistics
        return comparisons.compare_arms(runs, statistics.Settings(given.level, given.draws, given.seed))

    def _references(self, training: list[str]) -> dict[str, dict[str, float]]:
        """What systems that read nothing score on the test part.

        `majority` answers with the commonest label of the training part (tokens: finds nothing). On a
        two-label task it may score 0 by never answering positive, so `always_positive` stands beside it.
        """
        constants = {}
        if self._task.head == "tokens":
            from harness.evaluation import spans

            constants["majority"] = spans.nothing_found(self._test)
        else:
            from harness.evaluation import classification

            label = classification.majority_label(training, self._task.labels)
            constants["majority"] = classification.constant(self._test, label)
            if self._task.positive is not None:
                constants["always_positive"] = classification.constant(self._test, self._task.positive)
        return {name: {m: f(d) for m, f in self._functions.items()} for name, d in constants.items()}


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
