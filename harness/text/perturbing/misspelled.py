"""The perturbation that gives a share of the words one typing error each, as on a Norwegian keyboard."""

import re
from collections.abc import Iterator
from random import Random

from harness.text.edited import Edit
from harness.text.perturbing.perturbation import Perturbation

_WORD = re.compile(r"[^\W\d_]{4,}")
_ROWS = ("qwertyuiopå", "asdfghjkløæ", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """The neighbours of each key: left, right, and in the rows above and below."""
    found: dict[str, str] = {}
    for row, keys in enumerate(_ROWS):
        for at, key in enumerate(keys):
            beside = [keys[i] for i in (at - 1, at + 1) if 0 <= i < len(keys)]
            across = [_ROWS[i][at] for i in (row - 1, row + 1) if 0 <= i < len(_ROWS) and at < len(_ROWS[i])]
            found[key] = "".join([*beside, *across])
    return found


NEIGHBOURS = _neighbours()


class Misspelled(Perturbation):
    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        for found in _WORD.finditer(text):
            if drawn.random() < rate:
                yield Edit(found.start(), found.end(), _slipped(found[0], drawn))

    def explained(self, rate: float) -> str:
        return f"{100 * rate:g} % of the words of four letters or more have one typing error"


def _slipped(word: str, drawn: Random) -> str:
    """The word with two letters swapped, one left out, one doubled, or one replaced by that of a neighbouring key."""
    while True:
        at, kind = int(drawn.random() * len(word)), int(drawn.random() * 4)
        letter, before, after = word[at], word[:at], word[at + 1 :]
        keys = NEIGHBOURS.get(letter.lower(), "")
        if kind == 0 and after and after[0] != letter:
            return before + after[0] + letter + after[1:]
        if kind == 1:
            return before + after
        if kind == 2:
            return before + letter + letter + after
        if kind == 3 and keys:
            key = keys[int(drawn.random() * len(keys))]
            return before + (key.upper() if letter.isupper() else key) + after


misspelled = Misspelled("misspelled")
