"""The files that the stage `split` writes for a task: the part of every record (the manifest), the groups of records,
and the report of the leakage gate, which checks that the parts share no group and no text."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts import validated
from harness.artifacts.artifact import Artifact, read_described
from harness.errors import DataError
from harness.system import files

LEAKAGE = "leakage 2"


class Groups(Artifact):
    """The file `groups.json`. `groups` maps the id of each record to the name of its group. A split keeps the records
    of a group in one part. Records with the same or nearly the same text are in one group, too."""

    FORMAT: ClassVar[str] = "groups 1"
    groups: dict[str, str]


def manifest_place(root: Path, task: str) -> Path:
    return Path(root) / "reports" / "splits" / f"{task}.json"


def groups_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "groups.json"


def hashes(root: Path, task: str) -> dict[str, str]:
    """The SHA-256 of the two files of a task that every run reads: `records` (the validated records) and `manifest`
    (the split)."""
    made_of = {"records": validated.records_place(root, task), "manifest": manifest_place(root, task)}
    return {name: files.sha256(path) for name, path in made_of.items()}


def leakage_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "leakage.json"


def leakage(root: Path, task: str) -> dict[str, Any]:
    """The report of the leakage gate: the numbers of rows, groups and labels by part, and the result of each check (see
    `harness.data.leakage`)."""
    return read_described(leakage_place(root, task), LEAKAGE, f"harness split {task}")


def parts_of(root: Path, task: str) -> dict[str, str]:
    """The part of every record, by record id. Raises MissingInputError if there is no split manifest, DataError if the
    file is not a split manifest."""
    path, made_by = manifest_place(root, task), f"harness split {task}"
    found = files.read_object(path, "splits", made_by=made_by)["splits"]
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise DataError(f"{path} does not name a part for every id.", remedy=f"Make it anew with `{made_by}`.")
    return found


def groups_of(root: Path, task: str) -> dict[str, str]:
    """The name of the group of every record, by record id (see `Groups`)."""
    return Groups.read(groups_place(root, task), f"harness split {task}").groups
