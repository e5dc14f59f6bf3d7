"""Remove what a killed DVC process leaves behind: temporary copies of files, and a damaged list of locks."""

import contextlib
import fcntl
import json
import os
import re
from pathlib import Path

_LIST, _GUARD, _LOCK = "rwlock", "rwlock.lock", "lock"
_COPY = re.compile(r".*\.[\w-]{22}\.tmp")
_WRITTEN = ("data", "artifacts", "reports", ".dvc/cache")


def repair(root: Path) -> None:
    """Remove DVC's temporary copies and a damaged list of locks, if no DVC process is at work."""
    _mend_list(root)
    copies = [
        Path(folder, name)
        for place in _WRITTEN
        for folder, _, names in os.walk(Path(root) / place)
        for name in names
        if _COPY.fullmatch(name)
    ]
    if copies:
        _remove(root, copies)


def _remove(root: Path, copies: list[Path]) -> None:
    """Remove the copies while DVC's lock is held, as DVC does when it writes. Experiments of DVC have locks of their
    own and record where they run. Nothing is removed if one runs outside the workspace."""
    folder = root / ".dvc" / "tmp"
    with contextlib.suppress(OSError), open(folder / _LOCK, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        linked = os.fstat(lock.fileno()).st_nlink > 1  # `core.hardlink_lock`: it is held
        experiments = [path.read_bytes() for path in (folder / "exps" / "run").glob("*/*.run")]
        if not linked and all(b'"location": "workspace"' in noted for noted in experiments):
            for path in copies:
                path.unlink(missing_ok=True)


def _mend_list(root: Path) -> None:
    """Remove a damaged `.dvc/tmp/rwlock`, with which every later command of DVC fails. DVC writes the file in place
    while it holds the lock beside it. If that lock is held, the file is not damaged but being written."""
    folder = Path(root) / ".dvc" / "tmp"
    with contextlib.suppress(OSError):
        if _whole(folder / _LIST):
            return
        with open(folder / _GUARD, "ab") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _whole(folder / _LIST):
                (folder / _LIST).unlink()


def _whole(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return True
