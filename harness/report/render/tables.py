"""The tables of the report as files: CSV for other programs, Markdown for a reader, LaTeX for a paper."""

import csv
import io
from collections.abc import Mapping, Sequence

from harness.report.model.document import Bullets, Details, Figure, Paragraph, Report, Section, Table
from harness.report.model.judging import NUMBERS, Summary, numbers, scope
from harness.report.model.results import Comparison, column, mean
from harness.statistics.verdicts import Judgement
from harness.text import escaping

RESULTS = ("task", "family", "arm", "replicate", "seed", "metric", "primary", "value", "n_test", "data_kind")
LINEAR = ("task", "system", "metric", "primary", "value", "n_test", "data_kind")
COMPARISON = (
    "task", "family", "against", "metric", *NUMBERS, "verdict", "scope", "n_test", "n_groups", "n_seeds",
    "n_replicates", "data_kind",
)  # fmt: skip
SUMMARY = (
    "family", "against", "primary", "n_tasks", *NUMBERS, "improved", "verdict", "scope", "n_seeds", "n_replicates",
    "data_kind",
)  # fmt: skip
READINGS = (
    "task", "family", "decided_by", "arm", "against", "metric", "reference", "value", "delta", "ci_low", "ci_high",
    "p_value", "p_holm", "verdict", "n_test", "n_groups", "n_seeds", "data_kind",
)  # fmt: skip

ROBUSTNESS = (
    "task", "family", "kind", "against", "metric", "changed", "reference", "clinical", "reference_loss",
    "clinical_loss", "delta", "ci_low", "ci_high", "p_value", "n_test", "n_groups", "n_seeds", "n_replicates",
    "data_kind",
)  # fmt: skip

TRANSLATION = "translation"  # the last column of each CSV, in a run with translated data


def number(value: float | None, decimals: int = 4) -> str:
    """A number as text for a CSV with this many decimals, or "" for None. With more than four decimals, the text could
    differ between processors."""
    return "" if value is None else f"{value + 0.0:.{decimals}f}".replace("-0.0000", "0.0000")


def results_csv(comparisons: list[Comparison]) -> str:
    """The content of `results.csv`: one row per task, family, arm, seed and metric, on the test split and on a holdout
    (further test rows that some data sets have).

    The column `primary` is true for the metric by which arms are compared. Metrics on a holdout have the prefix
    `holdout_` and the row count of the holdout, and are never primary. A value is empty if it cannot be measured or is
    not released. The seed is empty if no score of a single seed is released.
    """
    rows = []
    for c in comparisons:
        for arm in c.arms:
            runs = [(c.replicate(arm, seed), seed) for seed in c.seeds]
            for run in runs if c.rung is None else [("", "")]:
                for part in c.parts:
                    for metric in c.metrics:
                        value = "" if c.withheld(metric, part) else number(c.values[arm, int(run[1]), part, metric])
                        rows.append((c.task, c.family, arm, *run, *_named(c, part, metric), value, *_of(c, part)))
    return _csv(RESULTS, rows, _translated(comparisons))


def simple_baselines_csv(comparisons: list[Comparison]) -> str:
    """The content of `simple_baselines.csv`: one row per task, system without an encoder (linear model or constant
    answer) and metric. Metrics have the same names as in `results.csv`."""
    rows = []
    for c in {c.task: c for c in comparisons}.values():
        if (linear := c.linear) is None:
            continue
        for part in linear.parts:
            shown = [m for m in linear.metrics if not linear.withheld(m, part) and not c.unmeasured(m, part)]
            systems = {arm: {m: linear.mean(arm, m, part) for m in shown} for arm in linear.arms}
            for system, scores in (systems | c.constant_answers(part)).items():
                for metric in linear.metrics:
                    value = number(scores[metric]) if metric in shown else ""
                    rows.append((c.task, system, *_named(c, part, metric), value, *_of(linear, part)))
    return _csv(LINEAR, rows, _translated(comparisons))


def _named(c: Comparison, part: str, metric: str) -> tuple[str, str]:
    """A metric's name in a CSV, and whether it is the primary one (`true` or `false`)."""
    name = column(part, metric)
    return name, str(name == c.primary).lower()


