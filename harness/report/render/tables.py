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
    """A value with four decimals, or "" for None. Scores come from counts, and further digits differ between
    processors."""
    return "" if value is None else f"{value + 0.0:.{decimals}f}".replace("-0.0000", "0.0000")


def results_csv(comparisons: list[Comparison]) -> str:
    """`results.csv`: one row per task, family, arm, seed and metric of the test split and of a shipped holdout.

    `primary` marks the metric that arms are compared by. Metrics of a holdout have the prefix `holdout_` and the
    holdout's row count, and are never primary. A value is empty if it cannot be measured or is not released. The seed
    is empty if no score of a seed is released.
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
    """`simple_baselines.csv`: one row per task, system without an encoder (linear model, constant answers) and metric.

    Metrics are named as in `results.csv`.
    """
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
    """`comparison.csv`: one row per task, family and arm that the clinical arm is compared with, on the test split.

    `judgements` are by (task, family, other arm). `delta` is clinical − reference, also if lower is better. Unknown
    numbers are empty: an interval from one seed, or all numbers if nothing can be measured.
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
    """`summary.csv`: one row per family and other arm, with the mean difference over tasks.

    `primary` marks the declared question. `improved` is the probability of an improvement on a task drawn from these.
    A score enters as 1 − score if lower is better.
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
    """`readings.csv`: one row per task, family, kind of test row and pair of arms. `delta` is `arm` − `against`.

    `judged` is by (task, family, reading). A task has no rows here if its data do not say what decides a row.
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
    """`robustness.csv`: one row per task, family, kind of perturbation and arm that the clinical arm is compared with.

    `reference` and `clinical` are mean scores on the perturbed test part. `changed` of its `n_test` rows have another
    text. A loss is how much worse the score is than on the original test part. `delta` is clinical_loss −
    reference_loss. Numbers are empty if no text changes or nothing can be measured. Restricted data have no rows.
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
    """The first page as Markdown, for `README.md`."""
    title, lead, notice = map(escaping.markdown, (report.title, report.lead, report.notice))
    titles = "; ".join(escaping.markdown(section.title) for section in report.appendix)
    more = [f"[Appendix](appendix.md): {titles}."] if report.appendix else []
    head = [f"# {title}", "", f"> **{notice}**", "", lead, ""]
    return "\n".join([*head, *_markdown_sections(report.sections), *more]).rstrip() + "\n"


def markdown_appendix(report: Report) -> str:
    """Everything that is not on the first page as Markdown, for `appendix.md`."""
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
    """Caption and pipe table, numbers aligned right."""

    def row(cells) -> str:
        return "| " + " | ".join(map(escaping.markdown_cell, cells)) + " |"

    rule = [":--" if i < table.names else "--:" for i in range(len(table.header))]
    return [f"**{escaping.markdown(table.caption)}**", "", row(table.header), row(rule), *map(row, once(table))]


def once(table: Table) -> list[tuple[str, ...]]:
    """The rows of a table. The shared columns of a group are blank after the first row of the group."""
    shown, before = [], None
    for row in table.rows:
        key = row[: table.grouped]
        shown.append(("",) * table.grouped + row[table.grouped :] if key == before else row)
        before = key
    return shown


def latex(tables: list[Table]) -> str:
    """The tables as LaTeX floats for `\\input`. The shared columns of a group are printed once."""
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
