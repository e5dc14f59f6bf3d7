"""Assemble all sections of the report from the scores (comparisons) and the descriptions of data and checkpoints
(background)."""

from collections.abc import Sequence

from harness.params.config import Statistics
from harness.params.robustness import NOT_DONE, Robustness
from harness.report.model.document import Bullets, Report, Section
from harness.report.model.judging import Summary
from harness.report.model.results import Comparison, Judgements
from harness.report.text import (
    answer,
    background,
    checklist,
    details,
    environment,
    exploratory,
    formats,
    headline,
    planted,
    robustness,
    scores,
    tuning,
)
from harness.report.text.background import Background
from harness.report.text.cautions import cautions

ANSWER, PLANTED = "What was found", "Rows by what decides them"
ARMS, SCORES = "Task by task", "All scores"
ROBUST = "Robustness"
MAIN = (ANSWER, ARMS, PLANTED, SCORES, ROBUST)  # the sections with tables that a paper would print
SOURCES = (
    "`summary.csv`: one row per family and other arm, with the mean difference over tasks (the headline). `primary` "
    "marks the declared question. `improved` is the probability that a task drawn from these is better.",
    "`results.csv`: every arm, seed and metric; `primary` marks the metric that a task's arms are compared by. Scores "
    "on a holdout that a data set ships begin with `holdout_`.",
    "`comparison.csv`: one row per task, family and other arm. `reference` is the mean of the arm that `against` "
    "names. `delta` is clinical − reference (if lower is better, an improvement is below 0). `ci_low` to `ci_high` is "
    "the interval over documents and runs. `p_holm` is the p-value adjusted for all rows. `mde` is the true "
    "difference that one test alone finds in 80 % of such experiments, and `mde_holm` the one that the verdict finds. "
    "`scope` says whether the row is about these `checkpoints` or the `procedure` that made several. Cells that "
    "cannot be measured are empty.",
    "`readings.csv`: the arms on the test rows of each kind, if the data say what decides a row.",
    "`robustness.csv`: the arms on changed test texts, if `robustness.kinds` names a kind. A loss is the decrease of a "
    "mean score. `delta` is clinical_loss − reference_loss (below 0: the clinical arm loses less).",
    "`simple_baselines.csv`: scores without an encoder, on the same rows and by the same metrics: a linear model of "
    "counted words, and constant answers.",
    "`provenance.json`: for every row, the hashes of data, split manifest, checkpoints, tokenizer, predictions, code "
    "and parameters.",
    "`splits/`: which row is in which part, frozen. `tables.tex`: the tables for a paper.",
    "`metrics.json` and `plots/` for `dvc metrics` and `dvc plots`, `model-index/` for model cards, `croissant/`: what "
    "each data set is, for machines.",
)


def report(
    comparisons: list[Comparison],
    known: Background,
    profile: str,
    summaries: Sequence[Summary],
    judgements: Judgements,
    read: planted.Judged,
    statistics: Statistics,
    cross_validated: Sequence[exploratory.CrossValidated] = (),
    written: Robustness = NOT_DONE,
) -> Report:
    """The whole report, without the sections that have nothing to say.

    `comparisons` are ordered by task, then family. `known` has the cards of data and checkpoints. `profile` is the name
    of the preset of `params.yaml`. `summaries`, `judgements` and `read` are the results of `summaries`, `judged` and
    `judged_readings` in `harness.report.model.judging`, made with the same `statistics`. `cross_validated` has the
    results of cross-validation. `written` has the settings of the perturbed test texts.
    """
    found = (answer.arms(comparisons, profile), *answer.blocks(summaries, statistics, known.checkpoints))
    sections = (
        Section(ANSWER, (*found, headline.picture(comparisons, judgements, statistics))),
        Section("Was the planted effect found?", planted.counted(comparisons, read)),
        Section("What you must not conclude", (Bullets(cautions(comparisons, known.checkpoints)),)),
    )
    appendix = (
        Section(ARMS, headline.blocks(comparisons, judgements, statistics)),
        Section(PLANTED, planted.blocks(comparisons, read, known.cards, statistics.level)),
        Section("Tuned, and as declared", tuning.blocks(comparisons, statistics)),
        Section(SCORES, scores.all_scores(comparisons)),
        Section("By class", scores.by_class(comparisons)),
        Section("Parts of the test sets", details.slices(comparisons)),
        Section("What masking would leave readable", details.privacy(comparisons)),
        Section("Other thresholds", details.thresholds(comparisons)),
        Section(ROBUST, robustness.blocks(comparisons, written, statistics.level)),
        Section("Exploratory: cross-validation of small sets", exploratory.blocks(cross_validated, statistics.level)),
        Section("Data and splits", background.data(comparisons, known.cards, known.leakage)),
        Section("Pre-training", background.pretraining(comparisons, known.corpus, known.checkpoints)),
        Section("Fine-tuning", environment.training(comparisons)),
        Section("Environment", environment.blocks(comparisons, known.checkpoints)),
        Section("Checklists", checklist.blocks(comparisons, known, statistics)),
        Section("Where the numbers come from", (Bullets(SOURCES),)),
    )
    return Report(
        title="Does continued pre-training on clinical text help?",
        lead=answer.sentence(summaries, statistics) + answer.unlearnt(comparisons, judgements),
        notice=notice(comparisons),
        sections=tuple(section for section in sections if section.blocks),
        appendix=tuple(section for section in appendix if section.blocks),
    )


def notice(comparisons: list[Comparison]) -> str:
    """The sentence at the top of the report, which names the kind of data behind the numbers."""
    by_kind = {kind: formats.codes(c.task for c in comparisons if c.data_kind == kind) for kind in formats.KINDS}
    by_kind = {kind: titles for kind, titles in by_kind.items() if titles}
    if list(by_kind) == ["synthetic"]:
        shows = (
            "whether a planted effect is found" if any(c.readings for c in comparisons) else "that the pipeline works"
        )
        return (
            "Synthetic data: every text behind these numbers was generated for this project. "
            f"They show {shows}, and nothing about real clinical text."
        )
    said = {
        "synthetic": "{} generated for this project, which says nothing about real text",
        "public": "{} public, made for research and not a hospital's own records",
        "restricted": "{} restricted, from one place",
    }
    return (
        "Data: "
        + "; ".join(
            said[kind].format(f"{formats.listing(titles)} {'is' if len(titles) == 1 else 'are'}")
            for kind, titles in by_kind.items()
        )
        + formats.translations((c.task, c.translated) for c in comparisons)
        + "."
    )
