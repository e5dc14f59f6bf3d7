"""Decode raw data files to text and parse JSON, strictly, before a reader looks at columns."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from harness.data.findings import Finding
from harness.errors import DataError
from harness.text import letters
from harness.text.visible import visible

MAX_CHARACTERS = 200_000
BYTE_ORDER_MARK = "\ufeff"
Encoding = Literal["utf-8", "windows-1252"]

# Tabs and newlines are layout. Any other control character is damage that a tokenizer would hide.
_DAMAGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BEGINNING = 64  # characters: a text that is visible there need not be searched further
_CONVERT = ", which must be converted"
# The first bytes of files that are not text in a supported encoding, and what such files are.
_KINDS = {
    b"\xff\xfe\x00\x00": "UTF-32" + _CONVERT,
    b"\x00\x00\xfe\xff": "UTF-32" + _CONVERT,
    b"\xff\xfe": "UTF-16" + _CONVERT,
    b"\xfe\xff": "UTF-16" + _CONVERT,
    b"PK\x03\x04": "a spreadsheet or another packed file, which must be saved as text",
    b"\xd0\xcf\x11\xe0": "a spreadsheet or a document of an office program, which must be saved as text",
    b"\x1f\x8b": "a compressed file (gzip), which must be unpacked",
    b"PAR1": "Parquet, whose name must end in .parquet",
}
_VALUES = {
    int: "a whole number",
    float: "a decimal number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}
_LOOKED_AT = 64  # bytes at the beginning
_NO_BREAK_SPACE = "\u00a0"


def read_text(
    path: Path,
    repaired: Counter,
    findings: list[Finding] | None = None,
    *,
    encoding: Encoding = "utf-8",
    place: str = "",
    empty: bool = False,
) -> str:
    """The text of the file at `path`, strictly decoded, with `\\n` line ends. Byte-order marks are removed. `repaired`
    counts the removed marks and other repairs.

    Raises DataError if the file is missing or cannot be read or decoded, or if it has no text and `empty` is false.
    With a list of `findings`, a file that cannot be decoded does not raise. Instead, each line that cannot be decoded
    is added to `findings`, with `place` before its line number, so that the faults of other lines are found, too. A
    file of another kind (UTF-16, a spreadsheet, …) then adds one finding and gives an empty text.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing.",
            remedy="Put the file there (`harness data --help`), or write the name of your file in the task's "
            "declaration.",
        ) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.", remedy="Put the data file itself there.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", remedy="Check the file's permissions.") from None
    if other := _other_kind(content, encoding):
        fault = not_text(encoding, other)
        if findings is None:
            raise DataError(f"{path}: {fault}.", remedy=_save(encoding))
        findings.append(Finding(fault, "", f"{place}line 1"))
        return ""
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
        repaired["byte-order mark"] += 1
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if findings is not None:
            return _mended(content, encoding, findings, place)
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path}, line {line}: not {encoding.upper()} (byte {error.start})."
        raise DataError(message, remedy=_save(encoding)) from None
    if not text.strip() and not empty:
        raise DataError(f"{path} is empty (line 1).", remedy="Put the data there; an empty file is never a data set.")
    if inside := text.count(BYTE_ORDER_MARK):
        # Joined files: the mark of the second file is not a character of its first word.
        repaired["byte-order mark inside the file"] += inside
        text = text.replace(BYTE_ORDER_MARK, "")
    text = text.replace("\r\n", "\n")
    if "\r" in text and "\n" not in text:
        # Spreadsheets on a Mac save such files. In other files a single \r is damage.
        repaired["lines that end in \\r alone"] += text.count("\r")
        text = text.replace("\r", "\n")
    return text


def _other_kind(content: bytes, encoding: Encoding) -> str | None:
    """The kind of a file whose bytes show that it is not text in `encoding`. None for other files."""
    for beginning, kind in _KINDS.items():
        if content.startswith(beginning):
            return kind
    beginning = content[:_LOOKED_AT]
    if len(beginning) > 3 and not (any(beginning[::2]) and any(beginning[1::2])):
        return "UTF-16" + _CONVERT
    if encoding == "windows-1252" and not content.isascii():
        # Nearly every byte is valid in Windows-1252, so UTF-8 would become wrong letters without an error.
        with contextlib.suppress(UnicodeDecodeError):
            content.decode("utf-8")
            return 'UTF-8: remove encoding="windows-1252" from the task\'s reader'
    return None


