"""Which characters act instead of being read: line breaks, control characters, and those that turn what follows."""

import unicodedata

BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# Overrides, embeddings and isolates of the direction of writing: what a reader sees is not what stands there.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def acts(character: str) -> bool:
    """Is it a control character, half of one, or one that turns the direction of writing?"""
    return unicodedata.category(character) in ("Cc", "Cs") or character in BREAKS or character in _TURNING


def fault(text: str) -> str | None:
    """The first character that a title, a label or a licence may not hold, in words; None where there is none."""
    for character in text:
        if character in BREAKS:
            return "a line break"
        if acts(character):
            return f"the control character U+{ord(character):04X}"
    return None


def terminal(text: object) -> str:
    """Lines for a terminal: what would move its cursor or change its colours is spelt out."""
    return "".join(
        c if c in "\n\t" or not acts(c) else c.encode("unicode_escape", "surrogatepass").decode() for c in str(text)
    )
