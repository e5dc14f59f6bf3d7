"""What the report says: from comparisons and what is known of their data to sections."""

from dataclasses import dataclass

from harness.reporting import background, wording
from harness.reporting.cautions import cautions
from harness.reporting.document import Bullets, Details, Figure, Paragraph, Report, Section, Table
from harness.reporting.results import AGAINST, Comparison, Judgements

ARM_TITLES = {"baseline": "Baseline", "clinical": "Clinical", "control": "Control"}
HEADLINE = ("Task", "Metric", "Test rows", "Data", "Reading nothing", "Family", "Baseline", "Clinical")
SPREAD = (
    "± is the standard deviation over seeds of one fixed test set, not the uncertainty of the difference: the interval "
    "over documents and seeds, the adjusted p-value, the detectable effect and the verdict stand in `comparison.csv`."
)


@dataclass(frozen=True)
class Background:
    """What the report knows besides scores; all values are the cards that the stages wrote.

    `cards` (of the data) and `leakage` by task; `corpus` is empty where nothing was pre-trained;
    `checkpoints` by (family, arm).
    """

    cards: dict[str, dict]
    leakage: dict[str, dict]
    corpus: dict
    checkpoints: dict[tuple[str, str], dict]


def report(
    comparisons: list[Comparison], known: Background, profile: str, judgements: Judgements, level: float
) -> Report:
    """The whole report. `comparisons` are ordered by task, then family; `judgements` are those of `results.judged`
    at `level`, the level of the intervals."""
    tasks, families = unique(c.task for c in comparisons), unique(c.family_title for c in comparisons)
    return Report(
        title="Does continued pre-training on clinical text help?",
        lead=(
            f"{len(comparisons)} comparisons: {amount(len(tasks), 'task')} × "
            f"{amount(len(families), 'encoder family', 'encoder families')} ({wording.listing(families)}), each with "
            f"{amount(len(comparisons[0].seeds), 'seed')} per arm, profile `{profile}`. "
            "*Baseline* is an encoder before, *clinical* the same encoder after continued pre-training on clinical "
            "text; both are fine-tuned with the same recipe and scored on the same held-out rows."
        ),
        notice=notice(comparisons),
        sections=(
            Section("Baseline against clinical", headline(comparisons, judgements, level)),
            Section("All scores", all_scores(comparisons)),
            Section("By class", by_class(comparisons)),
            Section("Data and splits", background.data(comparisons, known.cards, known.leakage)),
            Section("Pre-training", background.pretraining(comparisons, known.corpus, known.checkpoints)),
            Section("What you must not conclude", (Bullets(cautions(comparisons, known.checkpoints)),)),
            Section("Where the numbers come from", (Bullets(SOURCES),)),
        ),
    )


SOURCES = (
    "`results.csv`: every arm, seed and metric. The primary metric of a task is called `f1` there; scores on a "
    "holdout that a data set ships begin with `holdout_`.",
    "`comparison.csv`: one row per task, family and arm compared with; `reference` is the mean of the arm that "
    "`against` names, `ci_low` to `ci_high` the interval over documents and seeds, `p_holm` the p-value adjusted for "
    "all rows, `mde` the smallest true difference found in 80 % of such experiments.",
    "`provenance.json`: for every row, the hashes of data, split manifest, checkpoints, tokenizer, predictions, code "
    "and parameters.",
    "`splits/`: which row is in which part, frozen. `tables.tex`: the tables for a paper.",
)


def unique(values) -> list:
    return list(dict.fromkeys(values))


