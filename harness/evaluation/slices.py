"""Scores of parts of a test set: by a column of the records, or by the length of the text.

A small cell says nothing about the encoder and may say something about a person, so cells under a minimum
are not shown, neither their score nor their size; and where only one is hidden, its size would follow from
the total, so the next smallest is hidden with it (complementary suppression, as statistical offices do).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import DataError
from harness.evaluation.spans import SpanDecisions

MINIMUM = 5
QUARTILES = ("shortest quarter", "second quarter", "third quarter", "longest quarter")
MISSING = "not stated"


@dataclass(frozen=True)
class Slice:
    """Score of the rows (documents) with one value; `n` and `score` are None where the cell is suppressed.

    `small` tells a cell under the minimum from one that is hidden only so that it does not follow from the total.
    """

    value: str
    n: int | None
    score: float | None
    small: bool = False


def sliced(decisions, values: Sequence, metric: Callable, minimum: int = MINIMUM) -> list[Slice]:
    """`metric` of the rows of each value, in order of the value; `values` has one per row or document.

    Raises DataError where it does not. A macro mean is over the task's whole label list in every slice, so slices
    in which labels are missing compare with each other between arms, not with the whole.
    """
    rows = len(decisions.documents) if isinstance(decisions, SpanDecisions) else len(decisions.gold)
    if len(values) != rows:
        raise DataError(f"{len(values)} values for {rows} rows.", remedy="Make the predictions again; each has a row.")
    named = [MISSING if value is None else str(value) for value in values]
    counts = Counter(named)
    hidden = suppressed(counts, minimum)
    found = []
    for value in sorted(counts):
        if value in hidden:
            found.append(Slice(value, None, None, counts[value] < minimum))
            continue
        at = [i for i, other in enumerate(named) if other == value]
        found.append(Slice(value, len(at), metric(_subset(decisions, at))))
    return found


def suppressed(counts: dict[str, int], minimum: int = MINIMUM) -> set[str]:
    """The cells that are not shown: those under `minimum`, and the next smallest where they are too few to hide."""
    order = sorted(counts, key=lambda value: (counts[value], value))
    hidden = {value for value in order if counts[value] < minimum}
    # What is hidden adds up to the total less the rest, so together it must be as large as a cell that is shown.
    while hidden and len(hidden) < len(order) and sum(counts[v] for v in hidden) < minimum:
        hidden.add(order[len(hidden)])
    return hidden


def length_quartiles(lengths: Sequence[int]) -> list[str]:
    """The quarter of the test set that each length belongs to; equal lengths share a quarter."""
    cuts = np.quantile(lengths, [0.25, 0.5, 0.75])
    return [QUARTILES[int(np.searchsorted(cuts, length, side="left"))] for length in lengths]


def _subset(decisions, at: list[int]):
    if isinstance(decisions, SpanDecisions):
        return replace(decisions, documents=tuple(decisions.documents[i] for i in at))
    columns = {name: getattr(decisions, name) for name in ("gold", "predicted", "groups")}
    return replace(decisions, **{name: tuple(column[i] for i in at) for name, column in columns.items() if column})
