"""Define how a file in `tasks/` declares a task of the benchmark: its data, labels, metrics and groups.

How a task is trained and scored is not part of the declaration.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("synthetic", "public", "restricted")  # from the least to the most sensitive


@dataclass(frozen=True)
class Reading:
    """The records that the reader of a task made from its raw files.

    `records` are dicts with the columns that the task's head needs. `rows_in` is the number of raw rows. `dropped` is
    the number of raw rows without a record, by reason, so `rows_in` = number of records + sum of `dropped`. `repaired`
    is the number of raw rows that were corrected, by reason. `where` has the place of a record's row ("line 12") by the
    record's id, for messages. If the reader knows the places of all records, `places` lists them in order. If the data
    are a translation, `originals` are the records that were translated, with the same ids. The originals decide how the
    translation is split.
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
    """The rules that form groups of rows. A split never divides a group.

    `column` names the record's own group, such as a caller or an incident. If `link_equal` names text columns, records
    that share a text in one of these columns form one group. Records also form one group if the similarity of their
    texts (cosine of character n-grams, 0 to 1) is `near_duplicate` or more. With `text_blind_siblings`, a test row that
    shares a text with another part counts as leakage.
    """

    column: str | None = None
    link_equal: tuple[str, ...] = ()
    near_duplicate: float = 0.9
    text_blind_siblings: bool = False


@dataclass(frozen=True)
class PublicFile:
    """One file of a public data set: its name in the task's folder, the address to download it from, and its
    SHA-256."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class PublicSource:
    """The place from which the original data of a public task are downloaded, pinned by the hashes of the files."""

    address: str
    revision: str
    files: tuple[PublicFile, ...]
    licence: str
    language: str


@dataclass(frozen=True)
class Task:
    """The declaration of one task of the benchmark.

    `head` is the kind of task, one of `harness.heads`. `reader` gets the folder of raw files and returns a `Reading`.
    `schema` returns the pandera schema that the records must satisfy. It is a function, so that listing tasks does not
    import pandera. `labels` are all labels, in the order of the head's outputs. In a task with two labels, binary F1
    counts the label `positive`. `metrics` are names in `harness.metrics`. The first metric is the primary one, by which
    arms are compared. `version` changes whenever the meaning of a row changes. If the task is a translation into
    `language` ("nb" or "nn"), `translation_of` names the original task. The two tasks have the same ids, and each row
    is in the same part in both.
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
