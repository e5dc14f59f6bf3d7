"""All comparisons of one task and family: the clinical arm with every other arm, part by part, and by kind of row."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from harness.metrics import named
from harness.metrics.decided import counts
from harness.statistics import paired

CLINICAL = "clinical"
# Compared on the rows of each kind, where data say what decides them. The last pair is a placebo: no arm of it has
# read clinical text.
READINGS = (("clinical", "baseline"), ("clinical", "control"), ("control", "baseline"))
Runs = Mapping[tuple[str, str], Mapping[int, counts.GroupCounts]]


def compare_arms(
    runs: Runs,
    settings: paired.Settings,
    unmeasured: Collection[str] = (),
    kinds: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """One row per part and arm that the clinical arm is compared with, ordered by part and arm.

    `runs` maps (part, arm) to the counts of its runs by seed. A row holds the part, the arm (`against`), the `seeds`
    of both arms, and the fields of `statistics.Estimate`; it names no group. On the parts in `unmeasured` nothing is
    estimated. `kinds` says by part of what kind each group is, where the data do: those are its strata. Raises
    DataError where runs do not cover the same groups.
    """
    kinds = kinds or {}
    return [
        {"part": part, "against": against}
        | _compared(runs, part, CLINICAL, against, settings, part in unmeasured, kinds.get(part))
        for part, against in sorted(runs)
        if against != CLINICAL and (part, CLINICAL) in runs
    ]


def by_kind(runs: Runs, settings: paired.Settings, unmeasured: Collection[str] = ()) -> list[dict[str, Any]]:
    """One row per kind of test row and pair of arms in READINGS, as far as `runs`, by (kind, arm), has them.

    A row holds `decided_by`, `arm`, `against`, the `seeds` and the fields of an Estimate, whose `clinical` is `arm`'s.
    """
    return [
        {"decided_by": kind, "arm": arm, "against": other}
        | _compared(runs, kind, arm, other, settings, kind in unmeasured)
        for kind in sorted({kind for kind, _ in runs})
        for arm, other in READINGS
        if (kind, arm) in runs and (kind, other) in runs
    ]


def _compared(
    runs: Runs,
    key: str,
    arm: str,
    against: str,
    settings: paired.Settings,
    unmeasured: bool,
    kinds: Mapping[str, str] | None = None,
) -> dict[str, object]:
    reference, other = ([of[seed] for seed in sorted(of)] for of in (runs[key, against], runs[key, arm]))
    together = counts.stack(reference + other)  # refuses arms that do not belong together
    if unmeasured:
        estimate = paired.Estimate.of_nothing(together.shape[1], min(len(reference), len(other)))
    else:
        score = named(reference[0].metric).score
        strata = np.unique([kinds[group] for group in reference[0].groups], return_inverse=True)[1] if kinds else None
        estimate = paired.compare(counts.stack(reference), counts.stack(other), score, settings, strata)
    return {"seeds": sorted(set(runs[key, against]) | set(runs[key, arm])), **asdict(estimate)}
