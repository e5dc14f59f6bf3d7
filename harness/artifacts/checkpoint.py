"""Read `harness.json`, the card of a checkpoint. `harness.encoders.cards` makes it."""

from pathlib import Path
from typing import Any

from harness.artifacts.artifact import read_described
from harness.params.replicates import arm_of

FORMAT = "checkpoint 3"
NAME = "harness.json"
REPLICATES = "replicates"


def place(root: Path, family: str, encoder: str) -> Path:
    """The folder of an encoder. Further replicates are in one folder, because their number is a setting."""
    above = Path(root) / "artifacts" / "checkpoints" / family
    return above / encoder if arm_of(encoder) == encoder else above / REPLICATES / encoder


def family_of(folder: Path) -> str:
    above = Path(folder).parent
    return above.parent.name if above.name == REPLICATES else above.name


def stage_of(encoder: str) -> str:
    """The stage, and the command, that makes this encoder."""
    return "checkpoint" if encoder == "baseline" else "pretrain"


def card(folder: Path) -> dict[str, Any]:
    """The card of an encoder's folder (`place`)."""
    made_by = f"harness {stage_of(Path(folder).name)} {family_of(folder)}"
    return read_described(Path(folder) / NAME, FORMAT, made_by)
