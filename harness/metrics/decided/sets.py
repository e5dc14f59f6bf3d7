"""Gold and predicted labels of rows that have any number of labels each. Each label of the list is one yes-or-no
decision about a row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from harness.errors import DataError
from harness.metrics.decided.counts import hits, refuse_unlisted


@dataclass(frozen=True)
class LabelSets:
    """The gold labels, the predicted labels and the group of every row, in the same order.

    Raises DataError if there is no row, or a row has a label outside `labels`.
    """

    labels: tuple[str, ...]
    gold: tuple[frozenset[str], ...]
    predicted: tuple[frozenset[str], ...]
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.gold:
            raise DataError("There is nothing to score.", remedy="Check that the split has rows in this part.")
        refuse_unlisted(self.labels, self.held, set().union(*self.predicted))

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def held(self) -> set[str]:
        """The labels that occur in gold."""
        return set().union(*self.gold)

    def subset(self, at: list[int]) -> "LabelSets":
        """A copy with only the rows at the positions `at`."""
        columns = {name: getattr(self, name) for name in ("gold", "predicted", "groups")}
        return replace(self, **{name: tuple(column[i] for i in at) for name, column in columns.items()})

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The group of every row. The argument `groups` is not used (see `Decided`)."""
        return self.groups

    def hits(self) -> sparse.csr_array:
        """The table [rows, 2] of (hit, missed). A row is a hit if the set of its predicted labels is the set of its
        gold labels."""
        return hits(np.array([gold == called for gold, called in zip(self.gold, self.predicted, strict=True)]))

    def by_label(self) -> sparse.csr_array:
        """True positives, false positives and false negatives of each row, label by label: [rows, 3 × labels]."""
        gold, called = (self._table(rows) for rows in (self.gold, self.predicted))
        three = np.stack([gold & called, ~gold & called, gold & ~called], axis=-1)
        return sparse.csr_array(three.reshape(len(self), -1).astype(np.int64))

    def pooled(self) -> sparse.csr_array:
        """The counts of `by_label` summed over labels, [rows, 3]."""
        return sparse.csr_array(self.by_label().toarray().reshape(len(self), -1, 3).sum(axis=1))

    def _table(self, rows: tuple[frozenset[str], ...]) -> np.ndarray:
        return np.array([[label in row for label in self.labels] for row in rows], dtype=bool)
