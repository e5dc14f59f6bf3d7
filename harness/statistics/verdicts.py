"""Adjust the p-values of all comparisons together, and give each comparison its verdict.

The comparisons of a run are declared in advance. The adjustment covers all of them, also comparisons that turn out to
have no p-value. It leaves out only comparisons that cannot be measured at all. Gold labels alone decide whether a
comparison can be measured (`harness.statistics.measurable`), so no result changes the number of comparisons adjusted
for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.metrics import Metric
from harness.statistics.paired import Estimate, detectable

VERDICTS = ("better", "worse", "equivalent", "inconclusive")


@dataclass(frozen=True)
class Judgement:
    """The verdict of one comparison. `p_holm` is its p-value adjusted for all comparisons of the run, which bounds the
    chance of any false alarm in the run (None: no p-value).

    `mde_holm` is the true difference that the verdict detects with 80 % power if no other comparison helps. It is the
    detectable difference at the level of Holm's first step: alpha divided by the number of comparisons. `collapsed` is
    true if nothing shows that either arm knows more than a constant answer (see the function `collapsed`).
    """

    p_holm: float | None
    verdict: str
    collapsed: bool = False
    mde_holm: float | None = None


def judge(
    estimates: Sequence[Estimate],
    metrics: Sequence[Metric],
    alpha: float,
    tested: Sequence[bool] | None = None,
) -> list[Judgement]:
    """The judgements of all declared comparisons, in their order.

    `metrics` has the metric of each comparison, and `alpha` is the error of the verdicts over all comparisons together.
    A comparison for which `tested` is False (default: all are True) is inconclusive, but still counts in the
    adjustment.
    """
    declared = [i for i, estimate in enumerate(estimates) if estimate.measured]
    holm: list[float | None] = [None] * len(estimates)
    same = holm.copy()
    for values, name in ((holm, "p_value"), (same, "p_equivalent")):
        found = adjusted([getattr(estimates[i], name) for i in declared])
        for i, value in zip(declared, found, strict=True):
            values[i] = value
    judged = []
    for i, (estimate, metric) in enumerate(zip(estimates, metrics, strict=True)):
        claimed = tested is None or tested[i]
        judged.append(
            Judgement(
                p_holm=holm[i],
                verdict=verdict(estimate, metric, holm[i], same[i], alpha) if claimed else "inconclusive",
                collapsed=collapsed(estimate),
                mde_holm=detectable(estimate, alpha / max(1, len(declared)), metric.highest - metric.lowest),
            )
        )
    return judged


def collapsed(estimate: Estimate) -> bool:
    """True if nothing shows that either arm knows more than a constant answer: the interval of the skill reaches down
    to 0.

    Two encoders that both always answer the commonest label agree on every row, and the interval of their difference is
    narrow. This is no evidence that the two are equally good. If each has a constant answer of its own, neither is
    better.
    """
    return estimate.skill_low is not None and estimate.skill_low <= 0


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for multiple testing (Holm 1979).

    None counts as p = 1 in the adjustment and stays None in the result.
    """
    # Without statsmodels, which imports pandas and collects garbage at every call (0.3 seconds if torch is loaded).
    values = np.array([1.0 if p is None else p for p in p_values])
    order = np.argsort(values, kind="stable")
    found = np.empty_like(values)
    found[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1.0)
    return [None if p is None else float(q) for p, q in zip(p_values, found, strict=True)]


def verdict(estimate: Estimate, metric: Metric, p_holm: float | None, p_equivalent: float | None, alpha: float) -> str:
    """The verdict on a comparison: one of VERDICTS. Both p-values are adjusted for all comparisons. The first rule that
    applies decides:

        inconclusive    if nothing shows that either arm knows anything (`collapsed`), whatever their difference is
        equivalent      if the difference lies within ± margin (two one-sided tests, Schuirmann 1987, at half the usual
                        error). This comes before the p-value: a real difference within the margin was declared in
                        advance not to matter
        better, worse   if the p-value is below alpha, by the sign of Δ (if lower is better, a negative Δ is better)
        inconclusive    otherwise, and always if there is no interval (one seed, one group, nothing measured)
    """
    if collapsed(estimate) or estimate.delta is None:
        return "inconclusive"
    if p_equivalent is not None and p_equivalent < alpha:
        return "equivalent"
    if p_holm is not None and p_holm < alpha:
        return "better" if metric.gain(estimate.delta) > 0 else "worse"
    return "inconclusive"
