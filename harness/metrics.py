"""The metrics there are: what each is called, which way is better, on what scale, and whether a task may be led by it.

Declarations alone, so that a task is checked without numpy; `harness.evaluation` counts and scores.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.errors import DataError, nearest
from harness.task import HEADS, Task

_ROWS = ("sequence", "pair", "choice")
_SPANS = ("tokens",)


@dataclass(frozen=True)
class Metric:
    """`name` stands in every file, `title` in sentences; a score lies between `lowest` and `highest`.

    The first metric of a task is its primary one: the arms are compared and judged by it. `unfit` says why a metric
    may not be that (empty: it may). `positive` marks those that need the task's positive label.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    higher_is_better: bool = True
    lowest: float = 0.0
    highest: float = 1.0
    positive: bool = False
    unfit: str = ""

    @property
    def in_points(self) -> bool:
        """Is it a share, shown in points of 100?"""
        return (self.lowest, self.highest) == (0.0, 1.0)

    def gain(self, difference: float) -> float:
        """A difference of two scores as an improvement: above 0 is better."""
        return difference if self.higher_is_better else -difference

    def best(self, scores: Iterable[float]) -> float:
        return (max if self.higher_is_better else min)(scores)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("binary_f1", "binary F1", _ROWS, positive=True),
        Metric("macro_f1", "macro-F1", HEADS),
        Metric("micro_f1", "micro-F1", _ROWS),
        Metric("weighted_f1", "weighted F1", _ROWS),
        Metric("accuracy", "accuracy", _ROWS),
        Metric("group_accuracy", "group accuracy", _ROWS),
        Metric("mcc", "MCC", _ROWS, lowest=-1.0),
        Metric("sensitivity", "sensitivity", _ROWS, positive=True, unfit="the answer “always positive” scores 1"),
        Metric("specificity", "specificity", _ROWS, positive=True, unfit="the answer “never positive” scores 1"),
        Metric("strict_f1", "strict F1", _SPANS),
        Metric("relaxed_f1", "relaxed F1", _SPANS),
        Metric("document_leak_rate", "documents that leak", _SPANS, higher_is_better=False),
    )
}


def named(name: str) -> Metric:
    """The metric that a stored score names. Raises DataError where there is none (any more)."""
    if name not in METRICS:
        raise DataError(
            f"There is no metric {name!r}.{nearest(name, METRICS)}",
            remedy="Make the scores again with `harness score`.",
        )
    return METRICS[name]


def primary(task: Task) -> Metric:
    return METRICS[task.metrics[0]]


def faults(task: Task) -> Iterator[tuple[str, str]]:
    """What is wrong with `task.metrics`, and what to do; the head is known and the metrics are texts."""
    known = {name: metric for name, metric in METRICS.items() if task.head in metric.heads}
    usable = [name for name, metric in known.items() if task.positive is not None or not metric.positive]
    for i, name in enumerate(task.metrics):
        if name not in known:
            yield (
                f"there is no metric {name!r} for the head {task.head!r}.{nearest(name, known)}",
                f"Metrics of this head: {', '.join(known)}.",
            )
        elif name not in usable:
            yield f"TASK.metrics has {name}, which needs TASK.positive.", f"Set TASK.positive, or take {name} out."
        elif name in task.metrics[:i]:
            yield f"TASK.metrics repeats {name}.", "Name each metric once."
        elif i == 0 and known[name].unfit:
            leading = [other for other in usable if not known[other].unfit]
            yield (
                f"TASK.metrics begins with {name}, by which arms cannot be compared: {known[name].unfit}.",
                f"Begin with one of {', '.join(leading)}; {name} may follow.",
            )
