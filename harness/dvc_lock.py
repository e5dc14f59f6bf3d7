"""What a DVC that was killed leaves behind and no DVC mends: half a list of who reads and writes what."""

import contextlib
import fcntl
import json
from pathlib import Path

_LIST, _GUARD = "rwlock", "rwlock.lock"


def mend(root: Path) -> None:
    """Remove a torn `.dvc/tmp/rwlock`, with which every later command of DVC fails.

    DVC writes it in place while it holds the lock beside it; where that is held, it is not torn but being written.
    """
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
