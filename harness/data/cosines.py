"""Pairs of unit vectors with a cosine from a floor on: exactly those, without comparing every pair.

Columns are gone through from the rarest. Once what is left of a vector is short, no vector reaches the floor through
the rest alone; so two close ones share a column of these beginnings (Bayardo, Ma & Srikant 2007, "Scaling up all
pairs similarity search"), and what they share there, with the length of the rest, bounds their cosine (Anastasiu &
Karypis 2014, "L2AP"). Rare columns are short, whatever the number of rows.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from harness.determinism import derived_seed

BLOCK_ROWS = 256
# How far below the floor the rest of a vector is left: 0 indexes least, more lets fewer unlike pairs through.
MARGIN = 0.15
_PAIRS = 4096  # compared at a time
_SLACK = 1e-9  # bounds are sums of rounded numbers


def close_pairs(
    vectors: csr_matrix, floor: float, rows: Sequence[int] | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(one row, another, cosine) of each pair with at least `floor`, one of them among `rows` (default: all).

    `vectors` have no negative value and length 1 or 0. A pair comes once, and a row with itself is a pair.
    """
    rows = np.arange(vectors.shape[0]) if rows is None else np.asarray(rows, np.int64)
    chosen = np.zeros(vectors.shape[0], bool)
    chosen[rows] = True
    beginnings, rest = _beginnings(_merged(vectors), floor - MARGIN)
    transposed = beginnings.T.tocsr()
    least = floor - _SLACK - rest.max(initial=0.0)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        shared = beginnings[block] @ transposed
        at = np.flatnonzero(shared.data >= least)
        left, right = block[np.searchsorted(shared.indptr, at, side="right") - 1], shared.indices[at]
        likely = shared.data[at] + np.maximum(rest[left], rest[right]) >= floor - _SLACK
        likely &= (left <= right) | ~chosen[right]
        left, right = left[likely], right[likely]
        for first in range(0, len(left), _PAIRS):
            some, others = left[first : first + _PAIRS], right[first : first + _PAIRS]
            cosines = np.asarray(vectors[some].multiply(vectors[others]).sum(axis=1)).ravel()
            close = cosines >= floor
            yield some[close], others[close], cosines[close]


def _merged(vectors: csr_matrix) -> csr_matrix:
    """`vectors` with columns that stand in the same rows (the n-grams of one word) as one, of their joint length.

    Joined so, no two rows have a smaller product than before, whichever columns are joined.
    """
    by_column = vectors.tocsc()
    filled = np.flatnonzero(np.diff(by_column.indptr))
    marks = np.random.default_rng(derived_seed("rows of a column")).integers(0, 1 << 63, vectors.shape[0], np.uint64)
    sums = np.add.reduceat(marks[by_column.indices], by_column.indptr[filled]) if len(filled) else marks[:0]
    joined = np.zeros(vectors.shape[1], np.int64)
    kinds, joined[filled] = np.unique(sums, return_inverse=True)
    shape = (vectors.shape[0], max(1, len(kinds)))
    merged = csr_matrix((vectors.data**2, joined[vectors.indices], vectors.indptr.copy()), shape=shape)
    merged.sum_duplicates()
    merged.data = np.sqrt(merged.data)
    return merged


def _beginnings(vectors: csr_matrix, length: float) -> tuple[csr_matrix, np.ndarray]:
    """Of each row the rarest columns, up to where the rest is shorter than `length`; and how long that rest is."""
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    turns = np.argsort(np.argsort(np.bincount(vectors.indices, minlength=vectors.shape[1]), kind="stable"))
    order = np.lexsort((turns[vectors.indices], rows))
    values, columns = vectors.data[order], turns[vectors.indices[order]]
    # From each place to the end of all rows, less what comes behind its own row.
    behind = np.append(np.cumsum(values[::-1] ** 2)[::-1], 0.0)
    left = behind[:-1] - behind[vectors.indptr[1:]][rows]
    kept = left >= max(length, 0.0) ** 2 - _SLACK
    beginnings = csr_matrix((values[kept], (rows[kept], columns[kept])), shape=vectors.shape)
    rest = np.bincount(rows[~kept], values[~kept] ** 2, minlength=vectors.shape[0])
    return beginnings, np.sqrt(rest)
