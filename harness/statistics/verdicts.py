"""From estimates to verdicts: many comparisons at once, and what may be said of each.

The comparisons of a run are declared in advance, so all of them are the family that the adjustment
covers, also those that turn out to have no p-value. Left out are those that cannot be measured at all: gold
alone says which (`harness.statistics.measurable`), so that no result chooses how many are adjusted for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.metrics import Metric
from harness.statistics.paired import Estimate

VERDICTS = ("better", "worse", "equivalent", "inconclusive")
_ROUNDING = 1e-9  # a mean over seeds of one and the same score may differ from it in the last bits


@dataclass(frozen=True)
class Judgement:
    """`p_holm` bounds the chance of any false alarm in the run, `p_bh` the share of false ones among the alarms.

    `collapsed`: neither arm does better than a constant answer (see `collapsed`).
    """

    p_holm: float | None
    p_bh: float | None
    verdict: str
    collapsed: bool = False


def judge(
    estimates: Sequence[Estimate],
    metrics: Sequence[Metric],
    alpha: float,
    margin: float,
    floors: Sequence[float | None] | None = None,
) -> list[Judgement]:
    """Judgements of all declared comparisons, in their order; `margin` is in the metric's unit.

    `metrics` are what the comparisons are made by, `floors` the best scores of a constant answer on the same rows,
    one per comparison (None: not known).
    """
    declared = [i for i, estimate in enumerate(estimates) if estimate.measured]
    holm: list[float | None] = [None] * len(estimates)
    bh = holm.copy()
    for values, method in ((holm, "holm"), (bh, "fdr_bh")):
        found = adjusted([estimates[i].p_value for i in declared], method)
        for i, value in zip(declared, found, strict=True):
            values[i] = value
    known = floors if floors is not None else [None] * len(estimates)
    return [
        Judgement(h, b, verdict(estimate, metric, h, alpha, margin, floor), collapsed(estimate, metric, margin, floor))
        for estimate, metric, h, b, floor in zip(estimates, metrics, holm, bh, known, strict=True)
    ]


def collapsed(estimate: Estimate, metric: Metric, margin: float, floor: float | None) -> bool:
    """Does neither arm beat `floor`, what the best constant answer scores on the same rows, by more than the margin?

    A lead within the margin is one that was declared not to matter, so such a pair has learnt nothing that could
    be compared. Two encoders that both always answer the commonest label agree to the last row and their interval
    is narrow, but that is no evidence that they are equally good.
    """
    if floor is None or not estimate.measured:
        return False
    better = metric.best(score for score in (estimate.reference, estimate.clinical) if score is not None)
    return metric.gain(better - floor) <= margin + _ROUNDING


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


def verdict(
    estimate: Estimate, metric: Metric, p_holm: float | None, alpha: float, margin: float, floor: float | None = None
) -> str:
    """What may be said at a declared equivalence margin. The first rule that applies decides:

    inconclusive    where neither arm beats a constant answer (`collapsed`), whatever their difference is;
    equivalent      the interval lies within ± margin (two one-sided tests, Schuirmann 1987, at half the usual
                    error). This comes before the p-value: a difference that is real and within the margin is one
                    that was declared in advance not to matter.
    better, worse   otherwise, where the Holm-adjusted p-value is below alpha, by the sign of Δ: where lower is better,
                    a negative one is better;
    inconclusive    otherwise, and wherever there is no interval (one seed, one group, nothing that could be measured).
    """
    if collapsed(estimate, metric, margin, floor):
        return "inconclusive"
    if estimate.delta is None or estimate.ci_low is None or estimate.ci_high is None or p_holm is None:
        return "inconclusive"
    if -margin <= estimate.ci_low and estimate.ci_high <= margin:
        return "equivalent"
    if p_holm < alpha:
        return "better" if metric.gain(estimate.delta) > 0 else "worse"
    return "inconclusive"
