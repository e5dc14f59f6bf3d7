"""Measure the overlap between corpus documents and the held-out texts of the tasks (validation, test and holdout).

Overlap is measured in word n-grams. The n-grams of the held-out texts are indexed once, and then each corpus document
is compared with the index. The measure follows the contamination analyses of large language models (Brown et al. 2020
count shared 13-grams, Touvron et al. 2023 the share of a text that is covered).

The filter (`HeldOutIndex`) looks at one document at a time, but a text can be spread over many documents. So the kept
corpus is also measured as a whole (`Coverage`), with n-grams of 8 words (which boilerplate also matches) and of 13
words.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from harness.data.words import GramTable, Hashed, clean, hashed, words_of

SHORTEST = 5  # words; a shorter text occurs by chance in any large corpus, so it is only counted
FILLERS = 1000  # random words, among which held-out texts are planted


@dataclass(frozen=True)
class Overlap:
    """The overlap of one corpus document with the held-out texts.

    `tasks` are the tasks with a held-out text that overlaps too much with the document. `longest` is the length, in
    words, of the longest run of words that the document shares with a held-out text. Shared runs have at least n words,
    or are a whole held-out text of fewer than n words.
    """

    tasks: tuple[str, ...]
    longest: int


class HeldOutIndex:
    """An index, by word n-grams, of the held-out texts, which no corpus document may contain.

    A document overlaps with a text if the document has at least the share `coverage` (0 to 1) of the text's distinct
    n-grams. A text with fewer than n words must occur in the document as a whole. Texts with fewer than SHORTEST words
    are only counted, and not searched for. The attribute `texts` lists (task, text) of the texts that can be searched
    for, and `words` lists (task, words) of all texts. Both lists are sorted.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], n: int, coverage: float):
        """Index the held-out `texts`, which are pairs (task, text)."""
        self.n, self.coverage = n, coverage
        self.scanned: Counter[str] = Counter()
        self.unscannable: Counter[str] = Counter()
        self.texts: list[tuple[str, str]] = []
        self._n_grams: list[int] = []
        # The places of each n-gram, as text * 2**32 + position. So the place of the n-gram before is one less.
        self._places: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._short: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        texts = sorted(set(texts))
        self.words = [(task, tuple(words_of(clean(text)))) for task, text in texts]
        for (task, text), (_, words) in zip(texts, self.words, strict=True):
            self._add(task, text, words)
        long = hashed([words for _, words in self.words if len(words) >= n])
        openings = hashed(list(self._short))
        self._tables = [(n, GramTable(long.grams(n)[0])), (SHORTEST, GramTable(openings.grams(SHORTEST)[0]))]

    def _add(self, task: str, text: str, words: tuple[str, ...]) -> None:
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
        """The overlap of each document with the held-out texts, by the document's position in `documents`. Documents
        that share nothing with a held-out text are left out.

        `documents` are lists of words, and `hashes` are the hashes of these words. The hashes only select the n-grams
        to compare, because most documents share nothing.
        """
        places: list[dict[int, list[int]]] = []
        for n, table in self._tables:
            grams, numbers = hashes.grams(n)
            hits = table.find(grams)[0]
            # The n-grams of one document are neighbours in `grams`, from its first word on.
            starts = hits - np.searchsorted(numbers, numbers[hits])
            places.append(defaultdict(list))
            for number, start in zip(numbers[hits].tolist(), starts.tolist(), strict=True):
                places[-1][number].append(start)
        long, short = places
        candidates = sorted(long.keys() | short.keys())
        looked = ((number, self._overlap(documents[number], long[number], short[number])) for number in candidates)
        return {number: overlap for number, overlap in looked if overlap.longest}

    def _overlap(self, words: list[str], long: Iterable[int], short: Iterable[int]) -> Overlap:
        """The overlap of one document, looking for n-grams only at `long` and for short texts only at `short`."""
        held: dict[int, set[tuple[str, ...]]] = {}
        runs: dict[int, int] = {}
        longest, previous = 0, -1
        for start in long:
            gram = tuple(words[start : start + self.n])
            places = self._places.get(gram)
            if places is None:
                continue
            known, runs = (runs if start == previous + 1 else {}), {}
            previous = start
            for place in places:
                runs[place] = known.get(place - 1, self.n - 1) + 1
                held.setdefault(place >> 32, set()).add(gram)
            longest = max(longest, *runs.values())
        over = {number for number, grams in held.items() if len(grams) >= self.coverage * self._n_grams[number]}
        for start in short:
            for number, text in self._short.get(tuple(words[start : start + SHORTEST]), ()):
                if tuple(words[start : start + len(text)]) == text:
                    over.add(number)
                    longest = max(longest, len(text))
        return Overlap(tuple(sorted({self.texts[number][0] for number in over})), longest)

    def planted_recall(self, seed: int, plants: int = 200) -> dict:
        """Test the search: plant held-out texts verbatim among random words, and count how many of these texts are
        found.

        `plants` is the largest number of texts to plant. Returns {"planted": number of planted texts, "found": number
        of found texts, "recall": found / planted}. The recall is None if there is no text to plant.
        """
        rng = random.Random(seed)
        chosen = rng.sample(self.texts, min(plants, len(self.texts)))
        fillers = [_filler(rng) for _ in range(FILLERS)]
        documents = []
        for _, text in chosen:
            before, after = (" ".join(rng.choices(fillers, k=rng.randint(20, 200))) for _ in "ab")
            documents.append(words_of(clean(f"{before}\n{text}\n{after}")))
        overlaps = self.overlaps(documents, hashed(documents))
        found = sum(task in overlaps[i].tasks for i, (task, _) in enumerate(chosen) if i in overlaps)
        recall = round(found / len(chosen), 4) if chosen else None
        return {"planted": len(chosen), "found": found, "recall": recall}

    def as_card(self, tasks: Iterable[str]) -> dict:
        """The counts of held-out texts for the corpus card, by task: {"scanned": texts that were searched for,
        "unscannable": texts that are too short, "unscannable_share": share of too short texts}. A repeated text counts
        once."""
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


