"""The contract of a task: what a file in `tasks/` declares, and nothing about how it is run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("synthetic", "public", "restricted")


@dataclass(frozen=True)
class Reading:
    """What a reader made of the raw files.

    `records` are plain dicts with the head's columns; `dropped` and `repaired` count raw rows by
    reason; `rows_in` is the number of raw rows, so that rows_in = len(records) + sum(dropped).
    `where` says for an id where its row stands ("line 12"), for messages; `places` for every record, in their order,
    where the reader knows it. Of a translation, `originals` are the records that it was made of, all of them, in their
    own language and with the same ids: by them a split places the translated ones.
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
    """What must never be torn apart by a split.

    `column` names the record's own group (a caller, an incident). Where `link_equal` names text
    columns, records that share one of these texts form one group; `near_duplicate` (cosine of
    character n-grams, 0 to 1) links records whose texts are nearly the same.
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
    """Where the original of a public task lives, pinned."""

    address: str
    revision: str
    files: tuple[PublicFile, ...]
    licence: str
    language: str


@dataclass(frozen=True)
class Task:
    """A benchmark, declared.

    `head` names one of `harness.heads`. `reader` turns the folder of raw files into a `Reading`; `schema` returns the
    pandera schema its records must satisfy (a function, so that listing tasks does not import pandera).
    `labels` is the fixed label list every metric uses, in the order of the head's outputs;
    for a two-label task `positive` is the one that binary F1 counts. `metrics` names scores of
    `harness.metrics`, first the primary one, by which arms are compared. `version` changes whenever the meaning of a
    row does. `translation_of` names the task whose data these are in another `language` ("nb" or "nn"): both have the
    same ids, and a row stands in the same part of both.
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
