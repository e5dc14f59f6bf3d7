"""Measure how much of the held-out texts is still in the corpus, n-gram by n-gram.

The overlap filter looks at one document at a time; a text can also be spread over many documents. So
the kept corpus is measured as a whole, at 8 words (which fires on boilerplate) and at 13.
"""

from collections.abc import Sequence

import numpy as np

from harness.data.words import GramTable, Hashed, hashed

LENGTHS = (8, 13)
COVERED = 0.5  # from this share of its n-grams a text counts as covered


class Coverage:
    """The n-grams of the held-out texts, to be looked for in documents."""

    def __init__(self, texts: Sequence[tuple[str, Sequence[str]]], lengths: tuple[int, ...] = LENGTHS):
        """`texts`: (task, words), each text once."""
        self.lengths = lengths
        self._tasks = np.array([task for task, _ in texts], str)
        hashes = hashed([words for _, words in texts])
        self._tables: dict[int, GramTable] = {}
        # Every (text, n-gram) once, as two columns.
        self._members: dict[int, np.ndarray] = {}
        for n in lengths:
            grams, owners = hashes.grams(n)
            self._tables[n] = GramTable(grams)
            self._members[n] = _pairs(owners, np.searchsorted(self._tables[n].hashes, grams), self._tables[n])

    def unmet(self) -> dict[int, np.ndarray]:
        """For each n, a mark for every n-gram, none of them set: what `report` wants filled in."""
        return {n: np.zeros(len(table.hashes), bool) for n, table in self._tables.items()}

    def find(self, hashes: Hashed) -> dict[int, np.ndarray]:
        """For each n the pairs (number of the document, number of the n-gram) that occur, int64
        [pairs, 2], each once."""
        found = {}
        for n, table in self._tables.items():
            grams, documents = hashes.grams(n)
            positions, numbers = table.find(grams)
            found[n] = _pairs(documents[positions], numbers, table)
        return found

    def report(self, met: dict[int, np.ndarray]) -> dict:
        """n → task → how many distinct n-grams the task's texts have and how many were met, how many
        texts are covered, and how many are too short to have an n-gram."""
        return {
            str(n): {str(task): self._of_task(n, task, met[n]) for task in np.unique(self._tasks)} for n in self.lengths
        }

    def _of_task(self, n: int, task: str, met: np.ndarray) -> dict:
        texts, grams = self._members[n].T
        mine = self._tasks[texts] == task
        distinct = np.unique(grams[mine])
        found = int(met[distinct].sum())
        have = np.bincount(texts[mine], minlength=len(self._tasks))
        hold = np.bincount(texts[mine], weights=met[grams[mine]], minlength=len(self._tasks))
        return {
            "n_grams": len(distinct),
            "found": found,
            "share": round(found / len(distinct), 6) if len(distinct) else 0.0,
            "texts": int((have > 0).sum()),
            "texts_covered": int(((have > 0) & (hold >= COVERED * have)).sum()),
            "texts_too_short": int(((self._tasks == task) & (have == 0)).sum()),
        }


def _pairs(owners: np.ndarray, numbers: np.ndarray, table: GramTable) -> np.ndarray:
    """(owner, number in the table), each pair once, sorted: int64 [pairs, 2]."""
    size = max(1, len(table.hashes))
    both = np.unique(owners.astype(np.int64) * size + numbers)
    return np.stack([both // size, both % size], axis=1)