LENGTHS = (8, 13)
COVERED = 0.5  # a text counts as covered if at least this share of its n-grams is found


class Coverage:
    """An index of the n-grams of the held-out texts, to measure how much of these texts a whole corpus contains.
    `lengths` are the lengths n of the n-grams, in words."""

    def __init__(self, texts: Sequence[tuple[str, Sequence[str]]], lengths: tuple[int, ...] = LENGTHS):
        """Index the held-out `texts`, which are pairs (task, words). Each text occurs once."""
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
        """A mask of the indexed n-grams, bool [n-grams], for each n. All values are False. The caller sets the values
        of the n-grams that were found to True, and gives the masks to `report`."""
        return {n: np.zeros(len(table.hashes), bool) for n, table in self._tables.items()}

    def find(self, hashes: Hashed) -> dict[int, np.ndarray]:
        """The indexed n-grams in documents: for each n, the distinct pairs (number of a document, number of an n-gram
        in the document), int64 [pairs, 2]. `hashes` are the hashed words of the documents."""
        found = {}
        for n, table in self._tables.items():
            grams, documents = hashes.grams(n)
            positions, numbers = table.find(grams)
            found[n] = _pairs(documents[positions], numbers, table)
        return found

    def report(self, met: dict[int, np.ndarray]) -> dict:
        """How much of each task's held-out texts was found, as {n: {task: counts}}.

        `met` has the masks of `unmet` after the search. The counts are "n_grams" (distinct n-grams of the task's
        texts), "found" and "share" (the n-grams that `met` marks), "texts" (texts with an n-gram), "texts_covered"
        (texts with at least the share COVERED of their n-grams found) and "texts_too_short" (texts with fewer than n
        words).
        """
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
    """The distinct pairs (owner, number in the table), sorted, int64 [pairs, 2]."""
    size = max(1, len(table.hashes))
    both = np.unique(owners.astype(np.int64) * size + numbers)
    return np.stack([both // size, both % size], axis=1)
