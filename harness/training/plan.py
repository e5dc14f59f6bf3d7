"""Which rows make up which update: the same on any number of devices, and from any update on.

A corpus is read in blocks of documents, so that memory does not grow with it. In an epoch the blocks
come in a drawn order; a block's rows are made, shuffled, and cut into effective batches of similar
length. Rows that do not fill an effective batch are left out of that epoch and counted. Everything
drawn has a seed made of (purpose, seed, epoch, block), so a position is all that resuming needs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from harness.determinism import derived_seed
from harness.errors import ConfigError
from harness.parallel import ordered
from harness.training.batching import IGNORED

BLOCK = 20_000  # documents
BUCKETS = 16  # effective batches that are sorted by length together


@dataclass(frozen=True)
class Row:
    """One input row: token ids with special tokens, segment ids (or empty), the document of every token
    (or empty, where a row is one document), and a label for the whole row (`IGNORED`: none)."""

    ids: tuple[int, ...]
    segments: tuple[int, ...] = ()
    documents: tuple[int, ...] = ()
    label: int = IGNORED

    @property
    def length(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Position:
    """The next update: epoch, block within the epoch's order, effective batch within the block."""

    epoch: int = 0
    block: int = 0
    batch: int = 0


def generator(*parts: str | int) -> torch.Generator:
    """A generator of its own for every purpose and place."""
    return torch.Generator().manual_seed(derived_seed(*parts))


class Plan:
    """The updates of a training. `rows(documents, generator)` makes a block's rows."""

    def __init__(
        self,
        documents: int,
        rows: Callable[[range, torch.Generator], Sequence[Row]],
        effective_batch: int,
        device_batch: int,
        seed: int,
        block: int = BLOCK,
    ):
        self._blocks = [range(start, min(start + block, documents)) for start in range(0, documents, block)]
        self._rows, self._seed = rows, seed
        self._effective, self._device = effective_batch, device_batch

    def updates(self, start: Position = Position()) -> Iterator[tuple[Position, list[list[Row]]]]:
        """(position after it, its micro-batches) for every update from `start` on, without end."""
        position = start
        while True:
            order = torch.randperm(len(self._blocks), generator=generator("blocks", self._seed, position.epoch))
            whole, made = position.block == position.batch == 0, 0
            for place in range(position.block, len(order)):
                batches = self._batches(position.epoch, int(order[place]))
                for number in range(position.batch, len(batches)):
                    position = Position(position.epoch, place, number + 1)
                    yield position, self._micro_batches(batches[number])
                made += len(batches)
                position = Position(position.epoch, place + 1, 0)
            if whole and not made:
                raise ConfigError(
                    f"The corpus does not fill one effective batch of {self._effective} rows.",
                    remedy="Lower effective_batch in params.yaml, or use a larger corpus.",
                )
            position = Position(position.epoch + 1)

    def updates_per_epoch(self, workers: int = 1) -> int:
        """Updates in the first epoch; makes every block's rows once to count them."""
        return sum(ordered(self._updates_of, range(len(self._blocks)), min(workers, len(self._blocks))))

    def _updates_of(self, block: int) -> int:
        return len(self._batches(0, block))

    def _batches(self, epoch: int, block: int) -> list[list[Row]]:
        rows = self._rows(self._blocks[block], generator("rows", self._seed, epoch, block))
        drawn = generator("batches", self._seed, epoch, block)
        order = torch.randperm(len(rows), generator=drawn).tolist()
        batches = []
        for start in range(0, len(order), self._effective * BUCKETS):
            chunk = sorted(order[start : start + self._effective * BUCKETS], key=lambda i: rows[i].length)
            cuts = range(0, len(chunk) - self._effective + 1, self._effective)
            batches += [[rows[i] for i in chunk[cut : cut + self._effective]] for cut in cuts]
        return [batches[b] for b in torch.randperm(len(batches), generator=drawn).tolist()]

    def _micro_batches(self, batch: list[Row]) -> list[list[Row]]:
        return [batch[start : start + self._device] for start in range(0, len(batch), self._device)]
