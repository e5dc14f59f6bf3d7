"""Write the report section on cross-validation, an exploratory second protocol for small data sets.

Cross-validation is not one of the declared comparisons. Its results have no verdict and are not in `comparison.csv`,
and its p-values are not adjusted by Holm's method.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.artifacts.scores import FoldScores, read_folds
from harness.artifacts.validated import translated
from harness.metrics import Metric, named
from harness.params.config import ReportSettings
from harness.privacy import restricted
from harness.report.model.document import Paragraph, Table
from harness.report.model.results import family_title, mean
from harness.report.text import formats
from harness.statistics.cross_validation import Resampled
from harness.system import files
from harness.task import Task
from harness.text.escaping import plain


@dataclass(frozen=True)
class CrossValidated:
    """The results of the cross-validation of one task with one encoder family.

    The data have `n` rows in `groups` groups. In each of `repeats` repeats, the groups are divided into `folds` folds.
    `by_fold` maps an arm to its primary scores, one for each fold in which the metric can be measured. `pooled` maps an
    arm to its primary scores over all rows at once, one per repeat. `reference` maps the name of a constant answer and
    a metric to a score. `estimates` maps each arm except the clinical one to the difference, clinical − that arm.
    `unmeasured` maps each reason why a fold cannot be measured to the number of such folds (reason "": the folds can be
    measured). `diverged` is the number of diverged runs.
    """

    task: str
    title: str
    family: str
    data_kind: str
    primary: str
    n: int
    groups: int
    folds: int
    repeats: int
    by_fold: dict[str, list[float]]
    pooled: dict[str, list[float]]
    reference: dict[str, dict[str, float]]
    estimates: dict[str, Resampled]
    unmeasured: dict[str, int]
    diverged: int
    inputs: dict
    provenance: dict
    translated: str = ""

    @property
    def metric(self) -> Metric:
        return named(self.primary)


def load(root: Path, settings: ReportSettings, tasks: Mapping[str, Task]) -> list[CrossValidated]:
    """The cross-validation of every task in `cross_validation.tasks` (of `params.yaml`) with every encoder family of
    the run. `tasks` maps names to tasks. Raises MissingInputError if scores are missing."""
    return [
        replace(read(read_folds(root, task, family), tasks[task].title), translated=translated(root, task))
        for task in settings.cross_validation.tasks
        for family in settings.run.families
    ]


def read(made: FoldScores, title: str) -> CrossValidated:
    arms, primary = formats.unique(run.arm for run in made.runs), made.primary
    found = [dict(row) for row in made.comparisons]
    return CrossValidated(
        title=title.split(":")[0],
        **{key: getattr(made, key) for key in ("task", "family", "data_kind", "primary", "n", "groups", "reference")},
        folds=made.folds.number,
        repeats=made.folds.repeats,
        by_fold={
            arm: [run.scores[primary] for run in made.runs if run.arm == arm and not run.unmeasured] for arm in arms
        },
        unmeasured=dict(Counter(run.unmeasured for run in made.runs if run.arm == arms[0])),
        pooled={arm: [row.scores[primary] for row in made.pooled if row.arm == arm] for arm in arms},
        estimates={row.pop("against"): Resampled(**row) for row in found},
        diverged=sum(run.diverged for run in made.runs),
        inputs=made.inputs.plain(),
        provenance=made.provenance,
    )


def blocks(validated: Sequence[CrossValidated], level: float) -> tuple:
    """The content of the section: paragraphs and the table of results. Returns () if no task was cross-validated.
    Results on restricted data are not shown. `level` is the level of the intervals (0 to 1)."""
    if not validated:
        return ()
    # Scores of folds and repeats are ratios of the same few counts, and no disclosure check looks at them.
    hidden = [v for v in validated if v.data_kind == restricted.KIND]
    validated = [v for v in validated if v.data_kind != restricted.KIND]
    withheld = tuple(
        Paragraph(f"Withheld: the cross-validation of {formats.listing(formats.codes(v.task for v in hidden))}. The "
        "data are restricted, and its figures were not checked for small counts.")
        for _ in hidden[:1]
    )  # fmt: skip
    if not validated:
        return withheld
    first = validated[0]
    words = (
        "Exploratory: this answers the same question a second time, for sets whose test split is small. It is not one "
        "of the declared comparisons: it has no verdict, is not adjusted for the number of comparisons, and does not "
        f"change the results above. Every row is tested once in each of {formats.amount(first.repeats, 'repeat')}. The "
        f"groups are divided into {first.folds} folds, and each fold is scored by encoders that were fine-tuned on the "
        "other folds. A part of these other folds chooses the weights."
    )
    limits = (
        "*Interval* and *p* allow for folds sharing their training rows (corrected resampled t-test, Nadeau & Bengio "
        "2003). They are about other groups from the same source and other fine-tuning seeds, not about another "
        "pre-training run. They are approximate: no exact error of a cross-validation is known. Corpora were cleaned "
        "of the texts of the validation and test splits only, so they may contain texts of the training split."
    )
    remarks = (*_unmeasured(validated), *_diverged(validated), *withheld)
    return (Paragraph(words), table(validated, level), Paragraph(limits), *remarks)


def table(validated: Sequence[CrossValidated], level: float) -> Table:
    rows = []
    for v in validated:
        for against, estimate in v.estimates.items():
            arms = [formats.score_with_spread(v.primary, v.by_fold[arm]) for arm in (against, "clinical")]
            pooled = mean(v.pooled["clinical"]) - mean(v.pooled[against])
            rows.append(
                (
                    f"{plain(v.title)} (`{v.task}`)",
                    formats.metric_title(v.primary),
                    f"{formats.count(v.n)} in {formats.count(v.groups)} groups",
                    formats.constant_answers(v.reference, v.primary),
                    family_title(v.family),
                    formats.arm_title(against, v.estimates),
                    *arms,
                    formats.difference(estimate.delta, v.primary),
                    formats.interval(estimate, v.primary),
                    formats.p_value(estimate.p_value),
                    formats.difference(pooled, v.primary),
                )
            )
    kinds = formats.data_of(validated)
    return Table(
        f"Exploratory, cross-validation over all rows: {formats.scales(validated)}, mean ± SD over folds, "
        f"{100 * level:g} % intervals, p not adjusted ({kinds})",
        ("Task", "Metric", "Rows", "Constant answer", "Family", "Against", "Its score", "Clinical", "Difference",
         "Interval", "p", "Difference, all rows at once"),
        tuple(rows),
        names=6,
        grouped=4,
    )  # fmt: skip


def _unmeasured(validated: Sequence[CrossValidated]) -> tuple:
    found = [
        f"{formats.amount(n, 'fold')} of `{v.task}` with {family_title(v.family)} ({plain(reason)})"
        for v in validated
        for reason, n in sorted(v.unmeasured.items())
        if reason
    ]
    words = f"Left out, because they cannot be measured: {formats.listing(found)}."
    return (Paragraph(words),) if found else ()


def _diverged(validated: Sequence[CrossValidated]) -> tuple:
    found = [f"{v.diverged} of `{v.task}` with {family_title(v.family)}" for v in validated if v.diverged]
    words = f"Runs that diverged and were scored nevertheless: {formats.listing(found)}."
    return (Paragraph(words),) if found else ()


def traced(
    validated: list[CrossValidated], shared: Mapping[str, Mapping[tuple[str, str], str | None]], code: Mapping
) -> list[dict]:
    """The part of `provenance.json` on cross-validation: one entry per task and encoder family, with the hashes of
    everything that the results were made from. Restricted data have no entry.

    `shared` has two keys, `checkpoints` and `tokenizers`. Each maps (family, arm) to a hash. `code` maps a task to the
    hash of the code behind its numbers.
    """
    return [
        {
            "task": v.task,
            "family": v.family,
            "data": v.inputs["records"],
            "split_manifest": v.inputs["manifest"],
            "parameters": files.sha256_value({key: v.provenance.get(key) for key in ("recipe", "engine", "folds")}),
            "code": code[v.task],
            **{name: {arm: of.get((v.family, arm)) for arm in v.by_fold} for name, of in shared.items()},
            "predictions": v.inputs["decisions"],
        }
        for v in validated
        if v.data_kind != restricted.KIND
    ]
