"""Make `params.schema.json`, the JSON Schema of `params.yaml`. Editors use the schema to complete and check the
file."""

import json
import re
from pathlib import Path

from harness.objectives import OBJECTIVES
from harness.objectives.settings import Pretraining
from harness.system.files import write_text

NAME = "params.schema.json"


def text() -> str:
    """The text of the JSON Schema that belongs to the present types of settings and pre-training objectives. The
    sentences about settings are taken from the docstrings of these types."""
    from pydantic.json_schema import GenerateJsonSchema

    from harness.params import typed
    from harness.params.whole import Params

    class Schema(GenerateJsonSchema):
        def dict_schema(self, schema):
            """The JSON Schema of a mapping. If the names in the mapping have a pattern, the JSON Schema refuses other
            names, as the harness does."""
            made = super().dict_schema(schema)
            return made | ({"additionalProperties": False} if "patternProperties" in made else {})

    schema = Schema().generate(typed.core(Params))
    sections = schema["$defs"]
    # Both trainings of a family have one type, which is written once.
    for key in ("general", "adaptation"):
        choices = sections["Family"]["properties"][key]["anyOf"]
        sections["Training"], choices[0] = choices[0], {"$ref": "#/$defs/Training"}
    del sections["Training"]["discriminator"]  # only OpenAPI uses it, and it repeats all choices
    for section in [schema, *sections.values()]:
        _describe(section, section.get("description", ""))
    for section, objective in zip(sections["Training"]["oneOf"], OBJECTIVES.values(), strict=True):
        section["title"] = objective.name
        kinds = [kind for kind in objective.settings.__mro__ if issubclass(kind, Pretraining)]
        _describe(section, " ".join(kind.__doc__ or "" for kind in kinds))
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def outdated(root: Path) -> bool:
    """Return whether the folder `root` has a schema file that differs from `text()`. Returns False if there is no such
    file."""
    path = root / NAME
    return path.is_file() and path.read_text(encoding="utf-8") != text()


def write(root: Path) -> None:
    write_text(root / NAME, text())


def _describe(section: dict, said: str) -> None:
    """Describe each setting of a section by the sentences of `said`, the section's description, that name it."""
    sentences = re.split(r"(?<=\.) ", " ".join(said.split()))
    for name, setting in section.get("properties", {}).items():
        if of_it := [sentence for sentence in sentences if f"`{name}`" in sentence]:
            setting["description"] = " ".join(of_it)
