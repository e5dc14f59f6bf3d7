"""The pre-training objectives (such as masked language modelling), one file each. Code that depends on the objective
calls methods of the objective's object.

To add an objective, add one file here that ends with an `Objective` object. The file's name is the `recipe` in
`params.yaml` that chooses the objective.
"""

import copy
from collections.abc import Mapping
from typing import Annotated

from harness.errors import RegistryError
from harness.objectives.objective import Heads, Objective, Setup
from harness.objectives.settings import Pretraining
from harness.system import members

__all__ = ["OBJECTIVES", "Heads", "Objective", "Setup", "Trained", "of"]

_BY_FILE = members.by_file(__name__, __path__, Objective)
OBJECTIVES: dict[str, Objective] = {one.name: one for _, one in _BY_FILE}


def of(settings: Pretraining) -> Objective:
    """The objective that the `recipe` of `settings` names."""
    return OBJECTIVES[settings.recipe]


def refuse_misnamed() -> None:
    """Raise RegistryError if an objective has another name than its file. The pipeline finds the file of an objective
    by the objective's name."""
    for file, one in _BY_FILE:
        if one.name != file:
            raise RegistryError(
                f"harness/objectives/{file}.py defines an objective of another name, {one.name!r}.",
                remedy=f"Rename the objective to {file!r}, or the file to {one.name}.py.",
            )


class _ByRecipe:
    """The pydantic schema of a training section. Its `recipe` determines the keys, and published values replace omitted
    keys."""

    def __get_pydantic_core_schema__(self, source, handler):
        from pydantic_core import core_schema

        refuse_misnamed()
        choices = {}
        for name, objective in OBJECTIVES.items():
            # A copy, because objectives may share a type of settings but have different published values.
            section = copy.deepcopy(handler.resolve_ref_schema(handler.generate_schema(objective.settings)))
            section.pop("ref", None)
            for field in section["schema"]["fields"]:
                if field["name"] == "recipe":
                    field["schema"] = core_schema.literal_schema([name])
                elif field["name"] in objective.published:
                    field["schema"] = core_schema.with_default_schema(
                        field["schema"], default=objective.published[field["name"]], validate_default=True
                    )
            choices[name] = section
        return core_schema.no_info_before_validator_function(
            _own, core_schema.tagged_union_schema(choices, discriminator="recipe")
        )


# The type of a section of `params.yaml` that trains an encoder.
Trained = Annotated[Pretraining, _ByRecipe()]


def _own(section):
    """Return `section` unchanged. Raises PydanticCustomError if `section` has a key that only other recipes have."""
    from pydantic_core import PydanticCustomError

    recipe = section.get("recipe") if isinstance(section, Mapping) else None
    for key in section if isinstance(recipe, str) and recipe in OBJECTIVES else ():
        owners = [name for name, other in OBJECTIVES.items() if key in other.settings.__dataclass_fields__]
        if owners and recipe not in owners:
            says = f"is a setting of the recipe {' or '.join(owners)} only."
            remedy = f"Remove it, or correct PATH.recipe, which is {recipe}."
            raise PydanticCustomError("refused", "another's setting", {"key": key, "says": says, "remedy": remedy})
    return section
