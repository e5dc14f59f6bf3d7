"""The pre-training objectives, one file each. Code that depends on an objective asks its object.

An objective is added by one file here, named as the `recipe` of `params.yaml` that chooses it, which ends in its
object.
"""

import dataclasses
from collections.abc import Mapping

from harness.errors import ConfigError, nearest, wrong
from harness.objectives.objective import Heads, Objective, Setup
from harness.objectives.settings import Pretraining
from harness.system import members

__all__ = ["OBJECTIVES", "Heads", "Objective", "Setup", "chosen", "of"]

OBJECTIVES: dict[str, Objective] = {one.name: one for one in members.of(__name__, __path__, Objective)}


def of(settings: Pretraining) -> Objective:
    """The objective of settings that were read from `params.yaml`."""
    return OBJECTIVES[settings.recipe]


def chosen(section: Mapping, path: str, name: str) -> tuple[type[Pretraining], dict]:
    """The type of a section of `params.yaml`, and the section with what it leaves out, for
    `harness.params.typed.convert`.

    Raises ConfigError where `recipe` names no objective, and where a setting belongs to another one.
    """
    recipe = section.get("recipe")
    if not isinstance(recipe, str) or recipe not in OBJECTIVES:
        raise wrong(name, f"{path}.recipe", f"one of {', '.join(OBJECTIVES)}", recipe, nearest(recipe, OBJECTIVES))
    objective = OBJECTIVES[recipe]
    for key in section:
        owners = [other.name for other in OBJECTIVES.values() if key in _keys(other)]
        if owners and recipe not in owners:
            raise ConfigError(
                f"{name}: {path}.{key} must be left out where the recipe is not {' or '.join(owners)}.",
                remedy=f"Take it out, or correct {path}.recipe, which is {recipe}.",
            )
    return objective.settings, {**objective.published, **section}


def _keys(objective: Objective) -> set[str]:
    return {field.name for field in dataclasses.fields(objective.settings)}
