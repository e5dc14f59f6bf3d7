"""The order of the training rows: which rows make up each update. The order is the same on any number of devices, and
after any interruption.

A corpus is read in blocks of documents, so that memory does not grow with the corpus. In an epoch the blocks come in a
random order. The rows of a block are made, shuffled, and cut into effective batches of similar length. Rows that do not
fill an effective batch are left out of that epoch. Every random draw has a seed made of (purpose, seed, epoch, block),
so a training can resume from a position alone. If there are several blocks, another process makes the next block during
training.
"""

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from harness.errors import ConfigError
from harness.objectives.common.rows import Row, Table
from harness.system.determinism import derived_seed
from harness.system.parallel import made_ahead, ordered

# The most documents and tokens of a block. They limit its memory.
BLOCK_DOCUMENTS = 20_000
BLOCK_TOKENS = 1 << 24
BUCKETS = 16  # effective batches that are sorted by length together


@dataclass(frozen=True)
class Position:
    """The position of the next update: the epoch, the index of the block in the epoch's order, and the index of the
    effective batch in the block."""

    epoch: int = 0
    block: int = 0
    batch: int = 0


@dataclass(frozen=True)
class Begun:
    """The first part of an epoch, up to the position `end`, that a plan with another `seed` has used before a branched
    training started. The branched training's plan uses only the rest of this epoch, in its own order. The rows of the
    block at `end` stay the same, because the other plan has already cut them."""

    seed: int
    end: Position


def generator(*parts: str | int) -> torch.Generator:
    """A new random generator, seeded by `parts`, such as ("masks", seed, update)."""
    return torch.Generator().manual_seed(derived_seed(*parts))


def cut_blocks(sizes: Sequence[int] | np.ndarray, documents: int, tokens: int) -> list[range]:
    """Cut the corpus into blocks of at most `documents` documents and `tokens` tokens. Returns a range of document
    indices for each block. `sizes` are the numbers of tokens of the documents. A document with more than `tokens`
    tokens is a block of its own."""
    ends = np.cumsum(sizes, dtype=np.int64)
    blocks, start = [], 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        fitting = int(np.searchsorted(ends, before + tokens, "right"))
        blocks.append(range(start, min(start + documents, max(start + 1, fitting))))
        start = blocks[-1].stop
    return blocks


class Plan:
    """The plan of a training's updates: it makes the rows of each update, in micro-batches. `sizes` are the numbers of
    tokens of the documents. `rows(block, generator)` makes the rows of the documents with the indices `block`."""

    def __init__(
        self,
        sizes: Sequence[int] | np.ndarray,
        rows: Callable[[range, torch.Generator], Iterable[Row]],
        effective_batch: int,
        device_batch: int,
        seed: int,
        block_documents: int = BLOCK_DOCUMENTS,
        block_tokens: int = BLOCK_TOKENS,
    ):
        self._blocks = cut_blocks(sizes, block_documents, block_tokens)
        self._rows, self._seed = rows, seed
        self._effective, self._device = effective_batch, device_batch

    def updates(
        self, start: Position = Position(), begun: Begun | None = None
    ) -> Generator[tuple[Position, list[list[Row]]]]:
        """Yield (the position after the update, the update's micro-batches) for every update from `start` on, without
        end.

        `begun` is the part of an epoch that another plan has used. Close the generator when no more updates are needed,
        to end the process that makes the next block. Raises ConfigError if an epoch has no effective batch.
        """
        places = self._places(start, begun) if self._blocks else ()
        # With one block, another process would save no time.
        blocks = made_ahead(self._made, places) if len(self._blocks) > 1 else ordered(self._made, places, 1)
        with contextlib.closing(blocks):
            made = start.block + start.batch
            for at, table, batches in blocks:
                made = len(batches) + (made if at.block else 0)
                for number in range(start.batch if at == Position(start.epoch, start.block) else 0, len(batches)):
                    yield Position(at.epoch, at.block, number + 1), self._micro_batches(table, batches[number])
                if not made and at.block + 1 == len(self._blocks):
                    break
        raise ConfigError(
            f"The corpus does not fill one effective batch of {self._effective} rows.",
            remedy="Lower effective_batch in params.yaml, or use a larger corpus.",
        )

    def updates_per_epoch(self, workers: int = 1) -> int:
        """The number of updates in the first epoch, counted by making the rows of every block in `workers`
        processes."""
        return sum(ordered(self._updates_of, range(len(self._blocks)), min(workers, len(self._blocks))))

    def _updates_of(self, block: int) -> int:
        return len(self._made((Position(), block, None))[2])

    def _places(self, start: Position, begun: Begun | None) -> Iterator[tuple[Position, int, Begun | None]]:
        """Yield (position of its first batch, block number, `begun` if it ends here) for each block from `start` on."""
        for epoch in itertools.count(start.epoch):
            order = self._order(epoch, begun)
            for place in range(start.block if epoch == start.epoch else 0, len(order)):
                here = begun is not None and (begun.end.epoch, begun.end.block) == (epoch, place)
                yield Position(epoch, place), order[place], begun if here else None

    def _order(self, epoch: int, begun: Begun | None) -> list[int]:
        def drawn(seed: int) -> list[int]:
            return torch.randperm(len(self._blocks), generator=generator("blocks", seed, epoch)).tolist()

        if begun is None or epoch != begun.end.epoch:
            return drawn(self._seed)
        taken = drawn(begun.seed)[: begun.end.block + 1]
        return taken + [block for block in drawn(self._seed) if block not in set(taken)]

    def _made(self, place: tuple[Position, int, Begun | None]) -> tuple[Position, Table, np.ndarray]:
        """The position where a block begins, its rows, and its effective batches: row indices [batches, effective]."""
        at, block, begun = place
        seed = begun.seed if begun else self._seed
        with _one_thread():
            rows = Table(self._rows(self._blocks[block], generator("rows", seed, at.epoch, block)))
            drawn = generator("batches", seed, at.epoch, block)
            order, lengths = torch.randperm(len(rows), generator=drawn).tolist(), rows.lengths.tolist()
            batches = []
            for start in range(0, len(order), self._effective * BUCKETS):
                chunk = sorted(order[start : start + self._effective * BUCKETS], key=lengths.__getitem__)
                cuts = range(0, len(chunk) - self._effective + 1, self._effective)
                batches += [chunk[cut : cut + self._effective] for cut in cuts]
            mixed = [batches[b] for b in torch.randperm(len(batches), generator=drawn).tolist()]
            if begun:
                left = mixed[begun.end.batch :]
                again = torch.randperm(len(left), generator=generator("left", self._seed, at.epoch, block))
                mixed[begun.end.batch :] = [left[b] for b in again.tolist()]
        return at, rows, np.array(mixed, np.int32).reshape(-1, self._effective)

    def _micro_batches(self, table: Table, batch: np.ndarray) -> list[list[Row]]:
        rows = [table[i] for i in batch.tolist()]
        return [rows[start : start + self._device] for start in range(0, len(rows), self._device)]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread, because OpenMP in a forked process waits forever for threads that only its parent has."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
