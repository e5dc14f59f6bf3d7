"""The files in `artifacts/validated/TASK/`: checked records, their card, and the originals of a translation."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from harness.artifacts.artifact import Artifact, Part
from harness.system import files


class Ids(Part):
    """How ids of restricted data were replaced: the scheme, and the fingerprint of the key."""

    scheme: str
    key: str


class Card(Artifact):
    """The source of a task's records, and how many there are: `rows_in` as read, `rows` as kept, `dropped` and
    `repaired` by reason, `labels` and `parts` by name. `sha256` is that of the records."""

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
    """The records with at least an id and a group each, in the order of the file."""
    made_by = f"harness validate {task}"
    return files.read_jsonl(records_place(root, task), made_by=made_by, keys=("id", "group"))


def originals(root: Path, task: str) -> list[dict[str, Any]]:
    """All records that a translated task was made from; empty if the task is no translation."""
    path = folder_of(root, task) / "originals.jsonl"
    return files.read_jsonl(path, made_by=f"harness validate {task}", keys=("id", "group")) if path.is_file() else []


def translated(root: Path, task: str) -> str:
    """The description of a translation for tables, such as "machine-translated by … at …"; empty for other data."""
    place = folder_of(root, task) / "card.json"
    return str((card(root, task).source.get("translation") or {}).get("told", "")) if place.is_file() else ""
