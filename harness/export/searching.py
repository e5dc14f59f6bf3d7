"""Search the files of an export bundle for restricted data that must not leave the site: small counts, ids, texts and
too fine figures.

The code that writes the reports leaves these data out. This search does not rely on that code, and reads the finished
files.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser

from harness import heads
from harness.data.words import words_of
from harness.errors import HarnessError
from harness.privacy.restricted import KIND
from harness.privacy.suppression import MINIMUM, is_small
from harness.statistics.disclosure.coarsening import SEEDS
from harness.statistics.disclosure.releasing import Release
from harness.task import Task

SHINGLE = 6  # words in a row that no report shares with a record by chance
SHORTEST_TEXT = 12  # characters; a shorter text is a label or a word
SHORTEST_ID, SHORTEST_NUMBER = 5, 8  # characters; shorter ids and numbers occur in any table
# Columns of the reports that count rows, groups, documents or spans.
COUNTED = {
    "n", "gold", "rows", "groups", "rows in", "dropped", "kept", "count", "documents", "documents read", "test rows",
    "documents with an identifier", "n_test", "n_groups",
}  # fmt: skip
MATRIX = "gold in rows"
# Thin spaces group digits. Any other number in the cell ("42 in 40 groups") counts by itself.
_NUMBER = re.compile(r"\d+(?:\u202f\d{3})*")


class DisclosureError(HarnessError):
    """The error that stops an export: the bundle has data that must not leave the site, or that were not checked."""


def counts(name: str, text: str, restricted: Iterable[str]) -> list[tuple[str, int]]:
    """Every count of restricted data in a file of the bundle, as a pair (place in the file, count).

    `name` is the path of the file, `text` its content, and `restricted` the names of the restricted tasks. Counts are
    read from
    - the tables of an HTML page with "restricted" in the caption,
    - the rows of a CSV about the `restricted` tasks, and
    - the cards of restricted data sets, and of checkpoints that were pre-trained on restricted text.

    Returns an empty list for any other file.
    """
    if name.endswith(".csv"):
        return list(_of_csv(text, set(restricted)))
    if name.endswith(".html"):
        return list(_of_page(text))
    if name.startswith("cards/"):
        card = json.loads(text)
        if card.get("kind") == KIND or card.get("corpus"):
            return list(_of_card(card))
    return []


def _of_card(card: Mapping) -> Iterator[tuple[str, int]]:
    tallies = {name: card.get(name) or {} for name in ("dropped", "labels", "parts", "repaired")}
    for corpus, part in (card.get("corpus") or {}).items():
        if part.get("kind") == KIND:
            tallies |= {f"{corpus}, {name}": part.get(name) or {} for name in ("document_types", "written_standards")}
    yield from ((f"{name}, {key}", n) for name, tally in tallies.items() for key, n in tally.items() if n is not None)
    yield from ((name, card[name]) for name in ("rows", "rows_in") if card.get(name) is not None)


def _of_csv(text: str, restricted: set[str]) -> Iterator[tuple[str, int]]:
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        if row.get("task") in restricted:
            for column in COUNTED & row.keys():
                if (row[column] or "").isdigit():
                    yield f"row {number}, {column}", int(row[column])


def _of_page(text: str) -> Iterator[tuple[str, int]]:
    page = _Tables()
    page.feed(text)
    for caption, header, rows in page.found:
        if "restricted" not in caption:
            continue
        for cells in rows:
            for i, (column, cell) in enumerate(zip(header, cells, strict=False)):
                counted = i > 0 if MATRIX in caption else column.strip().casefold() in COUNTED
                if counted:
                    found = _NUMBER.findall(cell) if "%" not in cell and "." not in cell else []
                    yield from ((f"{caption}, {cells[0]}, {column}", int(n.replace("\u202f", ""))) for n in found)


class _Tables(HTMLParser):
    """A parser that collects every table of a page in `found`: (caption, header, rows)."""

    def __init__(self):
        super().__init__()
        self.found: list[tuple[str, list[str], list[list[str]]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self._caption = ""
            self._rows: list[list[str]] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("caption", "td", "th"):
            self._cell = []

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag):
        if tag == "caption":
            self._caption = "".join(self._cell or ())
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append("".join(self._cell or ()))
        elif tag == "table" and self._rows:
            self.found.append((self._caption, self._rows[0], self._rows[1:]))
        if tag in ("caption", "td", "th"):
            self._cell = None


def small_cells(found: Iterable[tuple[str, int]]) -> list[str]:
    """One message for each small count (1 to 4) in a file of the bundle. `found` are the counts of the file, as
    `counts` returns them."""
    return [f"a count under {MINIMUM} ({place})" for place, n in found if is_small(n)]


SCORES = ("value", "reference", "clinical", "delta", "ci_low", "ci_high")


def too_fine(name: str, text: str, releases: Mapping[str, Release]) -> list[str]:
    """One message for each figure in a CSV that is finer than the disclosure check released for its task.

    `name` is the path of the file and `text` its content. `releases` maps each restricted task to what was released. A
    figure is too fine if it is about a single seed, is not a multiple of the rounding step (such as 0.02), or is of a
    kind that was not released at all. A task is not checked here if every run was released. Returns an empty list if
    the file is no CSV.
    """
    found = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)) if name.endswith(".csv") else (), start=2):
        release = releases.get(row.get("task", ""))
        if release is None or release.rung.name == SEEDS:
            continue
        rung = release.rung
        shown = SCORES[3:] if rung.difference else ()
        wrong = ["seed"] if row.get("seed") else []
        for column in SCORES:
            if cell := row.get(column):
                steps = float(cell) / rung.step
                wrong += [column] if column not in shown or abs(steps - round(steps)) > 1e-6 else []
        found += [f"a figure finer than what is released (row {number}, {column})" for column in wrong]
    return found


def ids(text: str, known: Iterable[str]) -> int:
    """The number of `known` ids that occur in a text as separate words. Ids of under 5 characters, and numbers of under
    8 digits, are not searched for, because they occur in any table."""
    words = set(re.findall(r"[^\s\"'<>|,;:=()\[\]{}`]+", text))
    return sum(_searched(identity) and identity in words for identity in set(known))


def _searched(identity: str) -> bool:
    return len(identity) >= (SHORTEST_NUMBER if identity.isdigit() else SHORTEST_ID)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = words_of(re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+|<[^>]*>", " ", text))
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def texts(bundle: set[tuple[str, ...]], records: Iterable[Mapping], task: Task) -> int:
    """The number of `records` with a text that also occurs in a file of the bundle.

    `bundle` is the set of all sequences of SHINGLE words of the file, as `shingles` returns it. A text occurs in the
    file if SHINGLE words in a row, or all words of a shorter text, occur there. Texts of one word or of under
    SHORTEST_TEXT characters are not searched for.
    """
    starts: dict[int, set[tuple[str, ...]]] = {
        length: {shingle[i : i + length] for shingle in bundle for i in range(SHINGLE - length + 1)}
        for length in range(2, SHINGLE + 1)
    }
    found = 0
    for record in records:
        long = (text for text in heads.of(task).texts_of(record) if len(text) >= SHORTEST_TEXT)
        found += any(_stands(words_of(text), starts) for text in long)
    return found


def _stands(words: list[str], starts: Mapping[int, set[tuple[str, ...]]]) -> bool:
    if len(words) < SHINGLE:
        return len(words) > 1 and tuple(words) in starts[len(words)]
    return any(tuple(words[i : i + SHINGLE]) in starts[SHINGLE] for i in range(len(words) - SHINGLE + 1))
