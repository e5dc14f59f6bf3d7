"""Find the names of medicines in an English text that its Norwegian translation does not contain."""

import difflib
import re
from functools import cache

from harness.data.translating.vocabulary import WORDS, cut

# The least similarity of two equal names in Norwegian spelling (`SequenceMatcher.ratio`). Among 55 names and their
# Norwegian forms, the least is 0.889 (østradiol). Of pairs of different medicines such as levofloxacin and ofloxacin,
# 0.87 is the most, but for prednisone and prednisolone, which are told apart by `named`.
ALIKE = 0.88
_SPELLED = (("ph", "f"), ("th", "t"), ("ch", "k"), ("qu", "k"), ("x", "ks"), ("y", "i"), ("ae", "e"), ("oe", "e"))


def lost(source: str, said: str) -> str | None:
    """The first medicine in the English text `source` that the translation `said` does not name. Returns None if the
    translation names all medicines."""
    there = {_spelled(word) for word in cut(said)}
    for word in cut(source):
        names = [_spelled(name) for name in _names(word)]
        if names and not any(_alike(name, other) for name in names for other in there):
            return word
    return None


def _names(word: str) -> tuple[str, ...]:
    """The names under which a translation may mention the medicine `word`. Returns () if `word` is not a medicine."""
    if word in _named():
        return (word, *_named()[word])
    drugs = WORDS["drugs"]
    ending = len(word) > 6 and word not in drugs["others"] and word.endswith(tuple(drugs["endings"]))
    return (word,) if ending else ()


@cache
def _named() -> dict[str, tuple[str, ...]]:
    pairs = (name.partition("=") for name in WORDS["drugs"]["named"])
    return {name: (other,) if other else () for name, _, other in pairs}


def _spelled(word: str) -> str:
    """A name in nearly Norwegian spelling. For most names, the English and the Norwegian spelling give the same."""
    for theirs, ours in _SPELLED:
        word = word.replace(theirs, ours)
    word = re.sub("c(?=[eiy])", "s", word).replace("c", "k").replace("z", "s")
    return re.sub(r"(.)\1", r"\1", word).rstrip("e")


@cache
def _known() -> frozenset[str]:
    return frozenset(map(_spelled, _named()))


def _alike(name: str, other: str) -> bool:
    if other != name and other in _known():  # a different medicine
        return False
    # A Norwegian compound begins with the name: amoksicillinkur.
    begun = other[: len(name) + 1]
    return difflib.SequenceMatcher(None, name, begun, autojunk=False).ratio() >= ALIKE
