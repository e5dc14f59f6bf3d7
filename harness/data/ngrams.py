"""How often each character n-gram stands in each text; n-grams do not cross the edge of a word.

They are those of scikit-learn's `char_wb`, in the order of their characters. A text is cut into words and each word
once into n-grams: of many texts most words have been met before, and the rest is a product of sparse matrices.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.sparse import csr_matrix

NGRAM = 4  # characters; inside word boundaries, so that a changed word costs only its own n-grams


def counted(texts: Iterable[str], n: int = NGRAM) -> csr_matrix:
    """Counts [texts, n-grams] as float64, columns sorted in each row. A word has a blank on either side; one that is
    shorter than `n` with them is one n-gram."""
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
