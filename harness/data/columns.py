"""Columns of numbers on disk, for corpora with more documents than fit in memory.

Files are read with plain reads, because the pages of a memory map count as memory of the process.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BLOCK = 1 << 18  # rows read at a time
PARTITION = 1 << 22  # rows sorted at a time: about 200 MB


class Column:
    """A column of numbers in a file on disk: rows are appended at its end, and are read in blocks or by row number.

    A row has `width` values of the numpy type `dtype`. If `dtype` is a structured type, `width` is 1. The file at
    `path` is made empty first.
    """

    def __init__(self, path: Path, dtype, width: int = 1):
        self._file = open(path, "w+b")  # noqa: SIM115 - closed by `close`
        self._dtype, self._width = np.dtype(dtype), width
        self._size = self._dtype.itemsize * width
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: np.ndarray) -> None:
        """Add `rows` at the end: an array of shape [rows], or [rows, width] if `width` is more than 1."""
        content = np.ascontiguousarray(rows, self._dtype)
        self._file.write(content.tobytes())
        self._rows += len(content)

    def blocks(self, rows: int = BLOCK, of: range | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the column in blocks, in order: (number of the block's first row, array of at most `rows` rows). `of`
        is the range of row numbers to yield. By default all rows are yielded."""
        self._file.flush()
        first, last = (of.start, of.stop) if of is not None else (0, self._rows)
        for start in range(first, last, rows):
            count = min(rows, last - start)
            yield start, self._shaped(self._read(start, count))

    def gather(self, numbers: np.ndarray) -> np.ndarray:
        """The rows with the given row `numbers`, in the order of `numbers`."""
        self._file.flush()
        return self._shaped(b"".join(self._read(number, 1) for number in numbers.tolist()))

    def close(self) -> None:
        self._file.close()

    def _read(self, start: int, count: int) -> bytes:
        return os.pread(self._file.fileno(), count * self._size, start * self._size)

    def _shaped(self, content: bytes) -> np.ndarray:
        values = np.frombuffer(content, self._dtype)
        return values if self._width == 1 else values.reshape(-1, self._width)


def equal_rows(
    column: Column, chosen: np.ndarray, partition: int = PARTITION
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (values, row numbers), two arrays, of the rows of a uint64 column that have the same value as another row.

    Only rows with True in `chosen`, bool [rows], take part. Rows with equal values are neighbours in the arrays, the
    earlier row first. A column with more than `partition` rows is sorted in several parts, which the leading bits of
    the values decide, and each part gives two arrays. So the values must be hashes with evenly spread bits.
    """
    bits = max(0, (-(-len(column) // partition) - 1).bit_length())
    for part in range(1 << bits):
        values, numbers = [], []
        for start, block in column.blocks():
            mine = chosen[start : start + len(block)]
            if bits:
                mine = mine & (block >> np.uint64(64 - bits) == part)
            values.append(block[mine])
            numbers.append(start + np.flatnonzero(mine))
        if not values or sum(map(len, values)) < 2:
            continue
        together = np.concatenate(values)
        order = np.argsort(together, kind="stable")
        together = together[order]
        same = together[1:] == together[:-1]
        several = np.append(same, False) | np.insert(same, 0, False)
        yield together[several], np.concatenate(numbers)[order][several]
