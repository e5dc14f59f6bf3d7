"""Build parts of the pre-training corpus: clean the documents, and remove duplicates and documents with held-out text.

Workers clean and measure chunks of documents in parallel. The measures of each document (hashes, signatures, counts)
are written to columns on disk, and its text is written to the output at once. Then documents to remove are chosen, in
document order, and their lines are cut out of the output. So memory grows by only a few bytes for each document, and
the result does not depend on the sizes of chunks or the number of workers.
"""

import contextlib
import itertools
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.data import near_duplicates
from harness.data.columns import Column, equal_rows
from harness.data.corpus_files import Chunk
from harness.data.inspecting import DOCUMENT, Inspected, Inspector
from harness.data.words import Numbers
from harness.privacy import identifiers
from harness.system.parallel import ordered
from harness.text.visible import visible

# Why a document is removed, in the order of the checks. The name of OVERLAP includes the task.
KEPT, EMPTY, DUPLICATE, NEAR_DUPLICATE, OVERLAP = range(5)
_REASONS = {EMPTY: "empty", DUPLICATE: "duplicate", NEAR_DUPLICATE: "near duplicate"}


@dataclass
class Tally:
    """The counts of one part of the corpus, for the corpus card. `add` counts one block of documents after another.

    `read`, `kept` and `removed` (by reason) count documents by document type. `longest_match_kept` and
    `longest_match_removed` are the longest runs of words that a document has in common with a held-out text: one among
    the kept documents, the other among the documents that were removed for such an overlap.
    """

    read: Counter = field(default_factory=Counter)
    kept: Counter = field(default_factory=Counter)
    removed: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    words: Counter = field(default_factory=Counter)  # kept, by written standard
    documents: Counter = field(default_factory=Counter)  # kept, by written standard
    identifiers: Counter = field(default_factory=Counter)  # kept, by kind
    documents_with_identifiers: int = 0
    lookalikes: int = 0  # kept; see identifiers.LOOKALIKE
    documents_with_lookalikes: int = 0
    longest_match_kept: int = 0
    longest_match_removed: int = 0

    def add(
        self, table: np.ndarray, reasons: np.ndarray, kinds: list[str], standards: list[str], tasks: tuple[str, ...]
    ) -> None:
        """Count a block of documents.

        `table` has one row of type `inspecting.DOCUMENT` for each document. `reasons`, uint8 [documents], has the
        reason why each document is removed, or KEPT. `kinds` (document types), `standards` (written standards) and
        `tasks` are the lists of names to which the numbers in `table` refer.
        """
        marks = np.stack([table["kind"], reasons, np.where(reasons == OVERLAP, table["task"], 0)], axis=1)
        rows, counts = np.unique(marks.astype(np.int64), axis=0, return_counts=True)
        for (kind, reason, task), n in zip(rows.tolist(), counts.tolist(), strict=True):
            self.read[kinds[kind]] += n
            if reason == KEPT:
                self.kept[kinds[kind]] += n
            else:
                name = f"overlap with {tasks[task - 1]}" if reason == OVERLAP else _REASONS[reason]
                self.removed[name][kinds[kind]] += n
        kept = table[reasons == KEPT]
        for standard in np.unique(kept["standard"]).tolist():
            mine = kept["words"][kept["standard"] == standard]
            self.documents[standards[standard]] += len(mine)
            self.words[standards[standard]] += int(mine.sum(dtype=np.int64))
        for kind in identifiers.KINDS:
            self.identifiers[kind] += int(kept[kind].sum(dtype=np.int64))
        self.documents_with_identifiers += int(np.any([kept[kind] > 0 for kind in identifiers.KINDS], axis=0).sum())
        self.lookalikes += int(kept[identifiers.LOOKALIKE].sum(dtype=np.int64))
        self.documents_with_lookalikes += int((kept[identifiers.LOOKALIKE] > 0).sum())
        removed = table["longest"][reasons == OVERLAP]
        self.longest_match_kept = max(self.longest_match_kept, int(kept["longest"].max(initial=0)))
        self.longest_match_removed = max(self.longest_match_removed, int(removed.max(initial=0)))

    def as_card(self) -> dict:
        words, documents = self.words.total(), self.documents.total()
        return {
            "documents": {"in": self.read.total(), "kept": self.kept.total()},
            "in": dict(self.read),
            "kept": dict(self.kept),
            "removed": {
                reason: {"documents": types.total(), "by_document_type": dict(types)}
                for reason, types in self.removed.items()
            },
            "words": words,
            "written_standard": {
                standard: {
                    "documents": count,
                    "words": self.words[standard],
                    "share_of_documents": round(count / documents, 4),
                    "share_of_words": round(self.words[standard] / words, 4) if words else 0.0,
                }
                for standard, count in self.documents.items()
            },
            identifiers.LOOKALIKE: {"found": self.lookalikes, "documents": self.documents_with_lookalikes},
            "longest_match": {"kept": self.longest_match_kept, "removed": self.longest_match_removed},
        }


