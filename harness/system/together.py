"""Replace several files and folders together: all are replaced, or none is, even if the process is killed."""

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
    """A group of files and folders that are replaced together, with the journal of the steps. The function `together`
    makes it."""

    def __init__(self, handle: BinaryIO, folder: Path, stack: contextlib.ExitStack):
        self._handle, self._folder, self._stack = handle, folder, stack

    @property
    def lock(self) -> int:
        """The file descriptor of the journal, which is locked. A child process that helps must inherit this descriptor.

        While the child process lives, no other process undoes the group's steps.
        """
        return self._handle.fileno()

    def scratch_folder(self, place: Path) -> Path:
        """An empty folder next to `place`, as from `scratch.scratch_folder`, until the block of `together` ends.

        The journal names the folder, so no other process has to search for the folder if this process is killed.
        """
        place = Path(place)
        self.folder(place.parent)
        copy = scratch_beside(place)
        self.note({"scratch": os.path.relpath(copy, self._folder)})
        return self._stack.enter_context(filled(copy))

    def folder(self, path: Path) -> Path:
        """The folder `path`, which is made if it is missing.

        If the group's steps are undone, a folder that was made here is removed, unless it has contents.
        """
        for place in reversed(not_there(path)):
            self.note({"folder": os.path.relpath(place, self._folder)})
            place.mkdir(exist_ok=True)
        return path

    def put_in_place(self, copy: Path, target: Path) -> None:
        """Put `copy` in the place of `target`, as `swapping.put_in_place` does.

        If the group's steps are undone, the old `target` is put back.
        """
        places = {"copy": os.path.relpath(copy, self._folder), "target": os.path.relpath(target, self._folder)}
        self.note(places | {"inode": copy.stat().st_ino, "there": os.path.lexists(target)})
        put_in_place(copy, target)

    def note(self, line: dict) -> None:
        self._handle.write(json.dumps(line).encode() + b"\n")
        self._handle.flush()
        os.fsync(self._handle.fileno())


@contextlib.contextmanager
def together(folder: Path, file: Path | None = None) -> Iterator[Together]:
    """Replace files and folders together within the block: all of them, or none. Yields the group (`Together`).

    The block replaces folders through the group, and may write `file` by itself. If the block fails, everything is put
    back. If the process is killed, the next process that looks for abandoned scratch copies in `folder` puts everything
    back. For this, the old versions are kept until the block has ended, and a journal in `folder` names them. Raises
    DiskError if another process is already writing `file`.
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
