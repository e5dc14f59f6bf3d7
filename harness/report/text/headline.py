"""The report section on the arms of each task: verdicts, differences with intervals, and scores."""

from collections import Counter

from harness.params.arms import BASELINE
from harness.params.config import Statistics
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM
from harness.report.model.document import Figure, Paragraph, Table
from harness.report.model.results import Comparison, Judgements
from harness.report.text import formats
from harness.report.text.formats import amount, arm_title
from harness.statistics.disclosure.coarsening import SEEDS, Rung
from harness.statistics.disclosure.releasing import at_best
from harness.statistics.verdicts import VERDICTS, Judgement

HEADLINE = ("Task", "Metric", "Test rows", "Data", "Constant answer", "Linear model", "Family")
SPREAD = (
    "± is the sample standard deviation over seeds, on one fixed test set. It shows the variation between training "
    "runs of an arm, and nothing about other documents."
)


def blocks(comparisons: list[Comparison], judgements: Judgements, statistics: Statistics) -> tuple:
    kinds = formats.data_of(comparisons)
    points = f"{100 * statistics.margin:g} points"
    deltas = ((c, None if c.withheld() else c.delta()) for c in comparisons)
    gains = [c.metric.gain(delta) for c, delta in deltas if delta is not None]
    return (
        Paragraph(found(comparisons, judgements)),
        *coarsened(comparisons),
        verdict_table(comparisons, judgements, statistics.level),
        Paragraph(
            f"▲ better, ▼ worse: the adjusted p-value is below {1 - statistics.level:.2g}. ≈ equivalent: the "
            f"interval is within ± {points}, a margin declared in advance. ? inconclusive: neither can be said. This "
            "does not mean “no difference”. Also inconclusive are two arms if neither was shown to know more than a "
            "constant answer, and the tasks of a family whose mean has no answer. *p (Holm)* is adjusted for all "
            "comparisons of the run; the intervals are not adjusted. So an interval can exclude 0 although the "
            "verdict is inconclusive. *Detectable* is the true difference that this adjusted verdict would find four "
            "times in five if the family has an answer." + formats.downward(comparisons)
        ),
        headline_table(comparisons),
        Paragraph(
            "*Difference* is the clinical mean − the baseline mean. *Constant answer* is the score of one answer to "
            "all rows: the commonest label of the training part (for spans: none) and, if one label is the positive "
            "one, always that one. *Linear model* counts words and is fitted on the same training part: TF-IDF and "
            "logistic regression, or for spans a tagger that looks at each word and its neighbours. An encoder that "
            f"does not beat the linear model is not worth its cost on this task. {SPREAD}"
        ),
        Figure(
            "arms.png",
            "Primary score by task and family; bars are means, whiskers ± one SD over seeds, marks single seeds "
            f"({kinds}).",
            "Bar chart of baseline and clinical scores by task and family; the clinical mean is better in "
            f"{sum(gain > 0 for gain in gains)} of {len(comparisons)} "
            "comparisons. The table above has the numbers.",
        ),
    )


def picture(comparisons: list[Comparison], judgements: Judgements, statistics: Statistics) -> Figure:
    """The forest plot of the report, with its caption and a description in words. The plot shows every difference
    between the clinical arm and another arm, with its interval."""
    points, kinds = f"{100 * statistics.margin:g} points", formats.data_of(comparisons)
    return Figure(
        "forest.png",
        f"Clinical − the other arm, in points, with {100 * statistics.level:g} % intervals over documents and "
        f"seeds; better is to the right, the shape of a mark is the verdict, the band ± {points} ({kinds}).",
        f"Forest plot of {amount(len(judgements), 'difference')} with intervals, by task and family. "
        f"{found(comparisons, judgements)} The table in the appendix (Task by task) has the numbers.",
        narrow="forest-narrow.png",
    )


def coarsened(comparisons: list[Comparison]) -> tuple:
    """A paragraph on which numbers of restricted data are released and which are not. Returns () if no data are
    restricted."""
    if not any(c.data_kind == restricted.KIND for c in comparisons):
        return ()
    rungs = {c.task: c.rung or Rung(SEEDS) for c in comparisons if c.data_kind == restricted.KIND}
    listed = "; ".join(f"of `{task}`, {rung.description}" for task, rung in rungs.items())
    told = "; ".join(f"of `{task}`, {at_best(rung)}" for task, rung in rungs.items())
    said = (
        f"For restricted data, we release only numbers that do not disclose a count under {MINIMUM}: {listed}. "
        f"A person who knows every figure and every rule can infer at best: {told}. For each label, the counts are "
        "the rows with it and, by run, the rows that were predicted, found, missed and predicted wrongly. For each "
        "run, they are also its right answers and its errors. "
    )
    coarse = (
        "Differences are rounded to the nearest step, the ends of intervals outwards and p-values up. Verdicts "
        "follow from the p-values that are shown. "
    )
    untold = sorted({c.task for c in comparisons if c.rung and c.n["test"] is None})
    sizes = (
        f"The number of rows of {formats.listing(formats.codes(untold))} is also hidden. With so few rows, it would "
        f"limit the possible label counts. A part needs {MINIMUM - 1} rows more than there are labels. "
        if untold
        else ""
    )
    never = (
        "Slices, learning curves and scores of the validation part are never shown for restricted data: they are about "
        "other rows, or fewer rows, than the figures that were checked together."
    )
    return (Paragraph(said + (coarse if any(c.rung for c in comparisons) else "") + sizes + never),)


