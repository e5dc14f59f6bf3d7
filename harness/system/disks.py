"""Turn disk errors (full, read-only, no permission, busy) into errors that say what to do."""

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import DiskError, HarnessError

# Disk errors that are no bug in the code: error number → (message, remedy).
_FREE = "Free space there, then run the command again."
_ASIDE = "Move it away, then run the command again."
_PERMIT = "Give your user read and write permission (`ls -ld` shows the owner)."
_NO_FOLDER = (errno.ENOTDIR, errno.EEXIST)
_DISK = {
    errno.ENOSPC: ("No space left", _FREE),
    errno.EDQUOT: ("The disk quota is used up", _FREE),
    errno.EFBIG: ("The largest size of a file is reached", "Raise that limit (`ulimit -f`), then run it again."),
    errno.EROFS: ("The file system is read-only", "Mount it for writing, or use a writable folder."),
    **dict.fromkeys((errno.EACCES, errno.EPERM), ("Permission denied", _PERMIT)),
    errno.EBUSY: (
        "Device or resource busy",
        "This path is replaced as a whole: mount the file system at a folder above it.",
    ),
    errno.EIO: ("The disk cannot be read or written", "Check the disk (`dmesg` says more), then run it again."),
    errno.ESTALE: ("The network share no longer has this file", "Mount the share anew, then run the command again."),
    errno.ELOOP: ("Links lead in a circle", "Remove the link."),
    errno.ENAMETOOLONG: ("The name is too long", "Give it a shorter name."),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), ("Too many files are open", "Raise the limit (`ulimit -n`).")),
    **dict.fromkeys(_NO_FOLDER, ("There is a file in place of a folder", _ASIDE)),
    errno.EISDIR: ("There is a folder in place of a file", _ASIDE),
}
# These may also be about a file that was read.
_READING = _DISK.keys() - {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_SHARES = ("nfs", "cifs", "smb", "9p", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "afs", "davfs", "fuse.sshfs",
           "fuse.s3", "fuse.gcs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.davfs", "fuse.gvfs", "fuse.kio",
           "fuse.juicefs", "fuse.blobfuse", "fuse.goofys", "fuse.mountpoint-s3", "fuse.dfuse", "fuse.mfs", "virtiofs",
           "vboxsf", "vmhgfs", "fuse.vmhgfs", "prl_fs", "pvfs2", "panfs", "wekafs", "coda", "cvfs")  # fmt: skip
_ELSEWHERE = re.compile(r"//|[\w+.-]+://|[\w@.\[\]-]+:/")  # //host/share, https://host/folder, host:/folder
_ESCAPED = re.compile(r"\\([0-7]{3})")  # how the list of mounts writes blanks and tabs
_SAID = re.compile(r"(?:os error|errno:?) (\d+)", re.IGNORECASE)


def mount_of(path: Path) -> tuple[str, str, str, set[str]]:
    """The file system that `path` is on, as (source, mount point, type, set of mount options), from /proc/self/mounts.

    The source is a device, or the address of a network share. Without /proc, all four are empty.
    """
    source, found, kind, options = "", "", "", ""
    path = Path(path).resolve()
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines():
            fields = [_ESCAPED.sub(lambda match: chr(int(match[1], 8)), field) for field in line.split(" ")]
            if path.is_relative_to(fields[1]) and len(fields[1]) >= len(found):
                source, found, kind, options = fields[:4]
    return source, found, kind, set(options.split(","))


def share_of(path: Path) -> str | None:
    """The mount point of the network share that `path` is on, or None if `path` is on a disk of this machine.

    A share is a file system that another machine serves. The type of the file system shows this, or a source that names
    a machine.
    """
    source, mount, kind, _ = mount_of(path)
    return mount if kind.startswith(_SHARES) or _ELSEWHERE.match(source) else None


def disk_error(
    error: BaseException | None, path: Path | None = None, *, shown: Callable[[Path], str | None] = str
) -> DiskError | None:
    """The disk error that `error` or one of its causes is, as an error for the user. None if there is no disk error.

    `path` is the file that was being written, and is named in the message. Without `path`, the file that the error
    itself names is put into the message as `shown(file)` returns it (None: no file is named). If `path` is given and
    the error is about a file elsewhere that was only read, the result is None. If an error is no OSError, the system's
    error number or text is searched in its message, because libraries in other languages give nothing else.
    """
    while error is not None:
        number = getattr(error, "errno", None) if isinstance(error, OSError) else _number_in(error)
        if number in _DISK:
            what, remedy = _DISK[number]
            named = getattr(error, "filename2", None) or getattr(error, "filename", None)
            named = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else None
            if number in _READING and path and named and not named.is_relative_to(path.parent):
                return None  # something was read, not written
            if number in _NO_FOLDER:
                path, named = path and _in_the_way(path), named and _in_the_way(named)
            named = path or (named and shown(named))
            place = "" if named is None else f": {named}" if number in _READING else f" while writing {named}"
            return DiskError(f"{what}{place}.", remedy=remedy)
        error = error.__cause__
    return None


def _in_the_way(path: Path) -> Path:
    """The file in the place of `path` or of a folder above it; `path` if there is none (any more)."""
    return next((place for place in (*reversed(path.parents), path) if place.is_file()), path)


def _number_in(error: BaseException) -> int | None:
    if isinstance(error, HarnessError):
        return None
    text = str(error)
    if match := _SAID.search(text):
        return int(match[1])
    return next((number for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) if os.strerror(number) in text), None)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a disk error within the block into a DiskError that names `path`. Other errors pass unchanged."""
    try:
        yield
    except Exception as error:
        if (found := disk_error(error, path)) is None:
            raise
        raise found from error
