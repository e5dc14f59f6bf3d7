"""Compose letters with their combining marks (Unicode NFC), and move spans so that they cut no letter.

A letter is a character with the marks after it, or a syllable of Hangul. Marks are Unicode's M* and characters that
NFKC turns into a mark (the voicing of half-width kana). Format characters (Cf: zero-width spaces, soft hyphens) may be
between a character and its marks. Encoders compose letters (NFC, NFKC), remove their marks, or drop unseen characters
(BERT drops Cf, private use and the replacement character). So the data are composed when they are read, and a span
always begins and ends with a letter that is seen.
"""

import functools
import itertools
import unicodedata
from bisect import bisect_left
from collections import Counter

DECOMPOSED = "decomposed letters"
_LOST = "\ufffd"
UNSEEN = "unseen characters at an entity's edge"
NO_LETTER = "entity without a letter"
# Hangul: vowels and final consonants continue a syllable. First consonants and whole syllables begin one.
_GOING_ON = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
_BEGINNING = ((0x1100, 0x115F), (0xA960, 0xA97F), (0xAC00, 0xD7A3))


@functools.lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """The kind of a character: "mark", "unseen" (white space, or a character that encoders drop), "syllable" (continues
    a syllable before it), "beginning" (of a syllable) or "" for every other character.
    """
    category = unicodedata.category(character)
    if category[0] == "M":
        return "mark"
    if category in ("Cf", "Co") or character == _LOST or character.isspace():
        return "unseen"
    # As encoders with NFKC read it. There a spacing accent is a blank and a mark. It is no mark here.
    read = unicodedata.normalize("NFKC", character)[0]
    if unicodedata.category(read)[0] == "M":
        return "mark"
    for kind, ranges in (("syllable", _GOING_ON), ("beginning", _BEGINNING)):
        if any(first <= ord(read) <= last for first, last in ranges):
            return kind
    return ""


def _kind_at(text: str, at: int) -> str:
    """The kind of the character at this place: "mark" (also a later part of a Hangul syllable), "unseen" or ""."""
    kind = _kind(text[at])
    if kind == "syllable" and at and _kind(text[at - 1]) in ("syllable", "beginning"):
        return "mark"
    return kind if kind in ("mark", "unseen") else ""


def composed(text: str) -> str:
    """The `text` in Unicode NFC, in which letters and their marks are one character if Unicode has such a character."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def has_marks(text: str) -> bool:
    """True if `text` has a mark, or an unseen character other than white space. If not, the edges of a span need only
    be checked for white space."""
    return not text.isascii() and any(_kind(c) in ("mark", "unseen", "syllable") and not c.isspace() for c in set(text))


def letter_end(text: str, at: int) -> int:
    """The end of the letter that a cut before position `at` would divide, or `at` itself if the cut divides no
    letter."""
    for look in range(at, len(text)):
        if _kind_at(text, look) == "mark":
            at = look + 1
        elif unicodedata.category(text[look]) != "Cf":
            break
    return at


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The (start, end) of the whole letters in text[start:end], without unseen characters at the edges.

    A mark belongs to the letter before it. So a piece that ends before a mark is extended by the mark, and a piece that
    begins with a mark loses the mark. Start and end are equal if no letter is left.
    """
    seen = (i for i in range(start, end) if not _kind_at(text, i))
    first = next(seen, None)
    if first is None:
        return start, start
    last = next(i for i in range(end - 1, first - 1, -1) if not _kind_at(text, i))
    return first, letter_end(text, last + 1)


def composed_with_spans(text: str, spans: list[dict], repaired: Counter) -> tuple[str, list[dict]]:
    """The `text` in NFC, and its `spans` moved to whole letters of this text, in the same order.

    `spans` have the keys "start", "end" and "label". If an edge of a span cuts a letter, the letter belongs to the span
    that has its first character. A span without any letter is left out. A span outside the text stays as it is, and the
    schema refuses it later. `repaired` is changed: it counts the repairs by reason.
    """
    kept, marks = [], has_marks(text)
    for span in spans:
        if not (marks and 0 <= span["start"] < span["end"] <= len(text)):
            kept.append(span)
            continue
        start, end = whole(text, span["start"], span["end"])
        if start == end:
            repaired[NO_LETTER] += 1
            continue
        if _kind(text[span["start"]]) == "unseen" or _kind(text[span["end"] - 1]) == "unseen":
            repaired[UNSEEN] += 1
        kept.append({**span, "start": start, "end": end})
    if unicodedata.is_normalized("NFC", text):
        return text, kept
    repaired[DECOMPOSED] += 1
    pieces: list[str] = []
    for at, character in enumerate(text):
        if pieces and _kind_at(text, at) == "mark":
            pieces[-1] += character
        else:
            pieces.append(character)
    # No composition crosses the beginning of a piece, so each is composed on its own.
    made = [composed(piece) for piece in pieces]
    before, after = ([0, *itertools.accumulate(map(len, parts))] for parts in (pieces, made))

    def moved(at: int) -> int:
        return after[bisect_left(before, at)]

    return "".join(made), [{**span, "start": moved(span["start"]), "end": moved(span["end"])} for span in kept]
