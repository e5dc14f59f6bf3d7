"""Code shared by the readers of annotated documents, which are texts with labelled spans (brat, CoNLL, inline tags,
token lists).

A reader reads the files of a task one by one, and reports the faults of all files in one table.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.data import inline_tags, raw
from harness.data.findings import Finding, refuse
from harness.data.folders import matching, reads
from harness.data.reader import Layout, Reader
from harness.data.rows import read_so_far, value_faults
from harness.task import Reading
from harness.text.letters import composed_with_spans


@dataclass
class Gathered:
    """The records, findings (faults) and counts that a reader has gathered from the files read so far.

    A text may have at most `limit` characters. `repaired` and `dropped` count repairs and dropped documents by reason.
    `places` has the place of each record, such as "notes.conll line 3".
    """

    limit: int
    findings: list[Finding] = field(default_factory=list)
    repaired: Counter = field(default_factory=Counter)
    dropped: Counter = field(default_factory=Counter)
    records: list[dict] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def fault(self, check: str, where: str, column: str = "") -> None:
        self.findings.append(Finding(check, column, where))

    def content(self, path: Path, encoding: raw.Encoding = "utf-8", *, empty: bool) -> str:
        """The text of the file at `path`, decoded by `raw.read_text`. Lines that cannot be decoded become findings.
        Raises DataError for an empty file, unless `empty` is true."""
        return raw.read_text(path, self.repaired, self.findings, encoding=encoding, place=f"{path.name} ", empty=empty)

    def sound(self, text: object, where: str, column: str) -> bool:
        """Return whether `text` can be the text of a record. Each fault becomes a finding about `column` at the place
        `where`."""
        # `value_faults` accepts a list of texts, but a record has one text. So a list is checked as a dict: a fault.
        faults = list(value_faults({} if isinstance(text, list) else text, self.limit))
        self.findings += [Finding(fault, column, where) for fault in faults]
        return not faults

    def key(self, row: dict, column: str, where: str) -> str:
        """The id or group of a row, from its `column`, as a text without white space at its edges.

        A whole number becomes a text. If the value is missing or has another type, this is a finding, and the result is
        "". A text with a fault (such as a control character) is also a finding, but the text is returned.
        """
        value = row.get(column)
        repairs: set[str] = set()
        if value is None:
            self.fault("null value" if column in row else "missing column", where, column)
            return ""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.fault(raw.not_a_text(value), where, column)
            return ""
        key = raw.clean(str(value), repairs)
        self.repaired.update(repairs)
        if len(key) > raw.MAX_CHARACTERS:
            self.fault(f"more than {raw.MAX_CHARACTERS:,} characters, too many for an id or a group", where, column)
        else:
            self.findings += [Finding(fault, column, where) for fault in value_faults(key, raw.MAX_CHARACTERS)]
        return key

    def add(self, identity: str | None, group: str | None, part: str, text: str | None, spans: list[dict], where: str,
            **more) -> None:  # fmt: skip
        self.records.append({"id": identity, "group": group, "part": part, "text": text, "spans": spans, **more})
        self.places.append(where)

    def untagged(self, parsed: inline_tags.Parsed) -> tuple[str, list[dict]]:
        """The text of a parsed document without its inline tags, and its spans: dicts of start, end and label, with
        character offsets into the text. The text is in NFC. Repairs are counted."""
        self.repaired.update(parsed.repairs)
        spans = [{"start": start, "end": end, "label": label} for start, end, label in parsed.spans]
        return composed_with_spans(parsed.text, spans, self.repaired)

    def reading(self, name: str, count: int, unit: str, remedy: str) -> Reading:
        """A `Reading` (see `harness.task`) of all records. Raises RowsRefused with all findings if there are any.

        `name` names the data in the error message. `count` is the number of all units that were read, and `unit` is the
        word for units in the message, such as "documents". `remedy` says what the user can do.
        """
        reading = read_so_far(self.records, self.places, self.dropped, self.repaired)
        refuse(name, self.findings, count, unit=unit, remedy=f"{remedy}; nothing was written.", reading=reading)
        return reading


def reader(
    files: str | Mapping[str, str],
    each: Callable[[Gathered, Path, str, bool], int],
    layout: Layout,
    *,
    limit: int,
    unit: str,
    remedy: str,
    beside: Callable[[Path], list[Path]] = lambda path: [],
    columns: Mapping[str, str] | None = None,
) -> Reader:
    """A Reader of the files that match `files`, in the order of their names.

    `files` is a name or pattern, or maps patterns to parts ("pool" or "holdout"). `each(found, path, part, alone)`
    reads one file: it adds the file's records to `found` and returns the number of units in the file. `alone` is true
    if no other file matches. `beside(path)` lists the further files that belong to a file, such as its annotations.
    `limit` is the most characters that a text may have. `columns` maps columns of a record to columns of the files.
    `unit` and `remedy` are for the error message (see `Gathered.reading`).
    """

    def read(folder: Path) -> Reading:
        found, paths = Gathered(limit), matching(folder, files)
        count = sum(each(found, path, part, len(paths) == 1) for path, part in paths)
        return found.reading(str(folder), count, unit, remedy)

    return Reader(read, reads(files, beside), columns or {}, layout=layout)
