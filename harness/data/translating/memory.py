"""Read and write the translation memory: a file with a line for each text of each item.

A line has the item's id, the name of the text (its field), the hash of the original text, and the translation.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.data.translating import fields
from harness.errors import DataError
from harness.system.files import read_jsonl, write_jsonl

ORIGINALS, MEMORY = "originals.jsonl", "memory.jsonl"
Said = dict[tuple[str, str], str]  # (item id, field) → translation
_KEYS = ("id", "field", "source_sha256", "text")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def write(folder: Path, originals: Sequence[Mapping], texts: Sequence[str], labels: Sequence[str], said: Said) -> None:
    """Write the `originals` and the translations of their fields to two files in `folder`, each in the order of ids.

    `said` maps (id, field) to the translation. `texts` are the columns with texts, and `labels` the task's labels,
    which name the options (see `fields`).
    """
    ordered = sorted(originals, key=lambda record: record["id"])
    write_jsonl(folder / ORIGINALS, (dict(record) for record in ordered))
    write_jsonl(
        folder / MEMORY,
        (
            dict(zip(_KEYS, (record["id"], name, digest(text), said[record["id"], name]), strict=True))
            for record in ordered
            for name, text in fields.of(record, texts, labels)
        ),
    )


def read(path: Path) -> Iterable[dict]:
    """The lines of the memory at `path`, as dicts with "id", "field", "source_sha256" and "text". Raises DataError for
    a line that lacks a key."""
    return read_jsonl(path, made_by="harness translate", keys=_KEYS)


def of(path: Path, originals: Iterable[Mapping], texts: Sequence[str], labels: Sequence[str]) -> Said:
    """The translations in the memory at `path`, as {(id, field): text}, for all fields of the `originals`.

    Raises DataError if a field is missing, occurs twice, belongs to no original, or was translated from another text.
    `texts` are the columns with texts, and `labels` the task's labels, which name the options (see `fields`).
    """
    said: Said = {}
    hashes: dict[tuple[str, str], str] = {}
    for number, line in enumerate(read(path), start=1):
        key = line["id"], line["field"]
        if key in said:
            raise _unfit(path, f"line {number}", f"{line['field']} of {line['id']} occurs twice")
        said[key], hashes[key] = line["text"], line["source_sha256"]
    left = dict(hashes)
    for record in originals:
        for name, text in fields.of(record, texts, labels):
            if (found := left.pop((record["id"], name), None)) is None:
                raise _unfit(path, record["id"], f"{name} is missing")
            if found != digest(text):
                raise _unfit(path, record["id"], f"{name} was translated from another text")
    for record_id, name in left:
        raise _unfit(path, record_id, f"{name} is not a field of an original")
    return said


def _unfit(path: Path, where: str, what: str) -> DataError:
    return DataError(f"{path}, {where}: {what}.", remedy="Make the translation anew with `harness translate`.")
