"""Scores of decisions over a fixed label list, from counts per label.

A ratio without a denominator is 0. A label of the list that neither gold nor prediction holds
therefore counts as F1 0 in a macro mean, and a class that occurs only in predictions changes no
denominator: the mean is over the same labels for every arm, seed and subset. The tests hold all
scores against scikit-learn, whose import takes longer than a small encoder's run.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.errors import DataError


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

    def __post_init__(self):
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

    @cached_property
    def counts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How many examples per label are rightly found, gold, and predicted."""
        gold, predicted = self.codes()
        every = len(self.labels)
        return tuple(np.bincount(codes, minlength=every) for codes in (gold[gold == predicted], gold, predicted))

    @cached_property
    def by_class(self) -> tuple[dict, ...]:
        """See `per_class`; several scores are read off it."""
        right, gold, predicted = self.counts
        columns = _ratio(right, predicted), _ratio(right, gold), _ratio(2 * right, gold + predicted), gold
        return tuple(
            {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for label, p, r, f, n in zip(self.labels, *columns, strict=True)
        )


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return above / np.maximum(below, 1)


def _f1_by_label(decisions: Decisions) -> np.ndarray:
    return np.array([row["f1"] for row in decisions.by_class])


def macro_f1(decisions: Decisions) -> float:
    """Unweighted mean of F1 over every label of the fixed list."""
    return float(_f1_by_label(decisions).mean())


def micro_f1(decisions: Decisions) -> float:
    """F1 of the pooled counts; with one label per example and the whole list this is accuracy."""
    return accuracy(decisions)


def weighted_f1(decisions: Decisions) -> float:
    """Mean of F1 over labels, weighted by the number of gold examples."""
    return float(np.average(_f1_by_label(decisions), weights=decisions.counts[1]))


def accuracy(decisions: Decisions) -> float:
    """Share of examples whose label is right."""
    gold, predicted = decisions.codes()
    return float(np.mean(gold == predicted))


def binary_f1(decisions: Decisions) -> float:
    """F1 of the task's positive label alone. Raises DataError where the task declares none."""
    return _positive_row(decisions)["f1"]


def sensitivity(decisions: Decisions) -> float:
    """Share of positive examples that were found (recall of the positive label)."""
    return _positive_row(decisions)["recall"]


def specificity(decisions: Decisions) -> float:
    """Share of the other examples that were not called positive; 0 where there are none."""
    positive = _positive_row(decisions)["label"]
    others = [p != positive for g, p in zip(decisions.gold, decisions.predicted, strict=True) if g != positive]
    return sum(others) / len(others) if others else 0.0


def mcc(decisions: Decisions) -> float:
    """Matthews correlation coefficient, −1 to 1; see `correlation`."""
    return correlation(*decisions.counts)


def correlation(right: np.ndarray, gold: np.ndarray, predicted: np.ndarray) -> float:
    """Matthews correlation from counts per label, −1 to 1; 0 where gold or prediction is constant.

    Of more than two labels in the form of Gorodkin 2004, "Comparing two K-category assignments by a
    K-category correlation coefficient".
    """
    right, gold, predicted = (counts.astype(np.float64) for counts in (right, gold, predicted))
    every = gold.sum()
    spread = (every**2 - (gold**2).sum()) * (every**2 - (predicted**2).sum())
    return float((right.sum() * every - (gold * predicted).sum()) / np.sqrt(spread)) if spread else 0.0


def group_accuracy(decisions: Decisions) -> float:
    """Share of groups all of whose examples are right. Raises DataError without group keys."""
    if not decisions.groups:
        raise DataError(
            "group_accuracy needs a group per example.", remedy="Make the predictions again; they carry it."
        )
    right: dict[str, bool] = {}
    for group, gold, predicted in zip(decisions.groups, decisions.gold, decisions.predicted, strict=True):
        right[group] = right.get(group, True) and gold == predicted
    return sum(right.values()) / len(right)


def _positive_row(decisions: Decisions) -> dict:
    if decisions.positive not in decisions.labels:
        raise DataError(
            "This score needs the positive label, and the task declares none.",
            remedy="Set TASK.positive, or take the score out of TASK.metrics.",
        )
    return decisions.by_class[decisions.labels.index(decisions.positive)]


def per_class(decisions: Decisions) -> list[dict]:
    """Precision, recall, F1 (0 to 1) and gold count of every label, in list order."""
    return [dict(row) for row in decisions.by_class]


def confusion(decisions: Decisions) -> list[list[int]]:
    """The cells of the confusion matrix that are not 0: [position of the gold label, of the predicted one, count]."""
    gold, predicted = decisions.codes()
    counts = Counter(zip(gold.tolist(), predicted.tolist(), strict=True))
    return [[*cell, n] for cell, n in sorted(counts.items())]


def majority_label(training: list[str], labels: tuple[str, ...]) -> str:
    """The commonest label of the training part; ties go to the earlier one in the fixed list."""
    counts = Counter(training)
    return max(labels, key=lambda label: (counts[label], -labels.index(label)))


def constant(decisions: Decisions, label: str) -> Decisions:
    """The same examples, all predicted as `label`: what a system that reads nothing would score."""
    return Decisions(
        decisions.labels, decisions.gold, (label,) * len(decisions.gold), decisions.groups, decisions.positive
    )


METRICS: dict[str, Callable[[Decisions], float]] = {
    function.__name__: function
    for function in (
        binary_f1, macro_f1, micro_f1, weighted_f1, accuracy, sensitivity, specificity, mcc, group_accuracy,
    )
}  # fmt: skip
