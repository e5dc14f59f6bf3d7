"""Cross-validation as a run can choose it: a second, exploratory protocol for small sets."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import ConfigError, nearest


@dataclass(frozen=True)
class Folds:
    """`repeats` times the groups of a task are dealt into `number` folds; each fold is once the test part.

    Of the rows that are not in the test part, the share `validation` chooses the best weights; whole groups there, too.
    """

    number: int
    repeats: int
    validation: float

    @property
    def seeds(self) -> tuple[int, ...]:
        """One per repeat: it deals the folds, and starts the training runs of the repeat."""
        return tuple(range(1, self.repeats + 1))


@dataclass(frozen=True)
class CrossValidation:
    """The tasks that are cross-validated beside their fixed split (usually none), all with the same folds."""

    tasks: tuple[str, ...]
    folds: Folds


def checked_folds(folds: Folds, name: str) -> Folds:
    """Raises ConfigError, naming the key in the file `name`, for numbers that leave nothing to test or to train on."""
    at = f"{name}: cross_validation.folds"
    for field, ok, wanted in (
        ("number", folds.number >= 2, "2 or more"),
        ("number", folds.number <= 1000, "at most 1,000"),
        ("repeats", folds.repeats >= 1, "1 or more"),
        ("repeats", folds.repeats <= 1000, "at most 1,000"),
        ("validation", 0 < folds.validation < 1, "above 0 and below 1"),
    ):
        if not ok:
            value = getattr(folds, field)
            raise ConfigError(f"{at}.{field} must be {wanted}, not {value!r}.", remedy=f"Correct {field}.")
    return folds


def checked_tasks(chosen: CrossValidation, tasks: Sequence[str], pretrained_on: Sequence[str], name: str) -> None:
    """Each task once and one of the run's, and none whose training texts (`pretrained_on`) the clinical arm has read:
    folds test every row, those too. Raises ConfigError."""
    checked_folds(chosen.folds, name)
    at = f"{name}: cross_validation.tasks"
    for task in chosen.tasks:
        remedy = f"Take {task!r} out of cross_validation.tasks"
        if task not in tasks:
            raise ConfigError(
                f"{at} names {task!r}, which is not in run.tasks.{nearest(task, tasks)}", remedy=f"{remedy}."
            )
        if chosen.tasks.count(task) > 1:
            raise ConfigError(f"{at} names {task!r} twice.", remedy="List each task once.")
        if task in pretrained_on:
            raise ConfigError(
                f"{at} names {task!r}, whose training texts corpus.training_texts_of puts into the clinical corpus: "
                "folds would test the clinical arm on texts that it was pre-trained on.",
                remedy=f"{remedy} or of corpus.training_texts_of.",
            )
