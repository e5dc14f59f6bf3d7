"""The files of hashes that the stages `report` and `track` write, so that `harness audit` can check reports and
MLflow."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts.artifact import Artifact, described, read_described
from harness.system import files

EXACT = "report 1"


class Tracked(Artifact):
    """The file `artifacts/tracking.json`. `fingerprints` maps each comparison (`task/family`) to the fingerprint that
    its run in MLflow should have, a hash of the inputs and results of the comparison."""

    FORMAT: ClassVar[str] = "tracking 1"
    fingerprints: dict[str, str]


def exact_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "report.json"


def exact(root: Path) -> dict[str, Any]:
    """The content of `artifacts/report.json`: the hashes of the files from which the reported numbers were computed.

    The keys are `task/family`, `cross-validation/task/family` and `linear`. An entry has the hashes of prediction files
    and encoders, and the versions of libraries. `linear` has one such entry per task, without encoders.
    """
    return read_described(exact_place(root), EXACT, "harness report")


def write_exact(root: Path, content: dict[str, Any]) -> None:
    files.write_json(exact_place(root), described(EXACT, content))


def tracked_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "tracking.json"


def tracked(root: Path) -> dict[str, str]:
    return Tracked.read(tracked_place(root), "harness track").fingerprints
