"""Find all pairs of texts that are spelled alike: the cosine of their character n-gram vectors is at least a given
floor.

The result is exact, without comparing every pair. The columns (n-grams) of each vector are ordered from the rarest, and
the vector is cut into a beginning and a rest. The rest is so short that no vector reaches the floor through the rest
alone. So the beginnings of two close vectors have a column in common (Bayardo, Ma & Srikant 2007, "Scaling up all pairs
similarity search"). The product of the two beginnings plus the length of the longer rest is an upper bound of the
cosine (Anastasiu & Karypis 2014, "L2AP"). Only pairs with a bound at the floor or above are compared. Such pairs are
few, because a rare column has few entries, whatever the number of texts.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from harness.data.words import Numbers
from harness.system.determinism import derived_seed

BLOCK_ROWS, SEGMENT_ROWS = 256, 1 << 15
# By how much the rest of a vector is shorter than the floor. A margin of 0 indexes fewest columns, and a larger margin
# leaves fewer unlike pairs to compare.
MARGIN = 0.1
_PAIRS = 4096  # compared at a time
_ROWS = 4096  # handled at a time
_SLACK = 1e-9  # bounds are sums of rounded numbers


def close_pairs(
    vectors: csr_matrix, floor: float, rows: Sequence[int] | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield all pairs of rows with a cosine of at least `floor`, as arrays (row, other row, cosine) with many pairs
    each.

    `vectors` is [texts, n-grams] without negative values. Each of its rows has the Euclidean length 1 or 0. At least
    one row of a pair is in `rows` (by default all rows). Each pair is yielded once. A row forms a pair with itself,
    too.
    """
    wanted = np.arange(vectors.shape[0]) if rows is None else np.asarray(rows, np.int64)
    chosen = np.zeros(vectors.shape[0], bool)
    chosen[wanted] = True
    marks = _marks(vectors)
    beginnings, rest = _beginnings(vectors, marks, floor - MARGIN)
    beginnings = _merged(beginnings)
    # The sums of one segment fit in a processor's cache.
    segments = [
        (first, beginnings[first : first + SEGMENT_ROWS].T.tocsr(), chosen[first : first + SEGMENT_ROWS].all())
        for first in range(0, vectors.shape[0], SEGMENT_ROWS)
    ]
    least = floor - _SLACK - rest.max(initial=0.0)
    for start in range(0, len(wanted), BLOCK_ROWS):
        block = wanted[start : start + BLOCK_ROWS]
        for first, transposed, whole in segments:
            if whole and first + SEGMENT_ROWS <= block.min():
                continue  # these pairs come with the block of the other row
            shared = beginnings[block] @ transposed
            at = np.flatnonzero(shared.data >= least)
            left, right = block[np.searchsorted(shared.indptr, at, side="right") - 1], first + shared.indices[at]
            likely = shared.data[at] + np.maximum(rest[left], rest[right]) >= floor - _SLACK
            likely &= (left <= right) | ~chosen[right]
            yield from _close(vectors, floor, left[likely], right[likely])


def _close(vectors: csr_matrix, floor: float, left: np.ndarray, right: np.ndarray) -> Iterator[tuple]:
    for first in range(0, len(left), _PAIRS):
        some, others = left[first : first + _PAIRS], right[first : first + _PAIRS]
        cosines = np.asarray(vectors[some].multiply(vectors[others]).sum(axis=1)).ravel()
        close = cosines >= floor
        yield some[close], others[close], cosines[close]


def _marks(vectors: csr_matrix) -> np.ndarray:
    """A number for each column, uint64 [columns], by which columns are merged. Columns with entries in the same rows,
    such as the n-grams of one word, have the same number."""
    drawn = np.random.default_rng(derived_seed("rows of a column")).integers(0, 1 << 63, vectors.shape[0], np.uint64)
    sums = np.zeros(vectors.shape[1], np.uint64)
    for start in range(0, vectors.shape[0], _ROWS):
        part = vectors.indptr[start : start + _ROWS + 1]
        values = np.repeat(drawn[start : start + _ROWS], np.diff(part))
        np.add.at(sums, vectors.indices[part[0] : part[-1]], values)
    return sums


