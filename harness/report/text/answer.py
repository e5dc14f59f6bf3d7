"""The first section of the report: the result for each encoder family, with its uncertainty and scope."""

from collections.abc import Iterator, Mapping, Sequence

from harness.params.config import Statistics
from harness.report.model.document import Bullets, Table
from harness.report.model.judging import Summary
from harness.report.model.results import Comparison, Judgements
from harness.report.text import formats
from harness.report.text.checkpoints import in_common
from harness.text.escaping import code

# The verdict comes before any number, because a reader remembers what comes first.
SAID = {
    "better": "{opening}: {where}pre-training on clinical text is better than {against} for {families}.",
    "worse": "{opening}: {where}pre-training on clinical text is worse than {against} for {families}.",
    "equivalent": "There is no difference that matters {where}({margin} or more) between pre-training on "
    "clinical text and {against} for {families}.",
    "inconclusive": "We cannot tell whether {where}pre-training on clinical text is better than {against} for "
    "{families}. This does not mean that there is no difference.",
}
SAID_OF = {"baseline": "no further pre-training", "control": "as much pre-training on general text"}
ARMS = {
    "baseline": "the encoder before further pre-training",
    "clinical": "the baseline after further pre-training on clinical text",
    "control": "the baseline after as much further pre-training on general text",
    "task": "the baseline after as much further pre-training on clinical text and on the training texts of tasks that "
    "it is then tested on",
}
ONCE = (
    "Each encoder was pre-trained once{of}, so this is about these encoders only: the same pre-training with another "
    "seed may give another result."
)
SEVERAL = (
    "Every arm that was trained here was pre-trained {times} times with other seeds{of}, so this is about pre-training "
    "in this way and on these texts, not about single encoders."
)


def sentence(summaries: Sequence[Summary], statistics: Statistics) -> str:
    """Sentences that answer the primary questions (is pre-training on clinical text better than the other arm?) and say
    how far the answers apply. Returns "" if there is no primary question."""
    found = []
    asked = [s for s in summaries if s.primary]
    doubted = _over_a_worse_control(summaries)
    where = "on generated texts " if all(s.data_kinds == ("synthetic",) for s in asked) else ""
    for verdict, said in SAID.items():
        for against in formats.unique(s.against for s in asked):
            if of := [s for s in asked if (s.judgement.verdict, s.against) == (verdict, against)]:
                told = (_open(s) if verdict == "inconclusive" else _difference(s, statistics.level) for s in of)
                margin = formats.margin(statistics.margin, (s.scale for s in of))
                opening = {"better": "In part" if doubted else "Yes", "worse": "No"}.get(verdict)
                if len(of) < len(asked):
                    opening = f"For {len(of)} of {len(asked)} families"
                against = SAID_OF.get(against, against)
                filled = {"opening": opening, "where": where, "against": against, "families": formats.listing(told)}
                found.append(said.format(**filled, margin=margin))
    if not found:
        return ""
    found += doubted
    tasks = formats.unique(task for s in asked for task in s.tasks)
    if len(tasks) == 1:
        found.append(f"All of this is on one task, {code(tasks[0])}.")
    elif tasks:
        numbers = formats.unique(len(s.tasks) for s in asked if s.tasks)
        found.append(f"Numbers are means over {formats.listing(map(str, sorted(numbers)))} tasks.")
    found += _scopes(asked)
    return " ".join(filter(None, found))


def _scopes(asked: Sequence[Summary]) -> list[str]:
    """Sentences on what the answers are about. They name families only if the families differ."""
    by_number: dict[int, list[str]] = {}
    for s in asked:
        by_number.setdefault(s.estimate.n_replicates if s.scope == "procedure" else 1, []).append(s.title)
    found = []
    for times, families in sorted(by_number.items()):
        of = f" for {formats.listing(formats.unique(families))}" if len(by_number) > 1 else ""
        found.append((SEVERAL if times > 1 else ONCE).format(times=times, of=of))
    return found


