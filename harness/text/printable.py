"""Find characters that must not be printed: line breaks, control characters, invisible characters.

Some invisible characters reverse the text after them. Some make two labels look alike. Some spell words that only
programs read.
"""

import re
import unicodedata

BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# Invisible characters that Unicode counts as letters. The others have the category Cf.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def acts(character: str) -> bool:
    """True if the character is a control character, half of a surrogate pair, a line break or an invisible
    character."""
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") or character in BREAKS or character in _FILLERS


def fault(text: str) -> str | None:
    """A description of the first character that a title, a label or a licence must not contain. Returns None if there
    is no such character."""
    for character in text:
        if character in BREAKS:
            return "a line break"
        if acts(character):
            return f"the control character U+{ord(character):04X}"
    return None


def without_password(text: str) -> str:
    """The text without user names and passwords in its addresses (URLs)."""
    return re.sub(r"(?<=://)[^/?#\s]*@", "", text)


def terminal(text: object) -> str:
    """The text in a form that is safe for a terminal. Characters that would move the cursor or change colours become
    Python escapes."""
    return "".join(
        c if c in "\n\t" or not acts(c) else c.encode("unicode_escape", "surrogatepass").decode() for c in str(text)
    )
