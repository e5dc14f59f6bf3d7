"""Find the folder of a checkpoint, and read its card `harness.json`, which states how the checkpoint was made.

`harness.encoders.cards` makes the card.
"""

from pathlib import Path
from typing import Any

from harness.artifacts.artifact import read_described
from harness.params.replicates import arm_of

FORMAT = "checkpoint 3"
NAME = "harness.json"
REPLICATES = "replicates"


def place(root: Path, family: str, encoder: str) -> Path:
    """The checkpoint folder of an encoder. `encoder` is the name of an arm ("clinical"), or of a further replicate of
    an arm ("clinical-2").

    All further replicates of a family are below one folder, because their number is a setting and DVC needs a fixed
    list of outputs.
    """
    above = Path(root) / "artifacts" / "checkpoints" / family
    return above / encoder if arm_of(encoder) == encoder else above / REPLICATES / encoder


def family_of(folder: Path) -> str:
    above = Path(folder).parent
    return above.parent.name if above.name == REPLICATES else above.name


def stage_of(encoder: str) -> str:
    """The name of the stage that makes this encoder: "checkpoint" or "pretrain". The subcommand of `harness` has the
    same name."""
    return "checkpoint" if encoder == "baseline" else "pretrain"


def card(folder: Path) -> dict[str, Any]:
    """The content of `harness.json` in the `folder` of an encoder (see `place`). Raises MissingInputError if the file
    is missing, DataError if it has another version."""
    made_by = f"harness {stage_of(Path(folder).name)} {family_of(folder)}"
    return read_described(Path(folder) / NAME, FORMAT, made_by)