def _of(c: Comparison, part: str) -> tuple[int, str]:
    return c.n[part], c.data_kind


def comparison_csv(comparisons: list[Comparison], judgements: dict[tuple[str, str, str], Judgement]) -> str:
    """The content of `comparison.csv`: one row per task, family and arm that the clinical arm is compared with, on the
    test split.

    `judgements` are by (task, family, other arm). The column `delta` is clinical − reference, also if a lower score is
    better. An unknown number is an empty cell: the interval if there is one seed, or all numbers if nothing can be
    measured.
    """
    rows = []
    for c in comparisons:
        for arm in c.others:
            e, judgement = c.estimates["test", arm], judgements[c.task, c.family, arm]
            # What is released coarsely has two decimals.
            cells = [
                number(value, 4 if c.rung is None or name.startswith("p_") else 2)
                for name, value in numbers(e, judgement).items()
            ]
            sizes = (c.n["test"], e.n_groups, e.n_seeds, e.n_replicates)
            at = (c.task, c.family, arm, c.primary)
            rows.append((*at, *cells, judgement.verdict, scope(e), *sizes, c.data_kind))
    return _csv(COMPARISON, rows, _translated(comparisons))


def summary_csv(summaries: Sequence[Summary]) -> str:
    """The content of `summary.csv`: one row per encoder family and arm that the clinical arm is compared with, with the
    mean difference over tasks.

    The column `primary` is true for the question that was declared in advance. `improved` is the probability that the
    clinical arm is better on a task drawn at random from those of the row. If a lower score is better, 1 − score enters
    the mean.
    """
    rows = []
    for s in summaries:
        e, judgement = s.estimate, s.judgement
        cells = map(number, (*numbers(e, judgement).values(), s.joint.probability))
        at = (s.family, s.against, str(s.primary).lower(), len(s.tasks))
        rows.append((*at, *cells, judgement.verdict, s.scope, e.n_seeds, e.n_replicates, "+".join(s.data_kinds)))
    told = {s.family: "; ".join(f"{task}: {said}" for task, said in s.translated if said) for s in summaries}
    return _csv(SUMMARY, rows, told)


def readings_csv(comparisons: list[Comparison], judged: dict) -> str:
    """The content of `readings.csv`: one row per task, family, kind of test row and pair of arms. The kind is what
    decides a row, such as clinical words. The column `delta` is `arm` − `against`.

    `judged` maps (task, family, reading) to a judgement. A task has no rows here if its data do not say what decides a
    row.
    """
    rows = []
    for c in comparisons:
        for r in c.readings:
            e, judgement = r.estimate, judged[c.task, c.family, r]
            values = (e.reference, e.clinical, e.delta, e.ci_low, e.ci_high, e.p_value, judgement.p_holm)
            at = (c.task, c.family, r.decided_by, r.arm, r.against, c.primary)
            rows.append((*at, *map(number, values), judgement.verdict, r.n, e.n_groups, e.n_seeds, c.data_kind))
    return _csv(READINGS, rows, _translated(comparisons))


def robustness_csv(comparisons: list[Comparison]) -> str:
    """The content of `robustness.csv`: one row per task, family, kind of perturbation and arm that the clinical arm is
    compared with.

    The columns `reference` and `clinical` are mean scores on the perturbed test part. The perturbation changed the text
    of `changed` of the `n_test` rows. A loss is how much worse a score is than on the original test part. `delta` is
    clinical_loss − reference_loss. Numbers are empty if no text changes or nothing can be measured. Restricted data
    have no rows.
    """
    rows = []
    for c in comparisons:
        for r in c.robustness:
            for arm in c.others:
                e, cells = r.estimates.get(arm), [""] * 8
                if e is not None:
                    means = [mean(r.of(of, r.values)) for of in (arm, "clinical")]
                    values = (*means, e.reference, e.clinical, e.delta, e.ci_low, e.ci_high, e.p_value)
                    cells = [*map(number, values)]
                sizes = (r.n, *((e.n_groups, e.n_seeds, e.n_replicates) if e else ("", "", "")))
                rows.append((c.task, c.family, r.kind, arm, c.primary, r.changed, *cells, *sizes, c.data_kind))
    return _csv(ROBUSTNESS, rows, _translated(comparisons))


