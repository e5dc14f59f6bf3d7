"""From bokmål to nynorsk, word by word, for the closed vocabulary of this generator.

No translator: the templates are written so that word order and gender agree in both standards, and
every word that differs stands in `nynorsk.toml`. A word that is not listed is the same in both.
"""

import re
from functools import cache

from harness.data.synthetic.words import read_words

_WORD = re.compile(r"[A-Za-zÆØÅæøåéÉ]+")


@cache
def written(text: str, standard: str) -> str:
    """A text of bokmål in a written standard."""
    return to_nynorsk(text) if standard == "nynorsk" else text


def to_nynorsk(text: str) -> str:
    """The text with every listed word in its nynorsk form, capitals kept."""
    return _WORD.sub(_convert, text)


def _convert(match: re.Match) -> str:
    word = match.group()
    new = read_words("nynorsk.toml").get(word.lower(), word)
    return new[:1].upper() + new[1:] if word[:1].isupper() else new
