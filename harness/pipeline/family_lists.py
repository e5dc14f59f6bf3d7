"""Make the lists `pipeline/families/FAMILY/STAGE.txt`, which have the code of a family's pre-training objective.

If a stage depended on all objectives, every family would be trained again after one objective is added or changed. So
the stage's own list has no objective. The family's list has the files of the objective that its `recipe` in
`params.yaml` names. `harness pipeline` and `harness profile use` write the lists.
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
# DVC warns of an empty file at every command.
NO_OBJECTIVE = "# This family is not pre-trained here.\n"


def listings(root: Path, source: Source, only: Collection[str] | None = None) -> dict[str, str]:
    """The content that each list of a family should have, by its path below `pipeline/`, sorted.

    `source` is the code of the harness. `only` are the paths that are wanted (None: all). A family without a known
    objective has a list without files, because the stage itself reports what is wrong in `params.yaml`.
    """
    found, said = {}, {}
    for family, section in sorted(_families(root).items()):
        for stage, key in SECTIONS.items():
            path = f"{FOLDER}/{family}/{stage}.txt"
            if only is not None and path not in only:
                continue
            recipe = _recipe(section, key, source.package)
            if (stage, recipe) not in said:
                said[stage, recipe] = listing(stage, recipe, source) if recipe else NO_OBJECTIVE
            found[path] = said[stage, recipe]
    return found


def listing(stage: str, recipe: str, source: Source) -> str:
    """The content of one list: a line "path hash" for each file that the objective `recipe` adds to a stage or changes
    in it."""
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
