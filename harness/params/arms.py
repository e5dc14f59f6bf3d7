"""The arms of a comparison, and the parts of the corpus that each arm is trained on if it is trained here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """One arm. `trained_on` names parts of the corpus. An `optional` arm is switched on by the family's setting of the
    same name. It is the baseline, trained further by the recipe of the clinical arm and for as many updates."""

    trained_on: tuple[str, ...]
    optional: bool = False


GENERAL, CLINICAL = "general", "clinical"
# The training texts of tasks are a part of their own, so that only the arm `task` reads them.
TASK = "task"
# The baseline comes first, because all other arms are trained from it.
ARMS = {
    "baseline": Arm((GENERAL,)),
    "clinical": Arm((CLINICAL,)),
    "control": Arm((GENERAL,), optional=True),
    "task": Arm((CLINICAL, TASK), optional=True),
}
BASELINE = "baseline"
OPTIONAL = tuple(name for name, arm in ARMS.items() if arm.optional)
# The parts that every tokenizer is made from, and on which every arm is measured.
SHARED = (GENERAL, CLINICAL)
PARTS = (*SHARED, TASK)


def chosen(switched_on: Callable[[str], bool]) -> tuple[str, ...]:
    """The arms of a family, in order. `switched_on(name)` says whether the family has an optional arm."""
    return tuple(name for name, arm in ARMS.items() if not arm.optional or switched_on(name))


def parts_of(arm: str) -> tuple[str, ...]:
    """The parts that a training of this arm reads or is measured on, in order."""
    return tuple(part for part in PARTS if part in SHARED or part in ARMS[arm].trained_on)


def replayed(arm: str, share: float) -> float:
    """The `share` of general text to mix into the arm's training text, or 0 if the arm trains on general text."""
    return 0.0 if GENERAL in ARMS[arm].trained_on else share
