"""Check Norwegian translations against their English originals, by rules for what machine translation loses.

A rule looks for details that must survive translation, such as numbers. The rule knows how Norwegian writes these
details differently (0,5 for 0.5, "to" for two, amoksicillin). The findings of a rule are not proven, so they are only
counted. An item (a row of the task) is dropped only if its translation is unusable (see `dropping`).
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

SLACK = 15  # characters added to both lengths, because short texts have extreme ratios
SHORTEST, LONGEST = 0.5, 2.0  # ratio of translation to original, in characters


@dataclass(frozen=True)
class Suspicion:
    """A possible fault in the translation of one text of an item.

    `reason` is the name of the rule that found the fault, or the reason why the item is dropped. `field` names the
    text. `about` is the word or number that the fault concerns.
    """

    reason: str
    field: str
    about: str = ""


def item(source: Mapping[str, str], said: Mapping[str, str]) -> list[Suspicion]:
    """All suspicions about the translation of one item. If the item must be dropped, the only Suspicion is the reason
    for dropping it.

    `source` has the original texts of the item, and `said` the translated texts, by the name of the field.
    """
    if reason := unusable(said):
        fields = [name for name, text in said.items() if is_blank(text)] or list(said)
        return [Suspicion(reason, fields[0])]
    return [
        Suspicion(reason, name, about)
        for name, text in source.items()
        for reason, rule in RULES.items()
        if (about := rule(text, said[name])) is not None
    ]


def _units(source: str, said: str) -> str | None:
    there = {unit for word in _UNIT.findall(_plain(said)) for unit in _UNITS.get(word, ())}
    for _, word in _QUANTITY.findall(_plain(source)):
        units = _UNITS.get(word, ())
        if units and not there & set(units):
            return word
    return None


def _length(source: str, said: str) -> str | None:
    ratio = (len(said) + SLACK) / (len(source) + SLACK)
    return None if SHORTEST <= ratio <= LONGEST else f"{len(source)} → {len(said)} characters"


def _english(source: str, said: str) -> str | None:
    """Two words of the translation that are English only, or "unchanged" for an English text that was not translated.
    A text is English if it has one such word, or a function word among three or more lower-case words."""
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
    """`text` case-folded and in NFKC, in which both micro signs, µ and μ, are the Greek letter."""
    return unicodedata.normalize("NFKC", text).casefold()


_UNIT = re.compile(r"%|°\s?[cf]\b|[^\W\d_]+3?")
_QUANTITY = re.compile(rf"(\d)\s?-?({_UNIT.pattern})")
_UNITS: dict[str, tuple[str, ...]] = {}
for _unit, _spelled in WORDS["units"].items():
    for _word in _spelled:
        _key = _plain(_word)
        _UNITS[_key] = (*_UNITS.get(_key, ()), _unit)
_NEGATED, _NEGATION = frozenset(WORDS["negation"]["english"]), frozenset(WORDS["negation"]["norwegian"])
_FUNCTION = frozenset(WORDS["english"]["words"])
_ENGLISH = _FUNCTION - frozenset(WORDS["english"]["shared"])
RULES: dict[str, Callable[[str, str], str | None]] = {
    "numbers changed": numbers.changed,
    "unit lost": _units,
    "drug name lost": drug_names.lost,
    "length": _length,
    "left in English": _english,
    "negation lost": _negation,
}
