"""What a comparison is fine-tuned on: its records by split part, and the checkpoint of each arm."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.files import read_json, read_jsonl, sha256, sha256_tree
from harness.task import Task


@dataclass(frozen=True)
class Inputs:
    """The records of each part, and where each arm's checkpoint lies."""

    parts: dict[str, list[dict]]
    checkpoints: dict[str, Path]
    hashes: dict


def read_inputs(root: Path, task: Task, family: str, arms: tuple[str, ...]) -> Inputs:
    """Records by split part, in id order; every record must have its place in the manifest."""
    records_file = root / "artifacts" / "validated" / task.name / "records.jsonl"
    manifest_file = root / "reports" / "splits" / f"{task.name}.json"
    records = read_jsonl(records_file, made_by=f"harness validate {task.name}")
    places = read_json(manifest_file, made_by=f"harness split {task.name}")["splits"]
    missing = sorted(record["id"] for record in records if record["id"] not in places)
    if missing:
        raise DataError(
            f"{manifest_file.name} knows no split for {len(missing)} records, first {missing[0]}.",
            remedy=f"Run `harness split {task.name}`.",
        )
    parts: dict[str, list[dict]] = {}
    for record in sorted(records, key=lambda record: record["id"]):
        parts.setdefault(places[record["id"]], []).append(record)
    checkpoints = {arm: root / "artifacts" / "checkpoints" / family / arm for arm in arms}
    for arm, folder in checkpoints.items():
        command = f"harness {'checkpoint' if arm == 'baseline' else 'pretrain'} {family}"
        read_json(folder / "config.json", made_by=command)
    hashes = {
        "records": sha256(records_file),
        "manifest": sha256(manifest_file),
        "checkpoints": {arm: sha256_tree(folder) for arm, folder in checkpoints.items()},
    }
    return Inputs(parts, checkpoints, hashes)
