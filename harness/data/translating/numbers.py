"""Compare the numbers of a text with those of its Norwegian translation.

In Norwegian, 1,000 is "1 000" or "1.000", and 0.5 is "0,5". A separator may mean two things, so a written number has a
set of possible values. Two written numbers are the same if they share a value. A number in digits may become a word,
and a word may become digits. A minus sign stays.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from harness.data.translating.vocabulary import WORDS, cut

_THIN = "\u00a0\u202f\u2009"
_ENGLISH = re.compile(r"\d+(?:[.,]\d+)*")
_NORWEGIAN = re.compile(rf"\d{{1,3}}(?:[ {_THIN}]\d{{3}})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}")
# A hyphen behind a letter or a digit joins two words or the ends of a range.
_MINUS = re.compile(r"(?:(?<!\S)|(?<=[(\[=<>:;,]))(?:[-−–]|minus )(?=\d)", re.IGNORECASE)
_AFTERNOON = re.compile(r"\d\s?p\.?m\b", re.IGNORECASE)

Meanings = frozenset[Decimal]


def changed(source: str, said: str) -> str | None:
    """The first number that the translation `said` lacks or adds, as a text for a message: "12" (lost), "→ 13" (added)
    or "12 → 13" (replaced). Returns None if `source` and `said` have the same numbers."""
    source, said = (_plain(text) for text in (source, said))
    wanted, there = _numbers(source, _ENGLISH, _in_english), _numbers(said, _NORWEGIAN, _meanings)
    lost = _without(wanted, there)
    added = _without(there, wanted)
    if not lost and not added:
        return _signs(source, said) or _words(source, said)
    # A space between digits need not be a separator: "120 000" may be two numbers.
    apart = _numbers(said, _ENGLISH, _meanings)
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


def _signs(source: str, said: str) -> str | None:
    """The first number that has a minus sign in only one of the two texts, or None. The texts have the same numbers."""
    negative, theirs = _negative(source, _in_english), _negative(said, _meanings)
    for shown, _ in _without(negative, theirs):
        return f"-{shown} → {shown}"
    return next((f"{shown} → -{shown}" for shown, _ in _without(theirs, negative)), None)


def _negative(text: str, meanings_of: Callable[[str], Meanings]) -> list[tuple[str, Meanings]]:
    found = []
    for sign in _MINUS.finditer(text):
        # "10 -20" is a range.
        if not text[: sign.start()].rstrip()[-1:].isdigit():
            found += _numbers(text[sign.end() :], _ENGLISH, meanings_of)[:1]
    return found


def _words(source: str, said: str) -> str | None:
    """The first number word that became another one ("two" → "tre"), as "2 → 3", or None. 1 does not count, because
    an article has the same form."""
    ours, theirs = _spelled_out(source, "english"), _spelled_out(said, "norwegian")
    in_digits = {value for _, meanings in _numbers(source, _ENGLISH, _meanings) for value in meanings}
    lost = sorted(n for n in ours - theirs - in_digits - _worded(said, "norwegian") if n > 1)
    added = sorted(n for n in theirs - ours - in_digits - _worded(source, "english") if n > 1)
    return f"{lost[0]} → {added[0]}" if lost and added else None


def _plain(text: str) -> str:
    # NFKC makes 106 of 10⁶.
    raised = re.sub(r"(?<=\d)(?=[⁰¹²³⁴-⁹])", "^", text)
    return unicodedata.normalize("NFKC", re.sub(f"[{_THIN}]", " ", raised))


def _numbers(text: str, pattern: re.Pattern, meanings_of: Callable[[str], Meanings]) -> list[tuple[str, Meanings]]:
    """Each number as written, with its possible values. A chain such as 12.03.2020 is one number for each link."""
    found = []
    for shown in pattern.findall(text):
        if meanings := meanings_of(shown) if " " not in shown else _spaced(shown):
            found.append((shown, meanings))
        else:
            found += [(part, frozenset([Decimal(part)])) for part in re.split("[.,]", shown)]
    return found


def _spaced(shown: str) -> Meanings:
    return frozenset([Decimal(shown.replace(" ", "").replace(",", "."))])


def _in_english(shown: str) -> Meanings:
    """The possible values of an English number: 1,000 is a thousand, and 1.125 is no thousand."""
    if _THOUSANDS.fullmatch(shown):
        return frozenset([Decimal(shown.replace(",", ""))])
    if re.fullmatch(r"\d+\.\d+", shown):
        return frozenset([Decimal(shown)])
    return _meanings(shown)


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
    words = _parts(text)
    roman = enumerate(WORDS["numbers"]["roman"], start=1)
    return _spelled_out(text, language) | {Decimal(n) for n, numeral in roman if numeral in words}


def _spelled_out(text: str, language: str) -> set[Decimal]:
    words = _parts(text)
    return {Decimal(value) for value, *spelled in WORDS["numbers"][language] if words & set(spelled)}


def _parts(text: str) -> set[str]:
    # Such as "two-year-old" and "andregradsforbrenning".
    return {part for word in cut(text) for part in (word, *re.split("-|(?<=grads)(?=.)", word))}
