"""Find the metrics that cannot be measured on a part of the data, because no gold label there is a needed one.

Without this check such a metric would still be a number: the F1 of a label that no test row has is 0 for every model.
Only gold labels decide, so no result of a model changes which metrics are left out.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from harness import heads
from harness.metrics import METRICS, Decided
from harness.task import Task

PARTS = {"train": "training part", "validation": "validation part", "test": "test part", "holdout": "shipped holdout"}


def absent(task: Task, records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The labels of the task that occur in none of the `records`, neither as a label of a record nor of a span."""
    head = heads.of(task)
    held: set[str] = set()
    for record in records:
        held.update(head.labels_of(record))
    return [label for label in task.labels if label not in held]


def faults(task: Task, lacking: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    """The reasons why metrics of the task cannot be measured, as {part: {metric: reason}}, without metrics that can be.

    `lacking` maps each part that has rows to the labels that its gold lacks. A metric cannot be measured on a part if
    the part lacks a needed label. The metric cannot be measured either if the training part lacks this label, or if
    training part and measured part have no label in common, because no model could have learnt what is asked.
    """
    found = {}
    for part in sorted(lacking.keys() - {"train"}):
        reasons = {metric: _fault(task, metric, part, lacking) for metric in task.metrics}
        if kept := {metric: reason for metric, reason in reasons.items() if reason}:
            found[part] = kept
    return found


def lacks_labels(task: Task, metric: str, decisions: Decided) -> bool:
    """True if some rows of a part lack a gold label without which a metric cannot be measured on them. `decisions` has
    these rows, as `task_metrics.decisions` returns them."""
    return bool(_gap(task, metric, "test", {"test": set(task.labels) - decisions.held}))


def _fault(task: Task, metric: str, part: str, lacking: Mapping[str, Collection[str]]) -> str:
    return (
        _gap(task, metric, part, lacking)
        or _gap(task, metric, "train", lacking)
        or _nothing_shared(task, metric, part, lacking)
    )


def _gap(task: Task, metric: str, part: str, lacking: Mapping[str, Collection[str]]) -> str:
    if part not in lacking:
        return ""
    where, present = PARTS[part], [label for label in task.labels if label not in lacking[part]]
    if nothing := heads.of(task).nothing:
        return "" if present else nothing.format(where)
    needs = METRICS[metric].needs
    if needs == "positive":
        return "" if task.positive in present else f"no row of the {where} has the label {task.positive}"
    if needs == "other":
        return "" if set(present) - {task.positive} else f"every row of the {where} has the label {task.positive}"
    # One label cannot be learnt from, and a correlation needs two labels.
    if len(present) == 1 and (part == "train" or needs == "two"):
        return f"every row of the {where} has the label {present[0]}"
    return ""


def _nothing_shared(task: Task, metric: str, part: str, lacking: Mapping[str, Collection[str]]) -> str:
    if not METRICS[metric].learnt or METRICS[metric].positive or "train" not in lacking:
        return ""
    shared = set(task.labels) - set(lacking[part]) - set(lacking["train"])
    return "" if shared else f"no label of the {PARTS[part]} occurs in the training part"
