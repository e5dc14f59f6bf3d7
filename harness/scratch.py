"""Scratch copies: what is written beside its target until it is whole, and goes when its writer has ended.

The name of one tells whose it is. A lock that the kernel lets go of when its process ends, however it ends, tells
whether that process is still there, also to other machines where the file system shares locks.
"""

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_ENDING = ".partial"  # DVC and git are told to ignore it
_SCRATCH = re.compile(
    r"(?P<name>\.(?P<target>.+)\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{8})"
    r"(\.lock|\.old)?\.partial"
)
_LOCAL_LOCKS = {"localflock", "nolock", "local_lock=all", "local_lock=flock"}  # of the options of a mount


def aside_of(path: Path) -> Path:
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
def held(path: Path) -> Iterator[BinaryIO]:
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
    aside = aside_of(beside)
    with held(_beside(aside, ".lock")):
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


def put_in_place(aside: Path, target: Path) -> None:
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
