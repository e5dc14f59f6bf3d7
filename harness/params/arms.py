"""The arms of a comparison (versions of one encoder before and after further pre-training), and the parts of the corpus
that each arm is trained on.

An arm that is imported as an existing checkpoint was trained on other text.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """One arm, a version of an encoder. `trained_on` names the parts of the corpus that the arm is pre-trained on.

    A family of encoders has an `optional` arm only if the family's setting with the arm's name in `params.yaml` is
    true. An optional arm is the baseline, trained further by the recipe of the clinical arm and for as many updates.
    """

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
    """The names of the arms that a family of encoders has, in the order of `ARMS`. `switched_on(name)` returns True if
    the family has the optional arm `name`."""
    return tuple(name for name, arm in ARMS.items() if not arm.optional or switched_on(name))


def parts_of(arm: str) -> tuple[str, ...]:
    """The parts of the corpus that a training of `arm` reads or is measured on, in the order of `PARTS`."""
    return tuple(part for part in PARTS if part in SHARED or part in ARMS[arm].trained_on)


def replayed(arm: str, share: float) -> float:
    """The share of general text to mix into the training text of `arm`: `share`, or 0 if the arm trains on general text
    anyway."""
    return 0.0 if GENERAL in ARMS[arm].trained_on else share
