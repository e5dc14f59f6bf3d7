"""An existing checkpoint as an arm of a family: copied, verified, and held against token counts."""

import sys
from pathlib import Path

from harness.encoders.checkpoints import import_arm
from harness.params.config import Engine, Folder, Hub
from harness.system.determinism import prepare_torch
from harness.text.printable import terminal
from harness.training.pretrain import gate


def bring_in(
    root: Path, source: Hub | Folder, family: str, arm: str, architecture: str, engine: Engine, code: str
) -> None:
    """Write `artifacts/checkpoints/<family>/<arm>/` from `source`, and say what its gate said and what was not taken.

    `code` is the hash of the code that does it. Raises CheckpointError where the checkpoint cannot be taken in.
    """
    prepare_torch(engine.pretraining_threads, engine.device)
    target = root / "artifacts" / "checkpoints" / family / arm
    held = gate.Gate(root / "artifacts" / "corpus", source, engine)
    card = import_arm(source, family, arm, architecture, target, code, held)
    for note in (gate.said(card["gate"]), *card["notes"]):
        print(terminal(f"{family}/{arm}: {note}"), file=sys.stderr)
