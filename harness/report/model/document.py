"""The types of a report's parts, before rendering: sections of tables, figures and sentences.

Text may hold `code` between backticks; everything else is plain and is escaped by the writer.
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
    """Header and rows of ready-made text. The first `names` columns are text, the rest are numbers.

    Where `grouped` > 0, rows that agree in the first `grouped` columns belong together, and a writer
    with little width may show those columns once, as a heading of the group. `shade` gives a cell's
    darkness, 0 to 1 (rows × numeric columns), for matrices.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    grouped: int = 0
    shade: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture in `reports/figures/`; `alt` says in words what it shows. `narrow` is the same one drawn for a phone,
    where there is one."""

    name: str
    caption: str
    alt: str
    narrow: str = ""


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away until the reader asks for them."""

    summary: str
    blocks: tuple


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple


@dataclass(frozen=True)
class Report:
    """`notice` stands above everything else: what the data are. `sections` are the first page."""

    title: str
    lead: str
    notice: str
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...] = ()
