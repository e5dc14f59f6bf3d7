"""The base class of `Rows` and `Documents`: data in groups, with a score."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from harness.metrics import METRICS
from harness.metrics.decided.counts import Score


class Grouped:
    """The base of `Rows` and `Documents`, ordered by group: `starts` is where each group begins."""

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
        """What is known of them before any figure: how many, their groups, the runs."""
        answers = {system: np.zeros_like(given) for system, given in self.answers.items()}
        return replace(self, gold=np.zeros_like(self.gold), answers=answers)  # type: ignore[type-var]

    def summed(self, table: np.ndarray) -> np.ndarray:
        """What rows contribute, [..., rows, counts], added up by group."""
        return table if len(self.starts) == table.shape[-2] else np.add.reduceat(table, self.starts, axis=-2)
