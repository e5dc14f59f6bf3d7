"""The type of an evaluation metric. A metric turns the decisions about each row into counts, and the summed counts into
a score."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from harness.metrics.decided.counts import GroupCounts

Amount = TypeVar("Amount", float, "np.ndarray")


class Decided(Protocol):
    """The interface of what a metric takes: the gold answers and predictions of many rows, label sets or documents with
    spans.

    `held`: the labels that occur in the gold answers.
    `subset(at)`: a copy with only the rows or documents at the positions `at`.
    `keys(groups)`: the group of each row or document. `groups` maps document ids to groups, and only spans use this
    mapping.
    """

    @property
    def held(self) -> set[str]: ...

    def __len__(self) -> int: ...

    def subset(self, at: list[int]) -> Self: ...

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Metric:
    """A metric: how decisions are counted, and how counts become a score.

    `name`: name in files. `title`: name in sentences. `hub`: name in model cards, if it is not `name`.
    `of`: the kinds of decisions that the metric takes, such as "rows" (see `harness.metrics.decided`).
    `contributed`: function from decisions to a sparse table of whole numbers, one line per row or document.
    `score`: function from sums of such lines, [..., numbers], to scores [...].
    `lowest`, `highest`: the range of a score.
    `whole`: True if a group is counted as one miss as soon as one of its rows is a miss. The table has hits and misses.
    `needs`: the labels without which gold cannot be scored: "any" label, the "positive" label, an "other" label than
    the positive one, or "two" labels.
    `learnt`: True if at least one label must occur both in the scored gold and in the training part.
    `unfit`: the reason why the metric cannot be the first of a task, or an empty text. The first metric of a task is
    its primary metric, by which arms are compared and judged.
    `convention`: the way of counting in words, if several ways are common.
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
        """The counts of each group of rows or documents. `groups` maps document ids to groups. Only spans use this
        mapping, because rows know their groups."""
        from harness.metrics.decided import counts

        return counts.grouped(self.name, self.contributed(decisions), decisions.keys(groups), self.whole)

    @property
    def positive(self) -> bool:
        """True if the metric needs a positive label."""
        return self.needs in ("positive", "other")

    @property
    def in_points(self) -> bool:
        """True if a score is a share from 0 to 1. Reports multiply such scores by 100 and call the unit points."""
        return (self.lowest, self.highest) == (0.0, 1.0)

    def gain(self, difference: Amount) -> Amount:
        """A difference of two scores with the sign of an improvement: above 0 means better, also if lower scores are
        better."""
        return difference if self.higher_is_better else -difference

    def best(self, scores: Iterable[float]) -> float:
        return (max if self.higher_is_better else min)(scores)


def ratio(above: "np.ndarray", below: "np.ndarray") -> "np.ndarray":
    """The quotient `above` / `below`, element by element, or 0 if `below` is 0."""
    import numpy as np

    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def share(totals: "np.ndarray") -> "np.ndarray":
    """The share of hits, 0 to 1, [...], from totals [..., (hits, misses)]."""
    return ratio(totals[..., 0], totals.sum(axis=-1))


def f1(totals: "np.ndarray") -> "np.ndarray":
    """F1, 0 to 1, [...], from totals [..., (true positives, false positives, false negatives)]. The sums are written
    out, because numpy is ten times slower over an axis of three."""
    return ratio(2 * totals[..., 0], 2 * totals[..., 0] + totals[..., 1] + totals[..., 2])


def labels(totals: "np.ndarray") -> "np.ndarray":
    """The summed counts of all labels, [..., 3 × labels], reshaped to [..., labels, 3]. The last axis is true
    positives, false positives, false negatives."""
    return totals.reshape(*totals.shape[:-1], -1, 3)


def mean_f1(totals: "np.ndarray") -> "np.ndarray":
    """The unweighted mean F1 over every label of the fixed list, from totals [..., 3 × labels] as in `labels`. A label
    that never occurs has F1 0."""
    return f1(labels(totals)).mean(axis=-1)
