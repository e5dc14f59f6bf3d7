"""Tokenised documents as memory-mapped Arrow files: a corpus of any size, read a row at a time.

The files are what `datasets` writes and opens (Arrow IPC streams), written batch by batch, so that neither
writing nor reading ever holds the corpus in memory.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, MissingInputError
from harness.files import atomic_folder, read_json, write_json
from harness.parallel import ordered

SHARD_TOKENS = 1 << 27  # tokens in one file: 512 MB
_BATCH = 256  # documents encoded at a time, or fewer long ones
_BATCH_CHARACTERS = 1 << 20


@dataclass(frozen=True)
class _Encoder:
    tokenizer: Any
    length: int | None

    def __call__(self, documents: list[dict]) -> list[list[list[int]]]:
        """The rows of each document; no row where a text has no token."""
        encoding = self.tokenizer(
            [document["text"] for document in documents],
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return [list(self._rows(ids)) for ids in encoding["input_ids"]]

    def _rows(self, ids: list[int]) -> Iterator[list[int]]:
        step = self.length or max(1, len(ids))
        return (ids[start : start + step] for start in range(0, len(ids), step))


def tokenised(
    documents: Iterable[dict],
    tokenizer,
    folder: Path,
    length: int | None = None,
    *,
    held_out: Callable[[dict], bool] = lambda document: False,
    workers: int = 1,
    shard_tokens: int = SHARD_TOKENS,
):
    """Write `folder/00000.arrow`, … and `shards.json`, all or nothing, and return `opened(folder)`.

    Documents are as in the corpus ("text", "document_type"). One row for each document, or with `length` for
    each piece of at most so many tokens, in order: `ids` (list of int32, without special tokens), `document`
    (int64, the document's place in `documents`), `document_type`, `held_out` (asked once for each document, in
    their order). The same input gives the same bytes with any number of `workers`.
    """
    import pyarrow as pa

    schema = pa.schema(
        [
            pa.field("ids", pa.list_(pa.int32())),
            pa.field("document", pa.int64()),
            pa.field("document_type", pa.string()),
            pa.field("held_out", pa.bool_()),
        ]
    )
    counts = {"documents": 0, "rows": 0, "tokens": 0, "held_out_documents": 0}
    with atomic_folder(Path(folder)) as target:
        batches, waiting = _batches(documents), deque()
        # `ordered` draws ahead: the documents of batches that are still being encoded wait here.
        rows_of = ordered(_Encoder(tokenizer, length), _kept(batches, waiting), workers)
        writer, files, room = None, [], 0
        try:
            for encoded in rows_of:
                batch = waiting.popleft()
                marks = [held_out(document) for document in batch]
                columns = _columns(batch, encoded, marks, counts["documents"])
                tokens = sum(map(len, columns["ids"]))
                if writer is None or tokens > room:
                    if writer is not None:
                        writer.close()
                    files.append(f"{len(files):05d}.arrow")
                    writer, room = pa.ipc.new_stream(str(target / files[-1]), schema), shard_tokens
                writer.write_batch(pa.record_batch(columns, schema))
                room -= tokens
                counts["documents"] += len(batch)
                counts["rows"] += len(columns["ids"])
                counts["tokens"] += tokens
                counts["held_out_documents"] += sum(marks)
        finally:
            if writer is not None:
                writer.close()
        if not counts["rows"]:
            raise DataError(f"There is no text to write to {folder}.", remedy="Give a corpus with documents.")
        write_json(target / "shards.json", counts | {"files": files, "length": length})
    return opened(folder)


def opened(folder: Path):
    """The rows below `folder` as one `datasets.Dataset`, memory-mapped: `dataset[i]["ids"]` reads only row i.

    Raises MissingInputError where `tokenised` wrote nothing, DataError for a damaged file.
    """
    import datasets
    import pyarrow as pa

    files = read_json(Path(folder) / "shards.json")["files"]
    shards = []
    for name in files:
        path = Path(folder) / name
        if not path.is_file():
            raise MissingInputError(f"{path} is missing.", remedy=f"Remove {folder} and tokenise the corpus again.")
        try:
            shards.append(datasets.Dataset.from_file(str(path)))
        except pa.ArrowException as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"{path} is damaged ({reason}).", remedy=f"Remove {folder} and tokenise the corpus again."
            ) from None
    return datasets.concatenate_datasets(shards)


def _batches(documents: Iterable[dict]) -> Iterator[list[dict]]:
    batch, size = [], 0
    for document in documents:
        batch.append(document)
        size += len(document["text"])
        if len(batch) == _BATCH or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _kept(batches: Iterable[list[dict]], waiting: deque) -> Iterator[list[dict]]:
    for batch in batches:
        waiting.append(batch)
        yield batch


def _columns(batch: list[dict], encoded: list[list[list[int]]], marks: list[bool], first: int) -> dict[str, list]:
    rows = [(i, ids) for i, pieces in enumerate(encoded) for ids in pieces]
    return {
        "ids": [ids for _, ids in rows],
        "document": [first + i for i, _ in rows],
        "document_type": [batch[i]["document_type"] for i, _ in rows],
        "held_out": [bool(marks[i]) for i, _ in rows],
    }
