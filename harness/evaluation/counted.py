"""What is counted of the rows of a part, and could tell of a person."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.evaluation.suppression import MINIMUM

if TYPE_CHECKING:
    from harness.evaluation.hidden import Hidden

# Of each run and label, and over all labels together.
COUNTED = ("called", "found", "missed", "invented")
IN_ALL = ("right", "wrong")
ALL = -1  # in place of a label
NAMES = {
    "gold": "how many there are", "called": "how many were called so", "found": "how many were found",
    "missed": "how many were missed", "invented": "how many were called so wrongly",
    "right": "how many were answered rightly", "wrong": "how many errors there are",
}  # fmt: skip
Counted = tuple[str, int, str, int]  # system, its run, what is counted, label
GOLD = ("", 0, "gold")


def small(hidden: "Hidden", minimum: int = MINIMUM) -> Iterator[Counted]:
    """What is counted fewer times than `minimum`, nought included."""
    return (key for key, n in counts(hidden) if n < minimum)


def counts(hidden: "Hidden") -> Iterator[tuple[Counted, int]]:
    """Everything that is counted: gold labels, and of every run what was called, found, missed and invented, by label,
    and over all labels what was answered rightly and wrongly."""
    for label, n in enumerate(hidden.gold_counts().tolist()):
        yield (*GOLD, label), n
    for system, answers in hidden.answers.items():
        of_all = [(name, ALL) for name in IN_ALL]
        for name, label in (*itertools.product(COUNTED, range(hidden.labels)), *of_all):
            if hidden.tells(name, label):
                for run, n in enumerate(hidden.count(answers, name, label).tolist()):
                    yield (system, run, name, label), n
