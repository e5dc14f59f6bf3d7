"""Write the detailed sections of the report: scores by slice of the test sets, identifiers that stay readable after
masking, and scores over all thresholds."""

from harness.privacy.suppression import MINIMUM
from harness.report.model import pictures
from harness.report.model.document import Details, Figure, Paragraph, Table
from harness.report.model.results import Comparison, mean, mean_if_all_known, of_part
from harness.report.text import formats
from harness.report.text.formats import SHARE, WHERE, by_task, with_linear
from harness.statistics.slices import QUARTILES
from harness.text.escaping import plain

SLICED_BY = {"document_type": "document type", "written_standard": "written standard", "length": "length of the text"}


def slices(comparisons: list[Comparison]) -> tuple:
    """Tables of the primary score by slice of each test set, one hidden block per task. A slice has the rows with the
    same document type, written standard or quarter of text length. Returns () if no task has slices."""
    blocks = []
    for group in by_task(comparisons):
        made = [slice_table(group, part) for part in group[0].parts]
        if tables := tuple(table for table in made if table.rows):
            blocks.append(Details(f"{group[0].short_title} ({formats.data_of([group[0]])})", tables))
    if not blocks:
        return ()
    words = (
        "The primary score of parts of the test sets, means over seeds. Parts are small, and nothing here was tested: "
        f"read differences between them as questions, not answers. Cells under {MINIMUM} rows are not shown (–), "
        "and neither are other cells if such a cell would follow from the total. Scores that cannot be measured in a "
        "part are not shown either, such as the F1 of a label that no row of the part has."
    )
    return (Paragraph(words), *blocks)


def slice_table(group: list[Comparison], part: str) -> Table:
    """The table of the primary scores of one task by slice of one part ("test" or "holdout"). Slices are rows. Columns
    are the arms of each encoder family, and the linear model. `group` has the comparisons of the task."""
    every = with_linear(group)
    columns = [(c, arm) for c in every for arm in c.arms]
    scores: dict[tuple[str, ...], list[float | None]] = {}
    cells = {}
    for c in every:
        for row in c.slices:
            if row["part"] == part:
                key = (row["by"], row["value"])
                cells[key] = row
                scores.setdefault((c.family, row["arm"], *key), []).append(row["score"])
    rows = []
    for key in sorted(cells, key=_order):
        shown = [scores.get((c.family, arm, *key), [None]) for c, arm in columns]
        primary = group[0].primary
        means = [mean_if_all_known(found) for found in shown]
        values = [formats.score_or_dash(primary, found) for found in means]
        rows.append((plain(SLICED_BY.get(key[0], key[0])), plain(key[1]), formats.count(cells[key]["n"]), *values))
    first = group[0]
    return Table(
        f"{first.heading}, {WHERE[part]}: {formats.metric_title(first.primary)} by slice ({formats.data_of([first])})",
        ("By", "Slice", "n", *(f"{c.family_title}, {formats.arm_title(arm, c.arms).lower()}" for c, arm in columns)),
        tuple(rows),
        names=2,
        grouped=1,
    )


def _order(key: tuple[str, str]) -> tuple:
    by, value = key
    rank = QUARTILES.index(value) if value in QUARTILES else 0
    return (list(SLICED_BY).index(by) if by in SLICED_BY else len(SLICED_BY), rank, value)


def privacy(comparisons: list[Comparison]) -> tuple:
    """Tables of the identifiers that would stay readable if every predicted span were masked, for tasks that look for
    identifying spans. Returns () if there is no such task."""
    blocks = []
    for group in by_task(comparisons):
        if any(c.privacy for c in group):
            tables = [leak_table(group, part) for part in group[0].parts]
            by_label = tuple(label_table(c, part) for c in with_linear(group) for part in c.parts)
            blocks += [*tables, Details(f"{group[0].short_title}, by label", by_label)]
    if not blocks:
        return ()
    words = (
        "What would stay readable if every predicted span were masked. A document leaks if at least one character of "
        "an identifier stays readable (lower is better). Masking ignores labels (a name masked as a place is masked), "
        "recall does not. No such rate makes a text anonymous."
    )
    return (Paragraph(words), *blocks)


