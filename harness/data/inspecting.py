"""Clean the documents of a corpus chunk, and measure words, hashes, overlap with held-out texts, and identifying
details."""

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np

from harness.data.corpus_files import UNKNOWN, Chunk
from harness.data.held_out import Coverage, HeldOutIndex
from harness.data.near_duplicates import band_hashes, compact, minima
from harness.data.words import Hashed, Numbers, clean, cut, hashed
from harness.privacy import identifiers, restricted
from harness.text.visible import visible

# One row for each document. `size`: bytes of the document's line, 0 if the line is not written. `kind` and `standard`:
# numbers in lists of names. `task`: number, from 1, of the first task with a held-out text in the document, 0 for none.
# `longest`: see `Overlap`.
DOCUMENT = np.dtype(
    [("size", "<u4"), ("words", "<u4"), ("kind", "<u4"), ("standard", "<u4"), ("task", "<u2"), ("longest", "<u4")]
    + [(kind, "<u4") for kind in (*identifiers.KINDS, identifiers.LOOKALIKE)]
)
# Encodes as `files.canonical_json` does, but is made only once, because it encodes every document of the corpus.
_line_of = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False).encode


@dataclass(frozen=True)
class Inspected:
    """The cleaned documents of a chunk and their measures, with one entry or row for each document.

    `lines`: the JSON lines of the documents, joined. `table`: rows of type DOCUMENT. `exact`: hashes of whole texts,
    uint64 [documents]. `bands` and `signatures` are for near duplicates (see `near_duplicates`): hashes of bands,
    uint64 [bands, documents], and MinHash signatures, uint16 [documents, minima]. `held_out` maps n to pairs (document,
    held-out n-gram in the document), int64 [pairs, 2]. `kinds` and `standards`: the names to which the numbers in
    `table` refer. `size`: bytes of the chunk in the corpus files.
    """

    lines: bytes = field(repr=False)
    table: np.ndarray
    exact: np.ndarray
    bands: np.ndarray
    signatures: np.ndarray
    held_out: dict[int, np.ndarray]
    kinds: tuple[str, ...]
    standards: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Inspector:
    """A function that cleans and measures the documents of a chunk: `inspector(chunk)`.

    `index` and `coverage` have the held-out texts. `near_duplicate` is the similarity (0 to 1) from which documents are
    near duplicates. If the corpus is `confidential`, document types and written standards from its files that are not
    in general use become "other".
    """

    index: HeldOutIndex
    coverage: Coverage
    near_duplicate: float
    confidential: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks with held-out texts. The numbers in `table["task"]` are positions in this tuple, counted from 1."""
        return tuple(sorted(self.index.scanned))

    def __call__(self, chunk: Chunk) -> Inspected:
        documents = [document | {"text": clean(document["text"])} for document in chunk.documents()]
        if self.confidential and not chunk.ours:
            documents = [document | _categories(document) for document in documents]
        seen = [visible(document["text"]) for document in documents]
        folded = [text.casefold() for text in seen]
        words = [cut(text) for text in folded]
        hashes = hashed(words)
        table = np.zeros(len(documents), DOCUMENT)
        table["words"] = hashes.lengths
        overlapping = self._overlapping(words, hashes, table)
        kinds, standards = Numbers(), Numbers()
        table["kind"] = [kinds[document["document_type"]] for document in documents]
        table["standard"] = [standards[document["written_standard"] or UNKNOWN] for document in documents]
        exact = np.fromiter(map(_content_hash, folded), np.uint64, len(documents))
        lines = [b""] * len(documents)
        for i, document in enumerate(documents):
            if words[i] and i not in overlapping:
                lines[i] = (_line_of(document) + "\n").encode()
                for kind, n in identifiers.of_document({"id": visible(document["id"]), "text": seen[i]}).items():
                    table[kind][i] = n
                table[identifiers.LOOKALIKE][i] = identifiers.lookalikes(seen[i])
        table["size"] = [len(line) for line in lines]
        signatures = minima(hashes)
        return Inspected(
            b"".join(lines),
            table,
            exact,
            band_hashes(signatures, self.near_duplicate),
            compact(signatures),
            self.coverage.find(hashes),
            tuple(kinds),
            tuple(standards),
            chunk.size,
        )

    def _overlapping(self, words: list[list[str]], hashes: Hashed, table: np.ndarray) -> set[int]:
        """Fill in `task` and `longest` of `table`. Return the numbers of documents with too much held-out text."""
        numbers = {task: number for number, task in enumerate(self.tasks, start=1)}
        overlaps = self.index.overlaps(words, hashes)
        for i, overlap in overlaps.items():
            table["longest"][i] = overlap.longest
            table["task"][i] = numbers[overlap.tasks[0]] if overlap.tasks else 0
        return {i for i, overlap in overlaps.items() if overlap.tasks}


def _categories(document: dict) -> dict[str, str]:
    columns = ("document_type", "written_standard")
    return {column: restricted.category(document[column]) for column in columns if document[column]}


def _content_hash(folded: str) -> int:
    """A 64-bit hash of a visible, case-folded text. It is equal for texts that differ only in case and white space."""
    content = " ".join(folded.split()).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
