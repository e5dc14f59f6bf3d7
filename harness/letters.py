"""Letters with the marks that belong to them: composed text, and spans that cut no letter apart.

A letter is a character with the marks behind it (Unicode's M*), also where format characters (Cf: zero-width
spaces, soft hyphens) stand between. Encoders compose letters (NFC, NFKC), take their marks off, or drop characters
that say nothing (BERT's: Cf, private use, the replacement character); so the data are composed when they are read,
and an edge of a span always lies between two letters that say something.
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
# Hangul vowels and final consonants: parts of a syllable, and no marks.
_SYLLABLES = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))


@functools.lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """ "mark", "unseen" (white space, a character that says nothing) or "" for every other character."""
    category = unicodedata.category(character)
    if category[0] == "M":
        return "mark"
    return "unseen" if category in ("Cf", "Co") or character == _LOST or character.isspace() else ""


def composed(text: str) -> str:
    """`text` in NFC."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def has_marks(text: str) -> bool:
    """Does `text` hold a mark, or a character that says nothing? Without one, only white space can stand at an edge."""
    return not text.isascii() and any(_kind(c) and not c.isspace() for c in set(text))


def letter_end(text: str, at: int) -> int:
    """The end of the letter that the place `at` would cut apart; `at` itself where it cuts none."""
    for look in range(at, len(text)):
        kind = _kind(text[look])
        if kind == "mark":
            at = look + 1
        elif unicodedata.category(text[look]) != "Cf":
            break
    return at


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The letters of text[start:end], without white space and format characters at the edges.

    A mark belongs to the letter before it: a piece that ends before a mark gets it, and one that begins with a mark
    gives it away. Start and end are equal where no letter is left.
    """
    seen = (i for i in range(start, end) if not _kind(text[i]))
    first = next(seen, None)
    if first is None:
        return start, start
    last = next(i for i in range(end - 1, first - 1, -1) if not _kind(text[i]))
    return first, letter_end(text, last + 1)


def composed_with_spans(text: str, spans: list[dict], repaired: Counter) -> tuple[str, list[dict]]:
    """`text` in NFC and `spans` ("start", "end", "label", in order) of whole letters in it; `repaired` counts.

    Where an edge cuts a letter apart, the letter belongs to the span that holds its first character. A span
    without any letter is left out. Spans that lie outside the text are for the schema to refuse.
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
    for character in text:
        if pieces and _joins(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    # Nothing composes over the beginning of a piece, so each is composed on its own and moves what follows.
    made = [composed(piece) for piece in pieces]
    before, after = ([0, *itertools.accumulate(map(len, parts))] for parts in (pieces, made))

    def moved(at: int) -> int:
        return after[bisect_left(before, at)]

    return "".join(made), [{**span, "start": moved(span["start"]), "end": moved(span["end"])} for span in kept]


def _joins(piece: str, character: str) -> bool:
    """Is `character` a mark on `piece`, or the next part of its syllable?"""
    if any(first <= ord(character) <= last for first, last in _SYLLABLES):
        return composed(piece + character) != composed(piece) + character
    return _kind(character) == "mark"
