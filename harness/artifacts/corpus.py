"""The two files that the stage `corpus` writes about the pre-training corpus: its card, and a summary of each of its
parts (general, clinical, task)."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts.artifact import Artifact, read_described
from harness.params.arms import PARTS

FORMAT = "corpus 3"
MADE_BY = "harness corpus"


class Parts(Artifact):
    """The file `parts.json`: for each part of the pre-training corpus, a summary with the fields of
    `harness.encoders.cards.CorpusPart`."""

    FORMAT: ClassVar[str] = "corpus parts 2"
    general: dict[str, Any]
    clinical: dict[str, Any]
    task: dict[str, Any]


def card_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "corpus" / "card.json"


def card(root: Path) -> dict[str, Any]:
    return read_described(card_place(root), FORMAT, MADE_BY)


def parts_place(root: Path) -> Path:
    return Path(root) / "artifacts" / "corpus" / "parts.json"


def parts(root: Path) -> dict[str, dict[str, Any]]:
    """The summary of each part of the pre-training corpus, by the name of the part (see `Parts`)."""
    found = Parts.read(parts_place(root), MADE_BY)
    return {part: getattr(found, part) for part in PARTS}