NAMED = 5  # documents with identifying details that an error names
_COPIED = 1 << 22  # bytes


@dataclass(frozen=True)
class Built:
    """The result of `build` for one part of the corpus.

    `tally` has the counts. `met` maps each n-gram length n to a mask, bool [n-grams], of the held-out n-grams that
    occur in kept documents. `identified` has the ids of the first `NAMED` kept documents with identifying details.
    """

    tally: Tally
    met: dict[int, np.ndarray]
    identified: tuple[str, ...]


def build(
    parts: Mapping[Path, Iterable[Chunk]], inspector: Inspector, scratch: Path, *, workers: int, progress
) -> list[Built]:
    """Write the kept documents of each part to the part's file, one JSON line each, in order. Return a `Built` for each
    part.

    `parts` maps the file of each part to the part's chunks of documents. A document is removed for the first of these
    reasons that applies:

    - The document has no words.
    - It equals an earlier document of its part or of an earlier part, except for case, white space and invisible
      differences.
    - It is a near duplicate of an earlier document that is neither a duplicate nor a near duplicate itself.
    - It contains too much held-out text.

    `inspector` cleans and measures the documents. `scratch` is an existing folder for temporary files, which needs
    about 0.5 kB for each document. `progress(documents, bytes)` is called after each chunk with the numbers of
    documents and bytes in this chunk.
    """
    with contextlib.ExitStack() as stack:
        columns, rows = _Columns(inspector, scratch, stack), []
        for target, chunks in parts.items():
            first = len(columns.table)
            with open(target, "wb") as lines:
                for inspected in ordered(inspector, chunks, workers):
                    lines.write(inspected.lines)
                    columns.append(inspected)
                    progress(len(inspected.table), inspected.size)
            rows.append(range(first, len(columns.table)))
        reasons = _reasons(columns, inspector.near_duplicate, scratch)
        return [_built(target, of, columns, reasons, inspector) for target, of in zip(parts, rows, strict=True)]


def _built(target: Path, of: range, columns: "_Columns", reasons: np.ndarray, inspector: Inspector) -> Built:
    """The result for one part, whose documents are the rows `of`. Removed documents are cut out of its file."""
    tally = Tally()
    for start, table in columns.table.blocks(of=of):
        block = reasons[start : start + len(table)]
        tally.add(table, block, list(columns.kinds), list(columns.standards), inspector.tasks)
    met = inspector.coverage.unmet()
    for n, pairs in columns.held_out.items():
        for _, block in pairs.blocks():
            mine = (block[:, 0] >= of.start) & (block[:, 0] < of.stop) & (reasons[block[:, 0]] == KEPT)
            met[n][block[mine, 1]] = True
    found = _identified(target, columns.table, of, reasons, named=not inspector.confidential)
    identified = tuple(itertools.islice(found, NAMED))
    _take_out(target, columns.table, of, reasons)
    return Built(tally, met, identified)


