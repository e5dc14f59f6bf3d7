"""Decide which translated items cannot be asked."""

from collections.abc import Mapping

from harness.data.raw import is_blank
from harness.text.visible import folded

EMPTY, EQUAL = "empty translation", "options that became equal"
DROPPED = (EMPTY, EQUAL)


def unusable(said: Mapping[str, str]) -> str | None:
    """The reason why an item cannot be asked, or None if it can. `said` has its translated texts, by field."""
    if any(is_blank(text) for text in said.values()):
        return EMPTY
    options = [folded(text) for name, text in said.items() if "." in name]
    return EQUAL if len(set(options)) < len(options) else None
