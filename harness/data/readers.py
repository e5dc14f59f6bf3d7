"""Functions for task files that drop duplicate or contradictory rows, and the rules for faulty rows.

Rows are refused, dropped or fixed by these rules:

- *Malformed input is an error.* The whole file is refused if a row cannot be parsed, lacks a column, or has an
  undeclared column, a wrong type, an empty or too long text, or a control character. One table shows all such rows.
  Nothing is guessed and nothing silently lost.
- *A row with a declared defect of a published original is dropped and counted*. The functions that a task lists under
  `drop` do so (exact duplicates, contradictions), or the task's `shape` function, which raises `Dropped`.
- *A harmless oddity is fixed and counted*: a byte-order mark, edge whitespace, no-break spaces.
  CRLF line ends are the same as LF.

The reasons for refused and dropped rows quote no data, because a reader does not know whether the data may be shown.
Examples are kept apart from the reasons.
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
    """The form of a question by which it is compared with other questions: `fold` of the question, without spaces and
    the signs `:-.?…` at its end."""
    return fold(text).rstrip(" :-.?…")


def exact_duplicates(key: Callable[[dict], object]) -> Drop:
    """A function for the argument `drop` of a reader. It drops each record that has the same `key(record)` as an
    earlier record.

    The function gets the records and returns the kept ones, and the number of dropped ones as {"exact duplicate":
    number}.
    """

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        first: dict[object, dict] = {}
        for record in records:
            first.setdefault(key(record), record)
        kept = list(first.values())
        return kept, Counter({"exact duplicate": len(records) - len(kept)} if len(kept) < len(records) else {})

    return drop


def contradictions(key: Callable[[dict], object], answer: Callable[[dict], object]) -> Drop:
    """A function for the argument `drop` of a reader. It drops all records that have the same `key(record)` but
    different `answer(record)`.

    The function gets the records and returns the kept ones, and the number of dropped ones as {"contradictory
    duplicate": number}.
    """

    def drop(records: list[dict]) -> tuple[list[dict], Counter]:
        answers: dict[object, set] = {}
        for record in records:
            answers.setdefault(key(record), set()).add(answer(record))
        kept = [record for record in records if len(answers[key(record)]) == 1]
        lost = len(records) - len(kept)
        return kept, Counter({"contradictory duplicate": lost} if lost else {})

    return drop
