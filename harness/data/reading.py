"""Read the data folder of a task into records, and check files, rows and schema. All findings are reported together."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.data import authored, reasons, schema
from harness.data.findings import Finding, RowsRefused, refuse
from harness.data.readers import fold
from harness.errors import DataError
from harness.heads import of
from harness.privacy import restricted
from harness.task import Reading, Task

_LOST = "\ufffd"
_MISSING = frozenset(["null", "none", "nan", "na", "n/a", "#n/a", "<na>", "nil", "undefined", "missing", "-"])
_ODD = (
    "with a replacement character (U+FFFD): letters were lost before this file was written.",
    'share a group whose name means "missing" (NULL, NaN, …); a split keeps them together.',
)
_FILES_NAMED = 5
PARTS = 3  # training, validation, test
NOT_READ = "the task's reader does not read this file"


def checked(task: Task, folder: Path, kind: str, source_name: str, recorded: Iterable[str] = ()) -> Reading:
    """The Reading (records and counts, see `harness.task`) of the data in `folder`, after all checks.

    `kind` is the kind of the data, such as "public". `source_name` names the data in messages. `recorded` are the files
    that the source record (`source.json`) names. Raises DataError with one table of all faults. Rows that the reader
    refuses are checked against the schema, too, as far as they could be read. A recorded file that the reader does not
    read is a fault.
    """
    unread = [Finding(NOT_READ + cause, "", name) for name, cause in _unread(task, Path(folder), recorded)]
    try:
        reading = authored.read(task, folder)
    except RowsRefused as refused:
        _refuse_together(task, kind, refused, unread)
        raise
    except DataError as error:
        if not unread:
            raise
        files = "\n".join(f"{folder}/{finding.row}: {finding.check}." for finding in unread[:_FILES_NAMED])
        files += f"\n{len(unread)} files in all are not read." if len(unread) > _FILES_NAMED else ""
        raise type(error)(f"{error.message}\n{files}", remedy=error.remedy) from None
    reading = _pooled(reading)
    if kind == restricted.KIND:
        dropped, repaired = (reasons.released(counts, task.reader) for counts in (reading.dropped, reading.repaired))
        reading = replace(reading, dropped=dropped, repaired=repaired)
    found = schema.failures(task, reading, kind) if reading.records else []
    if unread:
        remedy = "Remove these files from the folder, or name them in the task's reader; nothing was written."
        refuse(source_name, [*unread, *found], len(reading.records) + len(unread), unit="files and records",
               remedy=remedy + schema.mapped(task, found))  # fmt: skip
    schema.refuse_failures(task, reading, found, source_name)
    return reading


def remarks(task: Task, reading: Reading) -> list[str]:
    """Sentences for the user about a reading, on matters that are no faults: rows that were dropped or fixed, labels
    that are too rare to be in every part, texts with different answers, damaged texts, groups that are named like a
    missing value."""
    said = [f"{reading.rows_in} rows read, {len(reading.records)} kept."]
    for what, counts in (("Dropped", reading.dropped), ("Fixed", reading.repaired)):
        if counts:
            said.append(f"{what}: " + ", ".join(f"{counts[reason]} × {reason}" for reason in sorted(counts)) + ".")
    said += _labels(task, reading.records)
    rows, texts = differing_answers(task, reading.records)
    if texts:
        some = "texts occur" if texts > 1 else "text occurs"
        said.append(
            f"{texts} {some} in {rows} rows with different answers. All are kept, so no model can get all of them "
            "right."
        )
    said += [remark for remark in map(_remark, (damaged(reading.records), unnamed(reading.records)), _ODD) if remark]
    return said


def _labels(task: Task, records: list[dict]) -> list[str]:
    """Sentences about labels that no row has, and labels of too few groups for training, validation and test part.

    Each part needs a group of its own. If the split links groups, or parts are given, more labels may be too rare.
    """
    head = of(task)
    groups: dict[str, set[str]] = {label: set() for label in task.labels}
    for record in records:
        for label in set(head.labels_of(record)):
            groups[label].add(record["group"])
    said = []
    if absent := [label for label in task.labels if not groups[label]]:
        said.append(
            f"No row has {_named(absent)}: scores of {'it' if len(absent) == 1 else 'them'} cannot be measured, and "
            f"a macro mean counts {'it' if len(absent) == 1 else 'them'} as 0."
        )
    if rare := [label for label in task.labels if 0 < len(groups[label]) < PARTS]:
        said.append(
            f"Fewer than {PARTS} groups have {_named(rare)}: training, validation and test part each need one. "
            "If a part lacks a label, the label cannot be learnt, or its scores cannot be measured."
        )
    return said


def _named(labels: list[str]) -> str:
    return f"the label{'s' * (len(labels) > 1)} {', '.join(labels)}"


def _remark(rows: int, what: str) -> str:
    return f"{rows} {'rows' if rows > 1 else 'row'} {what}" if rows else ""


def damaged(records: Iterable[dict]) -> int:
    """The number of records with a replacement character (U+FFFD): a letter was lost before the file was written."""
    return sum(any(_LOST in text for text in _texts(record)) for record in records)


def unnamed(records: Iterable[dict]) -> int:
    """The number of records that share a group with a name that means a missing value (NULL, NaN, …)."""
    shared = Counter(record["group"] for record in records)
    return sum(rows for group, rows in shared.items() if rows > 1 and group.casefold() in _MISSING)


def _texts(record: dict) -> Iterable[str]:
    for value in record.values():
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))


def differing_answers(task: Task, records: Iterable[dict]) -> tuple[int, int]:
    """Count the texts that occur with different answers. Returns the number of records with such a text, and the number
    of such texts."""
    head = of(task)
    answers: dict[tuple, Counter] = {}
    for record in records:
        text = tuple(_folded(record[column]) for column in head.texts)
        answers.setdefault(text, Counter())[head.right_answer(record, task.labels, fold)] += 1
    several = [counts for counts in answers.values() if len(counts) > 1]
    return sum(counts.total() for counts in several), len(several)


def _folded(value) -> object:
    return frozenset(map(fold, value)) if isinstance(value, list) else fold(value)


def _pooled(reading: Reading) -> Reading:
    records, originals = ([{"part": "pool", **record} for record in of] for of in (reading.records, reading.originals))
    return replace(reading, records=records, originals=originals)


def _refuse_together(task: Task, kind: str, refused: RowsRefused, unread: list[Finding]) -> None:
    """Raise the reader's findings together with the schema's findings about the rows that could be read."""
    found = [*unread, *refused.findings]
    if refused.reading is not None and refused.reading.records:
        # A value that the reader has reported is None in its reading, and must not be reported again as missing.
        more = schema.failures(task, _pooled(refused.reading), kind)
        found += [finding for finding in more if finding.check != schema.MISSING]
    remedy = refused.remedy + schema.mapped(task, found)
    refuse(refused.name, found, refused.rows + len(unread), unit=refused.unit, remedy=remedy)


def _unread(task: Task, folder: Path, recorded: Iterable[str]) -> list[tuple[str, str]]:
    """The recorded files that the reader does not read, as (name, likely cause). The cause is "" if it is not known."""
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
            cause = f" ({ending} is not the same ending as {ending.lower()})"
        elif ending == ".ann" and ".txt" in endings:
            cause = " (annotations without their text)"
        found.append((name, cause))
    return found
