"""Find characters that must not be printed: line breaks, control characters, invisible characters.

Of these last, some turn what follows, some make two labels look alike, and some spell words for programs alone.
"""

import re
import unicodedata

BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# Fillers that Unicode counts as letters. The others have a category: format characters.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def acts(character: str) -> bool:
    """Is it a control character, half of one, or one that nobody sees?"""
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") or character in BREAKS or character in _FILLERS


def fault(text: str) -> str | None:
    """The first character that a title, a label or a licence may not hold, in words; None where there is none."""
    for character in text:
        if character in BREAKS:
            return "a line break"
        if acts(character):
            return f"the control character U+{ord(character):04X}"
    return None


def without_password(text: str) -> str:
    """The text with its addresses as they may be shown: without the user and password that one may hold."""
    return re.sub(r"(?<=://)[^/?#\s]*@", "", text)


def terminal(text: object) -> str:
    """Lines for a terminal: what would move its cursor or change its colours is spelt out."""
    return "".join(
        c if c in "\n\t" or not acts(c) else c.encode("unicode_escape", "surrogatepass").decode() for c in str(text)
    )
