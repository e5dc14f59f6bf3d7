"""Convert a text to what a reader sees, to compare texts that must not repeat each other.

A soft hyphen, a zero-width space or a decomposed letter changes the characters of a text but not how it looks. So
duplicates, held-out texts and identifying details are searched for in the converted text. The converted text is never
written to a corpus or given to an encoder.
"""

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point: drawn as nothing by every renderer, whatever the font.
_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Compatibility forms that are the same sign in another width, font or joining. Superscripts, subscripts, encircled
# signs and fractions are not changed: 10² is not 102, and ½ is not 1/2.
_SAME_SIGN = ("<wide>", "<narrow>", "<font>", "<noBreak>", "<compat>", "<initial>", "<medial>", "<final>", "<isolated>")
_HYPHENS = "\u2010\u2011"  # drawn as the hyphen of the keyboard
_BLANK = "\u2800"  # the empty braille cell
# Letters drawn like a Latin one in every usual typeface: the Cyrillic and Greek letters of Unicode's confusables.txt
# (UTS #39) whose shape is the same, not only similar (α and a, к and k can be told apart by eye).
_CYRILLIC: dict[str, str | int | None] = dict(
    zip("АВЕКМНОРСТХЅІЈӀԌԚԜӔӒӦЁЇаеорсухѕіјһԁԛԝӏӕӓӧёї", "ABEKMHOPCTXSIJIGQWÆÄÖËÏaeopcyxsijhdqwlæäöëï", strict=True)
)
_GREEK: dict[str, str | int | None] = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϜϹϳο", "ABEZHIKMNOPTYXFCjo", strict=True))
_LOOK_ALIKES = str.maketrans(_CYRILLIC | _GREEK)
# Letters of these scripts that look like no Latin letter. Greek needs three in a row, because single ones (µ, Ω, α) are
# signs and units, not Greek text.
_OWN_CYRILLIC = re.compile(rf"[^\W{''.join(_CYRILLIC)}\x00-\u03ff\u0530-\U0010ffff]")
_OWN_GREEK = re.compile(rf"[^\W{''.join(_GREEK)}\x00-\u036f\u0400-\U0010ffff]{{3}}")
_LATIN = re.compile("[A-Za-z\xc0-\u024f]")
_ALL_LATIN = re.compile("[A-Za-z\xc0-\u024f\u0300-\u036f]+")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*")
# Runs of characters that may change. Common characters of European text that cannot change are excluded, so that the
# regular expression engine passes over ordinary text in one scan.
_UNSURE = re.compile(r"[^\t\n\r -~\xa1-\xac\xae-\xb4\xb6-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e–—‘’“”•]+")


class _Seen(dict):
    """A dict from code points to what a reader sees of them, filled when a code point is first met."""

    def __missing__(self, code: int) -> str:
        return self.setdefault(code, _seen(chr(code)))


def _seen(character: str) -> str:
    if character.isspace() or character == _BLANK:
        return " "
    if any(first <= ord(character) <= last for first, last in _IGNORABLE):
        return ""
    if unicodedata.category(character) in ("Cc", "Cs"):
        return ""
    if character in _HYPHENS:
        return "-"
    form, *parts = unicodedata.decomposition(character).split() or [""]
    # A spacing accent would be decomposed into a blank and a combining accent.
    if form in _SAME_SIGN and parts[0] != "0020":
        return "".join(_seen(chr(int(part, 16))) for part in parts)
    return character


_seen_of = _Seen()


def visible(text: str) -> str:
    """`text` in NFC, without invisible characters.

    Every kind of blank becomes a space. Full-width and joined letters become plain ones. Cyrillic and Greek letters
    that look like the Latin letters around them become Latin. Line ends, tabs, case and punctuation stay, because
    p<0.05 is not p>0.05.
    """
    disguised = False

    def seen(run: re.Match) -> str:
        nonlocal disguised
        disguised = disguised or not _LOOK_ALIKES.keys().isdisjoint(map(ord, run[0]))
        return run[0].translate(_seen_of)

    text = _UNSURE.sub(seen, text)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", _in_latin(text)) if disguised else text


def _in_latin(text: str) -> str:
    """The `text` with Latin letters in place of Cyrillic and Greek letters that look the same, in words that are Latin.

    A word of look-alikes alone counts as Latin if the text has Latin letters, but no letters of that other script with
    a shape of their own. So text that is really in Cyrillic or Greek stays.
    """
    if _LATIN.search(text):
        for letters, own in ((_CYRILLIC, _OWN_CYRILLIC), (_GREEK, _OWN_GREEK)):
            if not own.search(text):
                text = text.translate(str.maketrans(letters))
    return _WORD.sub(_word_in_latin, text)


def _word_in_latin(word: re.Match) -> str:
    latin = word[0].translate(_LOOK_ALIKES)
    return latin if latin != word[0] and _LATIN.search(word[0]) and _ALL_LATIN.fullmatch(latin) else word[0]


def folded(text: str) -> str:
    """The `text` made `visible` and case-folded, with one blank for each run of white space. The result is equal for
    texts that read alike."""
    return " ".join(visible(text).casefold().split())
