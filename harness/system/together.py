"""Replace files in several places together: all of them or none, even if the process is killed."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.errors import DiskError
from harness.system.scratch import DONE, filled, held, not_there, remove_abandoned, scratch_beside, scratch_of, undo
from harness.system.swapping import ENDING, beside, put_in_place


class Together:
    """Folders that replace others together, and the journal that records them. See `together`."""

    def __init__(self, handle: BinaryIO, folder: Path, stack: contextlib.ExitStack):
        self._handle, self._folder, self._stack = handle, folder, stack

    @property
    def lock(self) -> int:
        """The lock. A child process that takes part must inherit it: while it lives, nothing is undone."""
        return self._handle.fileno()

    def scratch_folder(self, place: Path) -> Path:
        """As `scratch_folder`, until all is in place. Nobody needs to search its folder for abandoned copies."""
        place = Path(place)
        self.folder(place.parent)
        copy = scratch_beside(place)
        self.note({"scratch": os.path.relpath(copy, self._folder)})
        return self._stack.enter_context(filled(copy))

    def folder(self, path: Path) -> Path:
        """The folder `path`, made if it is missing. If all is undone, it is removed again, unless it has contents."""
        for place in reversed(not_there(path)):
            self.note({"folder": os.path.relpath(place, self._folder)})
            place.mkdir(exist_ok=True)
        return path

    def put_in_place(self, copy: Path, target: Path) -> None:
        """As `put_in_place`, but undone with the rest."""
        places = {"copy": os.path.relpath(copy, self._folder), "target": os.path.relpath(target, self._folder)}
        self.note(places | {"inode": copy.stat().st_ino, "there": os.path.lexists(target)})
        put_in_place(copy, target)

    def note(self, line: dict) -> None:
        self._handle.write(json.dumps(line).encode() + b"\n")
        self._handle.flush()
        os.fsync(self._handle.fileno())


@contextlib.contextmanager
def together(folder: Path, file: Path | None = None) -> Iterator[Together]:
    """Put folders in place and write `file` within the block: all of it, or nothing.

    If the block fails, everything is put back. If the process is killed, the next process that looks for abandoned
    copies in `folder` puts it back: until the block has ended, the old versions are kept and a journal names them.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    journal = beside(scratch_of(folder / (file or Path("together")).name), ".undo")
    with held(journal) as handle, contextlib.ExitStack() as stack:
        made = Together(handle, folder, stack)
        if file is not None:
            _refuse_another(journal, file)
            before = file.read_text(encoding="utf-8") if file.is_file() else None
            made.note({"file": os.path.relpath(file, folder), "before": before})
        try:
            yield made
        except BaseException:
            undo(journal)
            raise
        made.note(DONE)


def _refuse_another(journal: Path, file: Path) -> None:
    """Refuse a second process that replaces things and records them in one file: each would undo the other's."""
    others = [path for path in journal.parent.glob(f".{file.name}.*.undo{ENDING}") if path != journal]
    if others:
        raise DiskError(
            f"Another command is still writing {file.name}: that command, or a process that it started, has "
            f"{others[0]} open.",
            remedy=f"Wait until it has ended (`fuser {others[0]}` names it), then run this command again.",
        )
