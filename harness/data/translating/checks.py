"""Check translated texts against their originals: what a machine loses, found by rules.

English on one side, Norwegian on the other. A rule looks for what must survive translation and knows the ways in which
Norwegian writes it otherwise (0,5 for 0.5, "to" for two, amoksicillin). What it finds is counted and not proven: an
item is dropped only where it cannot be asked (`dropping`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.data.raw import is_blank
from harness.data.translating import drug_names, numbers
from harness.data.translating.dropping import unusable
from harness.data.translating.vocabulary import WORDS, cut
from harness.text.visible import folded

SLACK = 15  # characters: short texts have ratios of any kind
SHORTEST, LONGEST = 0.5, 2.0  # of translation to original, in characters


@dataclass(frozen=True)
class Suspicion:
    """What a rule finds in one field of an item: the reason, and what of the original it is about."""

    reason: str
    field: str
    about: str = ""


def item(source: Mapping[str, str], said: Mapping[str, str]) -> list[Suspicion]:
    """What the rules find in an item, by fields; of one that is dropped, that alone."""
    if reason := unusable(said):
        fields = [name for name, text in said.items() if is_blank(text)] or list(said)
        return [Suspicion(reason, fields[0])]
    return [
        Suspicion(reason, name, about)
        for name, text in source.items()
        for reason, rule in RULES.items()
        if (about := rule(text, said[name])) is not None
    ]


def _numbers(source: str, said: str) -> str | None:
    return numbers.changed(source, said)


def _units(source: str, said: str) -> str | None:
    there = {unit for word in _unit_words(said) for unit in _UNITS.get(word, ())}
    for _, word in _QUANTITY.findall(_plain(source)):
        units = _UNITS.get(word, ())
        if units and not there & set(units):
            return word
    return None


def _drugs(source: str, said: str) -> str | None:
    return drug_names.lost(source, said)


def _length(source: str, said: str) -> str | None:
    ratio = (len(said) + SLACK) / (len(source) + SLACK)
    return None if SHORTEST <= ratio <= LONGEST else f"{len(source)} → {len(said)} characters"


def _english(source: str, said: str) -> str | None:
    """Two English words that Norwegian has not, or a text of three words or more that stayed as it was."""
    left = [word for word in cut(said) if word in _ENGLISH]
    if len(left) >= 2:
        return " … ".join(left[:2])
    lower = [word for word in re.findall(r"[^\W\d_]+", source) if word.islower()]
    same = folded(source) == folded(said)
    return "unchanged" if same and (left or (len(lower) >= 3 and any(w in _FUNCTION for w in lower))) else None


def _negation(source: str, said: str) -> str | None:
    negated = [word for word in cut(source.replace("’", "'").replace("n't", " not")) if word in _NEGATED]
    kept = any(word in _NEGATION or word.startswith("ikke-") for word in cut(said))
    return negated[0] if negated and not kept else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("μ", "µ").casefold()


def _unit_words(text: str) -> list[str]:
    return re.findall(r"%|°\s?[cf]\b|[^\W\d_]+3?", _plain(text).replace("μ", "µ"))


_QUANTITY = re.compile(r"(\d)\s?-?(%|°\s?[cf]\b|[^\W\d_]+3?)")
_UNITS: dict[str, tuple[str, ...]] = {}
for _unit, _spelled in WORDS["units"].items():
    for _word in _spelled:
        _key = _plain(_word)
        _UNITS[_key] = (*_UNITS.get(_key, ()), _unit)
_NEGATED, _NEGATION = frozenset(WORDS["negation"]["english"]), frozenset(WORDS["negation"]["norwegian"])
_FUNCTION = frozenset(WORDS["english"]["words"])
_ENGLISH = _FUNCTION - frozenset(WORDS["english"]["shared"])
RULES: dict[str, Callable[[str, str], str | None]] = {
    "numbers changed": _numbers,
    "unit lost": _units,
    "drug name lost": _drugs,
    "length": _length,
    "left in English": _english,
    "negation lost": _negation,
}
