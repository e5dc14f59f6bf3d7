"""Find near-duplicate documents in a large corpus by MinHash signatures.

The share of equal minima under many orderings estimates the Jaccard similarity of two sets of shingles (Broder 1997).
Signatures are cut into bands to find the pairs worth comparing (Leskovec, Rajaraman and Ullman, Mining of Massive
Datasets, ch. 3), and then each of these pairs is compared. Shingles of five words and a threshold of 0.8 follow Lee et
al. (2022), "Deduplicating Training Data Makes Language Models Better".
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.data.columns import PARTITION, Column, equal_rows
from harness.data.words import Hashed, folded
from harness.system.determinism import derived_seed

SHINGLE = 5  # words
MINIMA = 128  # the estimate's standard error is √(J(1 − J) / 128): 0.035 at J = 0.8
FOUND = 0.99  # the least probability that a pair right at the threshold shares a band
# Of the documents with the same hash of a band, each is compared with the first REACH and with the REACH before it. So
# the work grows linearly with the number of such documents, and not quadratically.
REACH = 32
_BLOCK = 4096
_LOOKED_AT = 1 << 16  # shingles hashed at a time: they stay in the processor's cache


def _orderings() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(derived_seed("minhash"))
    factors, offsets = rng.integers(0, 1 << 32, (2, MINIMA), dtype=np.uint32)
    return factors | np.uint32(1), offsets


def shingles(hashes: Hashed) -> tuple[np.ndarray, np.ndarray]:
    """The 32-bit hashes of all shingles (word 5-grams), document by document, and the number of shingles in each
    document.

    A document of fewer than five words has one shingle: all its words. A document without words has no shingle.
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
    """The MinHash signature of each document, uint32 [documents, MINIMA]. All values are 0 for a document without
    words.

    A signature has the minimum of the document's shingles under each of MINIMA random orderings. An ordering maps the
    hash x of a shingle to a·x + b modulo 2^32, with an odd number a.
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
    """The number of bands into which a signature is cut, and the number of rows (minima) in each band.

    Two documents of similarity J share one band of r rows with probability J^r, and at least one of b bands with
    probability `1 − (1 − J^r)^b`. With more rows per band, fewer unlike pairs share a band. So r is the largest number
    with which a pair of similarity `threshold` shares a band with a probability of at least FOUND.
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
    """`values` mixed by splitmix64's finaliser (Steele et al. 2014): each input bit changes half of the output bits."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def compact(signatures: np.ndarray) -> np.ndarray:
    """The low 16 bits of each minimum, uint16, which are kept to verify pairs. Two different minima have the same low
    half by chance once in 65,536 times."""
    return signatures.astype(np.uint16)


def near_duplicates(
    bands: Sequence[Column], signatures: Column, chosen: np.ndarray, threshold: float, scratch: Path
) -> np.ndarray:
    """A mask of the documents to remove, bool [documents]. Each removed document resembles an earlier document that
    stays.

    Only documents with True in `chosen`, bool [documents], are compared. `bands` has one column for each band, with the
    band's hash in each document. `signatures` has the `compact` signatures. Two documents resemble each other if they
    share the hash of a band and at least the share `threshold` of their minima is equal. `scratch` is the path of a
    temporary file for the pairs.
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
    """The mask of documents to remove: in order, each one that forms a pair with an earlier document that stays."""
    gone = bytearray(documents)
    width = max(1, documents >> 16)
    counts = np.zeros(documents // width + 1, np.int64)
    for _, block in pairs.blocks():
        np.add.at(counts, block[:, 1] // width, 1)
    # Neighbouring documents with about PARTITION pairs at a time, which fit in memory.
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
