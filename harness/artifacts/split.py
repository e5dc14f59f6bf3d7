"""Read what the stage `split` writes: the part of every record, the groups, and what the leakage gate found."""

from pathlib import Path
from typing import Any

from harness.artifacts import validated
from harness.artifacts.artifact import read_described
from harness.errors import DataError
from harness.system import files

LEAKAGE = "leakage 2"


def manifest_place(root: Path, task: str) -> Path:
    return Path(root) / "reports" / "splits" / f"{task}.json"


def groups_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "groups.json"


def hashes(root: Path, task: str) -> dict[str, str]:
    """SHA-256 of the two files that runs are made of: `records` and `manifest`."""
    made_of = {"records": validated.records_place(root, task), "manifest": manifest_place(root, task)}
    return {name: files.sha256(path) for name, path in made_of.items()}


def leakage_place(root: Path, task: str) -> Path:
    return Path(root) / "artifacts" / "splits" / task / "leakage.json"


def leakage(root: Path, task: str) -> dict[str, Any]:
    """What the leakage gate found: rows, groups and labels by part, and its checks."""
    return read_described(leakage_place(root, task), LEAKAGE, f"harness split {task}")


def parts_of(root: Path, task: str) -> dict[str, str]:
    """The part of every id. Raises DataError where the file is no manifest."""
    return _texts(manifest_place(root, task), task, "splits")


def groups_of(root: Path, task: str) -> dict[str, str]:
    """The group of every id: what the split keeps together, linked texts too."""
    return _texts(groups_place(root, task), task)


def _texts(path: Path, task: str, key: str | None = None) -> dict[str, str]:
    made_by = f"harness split {task}"
    content = files.read_object(path, *([key] if key else ()), made_by=made_by)
    found = content[key] if key else content
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise DataError(f"{path} does not name a part or group for every id.", remedy=f"Make it anew with `{made_by}`.")
    return found
