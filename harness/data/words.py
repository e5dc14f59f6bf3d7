"""Cut texts into words, hash the words, and search for n-grams by their hashes.

A word is a run of letters, digits and underscores in the case-folded, visible text. A search compares 64-bit hashes of
whole n-grams, for all documents of a chunk at once. The hashes are the same on every machine.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from harness.text.visible import visible

_WORD = re.compile(r"\w+")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1f\x85]")
# A lone surrogate (from a broken JSON escape) is no character and cannot be written as UTF-8.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_REMEMBERED = 1 << 18  # words; about 40 MB in each process
_STEP = np.uint64(0x9E3779B97F4A7C15)  # odd: multiplying by it loses nothing modulo 2**64
_ROOM = 16  # places in a table for each n-gram in it, so that about one miss in 16 needs a search
_MOST_BITS = 28


def clean(text: str) -> str:
    """The text in NFC, with `\\n` as line end, no other control character except tab, and no space at its edges."""
    text = _LINE_END.sub("\n", unicodedata.normalize("NFC", text))
    return _CONTROL.sub("", text).strip()


def words_of(text: str) -> list[str]:
    return cut(visible(text).casefold())


def cut(folded: str) -> list[str]:
    """The words of a text that is already `visible` and case-folded."""
    return _WORD.findall(folded)


class _Hashes(dict):
    """The 64-bit hash of each word. Hashes are remembered, because common words are most of any text."""

    def __missing__(self, word: str) -> int:
        value = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = value
        return value


_hash_of = _Hashes()


class Numbers(dict):
    """A dict that numbers names from 0, in the order in which they are first looked up."""

    def __missing__(self, name: str) -> int:
        return self.setdefault(name, len(self))


@dataclass(frozen=True)
class Hashed:
    """The hashed words of several documents, one after the other. `hashes` is uint64 [words]. `lengths`, int64
    [documents], is the number of words in each document."""

    hashes: np.ndarray
    lengths: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        return np.cumsum(self.lengths) - self.lengths

    def grams(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The n-grams that lie within one document, as two arrays: the hash of each n-gram, and the number of its
        document."""
        documents = np.repeat(np.arange(len(self.lengths)), self.lengths)
        count = max(0, len(self.hashes) - n + 1)
        inside = np.flatnonzero(documents[:count] == documents[n - 1 :])
        return folded(self.hashes, n)[inside], documents[inside]


def hashed(documents: Sequence[Sequence[str]]) -> Hashed:
    """The hashed words of `documents`, which are lists of words."""
    lengths = np.array([len(words) for words in documents], np.int64)
    every = map(_hash_of.__getitem__, chain.from_iterable(documents))
    return Hashed(np.fromiter(every, np.uint64, int(lengths.sum())), lengths)


def folded(hashes: np.ndarray, n: int) -> np.ndarray:
    """One hash for each run of `n` neighbours in `hashes`: Σ hash[i + k] · STEP^(n − 1 − k) modulo 2^64."""
    count = max(0, len(hashes) - n + 1)
    total = np.zeros(count, np.uint64)
    for start in range(n):
        total *= _STEP
        total += hashes[start : start + count]
    return total


class GramTable:
    """A set of n-gram hashes to search in. The attribute `hashes` is sorted and has no duplicates."""

    def __init__(self, hashes: np.ndarray):
        self.hashes = np.unique(np.asarray(hashes, np.uint64))
        bits = min(_MOST_BITS, max(4, (_ROOM * len(self.hashes)).bit_length()))
        self._shift = np.uint64(64 - bits)
        self._maybe = np.zeros(1 << bits, bool)
        self._maybe[self.hashes >> self._shift] = True

    def find(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Search for hashes in the table. Returns, for each hash that is in the table, its position in the argument
        `hashes` and its position in the table, as two arrays."""
        if not len(self.hashes):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        positions = np.flatnonzero(self._maybe[hashes >> self._shift])
        wanted = hashes[positions]
        numbers = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        there = self.hashes[numbers] == wanted
        return positions[there], numbers[there]
