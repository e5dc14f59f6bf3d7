"""Compare the arms (versions of one encoder) on a task: on each part of its data, and on each kind of test row.

The kind of a row says what decides its answer, such as a clinical word. Only some data sets record this.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from harness.errors import DataError
from harness.metrics import named
from harness.metrics.decided import counts
from harness.params.arms import BASELINE, CLINICAL
from harness.statistics import paired

# Pairs of arms that are compared on each kind of test rows, if the data record what decides a row. The last pair is a
# placebo: neither of its arms has read clinical text.
READINGS = (("clinical", "baseline"), ("clinical", "control"), ("clinical", "task"), ("control", "baseline"))
Seeds = Mapping[int, counts.GroupCounts]  # the runs of an arm, by seed
Runs = Mapping[tuple[str, str], Seeds]  # by (part or kind, arm)


def compare_arms(
    runs: Runs,
    skills: Runs,
    settings: paired.Settings,
    replicates: Mapping[int, int],
    unmeasured: Collection[str] = (),
    kinds: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Compare the clinical arm with every other arm on each part. Returns one dict per part and other arm, sorted by
    both.

    `runs` maps (part, arm) to the runs of the arm: {seed: counts of each group}. `skills` has the same form, with the
    counts for a score that is 0 for every constant answer. It lacks the parts whose gold does not allow to measure this
    score; no arm is known to have any skill there. `replicates` maps a seed to the number of the pre-training
    run that made the encoder fine-tuned from this seed (1 for seeds that are missing). Nothing is estimated on the
    parts in `unmeasured`, so the estimates there are None. `kinds` maps a part to {group: kind}, if the data have
    kinds. The kinds are the strata of the variance.

    A returned dict has the keys `part`, `against` (the other arm) and `seeds` (those of both arms), and the fields of
    `paired.Estimate`. The dict names no group. Raises DataError if two arms were not run on the same groups and seeds.
    """
    kinds = kinds or {}
    return [
        {"part": part, "against": against}
        | _compared(runs, skills, part, (CLINICAL, against), settings, replicates, part in unmeasured, kinds.get(part))
        for part, against in sorted(runs)
        if against != CLINICAL and (part, CLINICAL) in runs
    ]


def by_kind(
    runs: Runs,
    skills: Runs,
    settings: paired.Settings,
    replicates: Mapping[int, int],
    unmeasured: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Compare the pairs of arms in READINGS on each kind of test row. Returns one dict per kind and pair.

    `runs` maps (kind, arm) to the runs of the arm: {seed: counts of each group}. A pair is left out if `runs` lacks one
    of its arms. `skills` and `replicates` are as in `compare_arms`. Nothing is estimated on the kinds in `unmeasured`.

    A returned dict has the keys `decided_by` (the kind), `arm` and `against` (the pair) and `seeds`, and the fields of
    `paired.Estimate`. Its field `clinical` is the score of `arm`, and `reference` the score of `against`.
    """
    return [
        {"decided_by": kind, "arm": arm, "against": other}
        | _compared(runs, skills, kind, (arm, other), settings, replicates, kind in unmeasured)
        for kind in sorted({kind for kind, _ in runs})
        for arm, other in READINGS
        if (kind, arm) in runs and (kind, other) in runs
    ]


def _compared(
    runs: Runs,
    skills: Runs,
    part: str,
    pair: tuple[str, str],
    settings: paired.Settings,
    replicates: Mapping[int, int],
    unmeasured: bool,
    kinds: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The comparison of a pair of arms (first minus second) on a part or kind of row."""
    arms = [(part, arm) for arm in reversed(pair)]
    reference, clinical = (runs[arm] for arm in arms)
    seeds = sorted(reference)
    if seeds != sorted(clinical):
        raise DataError(
            "The two arms of a comparison were fine-tuned with different seeds: "
            f"{_listed(reference)} (reference arm) and {_listed(clinical)} (the other arm).",
            remedy="Fine-tune both arms with the seeds of params.yaml: run `dvc repro`.",
        )
    tables = [[of[seed] for seed in seeds] for of in (reference, clinical)]
    together = counts.stack([run for of in tables for run in of])  # refuses arms that do not belong together
    number = [replicates.get(seed, 1) for seed in seeds]
    if unmeasured:
        estimate = paired.Estimate.of_nothing(together.shape[1], len(seeds), len(set(number)))
        return {"seeds": seeds, **asdict(estimate)}
    metric, strata = named(tables[0][0].metric), strata_of(tables[0][0].groups, kinds)
    estimate = paired.compare(counts.stack(tables[0]), counts.stack(tables[1]), metric, settings, strata, number)
    found: dict[str, Any] = {"seeds": seeds, **asdict(estimate)}
    if not all(arm in skills for arm in arms):
        # Gold with a single label: the constant answer is always right, so no score shows more than it.
        return found | {"skill_low": 0.0}
    skilled = [[skills[arm][seed] for seed in seeds] for arm in arms]
    found["skill_low"] = paired.skill_low(
        [counts.stack(of) for of in skilled],
        named(skilled[0][0].metric),
        strata,
        settings.level,
        # The baseline was pre-trained once, whatever the other arm is.
        [[1] * len(seeds) if arm == BASELINE else number for _, arm in arms],
    )
    return found


def strata_of(groups: Sequence[str], kinds: Mapping[str, str] | None) -> np.ndarray | None:
    """The stratum of each group, as a number from 0 for the kind of the group. Returns None if the data have no
    `kinds`."""
    return np.unique([kinds[group] for group in groups], return_inverse=True)[1] if kinds else None


def _listed(seeds: Seeds) -> str:
    return ", ".join(map(str, sorted(seeds)))