def _over_a_worse_control(summaries: Sequence[Summary]) -> list[str]:
    """Sentences on families whose clinical arm is better than the control but not known to be better than the baseline.
    They say if the control's mean is worse than the baseline's, because the gain is then partly the control's loss."""
    against_baseline = {s.family: s for s in summaries if s.against == "baseline"}
    found = []
    for s in summaries:
        other = against_baseline.get(s.family)
        if not (s.primary and s.against == "control" and s.judgement.verdict == "better" and other):
            continue
        if other.judgement.verdict == "better":
            continue
        said = f"But pre-training on clinical text is not known to be better than none for {_open(other)}"
        over, beside = s.estimate.delta, other.estimate.delta
        if over is not None and beside is not None and s.joint.metric.gain(over - beside) > 0:
            said += ": the control of this family has a worse mean than its baseline"
        found.append(f"{said}.")
    return found


def _difference(s: Summary, level: float) -> str:
    estimate = s.estimate
    if estimate.delta is None:
        return f"{s.title} (no number released)"
    shown = formats.unit(s.scale, formats.difference(estimate.delta, s.scale))
    if estimate.ci_low is None:
        return f"{s.title} ({shown}, no interval)"
    return f"{s.title} ({shown}, {100 * level:g} % interval {formats.interval(estimate, s.scale)})"


def _open(s: Summary) -> str:
    """A family and its interval. The difference alone would say more than is known if the verdict is inconclusive."""
    if s.estimate.delta is None:
        return f"{s.title} (nothing could be compared)"
    ends = formats.interval(s.estimate, s.scale)
    fit = f"{formats.unit(s.scale, ends)} fit the data"
    return f"{s.title} ({'no interval' if ends == formats.ABSENT else fit})"


def unlearnt(comparisons: Sequence[Comparison], judgements: Judgements) -> str:
    """A sentence that lists the pairs of task and encoder family in which no arm was shown to know more than a constant
    answer. Returns "" if there is no such pair."""
    of = [
        f"{c.heading} with {c.family_title}"
        for c in comparisons
        if c.others and all(judgements[c.task, c.family, arm].collapsed for arm in c.others)
    ]
    if not of:
        return ""
    return (
        f" In {len(of)} of {len(comparisons)} pairs of task and family, no encoder was shown to know more than a "
        f"constant answer, so there was little to compare: {formats.listing(of)}."
    )


def arms(comparisons: Sequence[Comparison], profile: str) -> Bullets:
    """Bullets that say what each arm (version of an encoder) is, and how all arms were tested. `profile` is the name of
    the preset of `params.yaml`."""
    present = formats.unique(arm for c in comparisons for arm in c.arms)
    tasks = formats.unique(c.task for c in comparisons)
    families = formats.unique(c.family_title for c in comparisons)
    recipe = "with the recipe that it found in the same number of tries" if any(c.searched for c in comparisons) else ""
    number = formats.amount(len(comparisons[0].seeds), "time", "times")
    return Bullets(
        (
            *(f"*{formats.arm_title(arm)}*: {said}." for arm, said in ARMS.items() if arm in present),
            f"Each arm was fine-tuned {number} for each task, every time from another seed, "
            f"{recipe or 'with the same recipe'}, and scored on the same texts, which fine-tuning had not seen.",
            f"{formats.amount(len(tasks), 'task')}, {formats.amount(len(families), 'family', 'families')} of encoders "
            f"({formats.listing(families)}), profile {code(profile)}.",
        )
    )


def blocks(
    summaries: Sequence[Summary], statistics: Statistics, checkpoints: Mapping[tuple[str, str], Mapping]
) -> tuple:
    """The table of results of all encoder families, and bullets that explain its columns. `checkpoints` maps (family,
    name of an encoder) to the card of the checkpoint."""
    return (table(summaries, statistics.level), Bullets(tuple(_notes(summaries, statistics, checkpoints))))


