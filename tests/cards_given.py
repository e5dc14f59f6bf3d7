"""Cards of validated data, whole, where a test gives a stage its records itself."""

from pathlib import Path

from harness.artifacts import validated
from harness.system import files

SOURCE = {
    "kind": "synthetic", "address": "", "revision": "", "files": {"rows.jsonl": "0" * 64}, "licence": "CC0-1.0",
    "language": "nb", "citation": "", "note": "invented",
}  # fmt: skip


def write(root: Path, task: str, **known) -> None:
    """The card of the records that lie at their place, if any do; `known` goes before what is invented."""
    records = validated.records_place(root, task)
    source = SOURCE | known.pop("source", {})
    fields = {
        "task": task, "head": "sequence", "version": "1", "kind": source["kind"], "source": source, "rows_in": 0,
        "rows": 0, "dropped": {}, "repaired": {}, "labels": {}, "parts": {},
        "sha256": files.sha256(records) if records.is_file() else "0" * 64,
    }  # fmt: skip
    validated.Card.of(**fields | known).write(validated.folder_of(root, task) / "card.json")
