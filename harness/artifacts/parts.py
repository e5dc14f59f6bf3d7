"""Read the validated records of a task, divided into the parts of its split (train, validation, test, …)."""

from pathlib import Path
from typing import Any

from harness.artifacts import split, validated
from harness.errors import DataError


def by_part(root: Path, task: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """The pair (records, hashes). `records` maps the name of each part to its records, in order of their ids. `hashes`
    are the SHA-256 of the two files that were read: `records` and `manifest` (the split).

    Raises DataError if a record has no part in the manifest, MissingInputError if a stage has not been run.
    """
    records, places = validated.records(root, task), split.parts_of(root, task)
    missing = sorted(record["id"] for record in records if record["id"] not in places)
    if missing:
        raise DataError(
            f"{split.manifest_place(root, task).name} has no part for {len(missing)} records, first {missing[0]}.",
            remedy=f"Run `harness split {task}`.",
        )
    parts: dict[str, list[dict[str, Any]]] = {}
    for record in sorted(records, key=lambda record: record["id"]):
        parts.setdefault(places[record["id"]], []).append(record)
    return parts, split.hashes(root, task)