def _beginnings(vectors: csr_matrix, marks: np.ndarray, length: float) -> tuple[csr_matrix, np.ndarray]:
    """The beginning of each row (its rarest columns, until the rest is shorter than `length`), and the rest's length.

    Columns with the same mark are neighbours and are not separated.
    """
    turns = np.empty(vectors.shape[1], np.int32)
    order = np.lexsort((marks, np.bincount(vectors.indices, minlength=vectors.shape[1])))
    turns[order] = np.arange(len(order))
    shortest = max(length, 0.0) ** 2 - _SLACK
    parts = [csr_matrix((0, vectors.shape[1]))]
    rests: list[np.ndarray] = [np.zeros(0)]
    # A part of the rows at a time, to need little memory besides the vectors.
    for start in range(0, vectors.shape[0], _ROWS):
        end = min(start + _ROWS, vectors.shape[0])
        place, stop = vectors.indptr[start], vectors.indptr[end]
        indptr = vectors.indptr[start : end + 1] - place
        columns, shape = turns[vectors.indices[place:stop]], (end - start, vectors.shape[1])
        part = csr_matrix((vectors.data[place:stop].copy(), columns, indptr), shape=shape)
        part.sort_indices()
        rows = np.repeat(np.arange(end - start), np.diff(indptr))
        # Squared length from each entry to the end of its row: to the end of the part, less the rows after its own.
        behind = np.append(np.cumsum(part.data[::-1] ** 2)[::-1], 0.0)
        left, kinds = behind[:-1] - behind[part.indptr[1:]][rows], marks[order[part.indices]]
        begins = np.append(True, (kinds[1:] != kinds[:-1]) | (rows[1:] != rows[:-1]))[: len(left)]
        kept = left[np.maximum.accumulate(np.where(begins, np.arange(len(left)), 0))] >= shortest
        parts.append(csr_matrix((part.data[kept], (rows[kept], part.indices[kept])), shape=shape))
        rests.append(np.bincount(rows[~kept], part.data[~kept] ** 2, minlength=end - start))
    return vstack(parts, format="csr"), np.sqrt(np.concatenate(rests))


def _merged(vectors: csr_matrix) -> csr_matrix:
    """`vectors` with columns that have entries in the same rows merged into one, by their Euclidean length.

    Such a merge, whichever columns it joins, makes the product of no two rows smaller (Cauchy-Schwarz).
    """
    kinds, joined = np.unique(_marks(vectors), return_inverse=True)
    merged = csr_matrix((vectors.data**2, joined[vectors.indices], vectors.indptr), (vectors.shape[0], len(kinds)))
    merged.sum_duplicates()
    merged.data = np.sqrt(merged.data)
    return merged


NGRAM = 4  # characters, within one word, so that a changed word changes only its own n-grams


def counted(texts: Iterable[str], n: int = NGRAM) -> csr_matrix:
    """The counts of the character n-grams in each text, float64 [texts, n-grams]. The n-grams are those of
    scikit-learn's analyzer `char_wb`, and the column numbers are sorted in each row.

    Each word gets a blank on either side. A word that is then still shorter than `n` is one n-gram. Each distinct word
    is cut once, because most words of many texts are repeated. A product of sparse matrices gives the counts.
    """
    words, known = _numbered(text.split() for text in texts)
    grams, named = _numbered(_grams(f" {word} ", n) for word in known)
    places = np.empty(len(named), np.int32)
    places[np.array([named[gram] for gram in sorted(named)], np.int64)] = np.arange(len(named))
    grams = csr_matrix((grams.data, places[grams.indices], grams.indptr), grams.shape)
    counts = words @ grams
    counts.sort_indices()
    return counts


def _numbered(rows: Iterable[Iterable[str]]) -> tuple[csr_matrix, dict[str, int]]:
    """How often each string occurs in each row, [rows, strings], and the number (column) of each string."""
    numbers = Numbers()
    columns, ends = array("i"), array("q", [0])
    for row in rows:
        columns.extend(map(numbers.__getitem__, row))
        ends.append(len(columns))
    counts = csr_matrix((np.ones(len(columns)), np.array(columns), np.array(ends)), (len(ends) - 1, len(numbers)))
    counts.sum_duplicates()
    return counts, numbers


def _grams(word: str, n: int) -> Iterator[str]:
    return (word[start : start + n] for start in range(max(1, len(word) - n + 1)))
