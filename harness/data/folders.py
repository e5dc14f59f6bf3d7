"""Select the files of a task's folder that a reader reads, and detect harmful files.

Harmful are paths that lead out of the folder, and files that unpack to far more than their size.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import DataError

EMPTY = "empty file"
RATIO = 100  # no texts unpack to more times the size of their file


def matching(folder: Path, files: str | Mapping[str, str]) -> list[tuple[Path, str]]:
    """The pairs (file, part) of all files in `folder` that match `files`, in the order of names.

    `files` is a name or pattern, or maps patterns to parts. The part is that of the file's records: "holdout", or
    "pool" for records that are still to be split (the default). Raises DataError if a pattern matches no file, or if a
    file matches two patterns.
    """
    patterns = {files: "pool"} if isinstance(files, str) else dict(files)
    found: dict[Path, str] = {}
    for pattern, part in patterns.items():
        paths = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not paths:
            raise DataError(f"{folder / pattern} is missing.", remedy="Put the files there, or correct the pattern.")
        for path in paths:
            if path in found:
                listed = ", ".join(patterns)
                raise DataError(f"{path} matches two patterns.", remedy=f"Make the patterns disjoint: {listed}.")
            found[path] = part
    return sorted(found.items())


def reads(files: str | Mapping[str, str], beside: Callable[[Path], list[Path]] = lambda path: []) -> Callable:
    """A function that gets a folder and returns the names of the files that a reader reads there.

    These are the files that match `files` (a pattern, or a mapping with patterns as keys), and the files that
    `beside(path)` lists for each of them.
    """
    patterns = [files] if isinstance(files, str) else list(files)

    def names(folder: Path) -> set[str]:
        paths = [path for pattern in patterns for path in folder.glob(pattern) if path.is_file()]
        return {each.name for path in paths for each in (path, *beside(path))}

    return names


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether `path` leads outside `folder`, by a link or by "..". Links of DVC into its cache do not count."""
    end = path.resolve()
    in_cache = path.is_symlink() and end.parts[-4:-2] == ("files", "md5")
    return not in_cache and not end.is_relative_to(Path(folder).resolve())


def unpacked_size(metadata) -> int:
    """The number of bytes to which a Parquet file unpacks, as its footer (`metadata`) declares."""
    return sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))


def is_bomb(unpacked: int, packed: int, least: int) -> bool:
    """Return whether a file unpacks to suspiciously many bytes: to more than `least`, and to more than RATIO times its
    size. `packed` is the size of the file in bytes, and `unpacked` is the size after unpacking."""
    return unpacked > max(least, RATIO * packed)
