"""Count identifying details in texts: identity numbers, telephone numbers, e-mail addresses.

An identity number is a date of birth, an individual number and two check digits (modulo 11, Skatteetaten). The kinds
are fødselsnumre, D-numbers (day + 40), help numbers and synthetic ones (month + 40, or + 80 as in the tax
administration's test population Tenor). Names and addresses need a model, not a pattern. This gate finds what a failed
de-identification leaves behind in bulk.
"""

import re
from collections.abc import Mapping

KINDS = ("identity_number", "telephone_number", "email_address")
# Counted as well, but never a reason to refuse: a number that looks like an identity number and is none.
LOOKALIKE = "identity_number_lookalike"

_SPACE = r"[ \t\u00a0\u2009\u202f]"
_LINK = rf"(?:{_SPACE}|[-./])?"
# The slower patterns are tried only if eight digits are close together.
_DIGITS = re.compile(r"[0-9](?:[^0-9\n]{0,2}[0-9]){7}")
_IDENTITY = re.compile(
    rf"(?<![0-9])(?=([0-9]{{2}}{_LINK}[0-9]{{2}}{_LINK}[0-9]{{2}}{_LINK}[0-9]{{3}}{_SPACE}?[0-9]{{2}})(?![0-9]))"
)
_ABROAD = re.compile(rf"(?<![0-9])(?:\+|00){_SPACE}?47\)?(?:{_SPACE}|-)?[0-9](?:{_LINK}[0-9]){{7}}(?![0-9])")
# Eight digits in one run, 3 2 3, or 2 2 2 2, as telephone numbers are written. More groups of two are something else.
_AT_HOME = re.compile(
    r"(?<!\w)(?<![0-9][-./,:+])(?:([2-9][0-9]{7})"
    rf"|[2-9][0-9]{{2}}{_SPACE}[0-9]{{2}}{_SPACE}[0-9]{{3}}"
    rf"|(?<!\b[0-9]{{2}}{_SPACE})[2-9][0-9](?:{_SPACE}[0-9]{{2}}){{3}}(?!{_SPACE}[0-9]{{2}}(?![0-9]))"
    r")(?!\w|[-./,:][0-9])"
)
# The @ comes first, so that the search leaps from one to the next.
_EMAIL = re.compile(r"@(?<=[\w.%+-]@)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_FIRST, _SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_identity_number(digits: str) -> bool:
    """True if the 11 `digits` are a valid identity number: fødselsnummer, D-number, help number or synthetic number."""
    numbers = [int(digit) for digit in digits]
    for weights in (_FIRST, _SECOND):
        if sum(weight * number for weight, number in zip(weights, numbers, strict=False)) % 11:
            return False
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day, month = (day - 40 if day > 40 else day), (month - 80 if month > 80 else month - 40 if month > 40 else month)
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return (month, day) != (2, 29) or year % 4 == 0


def count(text: str) -> dict[str, int]:
    """The number of identifying details of each kind (see KINDS) in `text`, in linear time. Kinds that do not occur are
    left out."""
    found = {}
    if _DIGITS.search(text):
        identity = [match.span(1) for match in _IDENTITY.finditer(text) if _valid(match[1])]
        rest = _without(text, identity)
        abroad = [match.span() for match in _ABROAD.finditer(rest)]
        home = [match[1] for match in _AT_HOME.finditer(_without(rest, abroad))]  # None if grouped
        found["identity_number"] = len(identity)
        found["telephone_number"] = len(abroad) + sum(run is None or not _is_date(run) for run in home)
    if "@" in text:
        found["email_address"] = sum(1 for _ in _EMAIL.finditer(text))
    return {kind: n for kind, n in found.items() if n}


def lookalikes(text: str) -> int:
    """The number of 11-digit numbers that are written like identity numbers but are none: mistyped or invented ones
    (all 425 of Nor-DeID, from a language model, of which 94 begin with a day), and some account numbers."""
    if not _DIGITS.search(text):
        return 0
    return sum(not _valid(match[1]) for match in _IDENTITY.finditer(text))


def of_document(document: Mapping[str, str]) -> dict[str, int]:
    """The number of identifying details of each kind in the text and in the id of a document. The id is often a file
    name.

    `document` has the keys "text" and "id". Telephone numbers are counted in the text only, because an id of eight
    digits is a number like any other.
    """
    found, of_id = count(document["text"]), count(document["id"])
    of_id.pop("telephone_number", None)
    return {kind: found.get(kind, 0) + of_id.get(kind, 0) for kind in found | of_id} if of_id else found


def total(counts: Mapping[str, int]) -> str:
    """The `counts` (kind to number) in words for a reader: "2 identity numbers, 1 e-mail address"."""
    names = {
        "identity_number": "identity number",
        "telephone_number": "telephone number",
        "email_address": "e-mail address",
    }
    plural = {"email_address": "es"}
    shown = [(n, names[kind] + (plural.get(kind, "s") if n != 1 else "")) for kind, n in sorted(counts.items()) if n]
    return ", ".join(f"{n:,} {name}" for n, name in shown)


def _valid(written: str) -> bool:
    return is_identity_number(re.sub(r"[^0-9]", "", written))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` with the characters of each span replaced by "#", so that they are not counted as something else too."""
    parts, at = [], 0
    for start, end in sorted(spans):
        parts += [text[at : max(at, start)], "#" * (end - max(at, start))]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _is_date(number: str) -> bool:
    """True if eight digits are a date: 20240131 or 31012024."""
    for year, month, day in ((number[:4], number[4:6], number[6:]), (number[4:], number[2:4], number[:2])):
        if 1850 <= int(year) <= 2100 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            return True
    return False
