"""Find all pairs of texts whose character n-gram counts have a cosine similarity of at least a floor.

Exactly those pairs are found, without comparing every one. Columns are gone through from the rarest. Once what is left
of a vector is short, no vector reaches the floor through the rest alone; so two close ones share a column of these
beginnings (Bayardo, Ma & Srikant 2007, "Scaling up all pairs similarity search"), and what they share there, with the
length of the rest, bounds their cosine (Anastasiu & Karypis 2014, "L2AP"). Rare columns are short, whatever the number
of rows.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from harness.system.determinism import derived_seed

BLOCK_ROWS, SEGMENT_ROWS = 256, 1 << 15
# How far below the floor the rest of a vector is left: 0 indexes least, more lets fewer unlike pairs through.
MARGIN = 0.1
_PAIRS = 4096  # compared at a time
_ROWS = 4096  # put in order at a time
_SLACK = 1e-9  # bounds are sums of rounded numbers


def close_pairs(
    vectors: csr_matrix, floor: float, rows: Sequence[int] | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(one row, another, cosine) of each pair with at least `floor`, one of them among `rows` (default: all).

    `vectors` have no negative value and length 1 or 0. A pair comes once, and a row with itself is a pair.
    """
    wanted = np.arange(vectors.shape[0]) if rows is None else np.asarray(rows, np.int64)
    chosen = np.zeros(vectors.shape[0], bool)
    chosen[wanted] = True
    marks = _marks(vectors)
    beginnings, rest = _beginnings(vectors, marks, floor - MARGIN)
    beginnings = _merged(beginnings)
    # As many rows at a time as a processor's cache has room for sums.
    segments = [
        (first, beginnings[first : first + SEGMENT_ROWS].T.tocsr(), chosen[first : first + SEGMENT_ROWS].all())
        for first in range(0, vectors.shape[0], SEGMENT_ROWS)
    ]
    least = floor - _SLACK - rest.max(initial=0.0)
    for start in range(0, len(wanted), BLOCK_ROWS):
        block = wanted[start : start + BLOCK_ROWS]
        for first, transposed, whole in segments:
            if whole and first + SEGMENT_ROWS <= block.min():
                continue  # these pairs come with the other one's block
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
    """A number for each column; columns that stand in the same rows (the n-grams of one word) have the same."""
    drawn = np.random.default_rng(derived_seed("rows of a column")).integers(0, 1 << 63, vectors.shape[0], np.uint64)
    sums = np.zeros(vectors.shape[1], np.uint64)
    for start in range(0, vectors.shape[0], _ROWS):
        part = vectors.indptr[start : start + _ROWS + 1]
        values = np.repeat(drawn[start : start + _ROWS], np.diff(part))
        np.add.at(sums, vectors.indices[part[0] : part[-1]], values)
    return sums


def _beginnings(vectors: csr_matrix, marks: np.ndarray, length: float) -> tuple[csr_matrix, np.ndarray]:
    """Of each row the rarest columns, up to where the rest is shorter than `length`; and how long that rest is.

    Columns with the same mark come together, and stay together.
    """
    turns = np.empty(vectors.shape[1], np.int32)
    order = np.lexsort((marks, np.bincount(vectors.indices, minlength=vectors.shape[1])))
    turns[order] = np.arange(len(order))
    shortest = max(length, 0.0) ** 2 - _SLACK
    parts = [csr_matrix((0, vectors.shape[1]))]
    rests: list[np.ndarray] = [np.zeros(0)]
    # A part of the rows at a time: what is in hand beside the vectors stays small.
    for start in range(0, vectors.shape[0], _ROWS):
        end = min(start + _ROWS, vectors.shape[0])
        place, stop = vectors.indptr[start], vectors.indptr[end]
        indptr = vectors.indptr[start : end + 1] - place
        columns, shape = turns[vectors.indices[place:stop]], (end - start, vectors.shape[1])
        part = csr_matrix((vectors.data[place:stop].copy(), columns, indptr), shape=shape)
        part.sort_indices()
        rows = np.repeat(np.arange(end - start), np.diff(indptr))
        # From each place to the end of the part, less what comes behind its own row.
        behind = np.append(np.cumsum(part.data[::-1] ** 2)[::-1], 0.0)
        left, kinds = behind[:-1] - behind[part.indptr[1:]][rows], marks[order[part.indices]]
        begins = np.append(True, (kinds[1:] != kinds[:-1]) | (rows[1:] != rows[:-1]))[: len(left)]
        kept = left[np.maximum.accumulate(np.where(begins, np.arange(len(left)), 0))] >= shortest
        parts.append(csr_matrix((part.data[kept], (rows[kept], part.indices[kept])), shape=shape))
        rests.append(np.bincount(rows[~kept], part.data[~kept] ** 2, minlength=end - start))
    return vstack(parts, format="csr"), np.sqrt(np.concatenate(rests))


def _merged(vectors: csr_matrix) -> csr_matrix:
    """`vectors` with columns that stand in the same rows as one, of their joint length.

    Joined so, no two rows have a smaller product than before, whichever columns are joined.
    """
    kinds, joined = np.unique(_marks(vectors), return_inverse=True)
    merged = csr_matrix((vectors.data**2, joined[vectors.indices], vectors.indptr), (vectors.shape[0], len(kinds)))
    merged.sum_duplicates()
    merged.data = np.sqrt(merged.data)
    return merged


NGRAM = 4  # characters; inside word boundaries, so that a changed word costs only its own n-grams


def counted(texts: Iterable[str], n: int = NGRAM) -> csr_matrix:
    """Counts [texts, n-grams] as float64, columns sorted in each row, n-grams as scikit-learn's `char_wb` has them.

    A word has a blank on either side; one that is shorter than `n` with them is one n-gram. Each word is cut once: of
    many texts most words have been met before, and the rest is a product of sparse matrices.
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
    """How often each of the strings stands in each row, and the number (column) of each string."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    columns, ends = array("i"), array("q", [0])
    for row in rows:
        columns.extend(map(numbers.__getitem__, row))
        ends.append(len(columns))
    counts = csr_matrix((np.ones(len(columns)), np.array(columns), np.array(ends)), (len(ends) - 1, len(numbers)))
    counts.sum_duplicates()
    return counts, dict(numbers)


def _grams(word: str, n: int) -> Iterator[str]:
    return (word[start : start + n] for start in range(max(1, len(word) - n + 1)))
