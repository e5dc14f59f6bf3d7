"""From estimates to verdicts: many comparisons at once, and what may be said of each.

The comparisons of a run are declared in advance, so all of them are the family that the adjustment
covers, also those that turn out to have no p-value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evaluation.statistics import Estimate

VERDICTS = ("better", "worse", "equivalent", "inconclusive")


@dataclass(frozen=True)
class Judgement:
    """`p_holm` bounds the chance of any false alarm in the run, `p_bh` the share of false ones among the alarms."""

    p_holm: float | None
    p_bh: float | None
    verdict: str


def judge(estimates: Sequence[Estimate], alpha: float, margin: float) -> list[Judgement]:
    """Judgements of all declared comparisons, in their order; `margin` is in the metric's unit."""
    p_values = [estimate.p_value for estimate in estimates]
    holm, bh = adjusted(p_values, "holm"), adjusted(p_values, "fdr_bh")
    return [
        Judgement(h, b, verdict(estimate, h, alpha, margin)) for estimate, h, b in zip(estimates, holm, bh, strict=True)
    ]


def adjusted(p_values: Sequence[float | None], method: str) -> list[float | None]:
    """p-values adjusted for their number, by "holm" (Holm 1979) or "fdr_bh" (Benjamini & Hochberg 1995).

    A declared comparison without a p-value counts as p = 1 towards the number and stays None.
    """
    if not p_values:
        return []
    # Imports pandas, two seconds that nothing else in scoring needs.
    from statsmodels.stats.multitest import multipletests

    found = multipletests([1.0 if p is None else p for p in p_values], method=method)[1]
    return [None if p is None else float(q) for p, q in zip(p_values, found, strict=True)]


def verdict(estimate: Estimate, p_holm: float | None, alpha: float, margin: float) -> str:
    """What may be said at a declared equivalence margin.

    equivalent      the interval lies within ± margin (two one-sided tests, Schuirmann 1987, at half the usual
                    error). This comes first: a difference that is real and within the margin is one
                    that was declared in advance not to matter.
    better, worse   otherwise, where the Holm-adjusted p-value is below alpha, by the sign of Δ;
    inconclusive    otherwise, and wherever there is no interval (one seed, one group).

    The metric is one where higher is better.
    """
    if estimate.ci_low is None or estimate.ci_high is None or p_holm is None:
        return "inconclusive"
    if -margin <= estimate.ci_low and estimate.ci_high <= margin:
        return "equivalent"
    if p_holm < alpha:
        return "better" if estimate.delta > 0 else "worse"
    return "inconclusive"
