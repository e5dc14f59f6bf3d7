"""Scores of parts of a test set: by a column of the records, or by the length of the text.

A small cell says nothing about the encoder and may say something about a person. So cells under a minimum show neither
their score nor their size. Other cells are hidden too, if a hidden one would follow from the total
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
    """Score of the rows (documents) with one value. `n` and `score` are None if the cell is suppressed. `score` alone
    is None if `metric` gives None."""

    value: str
    n: int | None
    score: float | None


def sliced(decisions: Decided, values: Sequence[Any], metric: Callable[..., Any]) -> list[Slice]:
    """`metric` of the rows of each value, in order of the value. `values` has one entry per row or document.

    There is no slice at all if even hiding all of them would reveal their sizes, as for a column that is different in
    every row. A macro mean is over the task's whole label list in every slice. So a slice in which labels are missing
    can be compared between arms, but not with the whole.
    Raises DataError if `values` and `decisions` differ in length.
    """
    if len(values) != len(decisions):
        raise DataError(
            f"{len(values)} values for {len(decisions)} rows.", remedy="Make the predictions again; each has a row."
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
    """The quarter of the test set that each length belongs to; equal lengths share a quarter."""
    cuts = np.quantile(lengths, [0.25, 0.5, 0.75])
    return [QUARTILES[int(np.searchsorted(cuts, length, side="left"))] for length in lengths]
