"""The code that the readers of annotated documents share. It reads file by file and shows all faults in one table."""

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
    """The records, findings and counts of the files read so far. A text may have at most `limit` characters."""

    limit: int
    findings: list[Finding] = field(default_factory=list)
    repaired: Counter = field(default_factory=Counter)
    dropped: Counter = field(default_factory=Counter)
    records: list[dict] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def fault(self, check: str, where: str, column: str = "") -> None:
        self.findings.append(Finding(check, column, where))

    def content(self, path: Path, encoding: raw.Encoding = "utf-8", *, empty: bool) -> str:
        """The text of a file, from `raw.read_text`. An empty file is refused unless `empty` is true."""
        return raw.read_text(path, self.repaired, self.findings, encoding=encoding, place=f"{path.name} ", empty=empty)

    def sound(self, text: object, where: str, column: str) -> bool:
        """Return whether `text` can be the text of a record. Each fault becomes a finding."""
        # `value_faults` accepts a list of texts, but a record has one text. So a list is checked as a dict: a fault.
        faults = list(value_faults({} if isinstance(text, list) else text, self.limit))
        self.findings += [Finding(fault, column, where) for fault in faults]
        return not faults

    def key(self, row: dict, column: str, where: str) -> str:
        """The id or group in `column`, as a text without white space at its edges. A whole number becomes a text. Any
        other type is a finding and gives the empty text. A text with a fault is a finding, too, but is returned."""
        value = row.get(column)
        repairs: set[str] = set()
        if value is None:
            self.fault("null value" if column in row else "missing column", where, column)
            return ""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.fault(f"{type(value).__name__} where text belongs", where, column)
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
        """The composed text and the spans (dicts of start, end and label) of a document without its inline tags."""
        self.repaired.update(parsed.repairs)
        spans = [{"start": start, "end": end, "label": label} for start, end, label in parsed.spans]
        return composed_with_spans(parsed.text, spans, self.repaired)

    def reading(self, name: str, count: int, unit: str, remedy: str) -> Reading:
        """A `Reading` of all records. Raises RowsRefused if there is any finding. `count` is the number of units."""
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

    `each(found, path, part, alone)` adds the records of one file to `found` and returns its number of units. `alone`
    says that no other file matches. `beside` gives the further files that belong to one."""

    def read(folder: Path) -> Reading:
        found, paths = Gathered(limit), matching(folder, files)
        count = sum(each(found, path, part, len(paths) == 1) for path, part in paths)
        return found.reading(str(folder), count, unit, remedy)

    return Reader(read, reads(files, beside), columns or {}, layout=layout)