def found(comparisons: list[Comparison], judgements: Judgements) -> str:
    """Sentences on how many comparisons have each verdict, and on which tasks the clinical arm is better or worse."""
    unmeasured = {(c.task, c.family) for c in comparisons if c.unmeasured()}
    counts = Counter(judgement.verdict for key, judgement in judgements.items() if key[:2] not in unmeasured)
    said = [f"{counts[v]} {v}" for v in VERDICTS]
    if unmeasured:
        said.append(f"{len(judgements) - counts.total()} {formats.UNMEASURED}")
    text = f"Of {amount(len(judgements), 'comparison')}: {', '.join(said)}."
    for verdict in ("better", "worse"):
        if where := _where(comparisons, judgements, verdict):
            text += f" The clinical arm is {verdict} on {'; on '.join(where)}."
    return text


def _where(comparisons: list[Comparison], judgements: Judgements, verdict: str) -> list[str]:
    """Phrases that name the tasks and families with a verdict. Families with the same tasks share a phrase."""
    every = formats.unique(c.task for c in comparisons)
    tasks: dict[tuple[str, str], list[str]] = {}
    for c in comparisons:
        for arm in c.others:
            if judgements[c.task, c.family, arm].verdict == verdict:
                tasks.setdefault((c.family_title, arm), []).append(c.task)
    families: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (family, arm), of in tasks.items():
        families.setdefault((tuple(of), arm), []).append(family)
    return [
        ("every task" if len(of) == len(every) > 1 else formats.listing(formats.codes(of)))
        + f" with {formats.listing(named)}"
        + ("" if arm == BASELINE else f" (against {arm})")
        for (of, arm), named in families.items()
    ]


def verdict_table(comparisons: list[Comparison], judgements: Judgements, level: float) -> Table:
    """The table of verdicts on test splits: one row for each task, encoder family and arm that the clinical arm is
    compared with. A row has the verdict, the difference, its interval, the adjusted p-value and the detectable
    difference.

    `level` is the level of the intervals (0 to 1). If the clinical arm is compared with several arms, a column names
    the other arm of each row.
    """
    others = formats.unique(arm for c in comparisons for arm in c.others)
    rows = []
    for c in comparisons:
        for arm in c.others:
            estimate, judgement = c.estimates["test", arm], judgements[c.task, c.family, arm]
            rows.append(
                (
                    c.heading,
                    c.family_title,
                    *([arm_title(arm, c.arms)] if len(others) > 1 else []),
                    formats.verdict(judgement, estimate, c.unmeasured()),
                    formats.difference(estimate.delta, c.primary),
                    formats.interval(estimate, c.primary),
                    formats.p_value(judgement.p_holm),
                    formats.score_or_dash(c.primary, detectable(judgement)),
                )
            )
    against = ["Against"] if len(others) > 1 else []
    return Table(
        f"Is the clinical arm better than the {formats.listing(others)}? Differences in {formats.scales(comparisons)}, "
        f"{100 * level:g} % intervals over documents and seeds ({formats.data_of(comparisons)})",
        ("Task", "Family", *against, "Verdict", "Difference", "Interval", "p (Holm)", "Detectable"),
        tuple(rows),
        names=3 + len(against),
        grouped=1,
    )


def detectable(judgement: Judgement) -> float | None:
    """The true difference that the verdict would find with 80 % power, or None if neither arm was shown to know more
    than a constant answer. Two arms that always give the same answer agree on every row, so any number would look
    precise."""
    return None if judgement.collapsed else judgement.mde_holm


def headline_table(comparisons: list[Comparison]) -> Table:
    """The table of primary scores on the test split, with the mean of every arm: one row per task and encoder
    family."""
    first, extra = (BASELINE, "clinical"), formats.unique(arm for c in comparisons for arm in c.arms[2:])
    rows = []
    for c in comparisons:
        arms = [formats.over_seeds(c, arm) for arm in first]
        others = [formats.over_seeds(c, arm) if arm in c.arms else formats.ABSENT for arm in extra]
        told = c.constants_shown and not c.unmeasured()
        nothing = formats.constant_answers(c.constants["test"], c.primary) if told else formats.ABSENT
        shared = (c.heading, formats.metric_title(c.primary), test_size(c), c.data_kind, nothing, linear(c))
        rows.append((*shared, c.family_title, *arms, *others, formats.gain(c)))
    return Table(
        f"Primary score on the test split, {formats.scales(comparisons)}, mean ± SD over "
        f"{amount(len(comparisons[0].seeds), 'seed')} ({formats.data_of(comparisons)})",
        (*HEADLINE, *(arm_title(arm, (*first, *extra)) for arm in (*first, *extra)), "Difference"),
        tuple(rows),
        names=7,
        grouped=6,
    )


def test_size(c: Comparison) -> str:
    rows, groups = map(formats.count, (c.n["test"], c.groups["test"]))
    return rows if rows == groups else f"{rows} in {groups} groups"


def linear(c: Comparison) -> str:
    """The primary score of the task's linear model as text, or a dash if the task has no linear model."""
    return formats.over_seeds(c.linear, *c.linear.arms) if c.linear else formats.ABSENT
