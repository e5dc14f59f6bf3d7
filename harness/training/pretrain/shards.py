"""Store a corpus as token ids in memory-mapped Arrow files, which are tokenised once, may have any size, and are read
one document at a time.

The files are Arrow IPC streams, as `datasets` writes and opens them. They are written batch by batch, so the corpus is
never in memory as a whole.
"""

import hashlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError, MissingInputError
from harness.objectives.common.sentences import split_sentences
from harness.system.files import atomic_folder, read_json, write_json
from harness.system.messages import first_line
from harness.system.parallel import ordered

SHARD_TOKENS = 1 << 27  # tokens in one file: 512 MB
HELD_OUT_SHARE = 0.03
HELD_OUT_AT_MOST = 200
INDEX, HELD_OUT = "shards.json", "held_out.arrow"
_BATCH = 256  # most documents encoded at a time
_BATCH_CHARACTERS = 1 << 20


def is_held_out(document_id: str, already: int) -> bool:
    """Return whether a document is held out, if `already` documents are held out. The hash of `document_id` decides, so
    that every arm and family holds out the same documents."""
    draw = int.from_bytes(hashlib.sha256(document_id.encode("utf-8")).digest()[:4], "big") / 2**32
    return draw < HELD_OUT_SHARE and already < HELD_OUT_AT_MOST


def divided(documents: Iterable[dict]) -> Iterator[tuple[dict, bool]]:
    """Yield each document with True if the document is held out, otherwise with False."""
    number = 0
    for document in documents:
        held = is_held_out(document["id"], number)
        number += held
        yield document, held


@dataclass(frozen=True)
class _Encoder:
    tokenizer: Any
    by_sentence: bool

    def __call__(self, batch: list[tuple[dict, bool]]) -> list[tuple[np.ndarray, list[int]]]:
        """The (ids, number of ids of each sentence) of each document in `batch`."""
        pieces = [self._pieces(document["text"], held) for document, held in batch]
        texts = [piece for parts in pieces for piece in parts]
        encoded = iter(self.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else [])
        found = []
        for parts in pieces:
            ids = [next(encoded) for _ in parts]
            found.append((np.fromiter(itertools.chain.from_iterable(ids), np.int32), [len(piece) for piece in ids]))
        return found

    def _pieces(self, text: str, held: bool) -> list[str]:
        return split_sentences(text) if self.by_sentence and not held else [text]


def write(
    documents: Iterable[dict],
    tokenizer,
    by_sentence: bool,
    folder: Path,
    *,
    workers: int = 1,
    shard_tokens: int = SHARD_TOKENS,
) -> None:
    """Write the tokenised `documents` into `folder`, all or nothing: `00000.arrow`, …, `held_out.arrow`, `shards.json`.
    `Shards` and `held_out` read them.

    Documents are dicts as in the corpus ("id", "document_type", "text"). Each document gives one row, in the order of
    the documents: `ids` (list of int32, without special tokens), `sentences` (the number of ids of each sentence) and
    `document_type`. If `by_sentence` is True, every sentence is encoded by itself. Otherwise, and if a document is held
    out, the whole document is one sentence. `shard_tokens` is about the most tokens in one file. The same input gives
    the same bytes with any number of `workers`. Raises DataError if there is no text.
    """
    counts = {"documents": 0, "tokens": 0, "held_out_documents": 0}
    with atomic_folder(Path(folder)) as target:
        waiting: deque = deque()
        # `ordered` reads ahead, so documents of batches that are still being encoded wait here.
        encoded = ordered(_Encoder(tokenizer, by_sentence), _kept(batches(divided(documents)), waiting), workers)
        files: list[str] = []
        room, held_rows = 0, []
        with _Writer() as writer:
            for found in encoded:
                rows = [(*row, document["document_type"], held)
                        for row, (document, held) in zip(found, waiting.popleft(), strict=True)]  # fmt: skip
                held_rows += [row[:3] for row in rows if row[3]]
                rows = [row[:3] for row in rows if not row[3]]
                tokens = sum(len(ids) for ids, _, _ in rows)
                if not files or tokens > room:
                    files.append(f"{len(files):05d}.arrow")
                    writer.begin(target / files[-1])
                    room = shard_tokens
                writer.add(rows)
                room -= tokens
                counts["documents"] += len(rows)
                counts["tokens"] += tokens
            writer.begin(target / HELD_OUT)
            writer.add(held_rows)
            counts["held_out_documents"] = len(held_rows)
        if not counts["tokens"]:
            raise DataError(f"There is no text to write to {folder}.", remedy="Give a corpus with documents.")
        write_json(target / INDEX, counts | {"files": files, "by_sentence": by_sentence})


