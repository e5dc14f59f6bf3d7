"""The base class of the data that a disclosure check works on: gold labels and answers in groups, with a score."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from harness.metrics import METRICS
from harness.metrics.decided.counts import Score


class Grouped:
    """The base class of `hidden.Rows` (one label per row) and `hidden_spans.Documents` (spans). Rows or documents of
    the same group follow each other. `starts` has the position of each group's first row. `answers` maps a system (a
    family or the linear model) to the answers of its runs. `metric` is the name of the primary metric."""

    metric: str
    starts: np.ndarray
    gold: np.ndarray
    answers: Mapping[str, np.ndarray]

    @property
    def score(self) -> Score:
        return METRICS[self.metric].score

    @property
    def reach(self) -> float:
        """The largest possible difference of two scores."""
        return METRICS[self.metric].highest - METRICS[self.metric].lowest

    @property
    def rows(self) -> int:
        return len(self.gold)

    @property
    def groups(self) -> int:
        return len(self.starts)

    def form(self) -> Self:
        """A copy with the same numbers of rows, groups and runs, in which all gold labels and answers are 0."""
        answers = {system: np.zeros_like(given) for system, given in self.answers.items()}
        return replace(self, gold=np.zeros_like(self.gold), answers=answers)  # type: ignore[type-var]

    def summed(self, table: np.ndarray) -> np.ndarray:
        """The rows' contributions [..., rows, counts] added up by group: [..., groups, counts]."""
        return table if len(self.starts) == table.shape[-2] else np.add.reduceat(table, self.starts, axis=-2)
