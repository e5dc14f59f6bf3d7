"""Score slices of a test set: the rows with one value of a column, or with texts of similar length.

A small cell says nothing about the encoder and may say something about a person. So cells under a minimum show neither
their score nor their size. Other cells are hidden too, if the size of a hidden cell would follow from the total
(`harness.privacy.suppression`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import DataError
from harness.metrics.metric import Decided
from harness.privacy.suppression import MINIMUM, protected, suppressed

QUARTILES = ("shortest quarter", "second quarter", "third quarter", "longest quarter")
MISSING = "not stated"


@dataclass(frozen=True)
class Slice:
    """The score of one slice: the rows (or documents) with the same `value`. `n` is their number. `n` and `score` are
    None if the slice is suppressed. `score` alone is None if it cannot be measured on these rows."""

    value: str
    n: int | None
    score: float | None


def sliced(decisions: Decided, values: Sequence[Any], metric: Callable[..., Any]) -> list[Slice]:
    """Score the rows of each value, in order of the value. `values` has one entry per row or document of `decisions`.
    `metric` takes the decisions of one slice and returns its score, or None.

    No slice is returned if even hiding all of them would reveal their sizes, for example for a column that is different
    in every row. A macro mean is over the task's whole label list in every slice. So the scores of a slice that lacks
    some labels can be compared between arms, but not with the score of the whole part.

    Raises DataError if `values` and `decisions` differ in length.
    """
    if len(values) != len(decisions):
        raise DataError(
            f"There are {len(values)} values for {len(decisions)} rows.",
            remedy="Make the predictions again; there must be one value per row.",
        )
    named = [MISSING if value is None else str(value) for value in values]
    counts = Counter(named)
    hidden = suppressed(counts)
    if len(values) >= MINIMUM and not protected([counts[value] for value in hidden]):
        return []
    found = []
    for value in sorted(counts):
        if value in hidden:
            found.append(Slice(value, None, None))
            continue
        at = [i for i, other in enumerate(named) if other == value]
        found.append(Slice(value, len(at), metric(decisions.subset(at))))
    return found


def length_quartiles(lengths: Sequence[int]) -> list[str]:
    """The name of the quarter of the test set to which each of the `lengths` belongs, in the same order. Equal lengths
    are in the same quarter."""
    cuts = np.quantile(lengths, [0.25, 0.5, 0.75])
    return [QUARTILES[int(np.searchsorted(cuts, length, side="left"))] for length in lengths]
