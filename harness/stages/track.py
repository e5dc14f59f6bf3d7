"""Stage `track`: mirror the recorded runs into MLflow, and say what was mirrored."""

from pathlib import Path

from harness.artifacts.reported import Tracked, tracked_place
from harness.params.config import ReportSettings
from harness.task import Task


def run(root: Path, settings: ReportSettings, tasks: dict[str, Task], *, rebuild: bool = False) -> None:
    """Record every comparison of the run, and write its fingerprint to `artifacts/tracking.json`.

    `rebuild` starts the local store anew. A store that cannot be reached is a warning, not an error.
    """
    from harness.tracking import backend, sync

    root = Path(root)
    if rebuild:
        backend.delete_local(root)
    fingerprints = sync.record(root, settings, tasks)
    Tracked.of(fingerprints=dict(sorted(fingerprints.items()))).write(tracked_place(root))
