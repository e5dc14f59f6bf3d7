"""Gold and predicted labels of rows that have one label each out of a fixed list.

A ratio without a denominator is 0. So a label of the list that occurs neither in gold nor in predictions has F1 0 in a
macro mean. The macro mean is over all labels of the list, and so over the same labels for every arm, seed and subset.
The tests compare all scores with scikit-learn. The code does not use scikit-learn, because the import takes longer than
a small encoder's run.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from harness.errors import DataError
from harness.metrics.decided.counts import hits, refuse_unlisted, table


@dataclass(frozen=True)
class Decisions:
    """The gold label, the predicted label and the group of every row, in the same order.

    `groups` may be empty. `positive` is the positive label, if the task declares one. Raises DataError if the columns
    differ in length, are empty, or contain a label outside `labels`.
    """

    labels: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    groups: tuple[str, ...] = ()
    positive: str | None = None

    def __post_init__(self) -> None:
        if len(self.gold) != len(self.predicted) or (self.groups and len(self.groups) != len(self.gold)):
            raise DataError(
                f"The numbers of gold labels ({len(self.gold)}), predictions ({len(self.predicted)}) and groups "
                f"({len(self.groups)}) differ.",
                remedy="Each row needs one of each. Make the predictions again with `harness finetune`.",
            )
        if not self.gold:
            raise DataError("There is nothing to score.", remedy="Check that the split has rows in this part.")
        refuse_unlisted(self.labels, self.held, set(self.predicted))

    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Two arrays [rows]: the gold and the predicted label of each row, as positions in the label list."""
        position = {label: i for i, label in enumerate(self.labels)}
        gold = np.fromiter((position[label] for label in self.gold), dtype=np.int64, count=len(self.gold))
        predicted = np.fromiter((position[label] for label in self.predicted), dtype=np.int64, count=len(self.gold))
        return gold, predicted

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def held(self) -> set[str]:
        """The labels that occur in gold."""
        return set(self.gold)

    def subset(self, at: list[int]) -> "Decisions":
        """A copy with only the rows at the positions `at`."""
        gold, predicted, groups = (
            tuple(column[i] for i in at) if column else () for column in (self.gold, self.predicted, self.groups)
        )
        return replace(self, gold=gold, predicted=predicted, groups=groups)

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The group of every row. Without groups, each row is a group of its own. The argument `groups` is not used
        (see `Decided`)."""
        return self.groups or tuple(f"{i:09d}" for i in range(len(self)))

    @property
    def at_positive(self) -> int:
        """The position of the positive label in the label list. Raises DataError if the task declares no positive
        label."""
        if self.positive not in self.labels:
            raise DataError(
                "This score needs the positive label, and the task declares none.",
                remedy="Set TASK.positive, or remove the score from TASK.metrics.",
            )
        return self.labels.index(self.positive)

    def hits(self, of_positive: bool | None = None) -> sparse.csr_array:
        """The table [rows, 2] of (hit, missed). A row that does not count has (0, 0).

        If `of_positive` is None, every row counts, and a hit is a right prediction. If it is True, only rows with a
        positive gold label count, and a hit is a positive prediction (sensitivity). If it is False, only the other rows
        count, and a hit is a prediction of any other label (specificity).
        """
        gold, predicted = self.codes()
        if of_positive is None:
            return hits(gold == predicted)
        return hits((predicted == self.at_positive) == of_positive, (gold == self.at_positive) == of_positive)

    def by_label(self) -> sparse.csr_array:
        """True positives, false positives and false negatives of each row, label by label: [rows, 3 × labels]."""
        gold, predicted = self.codes()
        row, right = np.arange(len(gold)), gold == predicted
        # A wrong answer is a false positive of the predicted label and a false negative of the gold label.
        rows = np.concatenate([row[right], row[~right], row[~right]])
        columns = np.concatenate([3 * gold[right], 3 * predicted[~right] + 1, 3 * gold[~right] + 2])
        return table(rows, columns, np.ones_like(rows), (len(gold), 3 * len(self.labels)))

    def pooled(self) -> sparse.csr_array:
        """The counts of `by_label` summed over labels, [rows, 3]. A wrong answer is one false positive and one false
        negative."""
        right, wrong = self.hits().toarray().T
        return sparse.csr_array(np.stack([right, wrong, wrong], axis=-1))

    def of_positive(self) -> sparse.csr_array:
        """The counts of `by_label` for the positive label alone, [rows, 3]."""
        return self.by_label()[:, 3 * self.at_positive : 3 * self.at_positive + 3]

    def confusion(self) -> list[list[int]]:
        """The cells of the confusion matrix that are not 0: [position of the gold label, position of the predicted
        label, number of rows]. Positions are those in the label list."""
        gold, predicted = self.codes()
        counts = Counter(zip(gold.tolist(), predicted.tolist(), strict=True))
        return [[*cell, n] for cell, n in sorted(counts.items())]


def majority_label(training: list[str], labels: tuple[str, ...]) -> str:
    """The most frequent label in `training`, the labels of the training rows. Of equally frequent labels, the first in
    `labels` is taken."""
    counts = Counter(training)
    return max(labels, key=lambda label: (counts[label], -labels.index(label)))


def constant(decisions: Decisions, label: str) -> Decisions:
    """A copy of `decisions` in which every row is predicted as `label`, as by a system that reads no text."""
    return replace(decisions, predicted=(label,) * len(decisions))
