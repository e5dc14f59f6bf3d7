"""Read the inputs of a comparison (one task with one family of encoders): the records of each part of the split, and
the encoders."""

from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.checkpoint import place, stage_of
from harness.artifacts.parts import by_part
from harness.encoders.intact import refuse_changed
from harness.system.files import read_json, sha256_files, sha256_of_files
from harness.task import Task


@dataclass(frozen=True)
class Inputs:
    """The inputs of a comparison: the records of each part of the split by the part's name, the checkpoint folder of
    each encoder by the encoder's name, and the hashes of the records, of the split and of the folders."""

    parts: dict[str, list[dict]]
    checkpoints: dict[str, Path]
    hashes: dict


def read_inputs(root: Path, task: Task, family: str, encoders: tuple[str, ...]) -> Inputs:
    """Read the `Inputs` of the comparison of `task` with `family`, with records in id order. `encoders` are names such
    as "clinical".

    Raises CheckpointError if a checkpoint's files differ from the hashes in its card, and MissingInputError if an
    earlier stage has not been run.
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
