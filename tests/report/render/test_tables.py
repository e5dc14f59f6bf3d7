"""Tables as Markdown and LaTeX, and the rounding of the CSVs."""

from harness.report.model.document import Details, Report, Section, Table
from harness.report.render import tables

TABLE = Table(
    "Scores (`x_y`, 50 % & more)",
    ("Task", "Family", "F1"),
    (("a|b", "x", "1.0 ± 0.1"), ("a|b", "y", "−2.0"), ("c", "x", "3.0")),
    names=2,
    grouped=1,
)


def test_markdown_escapes_pipes_aligns_numbers_and_names_a_group_once():
    assert tables.markdown_table(TABLE) == [
        "**Scores (`x_y`, 50 % & more)**",
        "",
        "| Task | Family | F1 |",
        "| :-- | :-- | --: |",
        "| a\\|b | x | 1.0 ± 0.1 |",
        "|  | y | −2.0 |",
        "| c | x | 3.0 |",
    ]


def test_latex_escapes_and_separates_groups():
    text = tables.latex([TABLE])
    assert r"\caption{Scores (\texttt{x\_y}, 50 \% \& more)}" in text
    assert r"a|b & x & 1.0 $\pm$ 0.1 \\" in text and r" & y & $-$2.0 \\" in text
    assert text.count(r"\addlinespace") == 1 and r"\begin{tabular}{llr}" in text
    assert text.isascii()


def test_details_keep_blank_lines_that_markdown_needs():
    report = Report("T", "lead", "notice", (Section("S", (Details("more", (TABLE,)),)),))
    text = tables.markdown(report)
    assert "<details>\n<summary>more</summary>\n\n**Scores" in text and "| 3.0 |\n\n</details>\n" in text


def test_numbers_have_four_decimals_and_no_negative_zero():
    assert [tables.number(x) for x in (0.123456, -0.5, -0.00001, 1)] == ["0.1235", "-0.5000", "0.0000", "1.0000"]
