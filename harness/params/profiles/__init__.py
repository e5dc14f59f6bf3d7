"""Presets of `params.yaml`: `embedded`, `lab` and `paper`, each a complete file beside this one."""

from pathlib import Path

from harness.errors import ConfigError, nearest
from harness.system.files import read_text, write_text

FOLDER = Path(__file__).parent

# What a user types after choosing the preset.
NEXT_STEP = {
    "embedded": "Run `dvc repro`. If data/ holds fetched originals, first `git checkout data.dvc`.",
    "lab": "Next: `harness data fetch --mirror FOLDER` (or without --mirror from the network), then `dvc repro`.",
    "paper": "Next: `harness data fetch`, fill the hub cache or name checkpoint folders, then `dvc repro`.",
}


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def text(name: str) -> str:
    """The preset's text; an unknown name gets the nearest one."""
    if name not in names():
        raise ConfigError(
            f"There is no profile {name!r}.{nearest(name, names())}", remedy=f"Profiles: {', '.join(names())}."
        )
    return read_text(FOLDER / f"{name}.yaml")


def use(root: Path, name: str) -> None:
    """Write the preset over `root/params.yaml`."""
    write_text(root / "params.yaml", text(name))
