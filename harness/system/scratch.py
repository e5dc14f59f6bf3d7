"""Make scratch copies: temporary files and folders next to their target, which are removed when their process has
ended.

The name of a scratch copy identifies its process. The process also keeps a lock, which the kernel releases when the
process ends in any way. So the lock shows whether the process still runs. Other machines see the lock, too, if the file
system shares locks.
"""

import contextlib
import fcntl
import functools
import hashlib
import itertools
import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.system.disks import mount_of, share_of
from harness.system.swapping import ENDING, beside, put_back, remove

_SCRATCH = re.compile(
    r"(?P<name>\.(?P<target>.+)\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{8})"
    r"(\.lock|\.old|\.undo)?\.partial"
)
# Names of an older version, without a lock and a machine.
_OLDER = re.compile(r"\.(?P<target>.+)\.(?P<pid>\d+)\.partial")
_DAY = 24 * 3600  # seconds: on a share the process may be another machine's
_PLACES = ("copy", "target", "file", "scratch", "folder")  # keys of a line of a journal, with paths from its folder
DONE = {"done": True}
_LOCAL_LOCKS = {"localflock", "nolock", "local_lock=all", "local_lock=flock"}  # mount options: locks for one machine


def scratch_of(path: Path) -> Path:
    """A unique path for a scratch copy of `path`, in the same folder. Nothing is created."""
    mine = f"{_host()}-{os.getpid()}-{_start(os.getpid())}-{os.urandom(4).hex()}"
    return path.with_name(f".{path.name}.{mine}{ENDING}")


def _host() -> str:
    """The first 8 hex digits of a hash of this machine's name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _start(pid: int) -> str:
    """The start of a process in ticks since boot ("0": it has ended). A later process may have the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[19]
    except (OSError, IndexError):
        return "0"


@contextlib.contextmanager
def held(path: Path) -> Iterator[BinaryIO]:
    """Yield a new, locked file at `path`. The file is deleted at the end of the block, unless it has been renamed."""
    while True:
        handle = open(path, "xb")  # noqa: SIM115 (it is held until the block ends)
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Another process that found it before it was locked has removed it as abandoned.
        if _is(handle, path):
            break
        handle.close()
    try:
        with handle:
            yield handle
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file to fill.

    When the block ends without an error, the file is flushed to the disk and renamed to `path`.
    """
    copy = scratch_of(path)
    with held(copy) as handle:
        yield handle
        handle.flush()
        os.fsync(handle.fileno())
        os.replace(copy, path)


def _is(handle: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """Yield an empty folder next to `place`, for this process alone. The folder is removed when the block ends.

    If the process is killed, the next call for a place in the same parent folder removes the folder.
    """
    place = Path(place)
    missing = not_there(place.parent)
    try:
        with filled(scratch_beside(place)) as copy:
            yield copy
    finally:
        _remove_empty(missing)


def scratch_beside(place: Path) -> Path:
    """A path for a scratch copy next to `place`. The parent folder is made if it is missing.

    Abandoned scratch copies in that parent folder are removed.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(place.parent)
    return scratch_of(place)


def not_there(folder: Path) -> list[Path]:
    """Those of `folder` and the folders above it that do not exist, the innermost first."""
    return list(itertools.takewhile(lambda place: not os.path.lexists(place), (folder, *folder.parents)))


