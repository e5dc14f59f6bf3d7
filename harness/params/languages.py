"""Refuse to compare a Norwegian encoder on English texts, unless params.yaml names the task."""

from collections.abc import Mapping

from harness.errors import ConfigError
from harness.params.whole import Family

NORWEGIAN = "Norwegian"


def hold(families: Mapping[str, Family], english: Mapping[str, str]) -> None:
    """Raise ConfigError if a Norwegian family would read an English task that its `despite_language` does not name.

    `english` maps each English task to the name of its translation, or to "" if there is none.
    """
    for name, family in families.items():
        for task in sorted(english) if family.language == NORWEGIAN else ():
            if task not in family.despite_language:
                other = english[task] or "its Norwegian version (docs/real-data.md)"
                raise ConfigError(
                    f"params.yaml: the data of {task} are in English, and families.{name}.language is {NORWEGIAN}.",
                    remedy=f"Put {other} in run.tasks instead. To compare on English anyway, write "
                    f"`despite_language: [{task}]` below families.{name}.",
                )
