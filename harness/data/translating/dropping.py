"""Decide which translated items are unusable, so that they are dropped: a text is empty, or two options became
equal."""

from collections.abc import Mapping

from harness.data.raw import is_blank
from harness.text.visible import folded

EMPTY, EQUAL = "empty translation", "options that became equal"
DROPPED = (EMPTY, EQUAL)


def unusable(said: Mapping[str, str]) -> str | None:
    """The reason why an item must be dropped, or None if its translation is usable.

    `said` has the translated texts of the item, by the name of the field. Names of options have a point ("options.A").
    """
    if any(is_blank(text) for text in said.values()):
        return EMPTY
    options = [folded(text) for name, text in said.items() if "." in name]
    return EQUAL if len(set(options)) < len(options) else None
