"""The report section on perturbed test texts: how much score each arm loses, and which arm loses less."""

from collections.abc import Sequence

from harness.params.robustness import Robustness
from harness.privacy import restricted
from harness.report.model import stored
from harness.report.model.document import Bullets, Paragraph, Table
from harness.report.model.results import Comparison, mean
from harness.report.text import formats
from harness.report.text.formats import amount, arm_title
from harness.statistics.paired import Estimate
from harness.text.perturbing import KINDS

UNMOVED = "no answer changes"
Row = tuple[Comparison, stored.Robustness]


def blocks(comparisons: list[Comparison], settings: Robustness, level: float) -> tuple:
    """The content of the section: one line per kind of perturbation, the table of scores and losses, and how to read
    both. Returns () if `settings` names no kind of perturbation. `level` is the level of the intervals (0 to 1)."""
    if not settings.kinds:
        return ()
    withheld = formats.codes(c.task for c in comparisons if c.data_kind == restricted.KIND)
    said = (
        f"Nothing is shown here of {formats.listing(withheld)}: the data are restricted, and these scores were not "
        "checked for small counts."
    )
    remark = (Paragraph(said),) if withheld else ()
    rows = [(c, row) for c in comparisons for row in c.robustness]
    if not rows:
        return remark
    return (Paragraph(_done(settings)), Bullets(_found(rows, level)), _table(rows, level), Paragraph(_read()), *remark)


def _done(settings: Robustness) -> str:
    kinds = "; ".join(f"*{_title(kind)}*, {KINDS[kind].explained(settings.rate)}" for kind in settings.kinds)
    return (
        "The same fine-tuned encoders answered every test text again, after a program (not a person) had changed it: "
        f"{kinds}. A *loss* is how much worse an arm's score is than on the original texts. No arm was trained on such "
        "texts on purpose."
    )


def _read() -> str:
    return (
        "*Difference of losses* is clinical − the other arm: below 0, the clinical arm loses less. Its interval is "
        "over documents and runs, and paired, as in a comparison. These differences are exploratory: no verdict "
        "depends on them, and with so many of them, some intervals exclude 0 by chance. An arm that scores hardly more "
        "than a constant answer has little to lose. Lists of word forms ignore the context. In tasks with spans, a "
        "span moves with its characters, and the text in it is changed, too."
    )


def _found(rows: Sequence[Row], level: float) -> tuple[str, ...]:
    """A sentence for each kind of perturbation, over all tasks and families."""
    sentences = []
    for kind in formats.unique(row.kind for _, row in rows):
        of = [(c, row) for c, row in rows if row.kind == kind]
        same = formats.codes(c.task for c, row in of if not row.changed)
        nothing = [f"no text of {formats.listing(same)} changes"] if same else []
        measured = [(c, row) for c, row in of if row.estimates]
        sentences.append(f"{formats.capital(_title(kind))}: {'; '.join([*_sizes(measured, level), *nothing])}.")
    return tuple(sentences)


def _sizes(rows: Sequence[Row], level: float) -> list[str]:
    """Phrases on the mean loss of each arm, over metrics in points, and on how many intervals leave out 0."""
    found = []
    points = [(c, row) for c, row in rows if c.metric.in_points]
    for others in formats.unique(tuple(row.estimates) for _, row in points):
        of = [row for _, row in points if tuple(row.estimates) == others]
        arms = [f"{arm} {_mean_loss(of, arm)}" for arm in (*others, "clinical")]
        found.append(f"mean loss over {amount(len(of), 'comparison')} in points: {', '.join(arms)}")
    estimates = [e for _, row in rows for e in row.estimates.values()]
    known = [e for e in estimates if e.ci_low is not None]
    if still := sum(e.ci_low is None and e.delta == 0 for e in estimates):
        found.append(f"in {still} of {amount(len(estimates), 'pair')} of arms {UNMOVED}")
    if known:
        less = sum((e.ci_high or 0) < 0 for e in known)
        more = sum((e.ci_low or 0) > 0 for e in known)
        found.append(
            f"{100 * level:g} % intervals of {amount(len(known), 'difference')} of losses: {less} wholly below 0 "
            f"(clinical loses less), {more} above"
        )
    return found


def _mean_loss(rows: Sequence[stored.Robustness], arm: str) -> str:
    return formats.score(formats.SHARE, mean([mean(row.of(arm, row.losses)) for row in rows]))


def _table(rows: Sequence[Row], level: float) -> Table:
    arms = formats.unique(arm for c, _ in rows for arm in c.arms if arm != "clinical")
    others = formats.unique(arm for c, _ in rows for arm in c.others)
    made = []
    for task in formats.unique(c.task for c, _ in rows):
        for kind in formats.unique(row.kind for c, row in rows if c.task == task):
            for c, row in ((c, row) for c, row in rows if (c.task, row.kind) == (task, kind)):
                cells = (_score(c, row, arm) for arm in (*arms, "clinical"))
                differences = (_difference(c, row.estimates.get(arm)) for arm in others)
                changed = f"{formats.count(row.changed)} of {formats.count(row.n)}"
                made.append((c.heading, _title(kind), changed, c.family_title, *cells, *differences))
    comparisons = [c for c, _ in rows]
    return Table(
        f"Changed test texts: {formats.scales(comparisons)}, mean over seeds, loss in brackets, differences "
        f"of losses with {100 * level:g} % intervals ({formats.data_of(comparisons)})",
        ("Task", "Written", "Texts changed", "Family", *map(arm_title, (*arms, "clinical")),
         *(f"Difference of losses, against {arm}" for arm in others)),
        tuple(made),
        names=4,
        grouped=3,
    )  # fmt: skip


def _score(c: Comparison, row: stored.Robustness, arm: str) -> str:
    """The mean score and mean loss of an arm, such as "61.2 (3.4)"."""
    if not (values := row.of(arm, row.values)):
        return formats.ABSENT
    lost = formats.difference(mean(row.of(arm, row.losses)), c.primary)
    return f"{formats.score(c.primary, mean(values))} ({lost.removeprefix('+')})"


def _difference(c: Comparison, e: Estimate | None) -> str:
    if e is None:
        return formats.ABSENT
    text, ends = formats.difference(e.delta, c.primary), formats.interval(e, c.primary)
    if ends == formats.ABSENT:
        return f"{text} ({UNMOVED})" if e.delta == 0 else text
    return f"{text} ({ends})"


def _title(kind: str) -> str:
    return kind.replace("_", " ")
