"""Pad files to whole blocks, so that their size does not tell what they hold.

DVC's lock notes the size of every output. A label is a word, and words have lengths: the size of a file of answers
tells how many of them were which. So files that hold rows of restricted data, or counts of them, have whole blocks.
"""

from pathlib import Path

from harness.system import files

BLOCK = 1 << 16


def write_json(path: Path, value, hidden: bool) -> None:
    """As `files.write_json`; where what it holds is `hidden`, in whole blocks."""
    files.write_json(path, value)
    if hidden:
        fill(path)


def fill(path: Path) -> None:
    """Put as many blanks at the end of the last line of a file of JSON as its block has room for."""
    size = path.stat().st_size
    if size:
        with open(path, "r+b") as file:
            file.seek(size - 1)
            file.write(b" " * (-size % BLOCK) + b"\n")
