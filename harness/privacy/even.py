"""Pad files to whole blocks, so that their size does not reveal their content.

dvc.lock has the size of every output. Labels are words of different lengths, so the size of a file of answers reveals
how many rows have which label. So files with rows of restricted data, or with counts of such rows, are padded.
"""

from pathlib import Path

from harness.system import files

BLOCK = 1 << 16


def write_json(path: Path, value, hidden: bool) -> None:
    """Write JSON as `files.write_json` does. If the content is `hidden`, pad the file to whole blocks."""
    files.write_json(path, value)
    if hidden:
        fill(path)


def fill(path: Path) -> None:
    """Pad a file of JSON to whole blocks, with blanks at the end of its last line."""
    size = path.stat().st_size
    if size:
        with open(path, "r+b") as file:
            file.seek(size - 1)
            file.write(b" " * (-size % BLOCK) + b"\n")
