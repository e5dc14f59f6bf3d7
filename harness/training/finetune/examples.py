"""The types of fine-tuning inputs: `Example` for one input, `Examples` for many in flat arrays."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Example:
    """One input of the model: a text, a pair, a window of a document, or a question with its options.

    `rows` are the token ids of the input: one row per option of a question, otherwise one row. `types` are the segment
    ids of each row (empty if the tokenizer has none). `target` is a label index, a 0 or 1 per label, or one tag index
    per token of a window (`IGNORED` for special tokens). `record` is the index of the record that the input was made
    from. `offsets` are the (start, end) character offsets of a window's tokens, with start = end for special tokens.
    """

    rows: tuple[tuple[int, ...], ...]
    types: tuple[tuple[int, ...], ...]
    target: int | tuple[int, ...]
    record: int
    offsets: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> int:
        return max(len(row) for row in self.rows)


class Examples(Sequence):
    """A sequence of `Example`s in flat arrays, which take 5 bytes per token, and 12 bytes more in windows. `Example`
    objects would take some 30 bytes per token, and 130 in windows. `lengths` is the length of each example's longest
    row, int32 [examples].

    Raises ValueError if only some of the examples have segment ids or offsets.
    """

    def __init__(self, examples: Iterable[Example]):
        ids, types, targets, offsets = array("i"), array("b"), array("i"), array("i")
        row_ends, last_rows, target_ends, records, lengths = (array("q") for _ in range(5))
        self._tagged = False
        for example in examples:
            for row in example.rows:
                ids.extend(row)
                row_ends.append(len(ids))
            for row in example.types:
                types.extend(row)
            if isinstance(example.target, tuple):
                self._tagged = True
                targets.extend(example.target)
            else:
                targets.append(example.target)
            for place in example.offsets:
                offsets.extend(place)
            last_rows.append(len(row_ends))
            target_ends.append(len(targets))
            records.append(example.record)
            lengths.append(example.length)
        for name, found, wanted in (("segment ids", len(types), len(ids)), ("offsets", len(offsets), 2 * len(ids))):
            if found not in (0, wanted):
                raise ValueError(f"some examples have {name} and others do not")
        self._ids, self._types, self._targets = np.asarray(ids), np.asarray(types), np.asarray(targets)
        self._offsets = np.asarray(offsets).reshape(-1, 2)
        self._row_ends, self._last_rows = np.asarray(row_ends), np.asarray(last_rows)
        self._target_ends, self._records = np.asarray(target_ends), np.asarray(records)
        self.lengths = np.asarray(lengths).astype(np.int32)

    @property
    def tokens(self) -> np.ndarray:
        """The different token ids in all rows, ascending."""
        return np.unique(self._ids)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        last, first = self._between(self._last_rows, index)
        cuts = [self._between(self._row_ends, row) for row in range(first, last)]
        end, start = self._between(self._target_ends, index)
        target = self._targets[start:end].tolist()
        offsets = self._offsets[cuts[0][1] : cuts[-1][0]].tolist() if len(self._offsets) else ()
        return Example(
            tuple(tuple(self._ids[start:end].tolist()) for end, start in cuts),
            tuple(tuple(self._types[start:end].tolist()) for end, start in cuts) if len(self._types) else (),
            tuple(target) if self._tagged else target[0],
            int(self._records[index]),
            tuple((start, end) for start, end in offsets),
        )

    @staticmethod
    def _between(ends: np.ndarray, index: int) -> tuple[int, int]:
        """The end and the start of item `index`. `ends` are the ends of all items, which have no gaps."""
        return int(ends[index]), int(ends[index - 1]) if index else 0
