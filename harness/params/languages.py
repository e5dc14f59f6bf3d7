"""Refuse to compare a Norwegian encoder on English texts, unless `params.yaml` names the task as an exception."""

from collections.abc import Mapping

from harness.errors import ConfigError
from harness.params.whole import Family

NORWEGIAN = "Norwegian"


def hold(families: Mapping[str, Family], english: Mapping[str, str]) -> None:
    """Raise ConfigError if a Norwegian family of encoders would be compared on an English task that the family's
    setting `despite_language` does not name.

    `families` maps names to the families that are used. `english` maps the name of each English task to the name of the
    task with its Norwegian translation, or to "" if there is no such task.
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
