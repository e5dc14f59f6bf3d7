"""What a person is told of an audit's findings."""

from harness.audit.checks import Subject
from harness.audit.printing import SHOWN, lines

SUBJECT = Subject("reports", "`harness report`")


def told(checks, every=False) -> list[str]:
    return [line for line in lines(checks, every) if line.startswith("    ")]


def test_the_first_dozen_findings_of_a_chain_are_shown_and_the_others_counted():
    checks = [SUBJECT.wrong(f"row {n}", "right", f"wrong {n}") for n in range(20)]
    *shown, rest = told(checks)
    assert len(shown) == SHOWN == 12 and "row 11: expected right, found wrong 11" in shown[-1]
    assert rest.strip() == "… and 8 more findings; --all lists them"
    assert len(told(checks, every=True)) == 20
    assert len(told(checks[:12])) == 12


def test_two_values_that_differ_in_many_places_are_said_once():
    (line,) = told([SUBJECT.wrong(f"row {n}", "synthetic", "restricted") for n in range(20)])
    assert "row 0: expected synthetic, found restricted" in line and "(and in 19 more places; --all" in line
