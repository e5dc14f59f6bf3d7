"""Stage `generate`: write the embedded data set to `artifacts/generated`, in the layout of `data/`."""

from pathlib import Path

from harness.params.config import Generate
from harness.system.files import atomic_folder


def run(root: Path, settings: Generate) -> None:
    """Make `artifacts/generated` anew below `root`."""
    from harness.data.synthetic import write

    with atomic_folder(Path(root) / "artifacts" / "generated") as folder:
        write.generate(folder, settings.seed)
