"""Every metric as a function of summed counts per group, so that groups can be left out, drawn again or swapped.

A decision is counted once; leaving a group out or drawing it twice is then arithmetic on a few whole
numbers instead of scoring all rows again. A metric is a pair: what a group contributes (a vector of
counts) and the score of a sum of such vectors. Three layouts cover all of them:

- share: (hits, misses) of accuracy, group accuracy, sensitivity, specificity, documents that leak;
- F1: true positives, false positives, false negatives of what is pooled;
- labels: the same three for every label of the fixed list, one label after the other.

A group is what the split never tears apart: questions that share a text, calls of one caller, a document.

Counts are kept sparse: of a thousand labels a group has a few, and tables of all of them would take gigabytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from harness.errors import DataError
from harness.evaluation import spans

Score = Callable[[np.ndarray], np.ndarray]
CELLS = 1_000_000  # numbers of a piece that is worked on at once: 8 MB


@dataclass(frozen=True)
class GroupCounts:
    """The counts of one run: `table` is [groups, counts] of whole numbers, `groups` their keys, sorted."""

    metric: str
    groups: tuple[str, ...]
    table: sparse.csr_array

    @property
    def values(self) -> np.ndarray:
        """The whole table, with its zeros."""
        return self.table.toarray()


@dataclass(frozen=True)
class Stack:
    """Runs over the same groups: what an array [runs, groups, counts] would hold."""

    tables: tuple[sparse.csr_array, ...]

    @classmethod
    def of(cls, array: np.ndarray) -> "Stack":
        return cls(tuple(sparse.csr_array(np.asarray(run, dtype=np.float64)) for run in array))

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self.tables), *self.tables[0].shape)

    @cached_property
    def totals(self) -> np.ndarray:
        """Sums over the groups, [runs, counts]."""
        return np.stack([np.asarray(table.sum(axis=0), dtype=np.float64) for table in self.tables])

    def blocks(self) -> Iterator[np.ndarray]:
        """The array cut along its groups into pieces of a few megabytes."""
        runs, groups, columns = self.shape
        step = max(1, CELLS // max(1, runs * columns))
        for start in range(0, groups, step):
            yield np.stack([table[start : start + step].toarray() for table in self.tables])


def count(metric: str, decisions, groups: Mapping[str, str] | None = None) -> GroupCounts:
    """What each group contributes to `metric`, a name from the METRICS of classification or spans.

    `decisions` are `classification.Decisions` (rows without a group key are groups of one) or
    `spans.SpanDecisions`, whose documents are the groups unless `groups` maps document ids to keys.
    Raises DataError for a metric that has no such form.
    """
    rows = _SPAN_ROWS if isinstance(decisions, spans.SpanDecisions) else _ROWS
    if metric not in rows:
        raise DataError(
            f"There are no counts per group for the metric {metric!r}.", remedy=f"Use one of {', '.join(rows)}."
        )
    keys = _keys(decisions, groups)
    values = rows[metric](decisions)
    known, position = np.unique(np.array(keys, dtype=object).astype(str), return_inverse=True)
    member = sparse.csr_array((np.ones_like(position), (position, np.arange(len(position)))))
    summed = sparse.csr_array(member @ values)
    if metric == "group_accuracy":
        summed = _hits(summed.toarray()[:, 1] == 0)
    return GroupCounts(metric, tuple(known.tolist()), summed)


def score(metric: str) -> Score:
    """The function from summed counts [..., counts] to the metric [...]; ratios with an empty denominator are 0."""
    return _SCORES[metric]


def stack(runs: Sequence[GroupCounts]) -> Stack:
    """Runs over the same test groups, [runs, groups, counts].

    Raises DataError where the runs do not cover the same groups or count different things.
    """
    first = runs[0]
    for other in runs[1:]:
        if (other.metric, other.groups, other.table.shape) != (first.metric, first.groups, first.table.shape):
            raise DataError(
                f"Runs to be compared by {first.metric} do not cover the same {len(first.groups)} groups.",
                remedy="Make the predictions of all arms and seeds again with `harness finetune`.",
            )
    return Stack(tuple(run.table for run in runs))


def _keys(decisions, groups: Mapping[str, str] | None) -> tuple[str, ...]:
    if isinstance(decisions, spans.SpanDecisions):
        return tuple(groups[d.id] if groups is not None else d.id for d in decisions.documents)
    return decisions.groups or tuple(f"{i:09d}" for i in range(len(decisions.gold)))


def _right(decisions) -> sparse.csr_array:
    gold, predicted = decisions.codes()
    return _hits(gold == predicted)


def _hits(hit: np.ndarray, among: np.ndarray | bool = True) -> sparse.csr_array:
    """Rows of (hit, missed); rows outside `among` count nothing."""
    return sparse.csr_array(np.stack([hit & among, ~hit & among], axis=-1).astype(np.int64))


def _per_label(decisions) -> sparse.csr_array:
    gold, predicted = decisions.codes()
    row, right = np.arange(len(gold)), gold == predicted
    # A right answer is a hit of its label; a wrong one a false alarm of the label given and a miss of the other.
    rows = np.concatenate([row[right], row[~right], row[~right]])
    columns = np.concatenate([3 * gold[right], 3 * predicted[~right] + 1, 3 * gold[~right] + 2])
    return _table(rows, columns, np.ones_like(rows), (len(gold), 3 * len(decisions.labels)))


def _table(rows, columns, values, shape: tuple[int, int]) -> sparse.csr_array:
    """Numbers at places, those at one place added up."""
    return sparse.csr_array((np.asarray(values, dtype=np.int64), (rows, columns)), shape=shape)


def _positive(decisions) -> int:
    if decisions.positive not in decisions.labels:
        raise DataError(
            "This score needs the positive label, and the task declares none.",
            remedy="Set TASK.positive, or take the score out of TASK.metrics.",
        )
    return decisions.labels.index(decisions.positive)


def _binary(decisions) -> sparse.csr_array:
    at = 3 * _positive(decisions)
    return _per_label(decisions)[:, at : at + 3]


def _sensitivity(decisions) -> sparse.csr_array:
    gold, predicted = decisions.codes()
    positive = _positive(decisions)
    return _hits(predicted == positive, gold == positive)


def _specificity(decisions) -> sparse.csr_array:
    gold, predicted = decisions.codes()
    positive = _positive(decisions)
    return _hits(predicted != positive, gold != positive)


def _spans(matching: spans.Matching, pooled: bool) -> Callable[[spans.SpanDecisions], sparse.csr_array]:
    """Hits, false alarms and misses of every document: of each label, or of all labels together."""

    def rows(decisions: spans.SpanDecisions) -> sparse.csr_array:
        at = {label: 0 if pooled else 3 * i for i, label in enumerate(decisions.labels)}
        found = [
            (i, at[label] + k, n)
            for i, document in enumerate(decisions.documents)
            for label, c in spans.counted(document, matching).items()
            for k, n in enumerate((c.matched, c.predicted - c.matched, c.gold - c.matched))
        ]
        shape = (len(decisions.documents), 3 if pooled else 3 * len(decisions.labels))
        return _table(*(zip(*found, strict=True) if found else ([], [], [])), shape)

    return rows


def _leaks(decisions: spans.SpanDecisions) -> sparse.csr_array:
    marked = np.array([bool(d.gold) for d in decisions.documents], dtype=bool)
    return _hits(np.array([spans.leaks(d) for d in decisions.documents], dtype=bool), marked)


_ROWS: dict[str, Callable] = {
    "binary_f1": _binary,
    "macro_f1": _per_label,
    "micro_f1": _right,
    "weighted_f1": _per_label,
    "accuracy": _right,
    "sensitivity": _sensitivity,
    "specificity": _specificity,
    "mcc": _per_label,
    "group_accuracy": _right,
}
_SPAN_ROWS: dict[str, Callable] = {
    "strict_f1": _spans(spans.strictly, pooled=True),
    "relaxed_f1": _spans(spans.paired, pooled=True),
    "macro_f1": _spans(spans.strictly, pooled=False),
    "document_leak_rate": _leaks,
}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def _share(totals: np.ndarray) -> np.ndarray:
    return _ratio(totals[..., 0], totals.sum(axis=-1))


def _f1(totals: np.ndarray) -> np.ndarray:
    # Sums written out: numpy is ten times slower over an axis of three.
    return _ratio(2 * totals[..., 0], 2 * totals[..., 0] + totals[..., 1] + totals[..., 2])


def _by_label(totals: np.ndarray) -> np.ndarray:
    return totals.reshape(*totals.shape[:-1], -1, 3)


def _macro(totals: np.ndarray) -> np.ndarray:
    return _f1(_by_label(totals)).mean(axis=-1)


def _weighted(totals: np.ndarray) -> np.ndarray:
    labels = _by_label(totals)
    support = labels[..., 0] + labels[..., 2]
    return _ratio((_f1(labels) * support).sum(axis=-1), support.sum(axis=-1))


def _mcc(totals: np.ndarray) -> np.ndarray:
    # Gorodkin's R_K, which for two labels is Matthews' coefficient, from the margins alone.
    labels = _by_label(np.asarray(totals, dtype=np.float64))
    gold, called = labels[..., 0] + labels[..., 2], labels[..., 0] + labels[..., 1]
    n, right = gold.sum(axis=-1), labels[..., 0].sum(axis=-1)
    spread = (n**2 - (gold**2).sum(axis=-1)) * (n**2 - (called**2).sum(axis=-1))
    return _ratio(right * n - (gold * called).sum(axis=-1), np.sqrt(spread))


_SCORES: dict[str, Score] = {
    "binary_f1": _f1,
    "macro_f1": _macro,
    "micro_f1": _share,
    "weighted_f1": _weighted,
    "accuracy": _share,
    "sensitivity": _share,
    "specificity": _share,
    "mcc": _mcc,
    "group_accuracy": _share,
    "strict_f1": _f1,
    "relaxed_f1": _f1,
    "document_leak_rate": _share,
}
