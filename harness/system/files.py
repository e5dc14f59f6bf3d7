"""Read, write and hash the files of the stages. Writes are atomic, and JSON is canonical.

A reader never meets half a file, because every file is written next to its target and then renamed. Equal values give
equal bytes: JSON has sorted keys, UTF-8, LF line ends and no NaN.
"""

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import DataError, DiskError, MissingInputError
from harness.system.disks import writing
from harness.system.scratch import remove_abandoned, replaced, scratch_folder
from harness.system.swapping import put_in_place
from harness.system.together import Together

_RESTORE = "Restore the file, or remove it and run `dvc repro`."
_BEYOND = "JSON that is nested too deep, or has a number with too many digits"


def write_bytes(path: Path, content: bytes) -> None:
    _write(path, (content,))


def _write(path: Path, contents: Iterable[bytes]) -> None:
    """Write a file atomically, piece by piece, so that the pieces need not all be in memory."""
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent)
        with replaced(path) as handle:
            for content in contents:
                handle.write(content)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make `folder` contain the files `contents` (bytes by file name), and no other file. Folders in `folder` are kept.

    So no file that an earlier run left there remains.
    """
    for name, content in contents.items():
        write_bytes(Path(folder) / name, content)
    if Path(folder).is_dir():
        for path in Path(folder).iterdir():
            if path.is_file() and path.name not in contents:
                path.unlink()


def canonical_json(value, *, indent: int | None = None) -> str:
    """The JSON text of a value, with sorted keys and without NaN, so that equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=indent)


def json_bytes(value) -> bytes:
    """The bytes that `write_json` writes for a value."""
    return (canonical_json(value, indent=1) + "\n").encode("utf-8")


def write_json(path: Path, value) -> None:
    write_bytes(path, json_bytes(value))


def write_jsonl(path: Path, rows: Iterable[dict]) -> None:
    _write(path, ((canonical_json(row) + "\n").encode("utf-8") for row in rows))


def read_text(path: Path, *, made_by: str | None = None) -> str:
    """The text of a UTF-8 file that a stage wrote.

    `made_by` is the command that makes the file, for the message if it is missing. Raises MissingInputError if the file
    is missing, or DataError if it is not UTF-8.
    """
    try:
        with _made(path, made_by):
            return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}).", remedy="Save the file as UTF-8.") from None


@contextlib.contextmanager
def _made(path: Path, made_by: str | None) -> Iterator[None]:
    """Raise MissingInputError for a missing file, which the command `made_by` has not made yet."""
    try:
        yield
    except FileNotFoundError:
        raise MissingInputError(
            f"{path} is missing.",
            remedy=f"Make it with `{made_by}`." if made_by else "Make it with `dvc repro`.",
        ) from None


def read_json(path: Path, *, made_by: str | None = None):
    text = read_text(path, made_by=made_by)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not JSON ({error.msg}).", remedy=_RESTORE) from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: {_BEYOND}.", remedy=_RESTORE) from None


def read_object(path: Path, *keys: str, made_by: str) -> dict:
    """The JSON object in a file, which must have at least `keys`. `made_by` is the command that writes the file.

    Raises DataError if the file has no object, or if the object lacks a key.
    """
    content = read_json(path, made_by=made_by)
    if not isinstance(content, dict) or any(key not in content for key in keys):
        with_keys = f" with {', '.join(keys)}" if keys else ""
        raise DataError(
            f"{path} is not what `{made_by}` writes: an object{with_keys}.",
            remedy=f"`dvc checkout` or `git checkout` restores it, `{made_by}` makes it anew.",
        )
    return content


def read_jsonl(path: Path, *, made_by: str | None = None, keys: Collection[str] = ()) -> list[dict]:
    """The rows of a JSONL file.

    Raises DataError if a row lacks one of `keys`. `made_by` is the command that writes the file.
    """
    rows = list(jsonl_rows(path, made_by=made_by))
    for number, row in enumerate(rows, start=1):
        if lacking := [key for key in keys if key not in row]:
            raise DataError(
                f"{path}, row {number}: these keys are missing: {', '.join(lacking)}.",
                remedy=f"Make it anew with `{made_by}`." if made_by else "Make it anew with `dvc repro`.",
            )
    return rows


def jsonl_rows(path: Path, *, made_by: str | None = None) -> Iterator[dict]:
    """Yield the rows of a JSONL file, which need not fit into memory. `made_by` is the command that writes the file.

    Raises DataError, with the line number, for a line that is not a JSON object.
    """
    with _made(path, made_by), open(path, "rb") as lines:
        # Bytes, because only "\n" ends a line: text would also be cut at U+2028.
        for number, line in enumerate(lines, start=1):
            if line == b"\n":
                continue
            try:
                row = json.loads(line.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path}, line {number}: not UTF-8 (byte {error.start}).", remedy="Save the file as UTF-8."
                ) from None
            except json.JSONDecodeError as error:
                raise DataError(f"{path}, line {number}: not JSON ({error.msg}).", remedy=_RESTORE) from None
            except (ValueError, RecursionError):
                raise DataError(f"{path}, line {number}: {_BEYOND}.", remedy=_RESTORE) from None
            if not isinstance(row, dict):
                raise DataError(f"{path}, line {number}: not a JSON object.", remedy=_RESTORE)
            yield row


def sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below `folder`, by its path relative to `folder`, in the order of the paths."""
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path) for path in paths}


def sha256_tree(folder: Path) -> str:
    """One SHA-256 over the relative paths and bytes of all files below `folder`."""
    return sha256_of_files(sha256_files(folder))


def sha256_of_files(hashes: dict[str, str]) -> str:
    """The `sha256_tree` of a folder, from the hashes of its files as `sha256_files` returns them."""
    digest = hashlib.sha256()
    for name, value in hashes.items():
        digest.update(f"{name}\0{value}\n".encode())
    return digest.hexdigest()


def sha256_value(value) -> str:
    """The SHA-256 of a plain value, taken from its canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


@contextlib.contextmanager
def atomic_folder(target: Path, within: Together | None = None) -> Iterator[Path]:
    """Yield an empty folder to fill. When the block ends without an error, this folder replaces `target`.

    If the process is killed, `target` is either the whole old folder or the whole new folder. `within` is a group of
    folders that are replaced together (`harness.system.together`). If `within` is given, `target` becomes the new
    folder only together with all others of the group.
    """
    target = Path(target)
    with writing(target), contextlib.ExitStack() as stack:
        copy = within.scratch_folder(target) if within else stack.enter_context(scratch_folder(target))
        with for_its_target(copy, target):
            yield copy
        (within.put_in_place if within else put_in_place)(copy, target)


@contextlib.contextmanager
def for_its_target(copy: Path, target: Path) -> Iterator[None]:
    """If the block raises a DiskError, name the file or folder `target` in its message instead of the scratch copy
    `copy`."""
    try:
        yield
    except DiskError as error:
        raise DiskError(error.message.replace(str(copy), str(target)), remedy=error.remedy) from error
