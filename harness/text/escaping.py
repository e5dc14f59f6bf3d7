"""Escape text from declarations and data for each format in which it is shown.

Sentences of the report are written in a notation: `code` between backticks, *emphasis* between stars, and a backslash
before a literal backtick, star or backslash. `plain` and `code` convert a value to the notation. `markdown`, `html` and
`latex` convert the notation to their format. `cell` takes text that is not in the notation. `harness.text.printable`
escapes text for a terminal.
"""

import html as _html
import re
from collections.abc import Iterator

from harness.text.printable import BREAKS, acts

_NOTATION = re.compile(
    r"\\(?P<itself>[\\`*])|`(?P<code>[^`]+)`|(?<![\w*])\*(?P<emphasis>[^*\s\\](?:\\[\\`*]|[^*\\])*)\*(?![\w*])"
)
_FORMULA = re.compile(r"[=+\-@＝＋－＠\t]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# Text that a Markdown renderer makes a link by itself.
_ADDRESS = re.compile(r"\S*(?:://|www\.|mailto:|xmpp:|\S@\S)\S*", re.IGNORECASE)
# Escaped by character references, because not every renderer accepts a backslash before every mark.
_MARKS = re.compile(r"[\\`*\[\]~$]|<(?! )|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|(?<!\S)@")
_FIRST = re.compile(r"[#>+\-=|]|(?<=\d)[.)](?=\s|$)")
_NUMBERED = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}", "±": r"$\pm$", "−": r"$-$",
    "–": "--", "×": r"$\times$", "→": r"$\rightarrow$", "▲": r"$\uparrow$", "▼": r"$\downarrow$", "≈": r"$\approx$",
    "<": r"$<$", ">": r"$>$", '"': r"{\char34}", "\u202f": r"\,", "\u00a0": "~",
    # At the start of a table row, LaTeX would read a star or a bracket as an argument of the `\\` before it.
    "*": "{*}", "[": "{[}", "]": "{]}",
}  # fmt: skip


def plain(value: object) -> str:
    """A value as plain text in the report's notation (see the module docstring), with backslashes, backticks and stars
    escaped. A spreadsheet does not take the text for a formula (see `cell`)."""
    return re.sub(r"[\\`*]", r"\\\g<0>", str(cell(str(value))))


def code(value: object) -> str:
    """A value as inline code in the report's notation, between backticks. It is plain text if it has a backtick or is
    empty."""
    text = one_line(str(value))
    return plain(text) if "`" in text or not text else f"`{text}`"


def markdown(text: str) -> str:
    """Convert the report's notation to Markdown for a paragraph, a list item or a heading."""
    return _markdown(text, in_table=False)


def markdown_cell(text: str) -> str:
    """Convert the report's notation to Markdown for a cell of a pipe table."""
    return _markdown(text, in_table=True)


def html(text: str) -> str:
    """Convert the report's notation to HTML for the content of an element."""
    tags = {"code": "<code>{}</code>", "emphasis": "<em>{}</em>", "text": "{}"}
    return "".join(
        tags[kind].format(html(piece) if kind == "emphasis" else html_text(piece)) for kind, piece in _pieces(text)
    )


def html_text(text: str) -> str:
    """Convert text to HTML for the content of an element. The text is not in the report's notation, so no mark is
    special."""
    return _html.escape(one_line(text), quote=False)


def html_attribute(text: str) -> str:
    """Convert the report's notation to HTML for the value of an attribute. An attribute cannot have markup, so
    backticks and stars stay."""
    return _html.escape(re.sub(r"\\([\\`*])", r"\1", one_line(text)))


def latex(text: str) -> str:
    """Convert the report's notation to LaTeX."""
    commands = {"code": r"\texttt{{{}}}", "emphasis": r"\emph{{{}}}", "text": "{}"}
    return "".join(
        commands[kind].format(latex(piece) if kind == "emphasis" else "".join(_LATEX.get(c, c) for c in piece))
        for kind, piece in _pieces(text)
    )


def cell(value: object) -> object:
    """The value for a cell of a CSV. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    formula = len(text) > 1 and _FORMULA.match(text.lstrip(" ")) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text


def one_line(text: str) -> str:
    """The text with a space for each line break or tab, and U+FFFD for other control or invisible characters."""
    return "".join(" " if c in BREAKS or c == "\t" else "\ufffd" if acts(c) else c for c in text)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, content) of each piece of a text in the report's notation. The kind is "text", "code" or "emphasis".
    The content of an emphasis is in the notation, too."""
    text, start, waiting = one_line(text), 0, ""
    for match in _NOTATION.finditer(text):
        waiting += text[start : match.start()]
        start = match.end()
        if match["itself"]:
            waiting += match["itself"]
            continue
        if waiting:
            yield "text", waiting
        waiting = ""
        kind = match.lastgroup or ""
        yield kind, match[kind]
    if waiting := waiting + text[start:]:
        yield "text", waiting


def _markdown(text: str, *, in_table: bool) -> str:
    made = []
    for kind, piece in _pieces(text):
        if kind == "code":
            made.append(_span(piece, in_table))
        elif kind == "emphasis":
            made.append(f"*{_markdown(piece, in_table=in_table)}*")
        else:
            first = not made and not in_table
            made.append(_words(piece.lstrip() if first else piece, in_table, first=first))
    # Two spans of code with nothing between them would be read as one.
    return "".join(
        f"&#8203;{piece}" if before.endswith("`") and piece.startswith("`") else piece
        for before, piece in zip(["", *made], made, strict=False)
    )


def _words(text: str, in_table: bool, *, first: bool) -> str:
    """Convert plain text to Markdown that shows the same characters. If `first` is True, the text starts a block, and
    more characters are marks there. Addresses become code, because no renderer makes a link of code."""
    made, start = [], 0
    for match in _ADDRESS.finditer(text):
        made += [_unmarked(text[start : match.start()], in_table), _span(match[0], in_table)]
        start = match.end()
    made.append(_unmarked(text[start:], in_table))
    found = "".join(made)
    if first:
        number = _NUMBERED.match(found)
        at = number.end() if number else 0
        if _FIRST.match(found, at):
            found = f"{found[:at]}&#{ord(found[at])};{found[at + 1 :]}"
    return found


def _unmarked(text: str, in_table: bool) -> str:
    names = {"<": "&lt;", "&": "&amp;"}
    found = _MARKS.sub(lambda match: names.get(match[0], f"&#{ord(match[0])};"), text)
    return found.replace("|", "\\|") if in_table else found


def _span(content: str, in_table: bool) -> str:
    """A Markdown code span of `content`, between more backticks in a row than the content has."""
    if in_table and "|" in content and "\\" in content:
        # In a table a backslash before a bar counts inside code, too. So the bars are put between code spans.
        return r"\|".join(_span(piece, in_table=False) if piece else "" for piece in content.split("|"))
    fence = "`" * (1 + max(map(len, re.findall("`+", content)), default=0))
    edge = " " if content.startswith("`") or content.endswith("`") else ""
    found = f"{fence}{edge}{content}{edge}{fence}"
    return found.replace("|", "\\|") if in_table else found
