"""Base class of the data that a disclosure check works on: gold labels and answers in groups, with a score."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from harness.metrics import METRICS
from harness.metrics.decided.counts import Score


class Grouped:
    """Base class of `Rows` and `Documents`, ordered by group. `starts` is the position of each group's first row."""

    metric: str
    starts: np.ndarray
    gold: np.ndarray
    answers: Mapping[str, np.ndarray]

    @property
    def score(self) -> Score:
        return METRICS[self.metric].score

    @property
    def reach(self) -> float:
        """The largest difference of two scores."""
        return METRICS[self.metric].highest - METRICS[self.metric].lowest

    @property
    def rows(self) -> int:
        return len(self.gold)

    @property
    def groups(self) -> int:
        return len(self.starts)

    def form(self) -> Self:
        """The same number of rows, groups and runs, with all gold and answers set to 0."""
        answers = {system: np.zeros_like(given) for system, given in self.answers.items()}
        return replace(self, gold=np.zeros_like(self.gold), answers=answers)  # type: ignore[type-var]

    def summed(self, table: np.ndarray) -> np.ndarray:
        """The rows' contributions [..., rows, counts] added up by group: [..., groups, counts]."""
        return table if len(self.starts) == table.shape[-2] else np.add.reduceat(table, self.starts, axis=-2)
