"""What a person is told of an audit's findings."""

from harness.audit.links import Chain
from harness.audit.printing import SHOWN, lines

CHAIN = Chain("reports", "`harness report`")


def told(links, every=False) -> list[str]:
    return [line for line in lines(links, every) if line.startswith("    ")]


def test_the_first_dozen_findings_of_a_chain_are_shown_and_the_others_counted():
    links = [CHAIN.wrong(f"row {n}", "right", f"wrong {n}") for n in range(20)]
    *shown, rest = told(links)
    assert len(shown) == SHOWN == 12 and "row 11: expected right, found wrong 11" in shown[-1]
    assert rest.strip() == "… and 8 more findings; --all lists them"
    assert len(told(links, every=True)) == 20
    assert len(told(links[:12])) == 12


def test_two_values_that_differ_in_many_places_are_said_once():
    (line,) = told([CHAIN.wrong(f"row {n}", "synthetic", "restricted") for n in range(20)])
    assert "row 0: expected synthetic, found restricted" in line and "(and in 19 more places; --all" in line
