"""The types of a report's parts, before rendering: sections of tables, figures and sentences.

Text is in the notation of `harness.text.escaping`, with `code` between backticks. The renderers escape the rest.
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
    """A table of ready-made text. The first `names` columns are text, the others are numbers.

    Neighbouring rows with the same first `grouped` columns form a group. A renderer may show those columns once, as a
    heading of the group. `shade` is the darkness of each cell of a matrix, 0 to 1 (rows × numeric columns).
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    grouped: int = 0
    shade: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture in `reports/figures/`. `alt` describes it in words. `narrow` names a version for phones, if any."""

    name: str
    caption: str
    alt: str
    narrow: str = ""


@dataclass(frozen=True)
class Details:
    """Blocks that are hidden until the reader opens them. `summary` is always shown."""

    summary: str
    blocks: tuple


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple


@dataclass(frozen=True)
class Report:
    """The whole report. `notice` names the kind of data and comes before the text. `sections` are the first page."""

    title: str
    lead: str
    notice: str
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...] = ()
