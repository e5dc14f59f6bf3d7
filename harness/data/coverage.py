"""How much of the held-out texts still stands in what a corpus keeps, n-gram by n-gram.

The overlap filter looks at one document at a time; a text can also be spread over many documents. So
the kept corpus is measured as a whole, at 8 words (which fires on boilerplate) and at 13.
"""

from collections.abc import Iterable

import numpy as np

from harness.data.words import GramTable, Hashed, clean, gram_hashes, words_of

LENGTHS = (8, 13)
COVERED = 0.5  # from this share of its n-grams a text counts as covered


class Coverage:
    """The n-grams of the held-out texts, and which of them were met. Sizes: `sizes[n]` n-grams."""

    def __init__(self, texts: Iterable[tuple[str, str]], lengths: tuple[int, ...] = LENGTHS):
        """`texts`: (task, text)."""
        self.lengths = lengths
        texts = [(task, words_of(clean(text))) for task, text in sorted(set(texts))]
        self._tasks = [task for task, _ in texts]
        self._tables: dict[int, GramTable] = {}
        self._members: dict[int, list[np.ndarray]] = {}
        for n in lengths:
            grams = [np.unique(gram_hashes(words, n)) for _, words in texts]
            table = self._tables[n] = GramTable(np.concatenate(grams) if grams else np.zeros(0))
            self._members[n] = [np.searchsorted(table.hashes, own) for own in grams]

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
            size = max(1, len(table.hashes))
            pairs = np.unique(documents[positions] * size + numbers)
            found[n] = np.stack([pairs // size, pairs % size], axis=1)
        return found

    def report(self, met: dict[int, np.ndarray]) -> dict:
        """n → task → how many distinct n-grams the task's texts have and how many were met, how many
        texts are covered, and how many are too short to have an n-gram."""
        return {
            str(n): {
                task: self._of_task(n, [i for i, name in enumerate(self._tasks) if name == task], met[n])
                for task in sorted(set(self._tasks))
            }
            for n in self.lengths
        }

    def _of_task(self, n: int, texts: list[int], met: np.ndarray) -> dict:
        members = [self._members[n][i] for i in texts]
        grams = np.unique(np.concatenate(members))
        found = int(met[grams].sum())
        return {
            "n_grams": len(grams),
            "found": found,
            "share": round(found / len(grams), 6) if len(grams) else 0.0,
            "texts": sum(len(own) > 0 for own in members),
            "texts_covered": sum(bool(met[own].mean() >= COVERED) for own in members if len(own)),
            "texts_too_short": sum(not len(own) for own in members),
        }
