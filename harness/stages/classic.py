"""Stage `classic`: a linear model of counted words, fitted on a task's training part, to predictions.

It stands beside the encoders so that a reader sees what they are worth. As `finetune`, it ends with predictions
(`artifacts/classic/<task>/`), in the same format, and `score` scores both by the same code. No torch.
"""

import math
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np

from harness import even, restricted
from harness.determinism import derived_seed
from harness.errors import DataError
from harness.files import atomic_folder, sha256, write_jsonl
from harness.parts import by_part
from harness.task import Task

SCORED_PARTS = ("holdout", "test", "validation")
PREDICTIONS = "predictions.jsonl"
# Tried in order; the validation part decides, and of equal ones the first is kept.
STRENGTHS = (1.0, 10.0, 100.0)
PENALTIES = (1e-6,)
# Texts are fitted on so many rows at most: with rows the terms grow too, and time faster than either.
MOST = 50_000


def run(root: Path, task: Task) -> None:
    """Write the predictions of the better fit on the validation part, and `runs.json` with what they were made of."""
    root = Path(root)
    parts, hashes = by_part(root, task.name)
    if not parts.get("train"):
        raise DataError(f"{task.name} has no training rows.", remedy=f"Check `harness split {task.name}`.")
    scored = {part: parts[part] for part in SCORED_PARTS if part in parts}
    system, settings, answers = (_tagger if task.head == "tokens" else _regression)(task, parts["train"], scored)
    with atomic_folder(root / "artifacts" / "classic" / task.name) as folder:
        write_jsonl(folder / PREDICTIONS, [line for part in scored for line in answers[part]])
        if hidden := restricted.by_card(root, task.name):
            even.fill(folder / PREDICTIONS)
        predictions = sha256(folder / PREDICTIONS)
        even.write_json(
            folder / "runs.json",
            {
                "task": task.name,
                "labels": list(task.labels),
                "libraries": _libraries(),
                "inputs": hashes,
                "runs": [{"arm": system, "seed": 0, "settings": settings, "predictions": predictions}],
            },
            hidden,
        )


def _regression(task: Task, training: list[dict], scored: dict[str, list[dict]]) -> tuple[str, dict, dict]:
    from harness.classic.linear import Encoding, Regression

    every, training = len(training), sample(training, MOST)
    encoding = Encoding(task.head, training)
    # All parts at once: of many labels a model is fitted anew whenever it is asked.
    encoded, features = encoding(training), encoding([record for records in scored.values() for record in records])
    # Its terms take as much memory as a third of what they count.
    del encoding

    def answers(strength: float) -> dict[str, list[dict]]:
        found = iter(Regression(task.head, task.labels, strength).fit(encoded, training).answers(features))
        return {part: _lines(part, records, list(islice(found, len(records)))) for part, records in scored.items()}

    strength, chosen = _best(task, STRENGTHS, answers, scored)
    fitted = {"rows": len(training)} if len(training) < every else {}
    return "logistic_regression", {"strength": strength, **fitted}, chosen


def sample(records: list[dict], most: int) -> list[dict]:
    """The records, or about `most` of them where they are more: of each label its share, and one at least."""
    if len(records) <= most:
        return records
    order = np.random.default_rng(derived_seed("rows of a linear model")).permutation(len(records))
    held = Counter(record["label"] for record in records)
    left = {label: math.ceil(number * most / len(records)) for label, number in held.items()}
    chosen = []
    for place in order.tolist():
        if left[records[place]["label"]]:
            left[records[place]["label"]] -= 1
            chosen.append(place)
    return [records[place] for place in sorted(chosen)]


def _tagger(task: Task, training: list[dict], scored: dict[str, list[dict]]) -> tuple[str, dict, dict]:
    from harness.classic.tagging import Encoding, Tagger

    encoding = Encoding()
    encoded, features = encoding(training), {part: encoding(records) for part, records in scored.items()}

    def answers(penalty: float) -> dict[str, list[dict]]:
        model = Tagger(task.labels, penalty).fit(encoded, training)
        return {part: _lines(part, scored[part], model.answers(features[part], scored[part])) for part in scored}

    penalty, chosen = _best(task, PENALTIES, answers, scored)
    return "linear_tagger", {"penalty": penalty}, chosen


def _best(
    task: Task, candidates: tuple[float, ...], answers, scored: dict[str, list[dict]]
) -> tuple[float, dict[str, list[dict]]]:
    """The candidate with the best validation answers by the rule that chooses an encoder's weights, and its answers."""
    from harness.evaluation import selection

    # The answers of one candidate at a time beside the best: of a thousand labels they take hundreds of megabytes.
    best, chosen = -math.inf, None
    records = {record["id"]: record for record in scored.get("validation", ())}
    for value in candidates:
        made = answers(value)
        found = selection.score(task, made["validation"], records) if made.get("validation") else 0.0
        if found > best:
            best, chosen = found, (value, made)
    return chosen


def _lines(part: str, records: list[dict], answers: list[dict]) -> list[dict]:
    """One line per record: id, group, gold and answer. Never text."""
    return [
        {"id": record["id"], "group": record["group"], "part": part, "gold": _gold(record), **answer}
        for record, answer in zip(records, answers, strict=True)
    ]


def _gold(record: dict):
    if "spans" in record:
        return sorted([span["start"], span["end"], span["label"]] for span in record["spans"])
    return record["label"]


def _libraries() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "scikit-learn", "scipy")}
