"""Find near-duplicate documents in a large corpus: MinHash signatures, bands, and a check of each pair.

Broder (1997) estimates the Jaccard similarity of two sets of shingles by the share of equal minima under
many orderings; Leskovec, Rajaraman and Ullman (Mining of Massive Datasets, ch. 3) find the pairs worth
comparing by cutting the signature into bands. Shingles of five words and a threshold of 0.8 follow
Lee et al. (2022), "Deduplicating Training Data Makes Language Models Better".
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.data.columns import PARTITION, Column, equal_rows
from harness.data.words import Hashed, folded
from harness.system.determinism import derived_seed

SHINGLE = 5  # words
MINIMA = 128  # the estimate's standard error is √(J(1 − J) / 128): 0.035 at J = 0.8
FOUND = 0.99  # a pair right at the threshold shares a band at least this often
# In a crowd with one band in common, a document is compared with the first so many and with the
# nearest before it, so that the work grows with the crowd and not with its square.
REACH = 32
_BLOCK = 4096
_LOOKED_AT = 1 << 16  # shingles hashed at a time: they stay in the processor's cache


def _orderings() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(derived_seed("minhash"))
    factors, offsets = rng.integers(0, 1 << 32, (2, MINIMA), dtype=np.uint32)
    return factors | np.uint32(1), offsets


def shingles(hashes: Hashed) -> tuple[np.ndarray, np.ndarray]:
    """(32-bit hashes of all word 5-grams, one document after the other; how many each document has).

    A document of fewer words has one shingle, all of it; one without words has none.
    """
    lengths = np.where(hashes.lengths > 0, np.maximum(hashes.lengths - SHINGLE + 1, 1), 0)
    padded = np.append(hashes.hashes, np.zeros(SHINGLE, np.uint64))
    starts = hashes.starts
    ends = np.cumsum(lengths)
    positions = np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)
    values = folded(padded, SHINGLE)[positions]
    for short in np.flatnonzero((hashes.lengths > 0) & (hashes.lengths < SHINGLE)).tolist():
        start, length = int(starts[short]), int(hashes.lengths[short])
        alone = np.append(hashes.hashes[start : start + length], np.zeros(SHINGLE - length, np.uint64))
        values[int(ends[short]) - 1] = folded(alone, SHINGLE)[0]
    return (values >> np.uint64(32)).astype(np.uint32), lengths


def minima(hashes: Hashed) -> np.ndarray:
    """MinHash signatures, uint32 [documents, MINIMA]; rows of documents without words are 0.

    Each ordering is x ↦ a·x + b modulo 2^32 with odd a, on shingles that are hashes already.
    """
    values, lengths = shingles(hashes)
    signatures = np.zeros((MINIMA, len(lengths)), np.uint32)
    filled = np.flatnonzero(lengths)
    starts = (np.cumsum(lengths) - lengths)[filled]
    factors, offsets = _orderings()
    first = 0
    while first < len(filled):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + _LOOKED_AT)))
        end = starts[last] if last < len(filled) else len(values)
        block, inside = values[starts[first] : end], starts[first:last] - starts[first]
        ordered = np.empty_like(block)
        for row, factor, offset in zip(signatures, factors, offsets, strict=True):
            np.multiply(block, factor, out=ordered)
            ordered += offset
            row[filled[first:last]] = np.minimum.reduceat(ordered, inside)
        first = last
    return np.ascontiguousarray(signatures.T)


def bands_for(threshold: float) -> tuple[int, int]:
    """(bands, rows of each): the longest rows with which a pair at the threshold is found often enough.

    Two documents of similarity J share a band of r rows with probability J^r, and any of b with
    1 − (1 − J^r)^b; longer rows let fewer unlike pairs through.
    """
    fits = [r for r in range(1, MINIMA + 1) if 1 - (1 - threshold**r) ** (MINIMA // r) >= FOUND]
    rows = max(fits, default=1)
    return MINIMA // rows, rows


def band_hashes(signatures: np.ndarray, threshold: float) -> np.ndarray:
    """One 64-bit hash for each band of each signature, uint64 [bands, documents]."""
    bands, rows = bands_for(threshold)
    wide = _mixed(signatures[:, : bands * rows].astype(np.uint64).reshape(len(signatures), bands, rows))
    total = np.zeros(wide.shape[:2], np.uint64)
    for row in range(rows):
        total = _mixed(total ^ wide[:, :, row])
    return np.ascontiguousarray(total.T)


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele et al. 2014): every bit in changes half of the bits out."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def compact(signatures: np.ndarray) -> np.ndarray:
    """What is kept to verify a pair: the low half of each minimum, uint16. Unlike minima agree in it by
    chance once in 65,536 times."""
    return signatures.astype(np.uint16)


def near_duplicates(
    bands: Sequence[Column], signatures: Column, chosen: np.ndarray, threshold: float, scratch: Path
) -> np.ndarray:
    """Which of the `chosen` documents go, bool [documents]: those that an earlier one which stays resembles.

    `bands`: a column of hashes for each band; `signatures`: `compact` ones. Two documents resemble each other
    when they share a band and at least `threshold` of their minima are equal.
    """
    needed = int(np.ceil(threshold * MINIMA - 1e-9))
    pairs = Column(scratch, np.int64, 2)
    try:
        for band in bands:
            for values, numbers in equal_rows(band, chosen):
                for pair in _alike(values, numbers, signatures, needed):
                    pairs.append(pair)
        return _resolved(pairs, len(chosen))
    finally:
        pairs.close()


def _alike(values: np.ndarray, numbers: np.ndarray, signatures: Column, needed: int) -> Iterator[np.ndarray]:
    """Verified pairs (earlier, later) among documents whose band has the same hash, int64 [pairs, 2]."""
    begins = np.append(True, values[1:] != values[:-1])
    firsts = np.maximum.accumulate(np.where(begins, np.arange(len(values)), 0))
    for start in range(0, len(values), _BLOCK):
        low, end = max(0, start - REACH), min(len(values), start + _BLOCK)
        rows = signatures.gather(numbers[low:end])
        later = np.arange(start, end)
        depth = later - firsts[start:end]
        for back in range(1, min(REACH, int(depth.max())) + 1):
            mine = later[depth >= back]
            agree = (rows[mine - low] == rows[mine - back - low]).sum(axis=1) >= needed
            yield np.stack([numbers[mine - back], numbers[mine]], axis=1)[agree]
        crowd = later[depth > REACH]
        for ahead in range(min(REACH, int(depth.max()) - REACH)):
            mine = crowd[depth[crowd - start] > REACH + ahead]
            heads, where = np.unique(firsts[mine] + ahead, return_inverse=True)
            head_rows = signatures.gather(numbers[heads])
            agree = (rows[mine - low] == head_rows[where]).sum(axis=1) >= needed
            yield np.stack([numbers[heads][where], numbers[mine]], axis=1)[agree]


def _resolved(pairs: Column, documents: int) -> np.ndarray:
    """Go through the documents in order: one goes when a pair ties it to an earlier one that stays."""
    gone = bytearray(documents)
    width = max(1, documents >> 16)
    counts = np.zeros(documents // width + 1, np.int64)
    for _, block in pairs.blocks():
        np.add.at(counts, block[:, 1] // width, 1)
    # As many neighbouring documents at a time as have at most a partition of pairs.
    groups = np.cumsum(counts) // PARTITION
    for group in np.unique(groups[counts > 0]).tolist():
        members = groups == group
        mine = [block[members[block[:, 1] // width]] for _, block in pairs.blocks()]
        together = np.concatenate(mine)
        together = together[np.argsort(together[:, 1], kind="stable")]
        for earlier, later in together.tolist():
            if not gone[earlier]:
                gone[later] = 1
    return np.frombuffer(gone, bool)
