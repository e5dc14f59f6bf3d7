"""Stage `generate`: write the embedded data set to `artifacts/generated`, in the layout of `data/`."""

from pathlib import Path

from harness.params.config import Generate
from harness.system.files import atomic_folder

OUTPUT = Path("artifacts") / "generated"


def generate(folder: Path, seed: int) -> dict[str, Path]:
    """Write the embedded data set to `folder`, replacing the same names there. Returns the written folders by name."""
    from harness.data.synthetic import write

    return write.generate(folder, seed)


def run(root: Path, settings: Generate) -> None:
    """Make `artifacts/generated` anew below `root`."""
    with atomic_folder(Path(root) / OUTPUT) as folder:
        generate(folder, settings.seed)
