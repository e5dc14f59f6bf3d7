"""What a task's folder holds, checked as a whole: all that its reader, its schema and its record find fault with."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.data import schema
from harness.data.findings import Finding, RowsRefused, refuse
from harness.errors import DataError
from harness.task import Reading, Task

NOT_READ = "a file that is not read: the task's reader names no such file"


def checked(task: Task, folder: Path, kind: str, source_name: str, recorded: Iterable[str] = ()) -> Reading:
    """The reading of `folder`, whose files are `recorded` as the data's.

    Raises DataError with one table of everything: rows that the reader refuses are held against the schema as far as
    they could be read, and a file that is recorded and that nobody reads is a fault like others.
    """
    unread = [Finding(NOT_READ + cause, "", name) for name, cause in _unread(task, Path(folder), recorded)]
    try:
        reading = task.reader(folder)
    except RowsRefused as refused:
        _refuse_together(task, kind, refused, unread)
        raise
    except DataError as error:
        if not unread:
            raise
        files = "\n".join(f"{folder}/{finding.row}: {finding.check}." for finding in unread)
        raise type(error)(f"{error.message}\n{files}", remedy=error.remedy) from None
    reading = _pooled(reading)
    found = schema.failures(task, reading, kind) if reading.records else []
    if unread:
        remedy = "Take these files out of the folder, or name them in the task's reader; nothing was written."
        refuse(source_name, [*unread, *found], len(reading.records) + len(unread), unit="files and records",
               remedy=remedy + schema.mapped(task, found))  # fmt: skip
    schema.refuse_failures(task, reading, found, source_name)
    return reading


def _pooled(reading: Reading) -> Reading:
    return replace(reading, records=[{"part": "pool", **record} for record in reading.records])


def _refuse_together(task: Task, kind: str, refused: RowsRefused, unread: list[Finding]) -> None:
    """Raise what the reader refused together with what the schema says of the rest."""
    found = [*unread, *refused.findings]
    if refused.reading is not None and refused.reading.records:
        # What the reader has told of is None in its reading.
        more = schema.failures(task, _pooled(refused.reading), kind)
        found += [finding for finding in more if finding.check != schema.MISSING]
    remedy = refused.remedy + schema.mapped(task, found)
    refuse(refused.name, found, refused.rows + len(unread), unit=refused.unit, remedy=remedy)


def _unread(task: Task, folder: Path, recorded: Iterable[str]) -> list[tuple[str, str]]:
    """(name, what is known of it) of every file that is recorded and that the reader leaves aside."""
    reads = getattr(task.reader, "reads", None)
    if reads is None or not folder.is_dir():
        return []
    read = reads(folder)
    endings = {Path(name).suffix for name in read}
    found = []
    for name in sorted(set(recorded) - read):
        ending = Path(name).suffix
        cause = ""
        if ending not in endings and ending.lower() in endings:
            cause = f" ({ending} is another ending than {ending.lower()})"
        elif ending == ".ann" and ".txt" in endings:
            cause = " (annotations without their text)"
        found.append((name, cause))
    return found