def table(summaries: Sequence[Summary], level: float) -> Table:
    """The table of results: one row for each encoder family and arm that its clinical arm is compared with. The primary
    questions come first. `level` is the level of the intervals (0 to 1)."""
    rows = []
    for s in sorted(summaries, key=lambda s: not s.primary):
        e = s.estimate
        rows.append(
            (
                f"Against {formats.arm_title(s.against, [s.against]).lower()}",
                s.title,
                formats.verdict(s.judgement, e),
                str(len(s.tasks)),
                formats.difference(e.delta, s.scale),
                formats.interval(e, s.scale),
                formats.p_value(s.judgement.p_holm),
                _share(s.joint.probability),
                formats.score_or_dash(s.scale, s.judgement.mde_holm),
            )
        )
    joints = [s.joint for s in summaries]
    kinds = formats.kinds(kind for s in summaries for kind in s.data_kinds)
    kinds += formats.translations(pair for s in summaries for pair in s.translated)
    return Table(
        f"Mean difference over the tasks of a family, clinical − the other arm, in {formats.scales(joints)}, "
        f"{100 * level:g} % intervals over runs and documents ({kinds})",
        (
            "Comparison",
            "Family",
            "Verdict",
            "Tasks",
            "Difference",
            "Interval",
            "p (Holm)",
            "Chance of gain",
            "Detectable",
        ),
        tuple(rows),
        names=3,
        grouped=1,
    )


def _share(probability: float | None) -> str:
    if probability is None:
        return formats.ABSENT
    return "> 99 %" if probability > 0.99 else "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def _notes(
    summaries: Sequence[Summary], statistics: Statistics, checkpoints: Mapping[tuple[str, str], Mapping]
) -> Iterator[str]:
    primary = formats.unique(s.against for s in summaries if s.primary)
    yield f"The question is the one against {formats.listing(primary)}. It was declared before the results were seen."
    yield (
        "*Difference*: clinical − the other arm. *Interval*: the differences that fit the data, at "
        f"{100 * statistics.level:g} %. If it includes 0, neither arm is known to be better. *p (Holm)*: how often "
        "chance alone would give a difference of at least this size, with all families taken into account. Below "
        f"{1 - statistics.level:.2g}, it counts as an answer."
    )
    several = any(len(s.tasks) > 1 for s in summaries)
    yield (
        "*Chance of gain*: the probability that the clinical arm is better on "
        f"{'a task picked from these at random' if several else 'this task'}. It is not a verdict. "
        "*Detectable*: a true difference of this size is found four times in five, a smaller one is easily missed. "
        "A dash means that even the largest possible difference would be missed."
    )
    scopes = {s.scope for s in summaries}
    if "checkpoints" in scopes:
        yield "*These checkpoints*: the answer is about these encoders only, because each was pre-trained once."
    if "procedure" in scopes:
        numbers = formats.unique(s.estimate.n_replicates for s in summaries if s.scope == "procedure")
        times = " or ".join(map(str, sorted(numbers)))
        yield (
            f"*The procedure*: every arm but the baseline was pre-trained {times} times with other seeds. The interval "
            "includes the variation between pre-training runs. So the answer is about pre-training by this recipe on "
            "these texts."
        )
        if shared := in_common(checkpoints, (s.family for s in summaries)):
            yield (
                f"These encoders branch from one training and share its first {shared}. So the interval includes only "
                "a part of the variation between pre-training runs: its width is a lower bound."
            )
    if any(s.against == "task" for s in summaries):
        yield "Against *task*, a difference below 0 means that the tasks' own training texts helped."
    if left := formats.codes(task for s in summaries for task in s.left_out):
        yield f"Not in the mean: {formats.listing(left)}. Their difference is not known, or is on another scale."
    if turned := formats.codes(task for s in summaries for task in s.reversed):
        yield (
            f"On {formats.listing(turned)} a lower score is better. In the mean, such a score is reversed (1 − the "
            "score on a scale from 0 to 1), so that a difference above 0 is an improvement."
        )
    if unlearnt := formats.codes(task for s in summaries for task in s.unlearnt):
        yield (
            f"In the mean, but for some family and comparison not learnt: {formats.listing(unlearnt)}. Neither arm was "
            "shown to know more than a constant answer there, so a verdict has to hold with and without such a task."
        )
    if any(s.judgement.verdict == "inconclusive" for s in summaries):
        yield "If a family has no answer here, its single tasks are called *inconclusive* below, whatever they show."
