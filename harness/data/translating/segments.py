"""Cut a text into sentences for a translation model, and join the translations of the sentences.

Translation models were trained on single sentences. If a model gets several sentences at once, it leaves some out.
"""

import re
from collections.abc import Callable

LONGEST = 400  # characters of a piece, which fit into the positions of every translation model
_NO_END = "".join(rf"(?<!\b{word}\.)" for word in ("[A-Z]", "Dr", "Mr", "Mrs", "vs", "St"))
_END = re.compile(rf"\s*\n\s*|(?<=[.?!]){_NO_END}\s+(?=[A-Z\"'(])")


def cut(text: str) -> list[tuple[str, str]]:
    """The pieces of a text (its sentences) in order, as (piece, white space after the piece). Joined, the pairs are the
    text."""
    found, at = [], 0
    for end in _END.finditer(text):
        found.append((text[at : end.start()], end.group()))
        at = end.end()
    found.append((text[at:], ""))
    return [short for piece, behind in found for short in _shortened(piece, behind)]


def joined(text: str, translate: Callable[[str], str]) -> str:
    """The text with every piece replaced by `translate(piece)`. A piece without a letter or a digit stays unchanged."""
    return "".join((translate(piece) if asked(piece) else piece) + behind for piece, behind in cut(text)).strip()


def asked(piece: str) -> bool:
    """Return whether a piece has a letter or a digit, so that it needs translation."""
    return any(character.isalnum() for character in piece)


def _shortened(piece: str, behind: str) -> list[tuple[str, str]]:
    found = []
    while len(piece) > LONGEST:
        at = piece.rfind(" ", 1, LONGEST)
        if at < 0:
            break
        found.append((piece[:at], " "))
        piece = piece[at + 1 :]
    return [*found, (piece, behind)]
