"""Read the inputs of a comparison: its records by split part, and the encoders of its arms."""

from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.checkpoint import place, stage_of
from harness.artifacts.parts import by_part
from harness.encoders.intact import refuse_changed
from harness.system.files import read_json, sha256_files, sha256_of_files
from harness.task import Task


@dataclass(frozen=True)
class Inputs:
    """The records of each part, the folder of each encoder, and the hashes of both."""

    parts: dict[str, list[dict]]
    checkpoints: dict[str, Path]
    hashes: dict


def read_inputs(root: Path, task: Task, family: str, encoders: tuple[str, ...]) -> Inputs:
    """The `Inputs` of a comparison, with records in id order.

    Raises CheckpointError if a checkpoint's files differ from its card.
    """
    parts, hashes = by_part(root, task.name)
    checkpoints = {encoder: place(root, family, encoder) for encoder in encoders}
    # Each file is hashed once: for the check against the card, and for the record of the runs.
    found = {encoder: sha256_files(folder) for encoder, folder in checkpoints.items()}
    for encoder, folder in checkpoints.items():
        refuse_changed(folder, found[encoder])
        read_json(folder / "config.json", made_by=f"harness {stage_of(encoder)} {family}")
    made_of = {encoder: sha256_of_files(files) for encoder, files in found.items()}
    return Inputs(parts, checkpoints, {**hashes, "checkpoints": made_of})
