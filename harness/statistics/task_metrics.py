"""Compute the metrics that a task names, from the lines of its prediction files."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness import heads, metrics
from harness.metrics import METRICS, Decided, Metric
from harness.system import files
from harness.task import Task

Lines = Sequence[Mapping[str, Any]]
Records = Mapping[str, Mapping[str, Any]]


def functions(task: Task) -> dict[str, Metric]:
    """The task's metrics by name, the primary one first."""
    return {name: METRICS[name] for name in task.metrics}


def decisions(task: Task, lines: Lines, records: Records | None = None) -> Decided:
    """Convert prediction `lines` (as the stage `finetune` writes them) to the form that the metrics of the task take.

    `records`, the validated records by id, are needed for tasks with spans. No prediction file contains their texts,
    and the texts say which characters nobody can read.
    """
    return heads.of(task).decisions(task, lines, records)


def references(task: Task, decisions: Decided, training: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The scores of systems that read no text, as {system: {metric: score}}, on the rows of `decisions`. Such a system
    gives every row the same answer, for example the commonest label of the `training` records."""
    constants = heads.of(task).constants(task, decisions, training)
    scored = functions(task)
    return {name: {metric: f(d) for metric, f in scored.items()} for name, d in constants.items()}


def primary(task: Task, lines: Lines, records: Records | None = None) -> float:
    """The score of prediction `lines` by the task's primary (first) metric, in the metric's unit. `records` is as in
    `decisions`."""
    return metrics.primary(task)(decisions(task, lines, records))


def decision_hash(lines: Lines) -> str:
    """The SHA-256 of the decisions in prediction `lines`: id, part, gold and prediction of each line, sorted by part
    and id.

    The scores behind a decision differ in their last digits between processors, and so does the hash of the whole file.
    The decisions, and so this hash, do not differ.
    """
    ordered = sorted(lines, key=lambda line: (line["part"], line["id"]))
    return files.sha256_value([[line[key] for key in ("part", "id", "gold", "prediction")] for line in ordered])