def _remove_empty(folders: list[Path]) -> None:
    """Remove these folders, the innermost first, until one is not empty."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


@contextlib.contextmanager
def filled(copy: Path) -> Iterator[Path]:
    """Create the folder `copy` and lock it during the block. What is at `copy` at the end of the block is removed."""
    with held(beside(copy, ".lock")):
        copy.mkdir()
        try:
            yield copy
        finally:
            remove(copy)


def is_scratch(name: str) -> bool:
    """Whether a file name is that of a scratch copy, or of a file that belongs to a scratch copy, such as its lock."""
    return bool(_SCRATCH.fullmatch(name) or _OLDER.fullmatch(name))


def remove_abandoned(folder: Path) -> None:
    """Remove the scratch copies of ended processes in `folder`, and undo what a killed process left half done.

    A scratch copy of another machine stays and is reported, if the file system shares no locks with that machine.
    """
    found: dict[str, re.Match] = {}
    undone: dict[str, re.Match] = {}
    for path in sorted(Path(folder).glob(f".*{ENDING}")):
        if match := _SCRATCH.fullmatch(path.name):
            (undone if path.name.endswith(f".undo{ENDING}") else found)[match["name"]] = match
        elif match := _OLDER.fullmatch(path.name):
            with contextlib.suppress(OSError):
                _remove_older(path, match)
    unsettled = set()
    for name, match in undone.items():
        journal = Path(folder) / f"{name}.undo{ENDING}"
        unsettled.add(_process(match))
        with contextlib.suppress(OSError), _abandoned(journal, match) as yes:
            if yes:
                undo(journal)
                journal.unlink()
                unsettled.discard(_process(match))
    for name, match in found.items():
        if _process(match) in unsettled:
            continue  # the earlier target may be there
        copy = Path(folder) / f"{name}{ENDING}"
        lock, old = beside(copy, ".lock"), beside(copy, ".old")
        # A copy that cannot be read or removed stays. Nothing depends on it.
        with contextlib.suppress(OSError), _abandoned(copy if copy.is_file() else lock, match) as yes:
            if yes:
                target = Path(folder) / match["target"]
                if old.exists() and not os.path.lexists(target):
                    old.rename(target)
                for path in (old, copy, lock):
                    remove(path)


def _remove_older(path: Path, match: re.Match) -> None:
    """Remove a scratch copy without a lock whose process has ended. If its target is missing, the copy stays: it may be
    the only version, because its process was killed just before it renamed the copy."""
    written = max(inner.lstat().st_mtime for inner in (path, *path.rglob("*")))
    resting = share_of(path) is None or time.time() - written > _DAY
    if _start(int(match["pid"])) == "0" and resting and os.path.lexists(path.with_name(match["target"])):
        remove(path)


def sweep(root: Path) -> None:
    """Remove the scratch copies that killed processes left anywhere in the repository at `root`."""
    for name in ("", "data", ".dvc"):
        remove_abandoned(Path(root) / name)
    for name in ("artifacts", "reports", "mlartifacts", "tasks", "tests/tasks"):
        sweep_below(Path(root) / name)


def sweep_below(folder: Path) -> None:
    for place, *_ in os.walk(folder):
        remove_abandoned(Path(place))


def _process(match: re.Match) -> tuple[str, str, str]:
    return match["host"], match["pid"], match["start"]


@contextlib.contextmanager
def _abandoned(lock: Path, match: re.Match) -> Iterator[bool]:
    """Yields whether the process that held `lock` has ended. Within the block, no other process gets True."""
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
            pass  # no locks here, so only the process's number and start count
        if not (ended or here):
            _name_once(str(lock.with_name(match["name"] + ENDING)))
        yield ended


def _locks_are_local(path: Path) -> bool:
    """Whether `path` is on a network file system on which other machines do not see this machine's locks."""
    return bool(_LOCAL_LOCKS & mount_of(path)[3])


@functools.cache
def _name_once(path: str) -> None:
    print(f"harness: {path} is another machine's scratch copy; remove it if no run there needs it.", file=sys.stderr)


def undo(journal: Path) -> None:
    """Undo the steps that a journal of `harness.system.together` lists, in reverse order.

    If the journal says that all steps were done, only the scratch copies are removed. A line without a line end is
    ignored, because its step was not done.
    """
    lines = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
    done = DONE in lines
    for line in reversed([line for line in lines if line != DONE]):
        places = {key: Path(os.path.normpath(journal.parent / line[key])) for key in _PLACES if key in line}
        if copy := places.get("scratch"):
            for path in (beside(copy, ".old"), copy, beside(copy, ".lock")):
                remove(path)
        elif "file" in places and not done:
            _restore(places["file"], line["before"])
        elif "target" in places and not done:
            put_back(places["copy"], places["target"], line["inode"], line["there"])
        elif "folder" in places and not done:
            _remove_empty([places["folder"]])


def _restore(file: Path, before: str | None) -> None:
    if before is None:
        file.unlink(missing_ok=True)
    elif not file.is_file() or file.read_text(encoding="utf-8") != before:
        with replaced(file) as handle:
            handle.write(before.encode())