def _translated(comparisons: list[Comparison]) -> dict[str, str]:
    return {c.task: c.translated for c in comparisons}


def _csv(header: tuple, rows: list, translated: Mapping[str, str]) -> str:
    """The rows as CSV. `translated` maps first-column values to translation notes, which get a last column if any."""
    if any(translated.values()):
        header, rows = (*header, TRANSLATION), [[*row, translated[row[0]]] for row in rows]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(escaping.cell, row) for row in rows)
    return text.getvalue()


def markdown(report: Report) -> str:
    """The first page of the report as Markdown, which becomes `README.md`."""
    title, lead, notice = map(escaping.markdown, (report.title, report.lead, report.notice))
    titles = "; ".join(escaping.markdown(section.title) for section in report.appendix)
    more = [f"[Appendix](appendix.md): {titles}."] if report.appendix else []
    head = [f"# {title}", "", f"> **{notice}**", "", lead, ""]
    return "\n".join([*head, *_markdown_sections(report.sections), *more]).rstrip() + "\n"


def markdown_appendix(report: Report) -> str:
    """The appendix of the report as Markdown, which becomes `appendix.md`."""
    title, notice = map(escaping.markdown, (report.title, report.notice))
    head = [f"# Appendix: {title}", "", f"> **{notice}**", "", "[First page](README.md)", ""]
    return "\n".join([*head, *_markdown_sections(report.appendix)]).rstrip() + "\n"


def _markdown_sections(sections: Sequence[Section]) -> list[str]:
    lines = []
    for section in sections:
        lines += [f"## {escaping.markdown(section.title)}", ""]
        for block in section.blocks:
            lines += [*_markdown_block(block), ""]
    return lines


def _markdown_block(block) -> list[str]:
    match block:
        case Paragraph(text):
            return [escaping.markdown(text)]
        case Bullets(items):
            return [f"- {escaping.markdown(item)}" for item in items]
        case Figure(name, caption, alt):
            return [f"![{escaping.markdown(alt)}](figures/{name})", "", f"*{escaping.markdown(caption)}*"]
        case Details(summary, blocks):
            inner = [line for b in blocks for line in [*_markdown_block(b), ""]]
            # Markdown is not interpreted in a line of HTML.
            return ["<details>", f"<summary>{escaping.html_text(summary)}</summary>", "", *inner, "</details>"]
        case Table():
            return markdown_table(block)
    raise TypeError(f"no Markdown for {type(block).__name__}")


def markdown_table(table: Table) -> list[str]:
    """The lines of a table in Markdown: the caption, then a pipe table with its numbers aligned right."""

    def row(cells) -> str:
        return "| " + " | ".join(map(escaping.markdown_cell, cells)) + " |"

    rule = [":--" if i < table.names else "--:" for i in range(len(table.header))]
    return [f"**{escaping.markdown(table.caption)}**", "", row(table.header), row(rule), *map(row, once(table))]


def once(table: Table) -> list[tuple[str, ...]]:
    """The rows of a table. If the first `grouped` cells of a row are the same as in the row before, these cells are
    left blank."""
    shown, before = [], None
    for row in table.rows:
        key = row[: table.grouped]
        shown.append(("",) * table.grouped + row[table.grouped :] if key == before else row)
        before = key
    return shown


def latex(tables: list[Table]) -> str:
    """The tables as LaTeX floats, the content of a file for `\\input`. Cells that several rows of a group share are
    printed once."""
    parts = ["% Generated by the stage `report`; needs \\usepackage{booktabs} and UTF-8 input.\n"]
    for table in tables:
        columns = "l" * table.names + "r" * (len(table.header) - table.names)
        lines = [
            r"\begin{table}", r"\centering", r"\small", rf"\caption{{{escaping.latex(table.caption)}}}",
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
            " & ".join(map(escaping.latex, table.header)) + r" \\", r"\midrule",
        ]  # fmt: skip
        for number, row in enumerate(once(table)):
            if table.grouped and number and row[0]:
                lines.append(r"\addlinespace")
            lines.append(" & ".join(map(escaping.latex, row)) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)
