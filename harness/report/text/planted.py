"""Write the report sections on the planted effect: whether the arms differ on test rows that clinical words decide, and
not on test rows that everyday words decide.

The sections are only about data that say for each row which kind of word decides the row, such as the generated data.
"""

import math
from collections import Counter
from collections.abc import Mapping

from harness.report.model.document import Bullets, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.model.stored import Reading
from harness.report.text import formats
from harness.report.text.formats import amount, arm_title
from harness.statistics.verdicts import VERDICTS, Judgement

Judged = Mapping[tuple[str, str, Reading], Judgement]
DECIDERS = {"clinical": "clinical words", "everyday": "everyday words"}


def counted(comparisons: list[Comparison], judged: Judged) -> tuple:
    """Bullets with the findings, one for each kind of test row and pair of arms. `judged` maps (task, family, reading)
    to the verdict on the reading: two arms compared on one kind of test row. Returns () if no comparison has
    readings."""
    sentences = found([c for c in comparisons if c.readings], judged)
    return (Bullets(sentences),) if sentences else ()


def blocks(comparisons: list[Comparison], judged: Judged, cards: Mapping[str, dict], level: float) -> tuple:
    """The table of all readings (two arms compared on one kind of test row), and a paragraph that explains the table.

    `judged` maps (task, family, reading) to a judgement. `cards` maps a task to the card of its data. `level` is the
    level of the intervals (0 to 1). Returns () if no comparison has readings.
    """
    read = [c for c in comparisons if c.readings]
    if not read:
        return ()
    return (
        table(read, judged, cards, level),
        Paragraph(
            "Rows *decided by clinical words* depend on a word that only the clinical corpus explains and that no "
            "training row has. On rows decided by everyday words, every arm can know the same. *Planted* is the share "
            "of right answers without and with that knowledge (for spans: of the names that depend on it). *Control* "
            f"was trained as long, on general text.{_of_task(read)} Verdicts are adjusted by Holm's method for all "
            "comparisons of this table and of control with baseline. For all rows together, the interval of a "
            "difference takes the number of rows of either kind as given." + formats.downward(read)
        ),
    )


def _of_task(comparisons: list[Comparison]) -> str:
    if not any(r.against == "task" for c in comparisons for r in c.readings):
        return ""
    return " *Task* was trained on the training texts of tasks, too."


def found(comparisons: list[Comparison], judged: Judged) -> tuple[str, ...]:
    """One sentence for each kind of test row and pair of arms: the number of each verdict over all tasks and encoder
    families, and the mean difference."""
    sentences = []
    for kind, words in DECIDERS.items():
        for arm, against in dict.fromkeys((r.arm, r.against) for c in comparisons for r in c.readings):
            of = [
                (c, r)
                for c in comparisons
                for r in c.readings
                if (r.decided_by, r.arm, r.against) == (kind, arm, against)
            ]
            verdicts = Counter(judged[c.task, c.family, r].verdict for c, r in of)
            measured = [(c, r.estimate.delta) for c, r in of if r.estimate.delta is not None]
            if not measured:
                continue
            said = ", ".join(f"{verdicts[v]} {v}" for v in VERDICTS if verdicts[v])
            size = " and ".join(_sizes(measured, absolute=kind == "everyday"))
            sentences.append(
                f"On rows decided by {words}, {arm} against {against}: of {amount(len(of), 'comparison')} {said}; "
                f"{size}."
            )
    return tuple(sentences)


def _sizes(measured: list[tuple[Comparison, float]], absolute: bool) -> list[str]:
    """The mean differences in words: one for all metrics in points together, and one for each other scale. They are
    means of absolute values if `absolute` is set, and improvements if lower is better for some metric."""
    scales: dict[str, list] = {}
    for c, delta in measured:
        scales.setdefault(formats.SHARE if c.metric.in_points else c.primary, []).append((c.metric, delta))
    found = []
    for scale, pairs in scales.items():
        gains = [metric.gain(delta) for metric, delta in pairs]
        mean = math.fsum(map(abs, gains) if absolute else gains) / len(gains)
        what = "difference" if absolute or all(m.higher_is_better for m, _ in pairs) else "improvement"
        shown = formats.score(scale, mean) if absolute else formats.difference(mean, scale)
        unit = f"{shown} points" if scale == formats.SHARE else f"{shown} in {pairs[0][0].title}"
        found.append(f"mean {'absolute ' * absolute}{what} {unit}")
    return found


def table(comparisons: list[Comparison], judged: Judged, cards: Mapping[str, dict], level: float) -> Table:
    """The table of readings (two arms compared on one kind of test row), with one row per task, kind of test row and
    encoder family. `cards` maps a task to the card of its data."""
    others = [arm for arm in formats.unique(r.against for c in comparisons for r in c.readings) if arm != "clinical"]
    rows = []
    for group in formats.by_task(comparisons):
        for kind in DECIDERS:
            for c in group:
                of = {(r.arm, r.against): r for r in c.readings if r.decided_by == kind}
                if not of:
                    continue
                means = {r.against: r.estimate.reference for r in of.values()}
                means |= {r.arm: r.estimate.clinical for r in of.values()}
                n = next(iter(of.values())).n
                shown = [means.get(arm) for arm in (*others, "clinical")]
                rows.append(
                    (
                        c.heading,
                        f"{DECIDERS[kind]} ({n} rows)",
                        _planted(cards.get(c.task, {}), kind),
                        c.family_title,
                        *(formats.score_or_dash(c.primary, m) for m in shown),
                        *(_difference(c, of.get(("clinical", arm)), judged) for arm in others),
                    )
                )
    arms = [arm_title(arm, others) for arm in (*others, "clinical")]
    return Table(
        f"What was planted and what was found: scores in {formats.scales(comparisons)}, differences of the clinical "
        f"arm with {100 * level:g} % intervals ({formats.data_of(comparisons)})",
        ("Task", "Rows decided by", "Planted", "Family", *arms, *(f"Against {arm}" for arm in others)),
        tuple(rows),
        names=4,
        grouped=3,
    )


def _planted(card: dict, kind: str) -> str:
    """The share of right answers without and with knowledge from the clinical corpus, such as "12 → 87 %"."""
    shares = card.get("source", {}).get("planted", {}).get(kind)
    return formats.ABSENT if shares is None else " → ".join(f"{100 * share:.0f}" for share in shares) + " %"


def _difference(c: Comparison, reading: Reading | None, judged: Judged) -> str:
    if reading is None or not reading.estimate.measured:
        return formats.ABSENT
    estimate = reading.estimate
    said = formats.VERDICTS[judged[c.task, c.family, reading].verdict]
    text = f"{said} {formats.difference(estimate.delta, c.primary)}"
    ends = formats.interval(estimate, c.primary)
    return text if ends == formats.ABSENT else f"{text} ({ends})"
