"""Stage `linear`: fit a linear model of counted words on a task's training part, and store its predictions.

The model shows a reader what the encoders are worth. Like `finetune`, the stage ends with predictions
(`artifacts/linear/<task>/`) in the same format, and the stage `score` scores both by the same code. The stage needs no
torch.
"""

import math
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts.parts import by_part
from harness.artifacts.prediction_lines import PARTS, lines_of
from harness.artifacts.runs import LinearRun, LinearRuns
from harness.errors import DataError
from harness.heads.linear.baseline import Baseline
from harness.privacy import even, restricted
from harness.statistics import selection
from harness.system.files import atomic_folder, sha256, write_jsonl
from harness.task import Task


def run(root: Path, task: Task) -> None:
    """Write the predictions with the model's setting that is best on the validation part, and `runs.json` with the
    hashes of the inputs."""
    root = Path(root)
    parts, hashes = by_part(root, task.name)
    if not parts.get("train"):
        raise DataError(f"{task.name} has no training rows.", remedy=f"Run `harness split {task.name}` again.")
    scored = {part: parts[part] for part in PARTS if part in parts}
    head = heads.of(task)
    baseline = head.linear_baseline()(head, task.labels, parts["train"], scored)
    value, answers = _best(task, baseline, scored)
    with atomic_folder(root / "artifacts" / "linear" / task.name) as folder:
        write_jsonl(folder / LinearRun.FILE, [line for part in scored for line in answers[part]])
        if hidden := restricted.by_card(root, task.name):
            even.fill(folder / LinearRun.FILE)
        predictions = sha256(folder / LinearRun.FILE)
        fitted = {
            "arm": baseline.name,
            "seed": 0,
            "settings": {baseline.setting: value, **baseline.fitted},
            "predictions": predictions,
        }
        made = LinearRuns.of(
            task=task.name, labels=list(task.labels), libraries=_libraries(), inputs=hashes, runs=[fitted]
        )
        made.write(folder / "runs.json", hidden=hidden)


def _best(task: Task, baseline: Baseline, scored: dict[str, list[dict]]) -> tuple[float, dict[str, list[dict]]]:
    """The setting with the best validation answers, by the rule that selects an encoder's weights, and its lines."""
    # Only the best answers and those of one more candidate are kept: with 1,000 labels they take hundreds of megabytes.
    best = -math.inf
    chosen: Any = None
    records = {record["id"]: record for record in scored.get("validation", ())}
    for value in baseline.candidates:
        answers = baseline.answers(value)
        made = {part: lines_of(task, part, rows, answers[part]) for part, rows in scored.items()}
        found = selection.score(task, made["validation"], records) if made.get("validation") else 0.0
        if found > best:
            best, chosen = found, (value, made)
    return chosen


def _libraries() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "scikit-learn", "scipy")}
