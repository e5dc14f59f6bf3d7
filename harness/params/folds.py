"""The settings of cross-validation, a second, exploratory protocol for small data sets."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from harness.objectives.settings import BetweenZeroAndOne


@dataclass(frozen=True)
class Folds:
    """`repeats` times the groups of a task are dealt into `number` folds; each fold is once the test part.

    Of the rows that are not in the test part, the share `validation` chooses the best weights; whole groups there, too.
    """

    number: Annotated[int, Interval(ge=2, le=1_000)]
    repeats: Annotated[int, Interval(ge=1, le=1_000)]
    validation: BetweenZeroAndOne

    @property
    def seeds(self) -> tuple[int, ...]:
        """One per repeat: it deals the folds, and starts the training runs of the repeat."""
        return tuple(range(1, self.repeats + 1))


@dataclass(frozen=True)
class CrossValidation:
    """The tasks that are cross-validated beside their fixed split (usually none), all with the same folds."""

    tasks: tuple[str, ...]
    folds: Folds
