"""The settings of cross-validation, a second, exploratory protocol for small data sets."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from harness.objectives.settings import BetweenZeroAndOne


@dataclass(frozen=True)
class Folds:
    """The groups of a task are dealt into `number` folds, and this `repeats` times. Each fold is the test part once.

    `validation` is the share of the other rows that chooses the best weights. Groups stay whole there, too.
    """

    number: Annotated[int, Interval(ge=2, le=1_000)]
    repeats: Annotated[int, Interval(ge=1, le=1_000)]
    validation: BetweenZeroAndOne

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed per repeat, for the dealing of its folds and for its training runs."""
        return tuple(range(1, self.repeats + 1))


@dataclass(frozen=True)
class CrossValidation:
    """The tasks that are cross-validated in addition to their fixed split (usually none), all with the same folds."""

    tasks: tuple[str, ...]
    folds: Folds
