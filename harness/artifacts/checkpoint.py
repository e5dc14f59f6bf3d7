"""`harness.json`: the card of a checkpoint, as stages and reports read it; `harness.encoders.cards` writes it."""

from pathlib import Path
from typing import Any

from harness.artifacts.artifact import read_described

FORMAT = "checkpoint 2"
NAME = "harness.json"
MADE_BY = {"baseline": "checkpoint", "clinical": "pretrain", "control": "pretrain"}


def card(folder: Path) -> dict[str, Any]:
    """The card of the folder `artifacts/checkpoints/FAMILY/ARM`."""
    family, arm = Path(folder).parts[-2:]
    return read_described(Path(folder) / NAME, FORMAT, f"harness {MADE_BY.get(arm, 'pretrain')} {family}")
