"""Stage `validate`: convert the raw files of one task to checked records.

The stage reads `data/<task>/` and writes `artifacts/validated/<task>/{records.jsonl,card.json}`. For a translation it
also writes `originals.jsonl`, by which the translation is split. It writes nothing if the source record, a hash, the
reader or the schema finds a fault. Ids and groups of restricted data are replaced by pseudonyms here, so that no later
stage ever sees the site's own ids.
"""

import sys
from collections import Counter
from pathlib import Path

from harness import heads
from harness.artifacts import validated
from harness.data import reader, reading, sources
from harness.data.discretion import errors_without_data
from harness.plugins import registry
from harness.privacy import even, pseudonyms, restricted
from harness.system import files
from harness.task import Reading, Task
from harness.text.printable import terminal


def run(root: Path, name: str) -> validated.Card:
    """Validate the data of the task `name`, write the records, and return the card that was written."""
    root = Path(root)
    task = registry.get(root, name)
    records, card, originals = check(task, root / "data" / name, root)
    made = Reading(records, card["rows_in"], card["dropped"], card["repaired"])
    for remark in reading.remarks(task, made):
        print(terminal(f"{name}: {remark}"), file=sys.stderr)
    with files.atomic_folder(validated.folder_of(root, name)) as folder:
        files.write_jsonl(folder / "records.jsonl", records)
        hidden = card["kind"] == restricted.KIND
        if hidden:
            even.fill(folder / "records.jsonl")
        if originals:
            files.write_jsonl(folder / "originals.jsonl", originals)
        written = validated.Card.of(**card, sha256=files.sha256(folder / "records.jsonl"))
        written.write(folder / "card.json", hidden=hidden)
    return written


def check(task: Task, folder: Path, root: Path) -> tuple[list[dict], dict, list[dict]]:
    """Check the raw files in `folder`, without writing anything. Returns (records, card, originals).

    `originals` are the records in their own language from which a translation was made. They are empty for other tasks
    and for restricted data. Raises DataError if the data have a fault, MissingInputError if restricted data need a key
    that `root` lacks.
    """
    source = sources.read_source(folder)
    reader.hold_columns(source, task)
    with errors_without_data(source["kind"], task.name, folder):
        sources.verify(folder, source)
        names = ", ".join(sorted(source["files"]))
        read = reading.checked(task, folder, source["kind"], f"{folder}/{names}", source["files"])
    records, ids = read.records, {}
    if source["kind"] == restricted.KIND:
        key = pseudonyms.read_key(root)
        records = pseudonyms.replaced(records, task.name, (task.groups.column,), key)
        ids = {"ids": {"scheme": pseudonyms.SCHEME, "key": key.fingerprint}}
    parts = Counter(record["part"] for record in records)
    card = {
        "task": task.name,
        "head": task.head,
        "version": task.version,
        "kind": source["kind"],
        "source": source,
        "rows_in": read.rows_in,
        "rows": len(records),
        "dropped": read.dropped,
        "repaired": read.repaired,
        "labels": _label_counts(task, records),
        "parts": {"pool": parts["pool"], "holdout": parts["holdout"]},
        **ids,
    }
    return records, card, [] if ids else read.originals


def _label_counts(task: Task, records: list[dict]) -> dict[str, int]:
    counts = Counter(label for record in records for label in heads.of(task).labels_of(record))
    return {label: counts[label] for label in task.labels}
