"""What a comparison is fine-tuned on: its records by split part, and the checkpoint of each arm."""

from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.checkpoint import MADE_BY
from harness.artifacts.parts import by_part
from harness.encoders.intact import refuse_changed
from harness.system.files import read_json, sha256_files, sha256_of_files
from harness.task import Task


@dataclass(frozen=True)
class Inputs:
    """The records of each part, and where each arm's checkpoint lies."""

    parts: dict[str, list[dict]]
    checkpoints: dict[str, Path]
    hashes: dict


def read_inputs(root: Path, task: Task, family: str, arms: tuple[str, ...]) -> Inputs:
    """Records by split part, in id order, and the folder of each arm's checkpoint, with the hashes of all of them.

    Raises CheckpointError where a checkpoint's files are not those that its card records.
    """
    parts, hashes = by_part(root, task.name)
    checkpoints = {arm: root / "artifacts" / "checkpoints" / family / arm for arm in arms}
    # Each file is read once: what is trained on is what is recorded, and what its card says it is.
    found = {arm: sha256_files(folder) for arm, folder in checkpoints.items()}
    for arm, folder in checkpoints.items():
        refuse_changed(folder, found[arm])
        read_json(folder / "config.json", made_by=f"harness {MADE_BY[arm]} {family}")
    made_of = {arm: sha256_of_files(files) for arm, files in found.items()}
    return Inputs(parts, checkpoints, {**hashes, "checkpoints": made_of})
