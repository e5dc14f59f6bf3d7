"""Scores of parts of a test set: by a column of the records, or by the length of the text.

A small cell says nothing about the encoder and may say something about a person, so cells under a minimum
are not shown, neither their score nor their size, and others with them where they would follow from the total
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
    """Score of the rows (documents) with one value; `n` and `score` are None where the cell is suppressed;
    `score` alone where `metric` gives None."""

    value: str
    n: int | None
    score: float | None


def sliced(
    decisions: Decided, values: Sequence[Any], metric: Callable[..., Any], minimum: int = MINIMUM
) -> list[Slice]:
    """`metric` of the rows of each value, in order of the value; `values` has one per row or document.

    Raises DataError where it does not. No slice at all where even hiding all of them would tell their sizes, as of a
    column that is different in every row. A macro mean is over the task's whole label list in every slice, so slices
    in which labels are missing compare with each other between arms, not with the whole.
    """
    if len(values) != len(decisions):
        raise DataError(
            f"{len(values)} values for {len(decisions)} rows.", remedy="Make the predictions again; each has a row."
        )
    named = [MISSING if value is None else str(value) for value in values]
    counts = Counter(named)
    hidden = suppressed(counts, minimum)
    if len(values) >= minimum and not protected([counts[value] for value in hidden], minimum):
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
