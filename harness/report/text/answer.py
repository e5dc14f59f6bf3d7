"""The first thing a reader sees: what was found for each encoder family, how sure it is, and what it is about."""

from collections.abc import Sequence

from harness.params.config import Statistics
from harness.report.model.document import Paragraph, Table
from harness.report.model.judging import Summary
from harness.report.text import wording

SAID = {
    "better": "the clinical arm is better than {} with {}",
    "worse": "the clinical arm is worse than {} with {}",
    "equivalent": "the clinical arm and {} differ by less than what was declared to matter with {}",
    "inconclusive": "it is open whether the clinical arm is better than {} with {}",
}


def sentence(summaries: Sequence[Summary], level: float) -> str:
    """One sentence for each verdict on the primary questions."""
    found = []
    for verdict, said in SAID.items():
        for against in wording.unique(s.against for s in summaries if s.primary):
            of = [s for s in summaries if s.primary and (s.judgement.verdict, s.against) == (verdict, against)]
            if of:
                found.append(said.format(_arm(against), wording.listing([_family(s, level) for s in of])))
    several = max((len(s.tasks) for s in summaries if s.primary), default=0) > 1
    start = "In the mean over tasks " if several else ""
    return wording.capital(start + "; ".join(found)) + "." if found else ""


def _family(s: Summary, level: float) -> str:
    estimate = s.estimate
    if estimate.delta is None:
        return f"{s.title} (nothing that could be compared)"
    shown = wording.unit(s.scale, wording.difference(estimate.delta, s.scale))
    if estimate.ci_low is None:
        return f"{s.title} ({shown}, no interval)"
    ends = " to ".join(wording.difference(end, s.scale) for end in (estimate.ci_low, estimate.ci_high))
    return f"{s.title} ({shown}, {100 * level:g} % interval {ends})"


def _arm(against: str) -> str:
    return {"control": "as much pre-training on general text", "baseline": "the baseline"}.get(against, against)


def blocks(summaries: Sequence[Summary], statistics: Statistics) -> tuple:
    """The table of all families and what its columns mean."""
    return (table(summaries, statistics.level), Paragraph(_notes(summaries, statistics)))


def table(summaries: Sequence[Summary], level: float) -> Table:
    """One row per family and arm compared with, the primary one first."""
    rows = []
    for s in sorted(summaries, key=lambda s: not s.primary):
        e, ends = s.estimate, (s.estimate.ci_low, s.estimate.ci_high)
        rows.append(
            (
                s.title,
                wording.arm_title(s.against),
                wording.verdict(s.judgement, e),
                str(len(s.tasks)),
                wording.difference(e.delta, s.scale),
                wording.ABSENT if None in ends else " to ".join(wording.difference(end, s.scale) for end in ends),
                wording.p_value(s.judgement.p_holm),
                wording.ABSENT if s.joint.probability is None else f"{100 * s.joint.probability:.0f} %",
                wording.score_shown(s.scale, s.judgement.mde_holm),
            )
        )
    kinds = wording.kinds(kind for s in summaries for kind in s.data_kinds)
    return Table(
        f"Mean difference over the tasks of a family, clinical − the other arm, in points of 100, {100 * level:g} % "
        f"intervals over runs and documents ({kinds})",
        ("Family", "Against", "Verdict", "Tasks", "Difference", "Interval", "p (Holm)", "Improved", "Detectable"),
        tuple(rows),
        names=3,
        grouped=1,
    )


def _notes(summaries: Sequence[Summary], statistics: Statistics) -> str:
    primary = wording.unique(s.against for s in summaries if s.primary)
    said = (
        f"The question that was declared in advance is the one against {wording.listing(map(_arm, primary))}. "
        "*Improved* is the probability that a task drawn from these is better with the clinical arm. *Detectable* is "
        "the true mean difference that a run like this finds four times in five. "
    )
    scopes = {s.scope for s in summaries}
    if "checkpoints" in scopes:
        said += (
            "*Checkpoints*: every arm was pre-trained once, so that a verdict is about these very encoders; "
            "pre-trained again with another seed, they may differ otherwise. "
        )
    if "procedure" in scopes:
        n = max(s.estimate.n_replicates for s in summaries)
        said += (
            f"*Procedure*: the clinical arm was pre-trained {n} times with other seeds, and the interval contains what "
            "that changes, so that a verdict is about continued pre-training by this recipe on this corpus. "
        )
    if left := wording.codes(task for s in summaries for task in s.left_out):
        said += f"Not in the mean: {wording.listing(left)}, of which no difference is known, or one on another scale. "
    return said + (
        "Tasks are looked at below only where their family has an answer: the others are *inconclusive*, whatever a "
        "single task shows."
    )
