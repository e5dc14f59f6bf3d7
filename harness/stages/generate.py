"""Stage `generate`: write the synthetic data set to `artifacts/generated`, in the same layout as `data/`."""

from pathlib import Path

from harness.params.config import Generate
from harness.system.files import atomic_folder


def run(root: Path, settings: Generate) -> None:
    """Write `artifacts/generated` below `root`, in place of an earlier one."""
    from harness.data.synthetic import write

    with atomic_folder(Path(root) / "artifacts" / "generated") as folder:
        write.generate(folder, settings.seed)
