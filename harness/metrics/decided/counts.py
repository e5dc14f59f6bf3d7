"""Count decisions per group, so that groups can be left out, resampled or exchanged between arms.

Each decision is counted once. To leave a group out, or to draw a group twice, then takes only arithmetic on a few whole
numbers, and the rows are not scored again. A metric has two functions: the contribution of a group (a vector of
counts), and the score of a sum of such vectors. The layouts of the vectors are:

- share: (hits, misses) of accuracy, group accuracy, sensitivity, specificity, documents that leak;
- F1: true positives, false positives, false negatives, pooled over labels;
- labels: true positives, false positives, false negatives of every label of the fixed list, one label after the other
  (for the mean MCC, the number of rows comes last).

A group is a unit that the split keeps together: questions that share a text, calls of one caller, a document.

The tables of counts are sparse, because a group has only a few of a thousand labels, and dense tables would take
gigabytes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from harness.errors import DataError

Score = Callable[[np.ndarray], np.ndarray]
CELLS = 1_000_000  # numbers that are processed at once: 8 MB


@dataclass(frozen=True)
class GroupCounts:
    """The counts of one run by the metric named `metric`. `table` is a sparse matrix [groups, counts] of whole numbers.
    `groups` names the group of each line of `table`, in alphabetical order."""

    metric: str
    groups: tuple[str, ...]
    table: sparse.csr_array

    @property
    def values(self) -> np.ndarray:
        """The table of counts as a dense array [groups, counts]."""
        return self.table.toarray()


@dataclass(frozen=True)
class Stack:
    """The counts of several runs over the same groups: the sparse form of an array [runs, groups, counts]. `tables` has
    one matrix [groups, counts] per run."""

    tables: tuple[sparse.csr_array, ...]

    @classmethod
    def of(cls, array: np.ndarray) -> "Stack":
        return cls(tuple(sparse.csr_array(np.asarray(run, dtype=np.float64)) for run in array))

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self.tables), *self.tables[0].shape)

    @cached_property
    def totals(self) -> np.ndarray:
        """The counts of each run, summed over its groups: [runs, counts]."""
        return np.stack([np.asarray(table.sum(axis=0), dtype=np.float64) for table in self.tables])

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the dense array [runs, groups, counts] in pieces, cut along the groups. A piece has at most `CELLS`
        numbers, or one group if a group has more."""
        runs, groups, columns = self.shape
        step = max(1, CELLS // max(1, runs * columns))
        for start in range(0, groups, step):
            yield np.stack([table[start : start + step].toarray() for table in self.tables])


def grouped(metric: str, contributed: sparse.csr_array, keys: Sequence[str], whole: bool = False) -> GroupCounts:
    """The counts of each group for the metric named `metric`.

    `contributed` is [rows, counts], the counts of each row or document. `keys` has the group of each row or document.
    If `whole`, the counts of a group are one hit if none of its rows is a miss, and otherwise one miss.
    """
    known, position = np.unique(np.array(keys, dtype=object).astype(str), return_inverse=True)
    member = sparse.csr_array((np.ones_like(position), (position, np.arange(len(position)))))
    summed = sparse.csr_array(member @ contributed)
    return GroupCounts(metric, tuple(known.tolist()), hits(summed.toarray()[:, 1] == 0) if whole else summed)


def hits(hit: np.ndarray, among: np.ndarray | bool = True) -> sparse.csr_array:
    """The table [rows, 2] of (hit, missed), from a boolean array `hit` [rows]. A row outside the boolean array `among`
    has (0, 0)."""
    return sparse.csr_array(np.stack([hit & among, ~hit & among], axis=-1).astype(np.int64))


def table(rows: ArrayLike, columns: ArrayLike, values: ArrayLike, shape: tuple[int, int]) -> sparse.csr_array:
    """A sparse table of this `shape`, with each of the `values` at its place in `rows` and `columns`. Values at the
    same place are added up."""
    return sparse.csr_array((np.asarray(values, dtype=np.int64), (rows, columns)), shape=shape)


def by_class(decisions: Any) -> list[dict[str, Any]]:
    """The scores of every label, in the order of the label list: {"label", "precision", "recall", "f1" (0 to 1),
    "support" (number of gold rows or spans)}.

    `decisions` are rows, label sets or spans. A predicted span is right only if its label and both ends are right.
    """
    counted, found = decisions.by_label().sum(axis=0).reshape(-1, 3).tolist(), []
    for label, (hit, alarm, miss) in zip(decisions.labels, counted, strict=True):
        precision, recall = hit / max(1, hit + alarm), hit / max(1, hit + miss)
        f1 = 2 * hit / max(1, 2 * hit + alarm + miss)
        found.append({"label": label, "precision": precision, "recall": recall, "f1": f1, "support": hit + miss})
    return found


def refuse_unlisted(labels: Sequence[str], gold: set[str], predicted: set[str]) -> None:
    """Raise DataError if one of the gold or predicted labels is not in the task's list of `labels`."""
    for side, held in (("gold", gold), ("predicted", predicted)):
        if unknown := sorted(held - set(labels)):
            raise DataError(
                f"The {side} label {unknown[0]!r} is not in the task's label list ({', '.join(labels)}).",
                remedy="Add it to the task's labels, or correct the data; then run `dvc repro`.",
            )


def stack(runs: Sequence[GroupCounts]) -> Stack:
    """Combine the counts of several runs over the same groups, [runs, groups, counts].

    Raises DataError if the runs do not have the same groups or were not counted by the same metric.
    """
    first = runs[0]
    for other in runs[1:]:
        if (other.metric, other.groups, other.table.shape) != (first.metric, first.groups, first.table.shape):
            raise DataError(
                f"Runs to be compared by {first.metric} do not cover the same {len(first.groups)} groups.",
                remedy="Make the predictions of all arms and seeds again with `harness finetune`.",
            )
    return Stack(tuple(run.table for run in runs))
