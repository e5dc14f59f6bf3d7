"""All comparisons of one task and family: the clinical arm with every other arm, part by part."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

from harness.evaluation import counts, statistics

CLINICAL = "clinical"


def compare_arms(
    runs: Mapping[tuple[str, str], Mapping[int, counts.GroupCounts]],
    settings: statistics.Settings,
    unmeasured: Collection[str] = (),
) -> list[dict]:
    """One row per part and arm that the clinical arm is compared with, ordered by part and arm.

    `runs` maps (part, arm) to the counts of its runs by seed. A row holds the part, the arm (`against`), the `seeds`
    of both arms, and the fields of `statistics.Estimate`; it names no group. On the parts in `unmeasured` nothing is
    estimated. Raises DataError where runs do not cover the same groups.
    """
    rows = []
    for part, against in sorted(runs):
        if against == CLINICAL or (part, CLINICAL) not in runs:
            continue
        reference, clinical = ([of[seed] for seed in sorted(of)] for of in (runs[part, against], runs[part, CLINICAL]))
        together = counts.stack(reference + clinical)  # refuses arms that do not belong together
        if part in unmeasured:
            estimate = statistics.Estimate.of_nothing(together.shape[1], min(len(reference), len(clinical)))
        else:
            score = counts.score(reference[0].metric)
            estimate = statistics.compare(counts.stack(reference), counts.stack(clinical), score, settings)
        seeds = sorted(set(runs[part, against]) | set(runs[part, CLINICAL]))
        rows.append({"part": part, "against": against, "seeds": seeds, **asdict(estimate)})
    return rows
