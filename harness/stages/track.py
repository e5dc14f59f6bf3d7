"""Stage `track`: mirror the results of the run into MLflow, and record which results MLflow should have."""

from pathlib import Path

from harness.artifacts.reported import Tracked, tracked_place
from harness.params.config import ReportSettings
from harness.task import Task


def run(root: Path, settings: ReportSettings, tasks: dict[str, Task], *, rebuild: bool = False) -> None:
    """Write every comparison of the run to MLflow, and the hash of each comparison's results to
    `artifacts/tracking.json`.

    If `rebuild` is True, the local store is deleted first. If the store cannot be reached, there is a warning, not an
    error.
    """
    from harness.tracking import backend, sync

    root = Path(root)
    if rebuild:
        backend.delete_local(root)
    fingerprints = sync.record(root, settings, tasks)
    Tracked.of(fingerprints=dict(sorted(fingerprints.items()))).write(tracked_place(root))
