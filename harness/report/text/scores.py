"""The report's tables of all scores: every metric, by class, and confusion matrices."""

from harness.metrics import named
from harness.params.arms import BASELINE, OPTIONAL
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM
from harness.report.model.document import Details, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.text import formats
from harness.report.text.formats import WHERE, amount, arm_title, by_task, capital, unique, with_linear
from harness.text.escaping import plain


def score_table(group: list[Comparison], part: str) -> Table:
    """The table of all metrics of one task on one part ("test" or "holdout"). A row is one arm of an encoder family,
    the linear model or a constant answer. `group` has the comparisons of the task, one per family."""
    first = group[0]
    rows = [
        (
            c.family_title,
            arm_title(arm, c.arms),
            *(formats.over_seeds(c, arm, m, part) for m in c.metrics),
        )
        for c in with_linear(group)
        for arm in c.arms
    ]
    for name, scores in first.constant_answers(part).items():
        shown = (formats.ABSENT if first.unmeasured(m, part) else formats.score(m, scores[m]) for m in first.metrics)
        rows.append(("Constant answer", name.replace("_", " "), *shown))
    return Table(
        f"{first.heading}, {WHERE[part]}, {formats.count(first.n[part])} rows ({formats.data_of([first])})",
        ("Family", "Arm", *(capital(formats.metric_title(m)) for m in first.metrics)),
        tuple(rows),
        names=2,
        grouped=1,
    )


def all_scores(comparisons: list[Comparison]) -> tuple:
    tables = tuple(score_table(group, part) for group in by_task(comparisons) for part in group[0].parts)
    words = (
        "Means ± SD over seeds, in points of 100 (MCC on its own scale). Higher is better if nothing else is said."
    ) + _left_out(comparisons)
    return (Paragraph(words + _conventions(comparisons)), *tables)


def _conventions(comparisons: list[Comparison]) -> str:
    """Sentences on the conventions of metrics that are commonly computed in several ways, or nothing."""
    used = (named(metric) for c in comparisons for metric in c.metrics)
    found = unique(f"*{capital(metric.title)}*: {metric.convention}." for metric in used if metric.convention)
    return f" {' '.join(found)}" if found else ""


def _left_out(comparisons: list[Comparison]) -> str:
    """A sentence on which metrics cannot be measured, and why. Returns "" if every metric can be measured."""
    found = unique(
        f"{formats.metric_title(metric)} of `{c.task}` on the {WHERE[part]} ({plain(reason)})"
        for c in comparisons
        for part in c.parts
        for metric in c.metrics
        if (reason := c.unmeasured(metric, part))
    )
    return f" A dash means that a metric {formats.UNMEASURED}: {'; '.join(found)}." if found else ""


def class_table(c: Comparison) -> Table:
    """The table of precision, recall and F1 of every label on the test split, for the baseline, the clinical arm and
    the linear model. The scores are means over seeds."""
    tables = [c.mean_table(arm) for arm in (BASELINE, "clinical")]
    tables += [c.linear.mean_table(*c.linear.arms)] if c.linear else []
    rows = []
    for rows_of_label in zip(*tables, strict=True):
        # If a label has no gold rows, its recall and F1 would be 0 for any model.
        columns = ("precision", "recall", "f1") if rows_of_label[0]["support"] != 0 else ("precision", None, None)
        shown = [row.get(k) for row in rows_of_label for k in columns]
        cells = [formats.score_or_dash(formats.SHARE, value) for value in shown]
        first = rows_of_label[0]
        rows.append((plain(first["label"].replace("_", " ")), formats.count(first["support"]), *cells))
    linear = ("Linear P", "R", "F1") if c.linear else ()
    return Table(
        f"{c.heading}, {c.family_title}: by class on the test split, means over seeds ({formats.data_of([c])})",
        ("Label", "Gold", "Baseline P", "R", "F1", "Clinical P", "R", "F1", *linear),
        tuple(rows),
    )


def matrix_table(c: Comparison, arm: str) -> Table:
    """The table of the confusion matrix of an arm on the test split: gold in rows, predictions in columns, and counts
    added up over seeds."""
    matrix, labels = c.summed_matrix(arm), [plain(label.replace("_", " ")) for label in c.labels]
    shade = tuple(tuple((n or 0) / max(1, sum(n or 0 for n in row)) for n in row) for row in matrix)
    return Table(
        f"{c.heading}, {c.family_title}, {arm_title(arm, c.arms).lower()}: gold in rows, prediction in columns, "
        f"counts over {amount(len(c.seeds), 'seed')} ({formats.data_of([c])})",
        ("Gold", *labels),
        tuple((label, *map(formats.count, row)) for label, row in zip(labels, matrix, strict=True)),
        shade=shade,
    )


def by_class(comparisons: list[Comparison]) -> tuple:
    blocks = []
    for group in by_task([c for c in comparisons if c.rung is None]):
        tables = tuple(class_table(c) for c in group)
        if group[0].matrices:
            tables += tuple(matrix_table(c, arm) for c in with_linear(group) for arm in c.arms if arm not in OPTIONAL)
        kind = formats.data_of([group[0]])
        blocks.append(Details(f"{group[0].short_title} ({kind})", tables))
    if not blocks:
        return ()
    words = "Precision, recall and F1 by class, and confusion matrices, folded by task."
    if any(c.data_kind == restricted.KIND for c in comparisons):
        words += (
            f" For restricted data, there is no matrix with a cell under {MINIMUM}, 0 included, and no score of a "
            "label with so few spans or documents (–)."
        )
    return (Paragraph(words), *blocks)
