"""The type of a metric: name, scale, direction, counts per group, and the score of summed counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from harness.metrics.decided.counts import GroupCounts

Amount = TypeVar("Amount", float, "np.ndarray")


class Decided(Protocol):
    """Gold and answers side by side, of rows, of sets of labels or of spans."""

    @property
    def held(self) -> set[str]: ...

    def __len__(self) -> int: ...

    def subset(self, at: list[int]) -> Self: ...

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Metric:
    """`name` stands in every file, `title` in sentences; a score lies between `lowest` and `highest`.

    A metric is of one or several kinds `of` decisions (see `harness.metrics.decided`): `contributed` makes of them a
    sparse table of whole numbers, a line for every row or document, and `score` makes of sums of such lines, [...,
    numbers], the scores [...]. Where groups count as a `whole`, the table is of hits and misses, and a group with a
    miss is one.

    The first metric of a task is its primary one: the arms are compared and judged by it. `unfit` says why a metric
    may not be that (empty: it may). `needs` says what gold must hold before anything is measured: "any" label, the
    "positive" one, one "other" than that, or "two"; `learnt`, whether one that stands in the training part, too.
    `hub` is what model cards call it, where that is something else; `convention` names, in words, the one of several
    usual ways to count that this is.
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
        """What each group contributes, as `counts.GroupCounts`; `groups` as the decisions' `keys` take it."""
        from harness.metrics.decided import counts

        return counts.grouped(self.name, self.contributed(decisions), decisions.keys(groups), self.whole)

    @property
    def positive(self) -> bool:
        """Does it need a positive label?"""
        return self.needs in ("positive", "other")

    @property
    def in_points(self) -> bool:
        """Is it a share, shown in points of 100?"""
        return (self.lowest, self.highest) == (0.0, 1.0)

    def gain(self, difference: Amount) -> Amount:
        """A difference of two scores as an improvement: above 0 is better."""
        return difference if self.higher_is_better else -difference

    def best(self, scores: Iterable[float]) -> float:
        return (max if self.higher_is_better else min)(scores)


def ratio(above: "np.ndarray", below: "np.ndarray") -> "np.ndarray":
    """0 where nothing is below."""
    import numpy as np

    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def share(totals: "np.ndarray") -> "np.ndarray":
    """Of hits and misses."""
    return ratio(totals[..., 0], totals.sum(axis=-1))


def f1(totals: "np.ndarray") -> "np.ndarray":
    """Of hits, false alarms and misses; sums written out: numpy is ten times slower over an axis of three."""
    return ratio(2 * totals[..., 0], 2 * totals[..., 0] + totals[..., 1] + totals[..., 2])


def labels(totals: "np.ndarray") -> "np.ndarray":
    """[..., labels, 3] of numbers that stand one label after the other."""
    return totals.reshape(*totals.shape[:-1], -1, 3)


def mean_f1(totals: "np.ndarray") -> "np.ndarray":
    """The unweighted mean over every label of the fixed list: one that nobody has counts 0."""
    return f1(labels(totals)).mean(axis=-1)
