"""Read the files of a corpus (JSONL, JSONL.gz, Parquet, plain text), one chunk at a time.

A document in "the form of the corpus" is a dict of texts: {"id", "document_type", "written_standard", "date", "text"}.
A DataError names the file, and the line or row.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.data.folders import RATIO, is_bomb, leads_out, unpacked_size
from harness.errors import DataError, MissingInputError

UNKNOWN = "unknown"
KINDS = (".jsonl", ".jsonl.gz", ".parquet", ".txt")
CHUNK = 1 << 19  # bytes
LONGEST_LINE = 1 << 26  # bytes; a longer "line" is a file of another kind
UNPACKED = 1 << 26  # bytes; see `is_bomb`
_COLUMNS = ("id", "text", "document_type", "written_standard", "date", "language")
_STANDARD = {"nb": "bokmål", "nn": "nynorsk"}
_REMEDY = (
    'Write one object {"id": …, "text": …} per line, or run `harness data generate data` to use the embedded corpus.'
)


@dataclass(frozen=True)
class Chunk:
    """Some documents of a corpus, which one worker handles at a time.

    `documents()` yields the documents. They are parsed only when this function is called, so the worker does the
    parsing. `size` is the number of bytes that the documents take in the corpus files. `ours` is true if the documents
    are training texts of tasks and not from a file, so that their document types were written by the harness.
    """

    documents: Callable[[], Iterator[dict]] = field(repr=False)
    size: int = 0
    ours: bool = False


def given(documents: Iterable[dict]) -> Chunk:
    """A chunk of documents that are already in memory, in the form of the corpus."""
    return Chunk(partial(iter, tuple(documents)), ours=True)


def corpus_files(folder: Path, name: str) -> list[Path]:
    """The corpus files at `folder/name`: this file, or all files below this folder in the order of their paths. Hidden
    files are left out.

    Raises MissingInputError if there is no file. Raises DataError for a file with another ending than KINDS, or for a
    file outside `folder`.
    """
    path = folder / name
    if path.is_dir():
        below = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
        shown = sorted(file.as_posix() for file in below if not any(part.startswith(".") for part in file.parts))
        files = [path / file for file in shown]
        if not files:
            raise MissingInputError(f"{path} has no files.", remedy=f"Put {', '.join(KINDS)} files there.")
    elif path.is_file():
        files = [path]
    else:
        raise MissingInputError(f"{path} is missing.", remedy="Make it with `dvc repro`, or put it there.")
    for file in (path, *files):
        if leads_out(file, folder):
            raise DataError(
                f"{file} leads out of {folder}.", remedy="Put the file itself there; links and .. are not followed."
            )
    for file in files:
        if not file.name.endswith(KINDS):
            raise DataError(
                f"{file} is not one of {', '.join(KINDS)}.", remedy="Convert it, or remove it from the corpus folder."
            )
    return files


def chunks(folder: Path, files: Iterable[Path]) -> Iterator[Chunk]:
    """Yield the documents of `files`, in order, in chunks of about `CHUNK` bytes. A plain text file is one document,
    and its id is its path below `folder`."""
    texts: list[Path] = []
    waiting = 0
    for path in files:
        if path.name.endswith(".txt"):
            texts.append(path)
            waiting += path.stat().st_size
            if waiting < CHUNK:
                continue
        if texts:
            yield Chunk(partial(_of_texts, folder, tuple(texts)), waiting)
            texts, waiting = [], 0
        if path.name.endswith(".parquet"):
            yield from _batches(path)
        elif not path.name.endswith(".txt"):
            yield from _lines(path)
    if texts:
        yield Chunk(partial(_of_texts, folder, tuple(texts)), waiting)


def read_documents(path: Path) -> Iterator[dict]:
    """Yield the documents of one file in the form of the corpus.

    A document may have a `language` (nb, nn), as in the review corpus NoReC. If such a document has no type, its type
    is "review", and if it has no written standard, the language gives the standard. Raises DataError with file and line
    or row if a document cannot be read.
    """
    for chunk in chunks(path.parent, corpus_files(path.parent, path.name)):
        yield from chunk.documents()


def _lines(path: Path) -> Iterator[Chunk]:
    first, before = 1, 0
    try:
        with open(path, "rb") as raw, gzip.open(raw) if path.name.endswith(".gz") else raw as handle:
            unpacked = 0
            while lines := _some_lines(handle, path, first):
                after = raw.tell()
                unpacked += sum(map(len, lines))
                _refuse_bomb(f"{path}, line {first}", unpacked, after)
                yield Chunk(partial(_of_lines, path, first, lines), after - before)
                first, before = first + len(lines), after
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DataError(f"{path}: not a gzip archive, or damaged.", remedy="Fetch the file again.") from None


def _refuse_bomb(where: str, unpacked: int, packed: int) -> None:
    """Raise DataError if a file, or its beginning, is far larger than it looks (both in bytes)."""
    if is_bomb(unpacked, packed, UNPACKED):
        raise DataError(
            f"{where}: unpacks to more than {RATIO} times its size, which is too much for text.",
            remedy="Do not use this file unless you know where it comes from; unpack it to see.",
        )


def _some_lines(handle, path: Path, first: int) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    while size < CHUNK and (line := handle.readline(LONGEST_LINE + 1)):
        if len(line) > LONGEST_LINE:
            raise DataError(f"{path}, line {first + len(lines)}: longer than {LONGEST_LINE >> 20} MB.", remedy=_REMEDY)
        lines.append(line)
        size += len(line)
    return lines


def _batches(path: Path) -> Iterator[Chunk]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            total, size = max(1, file.metadata.num_rows), path.stat().st_size
            unpacked = unpacked_size(file.metadata)
            _refuse_bomb(str(path), unpacked, size)
            present = [name for name in _COLUMNS if name in file.schema_arrow.names]
            for key in ("id", "text"):
                if key not in present:
                    raise DataError(f"{path}: no column {key!r}.", remedy="Rename the columns to id and text.")
            first = 1
            for batch in file.iter_batches(max(1, CHUNK * total // max(CHUNK, unpacked)), columns=present):
                batch.validate(full=True)
                yield Chunk(partial(_of_rows, path, first, batch), size * batch.num_rows // total)
                first += batch.num_rows
    except (ArrowException, OSError, ValueError):
        # The library's message may quote a value, or the name of a column.
        raise DataError(f"{path}: not a Parquet file, or damaged.", remedy="Write the file again.") from None


def _of_lines(path: Path, first: int, lines: list[bytes]) -> Iterator[dict]:
    for number, line in enumerate(lines, start=first):
        if line.strip():
            where = f"{path}, line {number}"
            yield _document(_parsed(line.removeprefix(b"\xef\xbb\xbf"), where), where)


def _of_rows(path: Path, first: int, batch) -> Iterator[dict]:
    """Yield the documents of an Arrow record batch."""
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        # The library's message may quote a value.
        raise DataError(
            f"{path}, from row {first} on: it has a value that Python cannot represent.",
            remedy="Write the file again with every value as text, dates too.",
        ) from None
    for number, row in enumerate(rows, start=first):
        yield _document(row, f"{path}, row {number}")


def _of_texts(folder: Path, paths: Iterable[Path]) -> Iterator[dict]:
    """Yield one document for each plain text file. The id of a document is the path of its file below `folder`."""
    for path in paths:
        text = _decoded(path.read_bytes(), str(path))
        yield _document({"id": path.relative_to(folder).as_posix(), "text": text}, str(path))


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 (byte {error.start}).", remedy="Save the file as UTF-8.") from None


def _parsed(line: bytes, where: str):
    text = _decoded(line, where)
    try:
        return json.loads(text)
    except RecursionError:
        why = "nested too deep"
    except json.JSONDecodeError as error:
        why = error.msg
    except ValueError:
        why = "a number with too many digits"
    raise DataError(f"{where}: not JSON ({why}).", remedy=_REMEDY)


def _document(row, where: str) -> dict:
    for key in ("id", "text"):
        if not isinstance(row, dict) or not isinstance(row.get(key), str):
            raise DataError(f"{where}: {key!r} is missing or not a string.", remedy=_REMEDY)
    language = str(row.get("language") or "")
    document = {
        "id": row["id"],
        "document_type": str(row.get("document_type") or ("review" if language else UNKNOWN)),
        "written_standard": str(row.get("written_standard") or _STANDARD.get(language, language)),
        "date": str(row.get("date") or ""),
    }
    try:
        "".join(document.values()).encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{where}: an invalid Unicode character (half of a surrogate pair) in a field other than the text.",
            remedy=_REMEDY,
        ) from None
    return document | {"text": row["text"]}
