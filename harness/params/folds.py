"""The settings of cross-validation, a second, exploratory protocol for small data sets."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from harness.objectives.settings import BetweenZeroAndOne


@dataclass(frozen=True)
class Folds:
    """The folds of cross-validation. The groups of a task's rows (such as all rows of one patient) are divided at
    random into `number` folds, and this division is made `repeats` times. Each fold is the test part once per repeat.

    `validation` is the share of the rows outside the test fold that serves to choose the best weights. This choice of
    rows does not divide groups either.
    """

    number: Annotated[int, Interval(ge=2, le=1_000)]
    repeats: Annotated[int, Interval(ge=1, le=1_000)]
    validation: BetweenZeroAndOne

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the repeats: 1, 2, … The seed of a repeat decides its division into folds and its training
        runs."""
        return tuple(range(1, self.repeats + 1))


@dataclass(frozen=True)
class CrossValidation:
    """The tasks that are cross-validated in addition to their fixed split (usually no task). `folds` applies to all of
    these tasks."""

    tasks: tuple[str, ...]
    folds: Folds
