"""The evaluation metrics (F1, accuracy, MCC, …), one object each, collected from the files of this package.

To add a metric, add an object to one of these files or to a new file, and name the metric in the tasks that use it.
"""

from collections.abc import Iterator

from harness.errors import DataError, nearest
from harness.metrics.metric import Decided, Metric
from harness.system import members
from harness.task import Task

__all__ = ["METRICS", "Decided", "Metric", "faults", "named", "primary"]

METRICS: dict[str, Metric] = {metric.name: metric for metric in members.of(__name__, __path__, Metric)}


def named(name: str) -> Metric:
    """The metric called `name` in a stored scores file. Raises DataError if this version of the harness has no such
    metric."""
    if name not in METRICS:
        raise DataError(
            f"There is no metric {name!r}.{nearest(name, METRICS)}",
            remedy="Make the scores again with `harness score`.",
        )
    return METRICS[name]


def primary(task: Task) -> Metric:
    return METRICS[task.metrics[0]]


def faults(task: Task, decided: str) -> Iterator[tuple[str, str]]:
    """Yield the faults in the list of metrics of a task as pairs (what is wrong, what to do). `decided` is the kind of
    decisions that the task's head makes: "rows", "sets" or "spans" (see `harness.metrics.decided`)."""
    known = {name: metric for name, metric in METRICS.items() if decided in metric.of}
    usable = [name for name, metric in known.items() if task.positive is not None or not metric.positive]
    for i, name in enumerate(task.metrics):
        if name not in known:
            yield (
                f"there is no metric {name!r} for the head {task.head!r}.{nearest(name, known)}",
                f"Metrics of this head: {', '.join(known)}.",
            )
        elif name not in usable:
            yield f"TASK.metrics has {name}, which needs TASK.positive.", f"Set TASK.positive, or remove {name}."
        elif name in task.metrics[:i]:
            yield f"TASK.metrics repeats {name}.", "Name each metric once."
        elif i == 0 and known[name].unfit:
            leading = [other for other in usable if not known[other].unfit]
            yield (
                f"TASK.metrics: {name} cannot be the first metric, because {known[name].unfit}.",
                f"Put one of {', '.join(leading)} first in TASK.metrics. {name} may come after it.",
            )
