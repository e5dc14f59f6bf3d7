"""Files as the stages exchange them: atomic, canonical, hashed.

A reader never meets half a file: everything is written beside its target and renamed. The same
values give the same bytes: keys sorted, UTF-8, `\n` line ends, no NaN.
"""

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from harness.errors import DataError, DiskError, HarnessError, MissingInputError

# What a disk may answer that is nobody's mistake in the code: what is said of it, and what helps.
_FREE = "Free space there, then run the command again."
_DISK = {
    errno.ENOSPC: ("No space left", _FREE),
    errno.EDQUOT: ("The disk quota is used up", _FREE),
    errno.EFBIG: ("The largest size of a file is reached", "Raise that limit (`ulimit -f`), then run it again."),
    errno.EROFS: ("The file system is read-only", "Mount it for writing, or work where it is."),
    errno.EACCES: ("Permission denied", "Give your user the right to it (`ls -ld` shows whose it is)."),
    errno.EPERM: ("Permission denied", "Give your user the right to it (`ls -ld` shows whose it is)."),
    errno.EBUSY: ("Device or resource busy", "It is replaced as a whole: mount the file system at a folder above it."),
}
_READING = (errno.EACCES, errno.EPERM, errno.EBUSY)  # may also be answered to a reader, about a file of its own
_SAID = re.compile(r"(?:os error|errno:?) (\d+)", re.IGNORECASE)


def disk_error(error: BaseException, path: Path | None = None, *, quiet: bool = False) -> DiskError | None:
    """What `error` says of a disk, as an error for the user; None where it is about something else.

    `path` is what was being written; a file that the error itself names stands in the message unless it must be
    `quiet` about names. Libraries in other languages give the system's answer only as text.
    """
    while error is not None:
        number = getattr(error, "errno", None) if isinstance(error, OSError) else _number_in(error)
        if number in _DISK:
            what, remedy = _DISK[number]
            named = getattr(error, "filename2", None) or getattr(error, "filename", None)
            if number in _READING and path and named and not Path(os.fsdecode(named)).is_relative_to(path.parent):
                return None  # something was read, not written
            named = path or (None if quiet else named)
            place = "" if named is None else f": {named}" if number in _READING else f" while writing {named}"
            return DiskError(f"{what}{place}.", remedy=remedy)
        error = error.__cause__
    return None


