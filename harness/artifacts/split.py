"""The files of the stage `split`: the part of every record, the groups, and the findings of the leakage gate."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts import validated
from harness.artifacts.artifact import Artifact, read_described
from harness.errors import DataError
from harness.system import files

LEAKAGE = "leakage 2"


class Groups(Artifact):
    """The group of every id: the rows that the split keeps together, linked texts included."""

    FORMAT: ClassVar[str] = "groups 1"
    groups: dict[str, str]


def manifest_place(root: Path, task: str) -> Path:
    return Path(root) / "reports" / "splits" / f"{task}.json"


def groups_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "groups.json"


def hashes(root: Path, task: str) -> dict[str, str]:
    """SHA-256 of the two files that runs are made from: `records` and `manifest`."""
    made_of = {"records": validated.records_place(root, task), "manifest": manifest_place(root, task)}
    return {name: files.sha256(path) for name, path in made_of.items()}


def leakage_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "leakage.json"


def leakage(root: Path, task: str) -> dict[str, Any]:
    """The findings of the leakage gate: rows, groups and labels by part, and its checks."""
    return read_described(leakage_place(root, task), LEAKAGE, f"harness split {task}")


def parts_of(root: Path, task: str) -> dict[str, str]:
    """The part of every id. Raises DataError if the file is no manifest."""
    path, made_by = manifest_place(root, task), f"harness split {task}"
    found = files.read_object(path, "splits", made_by=made_by)["splits"]
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise DataError(f"{path} does not name a part for every id.", remedy=f"Make it anew with `{made_by}`.")
    return found


def groups_of(root: Path, task: str) -> dict[str, str]:
    """The group of every id."""
    return Groups.read(groups_place(root, task), f"harness split {task}").groups
