"""Make `params.schema.json`, the JSON Schema of `params.yaml`. An editor completes and checks the file by it."""

import json
import re
from pathlib import Path

from harness.objectives import OBJECTIVES
from harness.objectives.settings import Pretraining
from harness.system.files import write_text

NAME = "params.schema.json"


def text() -> str:
    """The schema of the present types and objectives."""
    from pydantic.json_schema import GenerateJsonSchema

    from harness.params import typed
    from harness.params.whole import Params

    class Schema(GenerateJsonSchema):
        def dict_schema(self, schema):
            """Names that do not match their pattern are refused here, too."""
            made = super().dict_schema(schema)
            return made | ({"additionalProperties": False} if "patternProperties" in made else {})

    schema = Schema().generate(typed.core(Params))
    sections = schema["$defs"]
    # Both trainings of a family are of one kind.
    for key in ("general", "adaptation"):
        choices = sections["Family"]["properties"][key]["anyOf"]
        sections["Training"], choices[0] = choices[0], {"$ref": "#/$defs/Training"}
    del sections["Training"]["discriminator"]  # of OpenAPI; it holds all of them once more
    for section in [schema, *sections.values()]:
        _describe(section, section.get("description", ""))
    for section, objective in zip(sections["Training"]["oneOf"], OBJECTIVES.values(), strict=True):
        section["title"] = objective.name
        kinds = [kind for kind in objective.settings.__mro__ if issubclass(kind, Pretraining)]
        _describe(section, " ".join(kind.__doc__ or "" for kind in kinds))
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def outdated(root: Path) -> bool:
    """Is there one that does not tell of the present types and objectives?"""
    path = root / NAME
    return path.is_file() and path.read_text(encoding="utf-8") != text()


def write(root: Path) -> None:
    write_text(root / NAME, text())


def _describe(section: dict, said: str) -> None:
    """Each setting gets the sentences of its section's description that name it."""
    sentences = re.split(r"(?<=\.) ", " ".join(said.split()))
    for name, setting in section.get("properties", {}).items():
        if of_it := [sentence for sentence in sentences if f"`{name}`" in sentence]:
            setting["description"] = " ".join(of_it)
