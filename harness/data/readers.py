"""Functions that drop duplicate or contradictory rows.

What is an error and what is dropped:

- *Malformed input is an error.* A row that cannot be parsed, lacks a column, has a column that nobody
  declared, the wrong type, an empty or over-long text or a control character refuses the whole file,
  with all such rows in one table. Nothing is guessed and nothing silently lost.
- *A declared defect of a published original is dropped and counted*, by the functions a task lists
  under `drop` (exact duplicates, contradictions) or raises as `Dropped` in its `shape`.
- *A harmless oddity is fixed and counted*: a byte-order mark, edge whitespace, no-break spaces.
  CRLF line ends are the same as LF.

No message quotes the data: a reader does not know whether it may be shown.
"""

from collections import Counter
from collections.abc import Callable

from harness.data.rows import Drop, Dropped, Refused
from harness.data.tagged import looks_norwegian, tagged_json
from harness.text.visible import folded as fold

__all__ = [
    "Dropped",
    "Refused",
    "contradictions",
    "exact_duplicates",
    "fold",
    "fold_question",
    "looks_norwegian",
    "tagged_json",
]


def fold_question(text: str) -> str:
    """A question for comparison: as `fold`, without the colon, dash or stop it ends in."""
    return fold(text).rstrip(" :-.?…")


def exact_duplicates(key: Callable[[dict], object]) -> Drop:
    """Drop every record whose `key` an earlier one has, as "exact duplicate"."""

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        first: dict[object, dict] = {}
        for record in records:
            first.setdefault(key(record), record)
        kept = list(first.values())
        return kept, Counter({"exact duplicate": len(records) - len(kept)} if len(kept) < len(records) else {})

    return drop


def contradictions(key: Callable[[dict], object], answer: Callable[[dict], object]) -> Drop:
    """Drop all records that share a `key` but not the `answer`, as "contradictory duplicate"."""

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        answers: dict[object, set] = {}
        for record in records:
            answers.setdefault(key(record), set()).add(answer(record))
        kept = [record for record in records if len(answers[key(record)]) == 1]
        lost = len(records) - len(kept)
        return kept, Counter({"contradictory duplicate": lost} if lost else {})

    return drop
