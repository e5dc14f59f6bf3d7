"""Replace a file or folder by another, in one step if the file system can do so."""

import errno
import os
import shutil
from pathlib import Path

ENDING = ".partial"  # of scratch copies; DVC and git are told to ignore it


def beside(copy: Path, what: str) -> Path:
    return copy.with_name(copy.name.removesuffix(ENDING) + what + ENDING)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def put_in_place(copy: Path, target: Path) -> None:
    """Put `copy` in the place of `target`.

    The old target, if there was one, is afterwards at the path `copy` or deleted.
    """
    if not os.path.lexists(target):
        os.replace(copy, target)
        return
    if _exchanged(copy, target):
        return
    old = beside(copy, ".old")
    try:
        target.rename(old)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.rmtree(target)  # a lower layer of an overlay, in which nothing can be renamed
    try:
        copy.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    if old.exists():
        old.rename(copy)


def put_back(copy: Path, target: Path, new: int, there: bool) -> None:
    """Undo `put_in_place`, also if the process was killed during it.

    `new` is the inode of the file or folder that was to replace `target`. `there` is true if a target existed before.
    """

    def inode(path: Path) -> int | None:
        return os.lstat(path).st_ino if os.path.lexists(path) else None

    before = next((path for path in (beside(copy, ".old"), copy) if inode(path) not in (None, new)), None)
    if before == copy and inode(target) == new:
        put_in_place(copy, target)
    elif before is not None:
        if inode(target) == new:
            target.rename(copy)
        if not os.path.lexists(target):
            before.rename(target)
    elif not there and inode(target) == new:
        remove(target)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two files or folders in one step. Returns False if the file system or the platform cannot do this."""
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