def amount(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def notice(comparisons: list[Comparison]) -> str:
    """The sentence above everything: what kind of data these numbers were made with."""
    by_kind = {kind: wording.codes(c.task for c in comparisons if c.data_kind == kind) for kind in wording.KINDS}
    by_kind = {kind: titles for kind, titles in by_kind.items() if titles}
    if list(by_kind) == ["synthetic"]:
        return (
            "Synthetic data: every text behind these numbers was generated for this project. "
            "They show that the pipeline works, and nothing about real clinical text."
        )
    return "Data: " + "; ".join(f"{kind}: {wording.listing(titles)}" for kind, titles in by_kind.items()) + "."


def headline_table(comparisons: list[Comparison]) -> Table:
    """The comparison table: one row per task and family."""
    extra = unique(arm for c in comparisons for arm in c.arms[2:])
    rows = []
    for c in comparisons:
        arms = [wording.score_with_spread("f1", c.over_seeds(arm)) for arm in (AGAINST, "clinical")]
        others = [
            wording.score_with_spread("f1", c.over_seeds(arm)) if arm in c.arms else wording.ABSENT for arm in extra
        ]
        shared = (c.heading, wording.metric_title(c, "f1"), test_size(c), c.data_kind, reading_nothing(c))
        rows.append((*shared, c.family_title, *arms, *others, wording.difference(c.delta())))
    return Table(
        "Primary score on the test split, points of 100, mean ± SD over "
        f"{amount(len(comparisons[0].seeds), 'seed')} ({wording.kinds(c.data_kind for c in comparisons)})",
        (*HEADLINE, *(ARM_TITLES.get(arm, arm) for arm in extra), "Difference"),
        tuple(rows),
        names=6,
        grouped=5,
    )


def test_size(c: Comparison) -> str:
    rows, groups = c.n["test"], c.groups["test"]
    return f"{wording.count(rows)}" if rows == groups else f"{wording.count(rows)} in {wording.count(groups)} groups"


def reading_nothing(c: Comparison) -> str:
    """What constant answers score, which any reader of the text has to beat."""
    parts = [f"majority {wording.score('f1', c.reference['majority']['f1'])}"]
    if "always_positive" in c.reference:
        parts.append(f"always positive {wording.score('f1', c.reference['always_positive']['f1'])}")
    return ", ".join(parts)


def verdict_table(comparisons: list[Comparison], judgements: Judgements, level: float) -> Table:
    """One row per difference: its interval, adjusted p-value, detectable effect and verdict."""
    rows = []
    for c in comparisons:
        for arm in c.others:
            estimate, judgement = c.estimates["test", arm], judgements[c.task, c.family, arm]
            ends = (estimate.ci_low, estimate.ci_high)
            interval = "" if None in ends else " to ".join(map(wording.difference, ends))
            rows.append(
                (
                    c.heading,
                    c.family_title,
                    ARM_TITLES.get(arm, arm),
                    wording.VERDICTS[judgement.verdict],
                    wording.difference(estimate.delta),
                    interval or wording.ABSENT,
                    wording.p_value(judgement.p_holm),
                    wording.ABSENT if estimate.mde is None else wording.score("f1", estimate.mde),
                )
            )
    return Table(
        f"Is the clinical arm better? Differences in points of 100, {100 * level:g} % intervals over documents and "
        f"seeds ({wording.kinds(c.data_kind for c in comparisons)})",
        ("Task", "Family", "Against", "Verdict", "Difference", "Interval", "p (Holm)", "Detectable"),
        tuple(rows),
        names=4,
        grouped=1,
    )


def headline(comparisons: list[Comparison], judgements: Judgements, level: float) -> tuple:
    kinds = wording.kinds(c.data_kind for c in comparisons)
    ahead = sum(c.delta() > 0 for c in comparisons)
    return (
        verdict_table(comparisons, judgements, level),
        Paragraph(
            "▲ better, ▼ worse, ≈ equivalent (the interval lies within the margin declared in `params.yaml`), "
            "? inconclusive: neither can be said. *p (Holm)* is adjusted for all comparisons of the run; *detectable* "
            "is the true difference that a comparison of this size would find four times in five."
        ),
        headline_table(comparisons),
        Paragraph(
            "*Difference* is clinical − baseline of the means. *Reading nothing* is what a constant answer scores: "
            "the commonest label of the training part (where spans are sought: none), and where one label is the "
            "positive one, always that one."
        ),
        Paragraph(SPREAD),
        Figure(
            "arms.png",
            "Primary score by task and family; bars are means, whiskers ± one SD over seeds, marks single seeds "
            f"({kinds}).",
            f"Bar chart of baseline and clinical scores by task and family; the clinical mean is higher in {ahead} of "
            f"{len(comparisons)} comparisons. The table above holds the numbers.",
        ),
        Figure(
            "differences.png",
            f"Clinical − baseline, seed by seed; the bar is the mean ({kinds}). Seeds are few, and the test rows are "
            "the same for all of them.",
            f"Strip plot of the per-seed differences between the arms for {len(comparisons)} comparisons.",
        ),
    )


def score_table(group: list[Comparison], part: str) -> Table:
    """All metrics of one task on one part, a row per family and arm."""
    first = group[0]
    where = "test split" if part == "test" else "shipped holdout"
    rows = [
        (
            c.family_title,
            ARM_TITLES.get(arm, arm),
            *(wording.score_with_spread(m, c.over_seeds(arm, m, part)) for m in c.metrics),
        )
        for c in group
        for arm in c.arms
    ]
    if part == "test":
        for name, scores in first.reference.items():
            rows.append(
                ("Reading nothing", name.replace("_", " "), *(wording.score(m, scores[m]) for m in first.metrics))
            )
    return Table(
        f"{first.heading}, {where}, {wording.count(first.n[part])} rows ({wording.KINDS[first.data_kind]})",
        ("Family", "Arm", *(capital(wording.metric_title(first, m)) for m in first.metrics)),
        tuple(rows),
        names=2,
        grouped=1,
    )


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def by_task(comparisons: list[Comparison]) -> list[list[Comparison]]:
    return [[c for c in comparisons if c.task == task] for task in unique(c.task for c in comparisons)]


def all_scores(comparisons: list[Comparison]) -> tuple:
    tables = tuple(score_table(group, part) for group in by_task(comparisons) for part in group[0].parts)
    leaks = [c for c in comparisons if "document_leak_rate" in c.metrics]
    words = "Means ± SD over seeds, in points of 100 (MCC on its own scale). Higher is better"
    return (Paragraph(words + (", except for the share of documents that leak." if leaks else ".")), *tables)


def class_table(c: Comparison) -> Table:
    """Precision, recall and F1 of every label in both arms."""
    tables = [c.mean_table(arm) for arm in (AGAINST, "clinical")]
    rows = []
    for rows_of_label in zip(*tables, strict=True):
        cells = [wording.score("f1", row[k]) for row in rows_of_label for k in ("precision", "recall", "f1")]
        first = rows_of_label[0]
        rows.append((first["label"].replace("_", " "), wording.count(first["support"]), *cells))
    return Table(
        f"{c.heading}, {c.family_title}: by class on the test split, means over seeds ({wording.KINDS[c.data_kind]})",
        ("Label", "Gold", "Baseline P", "R", "F1", "Clinical P", "R", "F1"),
        tuple(rows),
    )


def matrix_table(c: Comparison, arm: str) -> Table:
    """The confusion matrix of an arm, counts added up over seeds."""
    matrix = c.summed_matrix(arm)
    shade = tuple(tuple(n / max(1, sum(row)) for n in row) for row in matrix)
    return Table(
        f"{c.heading}, {c.family_title}, {ARM_TITLES.get(arm, arm).lower()}: gold in rows, prediction in columns, "
        f"counts over {amount(len(c.seeds), 'seed')} ({wording.KINDS[c.data_kind]})",
        ("Gold", *(label.replace("_", " ") for label in c.labels)),
        tuple((label.replace("_", " "), *map(wording.count, row)) for label, row in zip(c.labels, matrix, strict=True)),
        shade=shade,
    )


def by_class(comparisons: list[Comparison]) -> tuple:
    blocks = []
    for group in by_task(comparisons):
        tables = tuple(class_table(c) for c in group)
        if group[0].matrices:
            tables += tuple(matrix_table(c, arm) for c in group for arm in (AGAINST, "clinical"))
        kind = wording.KINDS[group[0].data_kind]
        blocks.append(Details(f"{group[0].short_title} ({kind})", tables))
    return (Paragraph("Precision, recall and F1 by class, and confusion matrices, folded by task."), *blocks)
