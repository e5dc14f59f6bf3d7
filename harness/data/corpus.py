"""The pre-training corpus: reading, cleaning, and keeping every test text out of it.

Overlap is looked for in word n-grams: the n-grams of the held-out texts are indexed once, and the
corpus streams past them. The measure follows the contamination analyses of large language models
(Brown et al. 2020 count shared 13-grams; Touvron et al. 2023 the share of a text that is covered).
"""

import gzip
import hashlib
import json
import random
import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from harness.errors import DataError, MissingInputError

SHORTEST = 5  # words; a shorter text stands by chance in any large corpus, so it is only counted
UNKNOWN = "unknown"
_WORD = re.compile(r"\w+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_STANDARD = {"nb": "bokmål", "nn": "nynorsk"}
_REMEDY = 'Write one {"id": …, "text": …} a line, or `harness data generate data` for the embedded corpus.'


def clean(text: str) -> str:
    """NFC, line ends as `\\n`, no control characters but line end and tab, no space at the edges."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).strip()


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def read_documents(path: Path) -> Iterator[dict]:
    """Documents of a `.jsonl` or `.jsonl.gz` file, one at a time, in the form of the corpus.

    → {"id", "document_type", "written_standard", "date", "text"}. Lines with `language` (nb, nn)
    instead of `written_standard` are reviews. Raises DataError with file and line.
    """
    try:
        with gzip.open(path) if path.name.endswith(".gz") else open(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _document(line.removeprefix(b"\xef\xbb\xbf"), f"{path}, line {number}")
    except FileNotFoundError:
        raise MissingInputError(f"{path} is missing.", remedy="Make it with `dvc repro`, or put it there.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged archive ({error}).", remedy="Fetch the file again.") from None


def _document(line: bytes, where: str) -> dict:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 (byte {error.start}).", remedy="Save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not JSON ({error.msg}).", remedy=_REMEDY) from None
    for key in ("id", "text"):
        if not isinstance(row, dict) or not isinstance(row.get(key), str):
            raise DataError(f"{where}: no {key!r} with a string.", remedy=_REMEDY)
    language = row.get("language", "")
    return {
        "id": row["id"],
        "document_type": str(row.get("document_type") or ("review" if language else UNKNOWN)),
        "written_standard": str(row.get("written_standard") or _STANDARD.get(language, language)),
        "date": str(row.get("date", "")),
        "text": row["text"],
    }


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
        found = 0
        for task, text in chosen:
            before, after = (" ".join(_filler(rng) for _ in range(rng.randint(20, 200))) for _ in "ab")
            found += task in self.overlap(words_of(clean(f"{before}\n{text}\n{after}"))).tasks
        recall = round(found / len(chosen), 4) if chosen else None
        return {"planted": len(chosen), "found": found, "recall": recall}


def _grams(words, n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(words, start, None) for start in range(n)), strict=False)


def _filler(rng: random.Random) -> str:
    return "".join(rng.choices("abdefghiklmnoprstuvyåø", k=rng.randint(2, 11)))


@dataclass
class Tally:
    """What became of the documents of one part of the corpus; counts by document type."""

    read: Counter = field(default_factory=Counter)
    kept: Counter = field(default_factory=Counter)
    removed: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    words: Counter = field(default_factory=Counter)  # kept, by written standard
    documents: Counter = field(default_factory=Counter)  # kept, by written standard
    longest_match_kept: int = 0
    longest_match_removed: int = 0

    def as_card(self) -> dict:
        words, documents = self.words.total(), self.documents.total()
        return {
            "documents": {"in": self.read.total(), "kept": self.kept.total()},
            "in": dict(self.read),
            "kept": dict(self.kept),
            "removed": {
                reason: {"documents": types.total(), "by_document_type": dict(types)}
                for reason, types in self.removed.items()
            },
            "words": words,
            "written_standard": {
                standard: {
                    "documents": count,
                    "words": self.words[standard],
                    "share_of_documents": round(count / documents, 4),
                    "share_of_words": round(self.words[standard] / words, 4) if words else 0.0,
                }
                for standard, count in self.documents.items()
            },
            "longest_match": {"kept": self.longest_match_kept, "removed": self.longest_match_removed},
        }


def filtered(documents: Iterable[dict], index: HeldOutIndex, tally: Tally) -> Iterator[dict]:
    """The documents that stay, cleaned; every one that goes is counted in `tally` by its reason:
    "empty", "duplicate", or "overlap with <task>" (the first such task by name)."""
    seen: set[bytes] = set()
    for document in documents:
        kind = document["document_type"]
        tally.read[kind] += 1
        text = clean(document["text"])
        words = words_of(text)
        if not words:
            tally.removed["empty"][kind] += 1
            continue
        digest = hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=16).digest()
        if digest in seen:
            tally.removed["duplicate"][kind] += 1
            continue
        seen.add(digest)
        overlap = index.overlap(words)
        if overlap.tasks:
            tally.removed[f"overlap with {overlap.tasks[0]}"][kind] += 1
            tally.longest_match_removed = max(tally.longest_match_removed, overlap.longest)
            continue
        tally.longest_match_kept = max(tally.longest_match_kept, overlap.longest)
        tally.kept[kind] += 1
        standard = document["written_standard"] or UNKNOWN
        tally.documents[standard] += 1
        tally.words[standard] += len(words)
        yield document | {"text": text}
