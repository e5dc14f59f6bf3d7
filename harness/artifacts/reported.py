"""The files that the stages `report` and `track` write for the audit."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts.artifact import Artifact, described, read_described
from harness.system import files

EXACT = "report 1"


class Tracked(Artifact):
    """The fingerprint of each comparison that MLflow should have, by `task/family`."""

    FORMAT: ClassVar[str] = "tracking 1"
    fingerprints: dict[str, str]


def exact_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "report.json"


def exact(root: Path) -> dict[str, Any]:
    """The hashes of the files behind the reported numbers, by `task/family`."""
    return read_described(exact_place(root), EXACT, "harness report")


def write_exact(root: Path, content: dict[str, Any]) -> None:
    files.write_json(exact_place(root), described(EXACT, content))


def tracked_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "tracking.json"


def tracked(root: Path) -> dict[str, str]:
    return Tracked.read(tracked_place(root), "harness track").fingerprints