class _Columns:
    """The columns of all parts on disk, one part after the other, and the names that `table` numbers."""

    def __init__(self, inspector: Inspector, scratch: Path, stack: contextlib.ExitStack):
        def column(name: str, *shape) -> Column:
            return stack.enter_context(contextlib.closing(Column(scratch / name, *shape)))

        bands, _ = near_duplicates.bands_for(inspector.near_duplicate)
        self.table = column("table", DOCUMENT)
        self.exact = column("exact", np.uint64)
        self.bands = [column(f"band{i}", np.uint64) for i in range(bands)]
        self.signatures = column("signatures", np.uint16, near_duplicates.MINIMA)
        self.held_out = {n: column(f"held_out{n}", np.int64, 2) for n in inspector.coverage.lengths}
        self.kinds, self.standards = Numbers(), Numbers()

    def append(self, inspected: Inspected) -> None:
        first = len(self.table)
        table = inspected.table
        for key, names, known in (
            ("kind", inspected.kinds, self.kinds),
            ("standard", inspected.standards, self.standards),
        ):
            numbers = np.array([known[name] for name in names], np.uint32)
            table[key] = numbers[table[key]] if len(numbers) else 0
        self.table.append(table)
        self.exact.append(inspected.exact)
        self.signatures.append(inspected.signatures)
        for column, hashes in zip(self.bands, inspected.bands, strict=True):
            column.append(hashes)
        for n, pairs in inspected.held_out.items():
            self.held_out[n].append(pairs + np.array([first, 0]))


def _reasons(columns: _Columns, threshold: float, scratch: Path) -> np.ndarray:
    """The reason why each document is removed, or KEPT: uint8 [documents]."""
    reasons = np.zeros(len(columns.table), np.uint8)
    for start, table in columns.table.blocks():
        reasons[start : start + len(table)][table["words"] == 0] = EMPTY
    for values, numbers in equal_rows(columns.exact, reasons == KEPT):
        reasons[numbers[1:][values[1:] == values[:-1]]] = DUPLICATE
    chosen = reasons == KEPT
    near = near_duplicates.near_duplicates(columns.bands, columns.signatures, chosen, threshold, scratch / "pairs")
    reasons[near] = NEAR_DUPLICATE
    for start, table in columns.table.blocks():
        block = reasons[start : start + len(table)]
        block[(block == KEPT) & (table["task"] > 0)] = OVERLAP
    return reasons


def _identified(path: Path, table: Column, of: range, reasons: np.ndarray, named: bool) -> Iterator[str]:
    """Yield the ids of kept documents with identifying details. The document's number in the part replaces the id if
    `named` is false or the id has such details itself."""
    offset = 0
    with open(path, "rb") as lines:
        for start, block in table.blocks(of=of):
            sizes = block["size"].astype(np.int64)
            found = np.any([block[kind] > 0 for kind in identifiers.KINDS], axis=0)
            found &= reasons[start : start + len(block)] == KEPT
            offsets = offset + np.cumsum(sizes) - sizes
            for i in np.flatnonzero(found).tolist():
                lines.seek(int(offsets[i]))
                name = json.loads(lines.read(int(sizes[i])))["id"]
                yield name if named and not identifiers.count(visible(name)) else f"document {start - of.start + i + 1}"
            offset += int(sizes.sum())


def _take_out(path: Path, table: Column, of: range, reasons: np.ndarray) -> None:
    """Remove the lines of documents that are not kept, in place."""
    read = written = 0
    with open(path, "r+b") as lines:
        for start, block in table.blocks(of=of):
            kept = reasons[start : start + len(block)] == KEPT
            edges = np.flatnonzero(np.diff(kept)) + 1
            for run in np.split(np.arange(len(block)), edges):
                size = int(block["size"][run].sum(dtype=np.int64))
                if kept[run[0]]:
                    _move(lines.fileno(), read, written, size)
                    written += size
                read += size
        lines.truncate(written)


def _move(file: int, source: int, target: int, size: int) -> None:
    """Copy bytes towards the front of a file."""
    if source == target:
        return
    for start in range(0, size, _COPIED):
        content = os.pread(file, min(_COPIED, size - start), source + start)
        os.pwrite(file, content, target + start)
