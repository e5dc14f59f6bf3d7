"""The arms of a comparison, and the parts of the corpus that each is trained on where it is trained here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """`trained_on` names parts of the corpus. An `optional` arm is switched on by the family's setting of its name; it
    is the baseline, trained further by the recipe of the clinical arm and for as many updates."""

    trained_on: tuple[str, ...]
    optional: bool = False


GENERAL, CLINICAL = "general", "clinical"
# The training texts of tasks stand apart, so that one arm reads notes only, and one these, too.
TASK = "task"
# The baseline, from which all others go on, comes first.
ARMS = {
    "baseline": Arm((GENERAL,)),
    "clinical": Arm((CLINICAL,)),
    "control": Arm((GENERAL,), optional=True),
    "task": Arm((CLINICAL, TASK), optional=True),
}
BASELINE = "baseline"
OPTIONAL = tuple(name for name, arm in ARMS.items() if arm.optional)
# What every tokenizer is made from, and every arm measured on.
SHARED = (GENERAL, CLINICAL)
PARTS = (*SHARED, TASK)


def chosen(switched_on: Callable[[str], bool]) -> tuple[str, ...]:
    """The arms of a family, in order; `switched_on(name)` is asked of those that are optional."""
    return tuple(name for name, arm in ARMS.items() if not arm.optional or switched_on(name))


def parts_of(arm: str) -> tuple[str, ...]:
    """The parts that a training of this arm reads or is measured on, in order."""
    return tuple(part for part in PARTS if part in SHARED or part in ARMS[arm].trained_on)


def replayed(arm: str, share: float) -> float:
    """The share of general text that is mixed into what the arm is trained on: none where that is general text."""
    return 0.0 if GENERAL in ARMS[arm].trained_on else share
