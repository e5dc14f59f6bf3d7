"""The held-out texts of the tasks, and what a corpus document shares with them.

Overlap is looked for in word n-grams: the n-grams of the held-out texts are indexed once, and the
corpus streams past them. The measure follows the contamination analyses of large language models
(Brown et al. 2020 count shared 13-grams; Touvron et al. 2023 the share of a text that is covered).
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from harness.data.words import GramTable, Hashed, clean, gram_hashes, hashed, words_of

SHORTEST = 5  # words; a shorter text stands by chance in any large corpus, so it is only counted


@dataclass(frozen=True)
class Overlap:
    """`tasks`: those of whose held-out texts the document holds too much; `longest`: the longest run
    of words (at least n, or a whole shorter text) that it shares with any held-out text."""

    tasks: tuple[str, ...]
    longest: int


class HeldOutIndex:
    """The texts that no corpus document may hold, by their word n-grams.

    A document overlaps when it holds at least `coverage` (0 to 1) of the distinct n-grams of one text;
    a text of fewer than n words, but at least SHORTEST, must stand in it whole.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], n: int, coverage: float):
        """`texts`: (task, text)."""
        self.n, self.coverage = n, coverage
        self.scanned: Counter[str] = Counter()
        self.unscannable: Counter[str] = Counter()
        self.texts: list[tuple[str, str]] = []
        self._n_grams: list[int] = []
        # An n-gram's places as text * 2**32 + position: the place before it is one less.
        self._places: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._short: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        for task, text in sorted(set(texts)):
            self._add(task, text)
        self._tables = [
            (length, GramTable(hashed(list(grams)).grams(length)[0]))
            for length, grams in ((n, self._places), (SHORTEST, self._short))
            if grams
        ]

    def _add(self, task: str, text: str) -> None:
        words = tuple(words_of(clean(text)))
        if len(words) < min(SHORTEST, self.n):
            self.unscannable[task] += 1
            return
        number = len(self.texts)
        self.texts.append((task, text))
        self.scanned[task] += 1
        if len(words) < self.n:
            self._short[words[:SHORTEST]].append((number, words))
        grams = list(_grams(words, self.n))
        for position, gram in enumerate(grams):
            self._places[gram] = (*self._places.get(gram, ()), (number << 32) + position)
        self._n_grams.append(len(set(grams)))

    def overlaps(self, documents: Sequence[list[str]], hashes: Hashed) -> dict[int, Overlap]:
        """What each of many documents (as words, and the same hashed) shares with the held-out texts,
        by its number; those that share nothing are left out.

        The hashes only say which documents are worth the closer look: most share nothing.
        """
        candidates: set[int] = set()
        for n, table in self._tables:
            grams, numbers = hashes.grams(n)
            candidates |= set(np.unique(numbers[table.find(grams)[0]]).tolist())
        looked = ((number, self.overlap(documents[number])) for number in sorted(candidates))
        return {number: overlap for number, overlap in looked if overlap.longest}

    def overlap(self, words: list[str]) -> Overlap:
        """What a document, as its words, shares with the held-out texts."""
        held: dict[int, set[tuple[str, ...]]] = {}
        runs: dict[int, int] = {}
        longest = 0
        places_of = self._places.get
        for gram in _grams(words, self.n):
            places = places_of(gram)
            if places is None:
                runs = {}
                continue
            runs = {place: runs.get(place - 1, self.n - 1) + 1 for place in places}
            longest = max(longest, *runs.values())
            for place in places:
                held.setdefault(place >> 32, set()).add(gram)
        over = {number for number, grams in held.items() if len(grams) >= self.coverage * self._n_grams[number]}
        if self._short:
            for start, opening in enumerate(_grams(words, SHORTEST)):
                for number, text in self._short.get(opening, ()):
                    if tuple(words[start : start + len(text)]) == text:
                        over.add(number)
                        longest = max(longest, len(text))
        return Overlap(tuple(sorted({self.texts[number][0] for number in over})), longest)

    def planted_recall(self, seed: int, plants: int = 200) -> dict:
        """Plant held-out texts verbatim among random words and count how many are found.

        → {"planted", "found", "recall" (None where nothing could be planted)}
        """
        rng = random.Random(seed)
        chosen = rng.sample(self.texts, min(plants, len(self.texts)))
        documents = []
        for _, text in chosen:
            before, after = (" ".join(_filler(rng) for _ in range(rng.randint(20, 200))) for _ in "ab")
            documents.append(words_of(clean(f"{before}\n{text}\n{after}")))
        overlaps = self.overlaps(documents, hashed(documents))
        found = sum(task in overlaps[i].tasks for i, (task, _) in enumerate(chosen) if i in overlaps)
        recall = round(found / len(chosen), 4) if chosen else None
        return {"planted": len(chosen), "found": found, "recall": recall}

    def as_card(self, tasks: Iterable[str]) -> dict:
        """How many texts of each task could be looked for; a duplicate text counts once."""
        card = {}
        for task in tasks:
            scanned, unscannable = self.scanned[task], self.unscannable[task]
            share = round(unscannable / (scanned + unscannable), 4) if scanned + unscannable else 0.0
            card[task] = {"scanned": scanned, "unscannable": unscannable, "unscannable_share": share}
        return card


def _grams(words, n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(words, start, None) for start in range(n)), strict=False)


def _filler(rng: random.Random) -> str:
    return "".join(rng.choices("abdefghiklmnoprstuvyåø", k=rng.randint(2, 11)))
