"""Rows with one label each out of a fixed list, gold and predicted.

A ratio without a denominator is 0. A label of the list that neither gold nor prediction holds
therefore counts as F1 0 in a macro mean, and a class that occurs only in predictions changes no
denominator: the mean is over the same labels for every arm, seed and subset. The tests hold all
scores against scikit-learn, whose import takes longer than a small encoder's run.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from harness.errors import DataError
from harness.metrics.decided.counts import hits, table


@dataclass(frozen=True)
class Decisions:
    """One gold label, one predicted label and one group key per example, in the same order.

    Raises DataError where the columns differ in length, are empty, or hold a label outside `labels`.
    """

    labels: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    groups: tuple[str, ...] = ()
    positive: str | None = None

    def __post_init__(self) -> None:
        if len(self.gold) != len(self.predicted) or (self.groups and len(self.groups) != len(self.gold)):
            raise DataError(
                f"{len(self.gold)} gold labels, {len(self.predicted)} predictions, {len(self.groups)} groups.",
                remedy="Each example needs one of each; make the predictions again with `harness finetune`.",
            )
        if not self.gold:
            raise DataError("There is nothing to score.", remedy="Check that the split has rows in this part.")
        for side, values in (("gold", self.gold), ("predicted", self.predicted)):
            if unknown := sorted(set(values) - set(self.labels)):
                raise DataError(
                    f"The {side} label {unknown[0]!r} is not in the task's label list ({', '.join(self.labels)}).",
                    remedy="Add it to the task's labels, or correct the data; then run `dvc repro`.",
                )

    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Gold and predicted as positions in the label list."""
        position = {label: i for i, label in enumerate(self.labels)}
        gold = np.fromiter((position[label] for label in self.gold), dtype=np.int64, count=len(self.gold))
        predicted = np.fromiter((position[label] for label in self.predicted), dtype=np.int64, count=len(self.gold))
        return gold, predicted

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def held(self) -> set[str]:
        """The labels that gold has."""
        return set(self.gold)

    def subset(self, at: list[int]) -> "Decisions":
        """The rows at these positions."""
        gold, predicted, groups = (
            tuple(column[i] for i in at) if column else () for column in (self.gold, self.predicted, self.groups)
        )
        return replace(self, gold=gold, predicted=predicted, groups=groups)

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The group of every row; rows without one are groups of one."""
        return self.groups or tuple(f"{i:09d}" for i in range(len(self)))

    @property
    def at_positive(self) -> int:
        """Where the positive label stands. Raises DataError where the task declares none."""
        if self.positive not in self.labels:
            raise DataError(
                "This score needs the positive label, and the task declares none.",
                remedy="Set TASK.positive, or take the score out of TASK.metrics.",
            )
        return self.labels.index(self.positive)

    def hits(self, of_positive: bool | None = None) -> sparse.csr_array:
        """Right and wrong answers of each row: of all of them, of those that are positive, or of the others. Of these
        two an answer is right where it says positive or not as gold does."""
        gold, predicted = self.codes()
        if of_positive is None:
            return hits(gold == predicted)
        return hits((predicted == self.at_positive) == of_positive, (gold == self.at_positive) == of_positive)

    def by_label(self) -> sparse.csr_array:
        """Hits, false alarms and misses of each row, of every label one after the other."""
        gold, predicted = self.codes()
        row, right = np.arange(len(gold)), gold == predicted
        # A right answer is a hit of its label; a wrong one a false alarm of the label given and a miss of the other.
        rows = np.concatenate([row[right], row[~right], row[~right]])
        columns = np.concatenate([3 * gold[right], 3 * predicted[~right] + 1, 3 * gold[~right] + 2])
        return table(rows, columns, np.ones_like(rows), (len(gold), 3 * len(self.labels)))

    def pooled(self) -> sparse.csr_array:
        """The same of all labels together: a wrong answer is a false alarm and a miss."""
        right, wrong = self.hits().toarray().T
        return sparse.csr_array(np.stack([right, wrong, wrong], axis=-1))

    def of_positive(self) -> sparse.csr_array:
        """The same of the positive label alone."""
        return self.by_label()[:, 3 * self.at_positive : 3 * self.at_positive + 3]

    @cached_property
    def counts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How many examples per label are rightly found, gold, and predicted."""
        gold, predicted = self.codes()
        every = len(self.labels)
        right = np.bincount(gold[gold == predicted], minlength=every)
        return right, np.bincount(gold, minlength=every), np.bincount(predicted, minlength=every)

    @cached_property
    def by_class(self) -> tuple[dict[str, Any], ...]:
        """Precision, recall, F1 (0 to 1) and gold count of every label, in list order."""
        right, gold, predicted = self.counts
        columns = _ratio(right, predicted), _ratio(right, gold), _ratio(2 * right, gold + predicted), gold
        return tuple(
            {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for label, p, r, f, n in zip(self.labels, *columns, strict=True)
        )

    def confusion(self) -> list[list[int]]:
        """The cells of the confusion matrix that are not 0: [position of gold, of the label given, count]."""
        gold, predicted = self.codes()
        counts = Counter(zip(gold.tolist(), predicted.tolist(), strict=True))
        return [[*cell, n] for cell, n in sorted(counts.items())]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return above / np.maximum(below, 1)


def majority_label(training: list[str], labels: tuple[str, ...]) -> str:
    """The commonest label of the training part; ties go to the earlier one in the fixed list."""
    counts = Counter(training)
    return max(labels, key=lambda label: (counts[label], -labels.index(label)))


def constant(decisions: Decisions, label: str) -> Decisions:
    """The same examples, all predicted as `label`: what a system that reads nothing would score."""
    return Decisions(
        decisions.labels, decisions.gold, (label,) * len(decisions.gold), decisions.groups, decisions.positive
    )
