"""The lists `pipeline/families/FAMILY/STAGE.txt` of the code of the objective with which a family is pre-trained.

If a stage depended on all objectives, every family would be trained again after one is added or changed. So the stage's
own list names no objective, and the family's list names the files that its `recipe` in `params.yaml` brings in.
`harness pipeline` and `harness profile use` write the lists.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from harness.params import document
from harness.pipeline.code import Source
from harness.system.files import read_text

FOLDER = "families"
# Stage → the section of a family with its recipe.
SECTIONS = {"checkpoint": "general", "pretrain": "adaptation"}


def listings(root: Path, source: Source, only: Collection[str] | None = None) -> dict[str, str]:
    """The wanted content of each list, by its path below `pipeline/`, sorted. `source` is the harness. A family without
    a known objective has an empty list, because the stage itself says what is wrong with its section."""
    found, said = {}, {}
    for family, section in sorted(_families(root).items()):
        for stage, key in SECTIONS.items():
            path = f"{FOLDER}/{family}/{stage}.txt"
            if only is not None and path not in only:
                continue
            recipe = _recipe(section, key, source.package)
            if (stage, recipe) not in said:
                said[stage, recipe] = listing(stage, recipe, source) if recipe else ""
            found[path] = said[stage, recipe]
    return found


def listing(stage: str, recipe: str, source: Source) -> str:
    """A line for each file that the objective adds to the code of a stage, or that it changes there."""
    module = f"{source.package.name}.stages.{stage}"
    without, found = (source.contents([module], objectives) for objectives in ((), (recipe,)))
    return "".join(f"harness/{name} {content}\n" for name, content in found.items() if without.get(name) != content)


def _families(root: Path) -> dict[str, object]:
    """The families of `params.yaml` by name. Invalid names are left out, because the check of the file reports them."""
    path = root / "params.yaml"
    values = document.sections(read_text(path), path.name) if path.is_file() else {}
    found = values.get("families")
    named = found.items() if isinstance(found, Mapping) else ()
    return {name: section for name, section in named if re.fullmatch(r"[a-z][a-z0-9_]*", str(name))}


def _recipe(section, key: str, package: Path) -> str | None:
    trained = section.get(key) if isinstance(section, Mapping) else None
    recipe = trained.get("recipe") if isinstance(trained, Mapping) else None
    known = {path.stem for path in (package / "objectives").glob("*.py")}
    return recipe if isinstance(recipe, str) and recipe in known else None