def _number_in(error: BaseException) -> int | None:
    if isinstance(error, HarnessError):
        return None
    text = str(error)
    if match := _SAID.search(text):
        return int(match[1])
    return next((number for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) if os.strerror(number) in text), None)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the disk refuses within the block is a DiskError that names `path`."""
    try:
        yield
    except Exception as error:
        if (found := disk_error(error, path)) is None:
            raise
        raise found from error


def write_bytes(path: Path, content: bytes) -> None:
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent)
        aside = _aside(path)
        with _held(aside) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
            os.replace(aside, path)


# Scratch copies. The name of one tells whose it is; a lock that the kernel lets go of when its process ends, however
# it ends, tells whether that process is still there, also to other machines where the file system shares locks.
_ENDING = ".partial"  # DVC and git are told to ignore it
_SCRATCH = re.compile(
    r"(?P<name>\.(?P<target>.+)\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{8})"
    r"(\.lock|\.old)?\.partial"
)
_LOCAL_LOCKS = {"localflock", "nolock", "local_lock=all", "local_lock=flock"}  # of the options of a mount


def _aside(path: Path) -> Path:
    """A name for a scratch copy that nobody else takes."""
    mine = f"{_host()}-{os.getpid()}-{_start(os.getpid())}-{os.urandom(4).hex()}"
    return path.with_name(f".{path.name}.{mine}{_ENDING}")


def _beside(aside: Path, what: str) -> Path:
    return aside.with_name(aside.name.removesuffix(_ENDING) + what + _ENDING)


def _host() -> str:
    """This machine, without its name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _start(pid: int) -> str:
    """When a process started, in ticks since this machine did: a later one may have the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[19]
    except (OSError, IndexError):
        return "0"


@contextlib.contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """A new file that is locked; it is gone at the end of the block, unless it has been renamed."""
    while True:
        handle = open(path, "xb")  # noqa: SIM115 (it is held until the block ends)
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Somebody who found it before it was locked has taken it for abandoned.
        if _is(handle, path):
            break
        handle.close()
    try:
        with handle:
            yield handle
    finally:
        path.unlink(missing_ok=True)


def _is(handle: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """An empty folder next to `beside`, for this process alone; it goes when the block or the process ends, at the
    latest when the next one is made there."""
    beside = Path(beside)
    beside.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(beside.parent)
    aside = _aside(beside)
    with _held(_beside(aside, ".lock")):
        aside.mkdir()
        try:
            yield aside
        finally:
            _remove(aside)


def remove_abandoned(folder: Path) -> None:
    """Remove the scratch copies in `folder` that no living process holds, and undo what one was killed at.

    A copy of another machine stays where the file system shares no locks with it, and is named.
    """
    found: dict[str, re.Match] = {}
    for path in sorted(Path(folder).glob(f".*{_ENDING}")):
        if match := _SCRATCH.fullmatch(path.name):
            found[match["name"]] = match
    for name, match in found.items():
        aside = Path(folder) / f"{name}{_ENDING}"
        lock, old = _beside(aside, ".lock"), _beside(aside, ".old")
        # One that cannot be looked at or removed stays; nothing depends on it.
        with contextlib.suppress(OSError), _abandoned(aside if aside.is_file() else lock, match) as yes:
            if yes:
                target = Path(folder) / match["target"]
                if old.exists() and not os.path.lexists(target):
                    old.rename(target)
                for path in (old, aside, lock):
                    _remove(path)


@contextlib.contextmanager
def _abandoned(lock: Path, match: re.Match) -> Iterator[bool]:
    """Whether the process that held `lock` has ended; within the block nobody else finds it so."""
    here = match["host"] == _host()
    ended = here and _start(int(match["pid"])) != match["start"]
    try:
        handle = open(lock, "r+b")  # noqa: SIM115 (it is held until the block ends)
    except FileNotFoundError:
        yield ended
        return
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ended = _is(handle, lock) and (here or not _locks_are_local(lock))
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass  # no locks here; the process's number and start have told
        if not (ended or here):
            _name_once(str(lock.with_name(match["name"] + _ENDING)))
        yield ended


def _locks_are_local(path: Path) -> bool:
    """Is `path` on a network's file system that shows its locks to this machine only?"""
    place, options = "", ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines():
            _, mount, _, given, *_ = line.split()
            if path.resolve().is_relative_to(mount) and len(mount) >= len(place):
                place, options = mount, given
    return bool(_LOCAL_LOCKS & set(options.split(",")))


@functools.cache
def _name_once(path: str) -> None:
    print(f"harness: {path} is another machine's scratch copy; remove it where no run there needs it.", file=sys.stderr)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def canonical_json(value, *, indent: int | None = None) -> str:
    """JSON with sorted keys and no NaN, so that equal values are equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=indent)


def write_json(path: Path, value) -> None:
    write_text(path, canonical_json(value, indent=1) + "\n")


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
    """A folder to fill; it takes the place of `target` only when the block ends without an error.

    Killed at any moment, `target` is the old one or the new one, whole.
    """
    target = Path(target)
    with writing(target), scratch_folder(target) as aside:
        try:
            yield aside
        except DiskError as error:
            raise DiskError(error.message.replace(str(aside), str(target)), remedy=error.remedy) from error
        _put_in_place(aside, target)


def _put_in_place(aside: Path, target: Path) -> None:
    """What was `target` is then found at `aside`, or nowhere."""
    if not os.path.lexists(target):
        os.replace(aside, target)
        return
    if _exchanged(aside, target):
        return
    old = _beside(aside, ".old")
    try:
        target.rename(old)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.rmtree(target)  # below it lies another layer of an overlay, of which nothing can be renamed
    try:
        aside.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    _remove(old)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two names change places in one step; False where the file system or the platform cannot."""
    import ctypes

    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, both = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    if exchange(here, os.fsencode(one), here, os.fsencode(other), both) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV):
        return False
    raise OSError(number, os.strerror(number), str(other))
