"""The type of a metric: name, scale, direction, counts per group, and the score of summed counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from harness.metrics.decided.counts import GroupCounts

Amount = TypeVar("Amount", float, "np.ndarray")


class Decided(Protocol):
    """Gold and predictions of rows, of label sets or of spans."""

    @property
    def held(self) -> set[str]: ...

    def __len__(self) -> int: ...

    def subset(self, at: list[int]) -> Self: ...

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Metric:
    """A metric: how decisions are counted, and how counts become a score.

    `name` is used in files, `title` in sentences. A score lies between `lowest` and `highest`. `of` are the kinds of
    decisions that the metric takes (see `harness.metrics.decided`). `contributed` turns decisions into a sparse table
    of whole numbers, with one line per row or document. `score` turns sums of such lines, [..., numbers], into scores
    [...]. If `whole`, the table has hits and misses, and a group with a miss is one miss.

    The first metric of a task is its primary one: the arms are compared and judged by it. `unfit` says why a metric
    cannot be primary (empty: it can). `needs` says which labels gold must have before anything is measured: "any"
    label, the "positive" one, one "other" than that, or "two". `learnt` says whether such a label must also occur in
    the training part. `hub` is the name in model cards, if it is another one. `convention` describes the way of
    counting, if several are common.
    """

    name: str
    title: str
    of: tuple[str, ...]
    contributed: Callable[..., Any]
    score: Callable[..., Any]
    higher_is_better: bool = True
    lowest: float = 0.0
    highest: float = 1.0
    needs: str = "any"
    learnt: bool = True
    unfit: str = ""
    whole: bool = False
    hub: str = ""
    convention: str = ""

    def __call__(self, decisions: Decided) -> float:
        """The score of all decisions together."""
        rows = self.count(decisions).table if self.whole else self.contributed(decisions)
        return float(self.score(rows.sum(axis=0)))

    def count(self, decisions: Decided, groups: Mapping[str, str] | None = None) -> "GroupCounts":
        """The counts of each group. `groups` is what the decisions' `keys` takes."""
        from harness.metrics.decided import counts

        return counts.grouped(self.name, self.contributed(decisions), decisions.keys(groups), self.whole)

    @property
    def positive(self) -> bool:
        """True if the metric needs a positive label."""
        return self.needs in ("positive", "other")

    @property
    def in_points(self) -> bool:
        """True if the score is a share, shown in points of 100."""
        return (self.lowest, self.highest) == (0.0, 1.0)

    def gain(self, difference: Amount) -> Amount:
        """A difference of two scores as an improvement: above 0 is better."""
        return difference if self.higher_is_better else -difference

    def best(self, scores: Iterable[float]) -> float:
        return (max if self.higher_is_better else min)(scores)


def ratio(above: "np.ndarray", below: "np.ndarray") -> "np.ndarray":
    """`above` / `below`, 0 if `below` is 0."""
    import numpy as np

    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def share(totals: "np.ndarray") -> "np.ndarray":
    """The share of hits, from totals [..., (hits, misses)]."""
    return ratio(totals[..., 0], totals.sum(axis=-1))


def f1(totals: "np.ndarray") -> "np.ndarray":
    """F1 from totals [..., (true positives, false positives, false negatives)]. The sums are written out, because numpy
    is ten times slower over an axis of three."""
    return ratio(2 * totals[..., 0], 2 * totals[..., 0] + totals[..., 1] + totals[..., 2])


def labels(totals: "np.ndarray") -> "np.ndarray":
    """Totals reshaped to [..., labels, 3]."""
    return totals.reshape(*totals.shape[:-1], -1, 3)


def mean_f1(totals: "np.ndarray") -> "np.ndarray":
    """The unweighted mean F1 over every label of the fixed list. A label that never occurs counts 0."""
    return f1(labels(totals)).mean(axis=-1)
