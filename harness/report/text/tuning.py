"""Write the report section on tuning: how many fine-tuning recipes every arm tried, which recipe every arm chose, and
the results with the recipe that was declared in advance."""

from collections.abc import Sequence
from dataclasses import replace

from harness.params.config import Statistics
from harness.report.model import judging
from harness.report.model.document import Details, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.text import formats
from harness.report.text.formats import arm_title
from harness.statistics.paired import Estimate
from harness.text.escaping import plain


def blocks(comparisons: Sequence[Comparison], statistics: Statistics) -> tuple:
    """The content of the section: tables of tuned and declared results, and of the recipe that every arm chose. Returns
    () if no arm was tuned."""
    tuned = [c for c in comparisons if c.tuned is not None]
    if not tuned:
        return ()
    budget = len(next(c.tuned.candidates for c in tuned if c.tuned is not None))
    words = (
        f"Every arm had the same budget: {budget} recipes, tried on the validation part with seeds that are not "
        "reported. Each arm was then fine-tuned by the recipe with the best validation score (the Matthews "
        "correlation, which also selects the weights). An arm chose its recipe with its first pre-training run."
    )
    compared = (
        "*As declared* is the same comparison with one recipe for every arm. If both columns agree, the result does "
        "not depend on the choice of a recipe."
    )
    expected = (
        "*Expected best* is the validation score that the best of so many recipes, drawn at random, is expected to "
        "have (Dodge et al. 2019). If an arm leads at every budget, a smaller search would not have changed the order."
    )
    return (
        Paragraph(words),
        _families(tuned, statistics),
        _differences(tuned, statistics),
        Paragraph(compared),
        Details("What every arm chose", (_choices(tuned), Paragraph(expected))),
    )


def _families(tuned: list[Comparison], statistics: Statistics) -> Table:
    # Both means are over the tasks whose search may be shown, so that only the recipe differs.
    after = judging.summaries(tuned, statistics)
    before = judging.summaries([replace(c, estimates=c.untuned) for c in tuned], statistics)
    found = {(s.family, s.against): s for s in before}
    rows = [
        (
            f"Against {s.against}",
            s.title,
            *(
                cell
                for of in (s, found[s.family, s.against])
                for cell in (formats.verdict(of.judgement, of.estimate), *_ends(of.estimate, s.scale))
            ),
        )
        for s in sorted(after, key=lambda s: not s.primary)
        if (s.family, s.against) in found
    ]
    return Table(
        f"Mean difference over {formats.listing(formats.codes(c.task for c in tuned))}, tuned and as declared, "
        f"{_scale(tuned, statistics)} ({formats.data_of(tuned)})",
        ("Comparison", "Family", "Verdict, tuned", "Difference", "Interval", "Verdict, as declared", "Difference",
         "Interval"),
        tuple(rows), names=2, grouped=1,
    )  # fmt: skip


def _differences(tuned: list[Comparison], statistics: Statistics) -> Table:
    rows = [
        (
            c.heading,
            c.family_title,
            arm_title(arm, c.arms),
            *_ends(c.estimates["test", arm], c.primary),
            *_ends(c.untuned["test", arm], c.primary),
        )
        for c in tuned
        for arm in c.others
    ]
    return Table(
        f"Clinical − the other arm, tuned and as declared, {_scale(tuned, statistics)} "
        f"({formats.data_of(tuned)})",
        ("Task", "Family", "Against", "Difference, tuned", "Interval", "Difference, as declared", "Interval"),
        tuple(rows), names=3, grouped=2,
    )  # fmt: skip


def _choices(tuned: list[Comparison]) -> Table:
    rows = []
    for c in tuned:
        assert c.tuned is not None
        shown = budgets(len(c.tuned.candidates))
        for arm in c.arms:
            one, expected = c.tuned.candidates[c.tuned.chosen[arm]], c.tuned.expected[arm]
            rows.append(
                (
                    c.heading, c.family_title, arm_title(arm, c.arms), f"{one.learning_rate:g}", str(one.steps),
                    ", ".join(f"{expected[n - 1]:.3f}" for n in shown),
                )
            )  # fmt: skip
    declared = {c.task: c.provenance.get("recipe") or {} for c in tuned}
    said = "; ".join(f"`{task}` {plain(r.get('steps'))} updates" for task, r in declared.items())
    numbers = formats.listing(map(str, budgets(len(tuned[0].tuned.candidates)))) if tuned[0].tuned else ""
    return Table(
        f"What every arm chose; declared: {said} ({formats.data_of(tuned)})",
        ("Task", "Family", "Arm", "Learning rate", "Updates", f"Expected best of {numbers} recipes"),
        tuple(rows), names=3, grouped=2,
    )  # fmt: skip


def budgets(number: int) -> list[int]:
    """The numbers of tried recipes to show for a search of `number` recipes: one, half of them and all, such as [1, 4,
    8]."""
    return sorted({1, max(1, number // 2), number})


def _ends(estimate: Estimate, metric: str) -> tuple[str, str]:
    return formats.difference(estimate.delta, metric), formats.interval(estimate, metric)


def _scale(tuned: list[Comparison], statistics: Statistics) -> str:
    return f"in {formats.scales(tuned)}, {100 * statistics.level:g} % intervals over runs and documents"
