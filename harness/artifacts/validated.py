"""The files that the stage `validate` writes to `artifacts/validated/TASK/`: the checked records, their card, and, if
the task is a translation, the original records."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from harness.artifacts.artifact import Artifact, Part
from harness.system import files


class Ids(Part):
    """How the ids of restricted data were replaced by pseudonyms: the name of the `scheme` (a keyed hash), and the
    fingerprint of the `key`, which identifies the key without revealing it."""

    scheme: str
    key: str


class Card(Artifact):
    """The source and the numbers of a task's validated records.

    `source`: content of the data's `source.json`, with licence and address.
    `rows_in`: number of raw rows. `rows`: number of kept records. `dropped`, `repaired`: numbers of raw rows by reason.
    `labels`: numbers of records (in tasks with spans: of spans) by label.
    `parts`: numbers of records in the pool, which the stage `split` divides, and in the holdout, which the data set
    itself defines.
    `ids`: how ids were replaced, for restricted data only.
    `sha256`: hash of the file of records.
    """

    FORMAT: ClassVar[str] = "card 2"
    task: str
    head: str
    version: str
    kind: Literal["synthetic", "public", "restricted"]
    source: dict[str, Any]
    rows_in: int
    rows: int
    dropped: dict[str, int]
    repaired: dict[str, int]
    labels: dict[str, int]
    parts: dict[str, int]
    ids: Ids | None = None
    sha256: str


def folder_of(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "validated" / task


def records_place(root: Path, task: str) -> Path:
    return folder_of(root, task) / "records.jsonl"


def card(root: Path, task: str) -> Card:
    return Card.read(folder_of(root, task) / "card.json", f"harness validate {task}")


def records(root: Path, task: str) -> list[dict[str, Any]]:
    """The validated records, in the order of the file. Raises MissingInputError if the file is missing, DataError if a
    record has no id or no group."""
    made_by = f"harness validate {task}"
    return files.read_jsonl(records_place(root, task), made_by=made_by, keys=("id", "group"))


def originals(root: Path, task: str) -> list[dict[str, Any]]:
    """All records from which a translated task was made, including records that the translation lacks. The list is
    empty if the task is no translation or its data are restricted."""
    path = folder_of(root, task) / "originals.jsonl"
    return files.read_jsonl(path, made_by=f"harness validate {task}", keys=("id", "group")) if path.is_file() else []


def translated(root: Path, task: str) -> str:
    """A note for tables on how the data of a task were translated, such as "machine-translated by … at …". The note is
    empty if the data are no translation or have not been validated yet."""
    place = folder_of(root, task) / "card.json"
    return str((card(root, task).source.get("translation") or {}).get("told", "")) if place.is_file() else ""
