"""Stored predictions as every scoring stage reads them: the recorded bytes, held against the validated data."""

from pathlib import Path

from harness.errors import DataError, MissingInputError
from harness.files import read_jsonl, sha256
from harness.task import Task


def recorded_lines(path: Path, recorded: str, made_by: str) -> list[dict]:
    """The lines of a prediction file whose SHA-256 `runs.json` gives as `recorded`.

    Raises MissingInputError where it is not there, DataError where it is another file.
    """
    if not path.is_file():
        raise MissingInputError(f"{path} is missing.", remedy=f"Make it with `{made_by}`.")
    if (found := sha256(path)) != recorded:
        raise DataError(
            f"{path} is not the file that runs.json records (SHA-256 {found[:12]}… instead of {recorded[:12]}…).",
            remedy=f"Make the predictions again with `{made_by}`.",
        )
    return read_jsonl(path)


def gold(task: Task, record: dict):
    """What the `gold` of a prediction line must be: the label, or [[start, end, label], …] in order."""
    if task.head == "tokens":
        return sorted([span["start"], span["end"], span["label"]] for span in record["spans"])
    return record["label"]
