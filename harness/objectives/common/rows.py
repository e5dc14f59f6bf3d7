"""The types of pre-training rows: `Row` for one row, `Table` for many rows in flat arrays."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.text.bio import IGNORED


@dataclass(frozen=True)
class Row:
    """One input row for pre-training: token ids with special tokens, segment ids (or empty), the document number of
    every token (empty if the row is one document), and a label for the whole row, such as that of next-sentence
    prediction (`IGNORED` if the row has no label)."""

    ids: tuple[int, ...]
    segments: tuple[int, ...] = ()
    documents: tuple[int, ...] = ()
    label: int = IGNORED

    @property
    def length(self) -> int:
        return len(self.ids)


class Table:
    """A sequence of `Row`s in flat arrays, which take 4 to 8 bytes per token. `Row` objects would take 40 to 80 bytes
    per token. `lengths` is the number of tokens of each row, int32 [rows].

    Raises ValueError if only some of the rows have `segments` or `documents`.
    """

    def __init__(self, rows: Iterable[Row]):
        lengths, labels = array("i"), array("i")
        parts = {"ids": array("i"), "segments": array("b"), "documents": array("i")}
        for row in rows:
            lengths.append(row.length)
            labels.append(row.label)
            for name, values in parts.items():
                values.extend(getattr(row, name))
        self.lengths, self._labels = np.asarray(lengths), np.asarray(labels)
        self._ends = np.cumsum(self.lengths, dtype=np.int64)
        self._parts = {name: np.asarray(values) for name, values in parts.items()}
        for name, part in self._parts.items():
            if len(part) not in (0, len(self._parts["ids"])):
                raise ValueError(f"some rows have {name} and others do not")

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> Row:
        end = int(self._ends[index])
        start = end - int(self.lengths[index])
        values = {name: tuple(part[start:end].tolist()) for name, part in self._parts.items()}
        return Row(**values, label=int(self._labels[index]))
