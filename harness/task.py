"""The contract of a task: the types by which a file in `tasks/` declares a benchmark. How it is run is not in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("synthetic", "public", "restricted")


@dataclass(frozen=True)
class Reading:
    """The records that a reader made of the raw files.

    `records` are plain dicts with the head's columns. `dropped` and `repaired` count raw rows by reason. `rows_in` is
    the number of raw rows: rows_in = len(records) + sum of `dropped`. `where` maps an id to the place of its row
    ("line 12"), for messages. `places` lists the place of every record, in order, if the reader knows them. A
    translation also has `originals`: all records that it was made of, in their own language, with the same ids. They
    decide how a translation is split.
    """

    records: list[dict]
    rows_in: int
    dropped: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    originals: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Groups:
    """The rules that form groups: rows that a split never tears apart.

    `column` names the record's own group (a caller, an incident). If `link_equal` names text columns, records that
    share one of these texts form one group. `near_duplicate` (cosine of character n-grams, 0 to 1) links records whose
    texts are nearly the same. With `text_blind_siblings`, a test row that shares a text with another part is leakage.
    """

    column: str | None = None
    link_equal: tuple[str, ...] = ()
    near_duplicate: float = 0.9
    text_blind_siblings: bool = False


@dataclass(frozen=True)
class PublicFile:
    """One file of a public original: its name in the task's folder, address and SHA-256."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class PublicSource:
    """The pinned source of a public task's original data."""

    address: str
    revision: str
    files: tuple[PublicFile, ...]
    licence: str
    language: str


@dataclass(frozen=True)
class Task:
    """The declaration of one benchmark.

    `head` names one of `harness.heads`. `reader` turns the folder of raw files into a `Reading`. `schema` returns the
    pandera schema that the records must satisfy. It is a function, so that listing tasks does not import pandera.
    `labels` is the fixed label list of every metric, in the order of the head's outputs. In a task with two labels,
    binary F1 counts the label `positive`. `metrics` names scores of `harness.metrics`. The first is the primary one,
    by which arms are compared. `version` changes whenever the meaning of a row does. `translation_of` names the task
    of which this one is a translation into `language` ("nb" or "nn"). Both have the same ids, and a row is in the same
    part of both.
    """

    name: str
    version: str
    title: str
    head: str
    reader: Callable[[Path], Reading]
    schema: Callable[[], object]
    labels: tuple[str, ...]
    groups: Groups
    metrics: tuple[str, ...]
    licence: str
    citation: str
    positive: str | None = None
    public: PublicSource | None = None
    language: str | None = None
    translation_of: str | None = None
