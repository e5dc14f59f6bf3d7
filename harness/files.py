"""Files as the stages exchange them: atomic, canonical, hashed.

A reader never meets half a file: everything is written beside its target and renamed. The same
values give the same bytes: keys sorted, UTF-8, `\n` line ends, no NaN.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import DataError, MissingInputError


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def write_bytes(path: Path, content: bytes) -> None:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    try:
        with open(aside, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write `contents` by name, and take away every other file of the folder: what an earlier run left there."""
    for name, content in contents.items():
        write_bytes(Path(folder) / name, content)
    if Path(folder).is_dir():
        for path in Path(folder).iterdir():
            if path.is_file() and path.name not in contents:
                path.unlink()


def canonical_json(value, *, indent: int | None = None) -> str:
    """JSON with sorted keys and no NaN, so that equal values are equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=indent)


def json_bytes(value) -> bytes:
    """A value as `write_json` writes it."""
    return (canonical_json(value, indent=1) + "\n").encode("utf-8")


def write_json(path: Path, value) -> None:
    write_bytes(path, json_bytes(value))


def write_jsonl(path: Path, rows: Iterable[dict]) -> None:
    write_text(path, "".join(canonical_json(row) + "\n" for row in rows))


def read_text(path: Path, *, made_by: str | None = None) -> str:
    """The UTF-8 text of a file that a stage wrote; `made_by` is the command that makes it."""
    try:
        with _made(path, made_by):
            return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}).", remedy="Save the file as UTF-8.") from None


@contextlib.contextmanager
def _made(path: Path, made_by: str | None) -> Iterator[None]:
    """A file that is not there is one that its command has not made yet."""
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
        raise DataError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}).",
            remedy="Restore the file, or remove it and run `dvc repro`.",
        ) from None


def read_jsonl(path: Path, *, made_by: str | None = None) -> list[dict]:
    return list(jsonl_rows(path, made_by=made_by))


def jsonl_rows(path: Path, *, made_by: str | None = None) -> Iterator[dict]:
    """The rows of a file of any size, one at a time."""
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
                raise DataError(
                    f"{path}, line {number}: not JSON ({error.msg}).",
                    remedy="Restore the file, or remove it and run `dvc repro`.",
                ) from None
            yield row


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_tree(folder: Path) -> str:
    """One hash over the names and bytes of every file below `folder`, in sorted order."""
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def sha256_value(value) -> str:
    """Hash of a plain value through its canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A folder to fill; it takes the place of `target` only when the block ends without an error."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(target)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        if target.exists():
            shutil.rmtree(target)
        os.replace(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
