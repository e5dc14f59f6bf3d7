"""The first section of the report: the result for each encoder family, with its uncertainty and scope."""

from collections.abc import Mapping, Sequence

from harness.params.config import Statistics
from harness.report.model.document import Paragraph, Table
from harness.report.model.judging import Summary
from harness.report.text import wording
from harness.report.text.checkpoints import in_common

SAID = {
    "better": "pre-training on clinical text is better than {} with {}",
    "worse": "pre-training on clinical text is worse than {} with {}",
    "equivalent": "pre-training on clinical text and {} differ by less than what was declared to matter with {}",
    "inconclusive": "it is open whether pre-training on clinical text is better than {} with {}",
}
SAID_OF = {"baseline": "no further pre-training", "control": "the same amount on general text"}
# Which arm read what, where two arms read clinical text.
NOTES_ONLY = (
    "The clinical arm was pre-trained on notes only, the arm *task* as long on these notes and the training texts of "
    "tasks that it is then tested on. What such texts add is task − clinical: the row against *task* with its sign "
    "turned, so that *worse* there means that they help. "
)
ONCE = (
    "Every arm was pre-trained once, so this is about these very encoders. Encoders from another pre-training seed may "
    "give another result."
)


def sentence(summaries: Sequence[Summary], level: float) -> str:
    """What was found on the primary questions, and what it is about."""
    found = []
    for verdict, said in SAID.items():
        for against in wording.unique(s.against for s in summaries if s.primary):
            of = [s for s in summaries if s.primary and (s.judgement.verdict, s.against) == (verdict, against)]
            if of:
                found.append(said.format(_arm(against), wording.listing([_family(s, level) for s in of])))
    several = max((len(s.tasks) for s in summaries if s.primary), default=0) > 1
    start = "In the mean over tasks, " if several else ""
    once = f" {ONCE}" if any(s.primary and s.scope == "checkpoints" for s in summaries) else ""
    return wording.capital(start + "; ".join(found)) + f".{once}" if found else ""


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
    return SAID_OF.get(against, against)


def blocks(
    summaries: Sequence[Summary], statistics: Statistics, checkpoints: Mapping[tuple[str, str], Mapping]
) -> tuple:
    """The table of all families and what its columns mean. `checkpoints` are the cards by (family, encoder)."""
    return (table(summaries, statistics.level), Paragraph(_notes(summaries, statistics, checkpoints)))


def table(summaries: Sequence[Summary], level: float) -> Table:
    """One row per family and arm compared with, the primary one first."""
    rows = []
    for s in sorted(summaries, key=lambda s: not s.primary):
        e, ends = s.estimate, (s.estimate.ci_low, s.estimate.ci_high)
        rows.append(
            (
                f"Against {wording.arm_title(s.against, [s.against]).lower()}",
                s.title,
                wording.verdict(s.judgement, e),
                str(len(s.tasks)),
                wording.difference(e.delta, s.scale),
                wording.ABSENT if None in ends else " to ".join(wording.difference(end, s.scale) for end in ends),
                wording.p_value(s.judgement.p_holm),
                _share(s.joint.probability),
                wording.score_shown(s.scale, s.judgement.mde_holm),
            )
        )
    kinds = wording.kinds(kind for s in summaries for kind in s.data_kinds)
    return Table(
        f"Mean difference over the tasks of a family, clinical − the other arm, in points of 100, {100 * level:g} % "
        f"intervals over runs and documents ({kinds})",
        ("Comparison", "Family", "Verdict", "Tasks", "Difference", "Interval", "p (Holm)", "Improved", "Detectable"),
        tuple(rows),
        names=3,
        grouped=1,
    )


def _share(probability: float | None) -> str:
    if probability is None:
        return wording.ABSENT
    return "> 99 %" if probability > 0.99 else "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def _notes(summaries: Sequence[Summary], statistics: Statistics, checkpoints: Mapping[tuple[str, str], Mapping]) -> str:
    primary = wording.unique(s.against for s in summaries if s.primary)
    said = (
        f"The question that was declared in advance is the one against {wording.listing(primary)}. "
        "*Improved* is the probability that a task drawn from these is better with the clinical arm. *Detectable* is "
        "the true mean difference that a run like this finds four times in five. "
    )
    scopes = {s.scope for s in summaries}
    if "checkpoints" in scopes:
        said += "*Checkpoints*: the verdict is about these very encoders, since every arm was pre-trained once. "
    if "procedure" in scopes:
        n = max(s.estimate.n_replicates for s in summaries)
        said += (
            f"*Procedure*: the clinical arm was pre-trained {n} times with other seeds, and the interval contains what "
            "that changes, so that a verdict is about continued pre-training by this recipe on this corpus. "
        )
        if shared := in_common(checkpoints, (s.family for s in summaries)):
            said += (
                f"These encoders are ends branched from one training, of which they share the first {shared}, so that "
                "what pre-training's luck adds to the interval is a lower bound. "
            )
    if any(s.against == "task" for s in summaries):
        said += NOTES_ONLY
    if left := wording.codes(task for s in summaries for task in s.left_out):
        said += f"Not in the mean: {wording.listing(left)}, of which no difference is known, or one on another scale. "
    return said + (
        "Tasks are looked at below only where their family has an answer: the others are *inconclusive*, whatever a "
        "single task shows."
    )