def not_text(encoding: Encoding, known: str = "") -> str:
    """The message for bytes that are not in the declared `encoding`. `known` says what the bytes are instead, if that
    is clear."""
    hint = (
        ' (if the file comes from Windows, write encoding="windows-1252" in the task\'s reader)'
        if encoding == "utf-8"
        else ""
    )
    return f"not {encoding.upper()}" + (f" but {known}" if known else hint)


def _save(encoding: Encoding) -> str:
    if encoding != "utf-8":
        return f"Save the file as UTF-8, and remove encoding={encoding!r} from the task's reader."
    return 'Save the file as UTF-8, or, if it comes from Windows, write encoding="windows-1252" in the task\'s reader.'


def _mended(content: bytes, encoding: Encoding, findings: list[Finding], place: str) -> str:
    """The text with a replacement character for each undecodable byte. Each line with one is added to `findings`."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            findings.append(Finding(not_text(encoding), "", f"{place}line {number}"))
    return b"\n".join(lines).decode(encoding, "replace")


def parse_json(text: str):
    """The value of a JSON text, with the keys of objects in NFC.

    Raises ValueError if the text is no strict JSON: if it has NaN or Infinity, repeats a key in an object, or is nested
    too deep. The error's message quotes nothing of the text.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg.lower()}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("not JSON (nested too deep)") from None


def _no_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def _unique_keys(pairs: list) -> dict:
    found = dict(pairs)
    if not all(map(str.isascii, found)):
        found = {letters.composed(key): value for key, value in pairs}
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def json_lines(text: str, findings: list[Finding], place: str = "") -> Iterator[tuple[str, dict | None]]:
    """Yield ("line N", object) for each line of JSON lines that is not blank. A line that is no JSON object becomes a
    finding, with `place` before "line N", and yields ("line N", None)."""
    # Only "\n" ends a line: str.splitlines would also cut at U+2028 inside a text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            value = parse_json(line)
        except ValueError as error:
            findings.append(Finding(str(error), "", place + where))
            value = None
        else:
            if not isinstance(value, dict):
                findings.append(Finding("not a JSON object", "", place + where))
                value = None
        yield where, value


def json_document(path: Path, text: str):
    """The JSON value of `text`, the content of the file at `path`. Raises DataError, with the file and if known the
    line, if `text` is no strict JSON."""
    try:
        return parse_json(text)
    except ValueError as error:
        try:
            json.loads(text)
            line = ""
        except json.JSONDecodeError as at:
            line = f", line {at.lineno}"
        except RecursionError:
            line = ""
        raise DataError(f"{path}{line}: {error}.", remedy="Restore the file; it is damaged or cut off.") from None


def clean(value: str, repairs: set[str]) -> str:
    """`value` in NFC, without white space at its edges, and with spaces for no-break spaces. The name of each repair is
    added to `repairs`."""
    if value != (value := letters.composed(value)):
        repairs.add(letters.DECOMPOSED)
    if _NO_BREAK_SPACE in value:
        value = value.replace(_NO_BREAK_SPACE, " ")
        repairs.add("no-break space")
    trimmed = value.strip()
    if trimmed != value:
        repairs.add("edge whitespace")
    return trimmed


def not_a_text(value) -> str:
    """The message for a `value` that should be a text."""
    return f"{_VALUES.get(type(value), type(value).__name__)} where a text belongs"


def is_blank(text: str) -> bool:
    """Return whether `text` has no visible character."""
    return not (visible(text[:_BEGINNING]).strip() or visible(text).strip())


def text_fault(value: str, limit: int) -> str | None:
    """The reason why `value` cannot be a text of a record: it is empty, has more than `limit` characters, or has a
    control character. Returns None if `value` has no such fault."""
    if is_blank(value):
        return "empty text"
    if len(value) > limit:
        more = "set max_characters= in the task's reader to allow more"
        return f"text with too many characters (at most {limit:,}); {more}"
    if _DAMAGE.search(value):
        return "control character"
    return None