def leak_table(group: list[Comparison], part: str) -> Table:
    rows = []
    for c in with_linear(group):
        for arm in c.arms:
            if found := of_part(c.privacy, arm, part):
                shown = all(run["leaking"] is not None for run in found)
                marked = found[0]["documents"] != 0  # without an identifier none can be left readable
                documents = [run["leaking"] / max(1, run["documents"]) for run in found] if shown and marked else []
                characters = [run["leaked"] / max(1, run["characters"]) for run in found] if marked else []
                rows.append(
                    (
                        c.family_title,
                        formats.arm_title(arm, c.arms),
                        formats.count(found[0]["documents"]),
                        formats.score_with_spread(SHARE, documents) if documents else formats.ABSENT,
                        formats.count(found[0]["characters"]),
                        formats.count(round(mean([run["leaked"] for run in found]))),
                        formats.score_with_spread(SHARE, characters) if characters else formats.ABSENT,
                    )
                )
    first = group[0]
    return Table(
        f"{first.heading}, {WHERE[part]}: what masking would leave readable ({formats.data_of([first])})",
        ("Family", "Arm", "Documents with an identifier", "of them leak, %", "Identifying characters", "left readable",
         "share, %"),
        tuple(rows),
        names=2,
        grouped=1,
    )  # fmt: skip


def label_table(c: Comparison, part: str) -> Table:
    """The table of masking scores of each label on one part, for all arms of a comparison: recall, share of spans that
    are wholly masked, and share of documents with a readable identifier. The scores are means over seeds."""
    arms = [arm for arm in c.arms if of_part(c.privacy, arm, part)]
    rows = []
    for i, label in enumerate(c.labels):
        found = {arm: [run["by_label"][i] for run in of_part(c.privacy, arm, part)] for arm in arms}
        counts = [run.get("documents") for runs in found.values() for run in runs]
        shown = None not in counts
        cells = [
            formats.score(SHARE, mean([run[key] for run in runs])) if shown else formats.ABSENT
            for runs in found.values()
            for key in ("recall", "masked", "document_leak_rate")
        ]
        rows.append((plain(label.replace("_", " ")), formats.count(counts[0]) if shown else formats.ABSENT, *cells))
    header = [
        f"{formats.arm_title(arm, c.arms) + ': ' if first else ''}{name}"
        for arm in arms
        for first, name in ((True, "recall, %"), (False, "wholly masked, %"), (False, "documents leak, %"))
    ]
    return Table(
        f"{c.heading}, {c.family_title}, {WHERE[part]}: by label ({formats.data_of([c])})",
        ("Label", "Documents", *header),
        tuple(rows),
    )


def thresholds(comparisons: list[Comparison]) -> tuple:
    """Tables and figures of ROC curves and reliability (calibration) for all tasks with a positive label. Returns () if
    there is no such task."""
    blocks = []
    for group in by_task(comparisons):
        if any(c.thresholds for c in group):
            first, kind = group[0], formats.data_of([group[0]])
            words = (
                f"{first.heading}: ROC curves (above) and reliability (below) of the probability of the positive "
                f"label on the test split; the dotted line is chance above and perfect calibration below ({kind})."
            )
            title = plain(first.short_title)
            alt = f"ROC curves and reliability of {title}. The table above has the areas and errors."
            blocks += [threshold_table(group), Figure(pictures.thresholds(first.task), words, alt)]
    if not blocks:
        return ()
    words = (
        "F1 is taken at one threshold. *AUC* is over all thresholds (50: chance). *AUPRC* is the mean precision over "
        "all recalls (the share of positive rows: chance). *Brier* is the mean squared error of the probability, and "
        "*calibration error* the distance between predicted and observed shares (both: lower is better). Probabilities "
        "were not calibrated after training. *Moved* is the F1 at the threshold with the best F1 on the validation "
        "part. If it is higher than F1, an arm knows more than the threshold of one half shows."
    )
    return (Paragraph(words), *blocks)


def threshold_table(group: list[Comparison]) -> Table:
    rows = []
    for c in with_linear(group):
        for arm in c.arms:
            found = of_part(c.thresholds, arm, "test")
            areas = [[run["roc"][key] for run in found if run["roc"]] for key in ("auc", "average_precision")]
            errors = [[run["calibration"][key] for run in found] for key in ("brier", "expected_error")]
            moved = [run["moved"] for run in found if "moved" in run]
            shown = (*areas, *errors, moved)
            cells = [formats.score_with_spread(SHARE, v) if v else formats.ABSENT for v in shown]
            rows.append((c.family_title, formats.arm_title(arm, c.arms), *cells))
    first = group[0]
    return Table(
        f"{first.heading}: over all thresholds, points of 100 ({formats.data_of([first])})",
        ("Family", "Arm", "AUC", "AUPRC", "Brier", "Calibration error", "F1, moved"),
        tuple(rows),
        names=2,
        grouped=1,
    )
