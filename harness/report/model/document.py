"""The types that describe a report before it is rendered as HTML, Markdown or LaTeX: sections, paragraphs, tables and
figures.

Text in these types is in the notation of `harness.text.escaping`, such as `code` between backticks. The renderers
escape all other special characters.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of the report. Every cell is a text that is ready to be shown. The first `names` columns have words, and
    the other columns have numbers.

    Neighbouring rows with the same first `grouped` cells form a group. A renderer may show these cells once, as the
    heading of the group. `shade` is only given for a confusion matrix: the darkness of each cell with a number, from 0
    to 1 (rows × columns with numbers).
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    grouped: int = 0
    shade: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture of the report. `name` is the name of its file in `reports/figures/`. `alt` describes the picture in
    words. `narrow` is the name of the file with a version for phones, or "" if the picture has no such version."""

    name: str
    caption: str
    alt: str
    narrow: str = ""


@dataclass(frozen=True)
class Details:
    """A part of the report that is hidden until the reader opens it. `summary` is the line that is always shown.
    `blocks` are the hidden paragraphs, bullets, tables and figures."""

    summary: str
    blocks: tuple


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple


@dataclass(frozen=True)
class Report:
    """The whole report. `notice`, at the top, says what kind of data the numbers are about. `lead` is the answer in a
    few sentences. `sections` are the first page, and `appendix` has all further sections."""

    title: str
    lead: str
    notice: str
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...] = ()
