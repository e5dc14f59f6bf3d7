"""`artifacts/corpus/card.json`: what the stage `corpus` kept, what it removed, and why."""

from pathlib import Path
from typing import Any

from harness.artifacts.artifact import read_described

FORMAT = "corpus 2"


def card_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "corpus" / "card.json"


def card(root: Path) -> dict[str, Any]:
    return read_described(card_place(root), FORMAT, "harness corpus")