def batches(documents: Iterable[tuple[dict, bool]]) -> Iterator[list[tuple[dict, bool]]]:
    """Yield the (document, True if it is held out) pairs in batches that are tokenised together."""
    batch, size = [], 0
    for document, held in documents:
        batch.append((document, held))
        size += len(document["text"])
        if len(batch) == _BATCH or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _kept(found: Iterable[list], waiting: deque) -> Iterator[list]:
    for batch in found:
        waiting.append(batch)
        yield batch


class _Writer:
    """Writes one Arrow file after the other. A file is closed when the next one begins."""

    def __init__(self):
        import pyarrow as pa

        lists = pa.list_(pa.int32())
        self._schema = pa.schema({"ids": lists, "sentences": lists, "document_type": pa.string()})
        self._stream: Any = None

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *error) -> None:
        if self._stream is not None:
            self._stream.close()

    def begin(self, path: Path) -> None:
        import pyarrow as pa

        self.__exit__()
        self._stream = pa.ipc.new_stream(str(path), self._schema)

    def add(self, rows: list[tuple[np.ndarray, list[int], str]]) -> None:
        import pyarrow as pa

        ids, sentences, kinds = zip(*rows, strict=True) if rows else ((), (), ())
        columns = [_lists(ids), _lists(sentences), pa.array(kinds, pa.string())]
        self._stream.write_batch(pa.record_batch(columns, schema=self._schema))


def _lists(values: Iterable):
    import pyarrow as pa

    starts = np.cumsum([0, *map(len, values)], dtype=np.int32)
    flat = np.concatenate([np.empty(0, np.int32), *(np.asarray(value, np.int32) for value in values)])
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(flat))


class Shards:
    """The documents that `write` wrote to `folder`, memory-mapped, so that only requested documents are read.

    Raises MissingInputError if a file is missing, and DataError if a file is damaged.
    """

    def __init__(self, folder: Path):
        files = read_json(Path(folder) / INDEX)["files"]
        self._batches = [batch for name in files for batch in _opened(Path(folder) / name)]
        self._starts = np.cumsum([0, *(batch.num_rows for batch in self._batches)])
        self._number = -1
        self._here: tuple[np.ndarray, ...] = ()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def sizes(self) -> np.ndarray:
        """The number of tokens of every document, int32 [documents]."""
        borders = (_arrays(batch.column("ids"))[1][: batch.num_rows + 1] for batch in self._batches)
        return np.concatenate([np.empty(0, np.int32), *map(np.diff, borders)])

    def tokens(self, index: int) -> list[int]:
        place, ids, borders, _, _ = self._at(index)
        return ids[borders[place] : borders[place + 1]].tolist()

    def sentences(self, index: int) -> list[list[int]]:
        place, ids, borders, sizes, groups = self._at(index)
        cuts = borders[place] + np.cumsum([0, *sizes[groups[place] : groups[place + 1]]])
        return [ids[a:b].tolist() for a, b in itertools.pairwise(cuts)]

    def _at(self, index: int) -> tuple:
        """The document `index`: (row in its batch, ids, document borders in ids, sentence sizes, borders in sizes)."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = int(np.searchsorted(self._starts, index, "right")) - 1
        # Documents are mostly read in their order, so the batch is nearly always the last one.
        if number != self._number:
            batch = self._batches[number]
            self._number, self._here = number, (*_arrays(batch.column("ids")), *_arrays(batch.column("sentences")))
        return index - int(self._starts[number]), *self._here


def _arrays(lists) -> tuple[np.ndarray, np.ndarray]:
    """The (values, borders) of an Arrow list of int32, without a copy. pyarrow's own method would load pandas."""
    _, borders, _, values = lists.buffers()
    return np.frombuffer(values, np.int32) if values.size else np.empty(0, np.int32), np.frombuffer(borders, np.int32)


def held_out(folder: Path) -> list[tuple[str, list[int]]]:
    """Read the (document type, token ids) of the held-out documents in `folder`."""
    return [
        (row["document_type"], row["ids"]) for batch in _opened(Path(folder) / HELD_OUT) for row in batch.to_pylist()
    ]


def _opened(path: Path) -> list:
    """The record batches of one file, memory-mapped."""
    import pyarrow as pa

    remedy = f"Remove {path.parent} and run the command again: the corpus is tokenised anew."
    try:
        return list(pa.ipc.open_stream(pa.memory_map(str(path))))
    except FileNotFoundError:
        raise MissingInputError(f"{path} is missing.", remedy=remedy) from None
    except pa.ArrowException as error:
        raise DataError(f"{path} is damaged ({first_line(error)}).", remedy=remedy) from None
