"""The records of a task by the part of its split, as everything that is fitted or scored reads them."""

from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.system.files import read_jsonl, read_object, sha256


def by_part(root: Path, task: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Records by part, in id order, and the hashes of the two files: `records` and `manifest`.

    Raises DataError where a record has no place in the manifest, MissingInputError where a stage has not been run.
    """
    records_file = Path(root) / "artifacts" / "validated" / task / "records.jsonl"
    manifest_file = Path(root) / "reports" / "splits" / f"{task}.json"
    records = read_jsonl(records_file, made_by=f"harness validate {task}", keys=("id", "group"))
    places = read_object(manifest_file, "splits", made_by=f"harness split {task}")["splits"]
    missing = sorted(record["id"] for record in records if record["id"] not in places)
    if missing:
        raise DataError(
            f"{manifest_file.name} knows no split for {len(missing)} records, first {missing[0]}.",
            remedy=f"Run `harness split {task}`.",
        )
    parts: dict[str, list[dict[str, Any]]] = {}
    for record in sorted(records, key=lambda record: record["id"]):
        parts.setdefault(places[record["id"]], []).append(record)
    return parts, {"records": sha256(records_file), "manifest": sha256(manifest_file)}
