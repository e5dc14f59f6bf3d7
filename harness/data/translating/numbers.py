"""Compare the numbers of a text with those of its Norwegian translation.

In Norwegian, 1,000 is "1 000" or "1.000", and 0.5 is "0,5". A separator may mean two things, so a written number has a
set of possible values. Two written numbers are the same if they share a value. A number in digits may become a word,
and a word may become digits.
"""

import re
import unicodedata
from decimal import Decimal

from harness.data.translating.vocabulary import WORDS, cut

_THIN = "\u00a0\u202f\u2009"
_ENGLISH = re.compile(r"\d+(?:[.,]\d+)*")
_NORWEGIAN = re.compile(rf"\d{{1,3}}(?:[ {_THIN}]\d{{3}})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)*")
_AFTERNOON = re.compile(r"\d\s?p\.?m\b", re.IGNORECASE)

Meanings = frozenset[Decimal]


def changed(source: str, said: str) -> str | None:
    """The first number that the translation `said` lacks or adds, as a text for a message: "12" (lost), "→ 13" (added)
    or "12 → 13" (replaced). Returns None if `source` and `said` have the same numbers."""
    source, said = (_plain(text) for text in (source, said))
    wanted, there = _numbers(source, _ENGLISH), _numbers(said, _NORWEGIAN)
    lost = _without(wanted, there)
    added = _without(there, wanted)
    if not lost and not added:
        return None
    # A space between digits need not be a separator: "120 000" may be two numbers.
    apart = _numbers(said, _ENGLISH)
    if not _without(wanted, apart) and not _without(apart, wanted):
        return None
    words, theirs = _worded(said, "norwegian"), _worded(source, "english")
    if lost and added:
        # A number was replaced by another. An article ("en", "a") must not count as the number 1.
        words, theirs = words - {Decimal(1)}, theirs - {Decimal(1)}
        if _AFTERNOON.search(source):
            return _shifted(lost, added)
    lost = [(shown, meanings) for shown, meanings in lost if not meanings & words]
    added = [(shown, meanings) for shown, meanings in added if not meanings & theirs]
    if lost:
        return lost[0][0] + (f" → {added[0][0]}" if added else "")
    return f"→ {added[0][0]}" if added else None


def _shifted(lost: list[tuple[str, Meanings]], added: list[tuple[str, Meanings]]) -> str | None:
    """The first of `lost` that is not in `added` twelve hours later, or None. In Norwegian, 5 pm is "kl. 17"."""
    later = {n for _, meanings in added for n in meanings}
    return next((shown for shown, meanings in lost if not {n + 12 for n in meanings} & later), None)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", re.sub(f"[{_THIN}]", " ", text))


def _numbers(text: str, pattern: re.Pattern) -> list[tuple[str, Meanings]]:
    """Each number as written, with its possible values. A chain such as 12.03.2020 is one number for each link."""
    found = []
    for shown in pattern.findall(text):
        if meanings := _meanings(shown.replace(" ", "")) if " " not in shown else _spaced(shown):
            found.append((shown, meanings))
        else:
            found += [(part, frozenset([Decimal(part)])) for part in re.split("[.,]", shown)]
    return found


def _spaced(shown: str) -> Meanings:
    return frozenset([Decimal(shown.replace(" ", "").replace(",", "."))])


def _meanings(shown: str) -> Meanings:
    """The possible values of digits with points and commas. Empty if they are several numbers."""
    separators = re.findall("[.,]", shown)
    if not separators:
        return frozenset([Decimal(shown)])
    first, *groups = re.split("[.,]", shown)
    found = set()
    if len(separators) == 1:
        found.add(Decimal(f"{first}.{groups[0]}"))
    if len(set(separators)) == 1 and len(first) <= 3 and first != "0" and all(len(group) == 3 for group in groups):
        found.add(Decimal(first + "".join(groups)))
    if len(set(separators)) == 2 and separators.count(separators[-1]) == 1:
        found.add(Decimal(f"{first}{''.join(groups[:-1])}.{groups[-1]}"))
    return frozenset(found)


def _without(these: list[tuple[str, Meanings]], those: list[tuple[str, Meanings]]) -> list[tuple[str, Meanings]]:
    """The numbers in `these` that find no equal number in `those`. Each number in `those` can be found only once."""
    left, found = [meanings for _, meanings in those], []
    # A number with only one possible value chooses its partner first.
    for shown, meanings in sorted(these, key=lambda one: len(one[1])):
        partner = next((other for other in left if other & meanings), None)
        if partner is None:
            found.append((shown, meanings))
        else:
            left.remove(partner)
    return found


def _worded(text: str, language: str) -> set[Decimal]:
    """The values of the number words and Roman numerals in a text. `language` is "english" or "norwegian"."""
    words = {part for word in cut(text) for part in (word, *word.split("-"))}
    found = {Decimal(value) for value, *spelled in WORDS["numbers"][language] if words & set(spelled)}
    return found | {Decimal(n) for n, numeral in enumerate(WORDS["numbers"]["roman"], start=1) if numeral in words}
