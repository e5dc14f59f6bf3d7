"""Numbers as a reader sees them."""

import pytest

from harness.report.text import formats
from harness.statistics.paired import Estimate
from harness.statistics.verdicts import Judgement


@pytest.mark.parametrize(
    "value, shown",
    [(0.0312, "+3.1"), (-0.0312, "−3.1"), (0.0, "0.0"), (-0.0004, "0.0"), (0.0004, "0.0"), (-1.0, "−100.0")],
)
def test_a_difference_carries_its_sign_unless_it_rounds_to_nothing(value, shown):
    assert formats.difference(value, "macro_f1") == shown


def test_scores_are_points_and_mcc_is_not():
    assert formats.score("strict_f1", 0.6543) == "65.4"
    assert formats.score("mcc", -0.12345) == "−0.123"
    assert formats.score("mcc", -0.0001) == "0.000"


def test_a_metric_that_is_better_where_it_is_lower_says_so():
    assert formats.metric_title("document_leak_rate") == "documents that leak (lower is better)"
    assert formats.metric_title("mcc") == "MCC"


def test_spread_needs_two_seeds():
    assert formats.score_with_spread("strict_f1", [0.5, 0.6]) == "55.0 ± 7.1"
    assert formats.score_with_spread("strict_f1", [0.5]) == "50.0"


def test_lists_counts_and_kinds():
    assert [formats.listing(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [formats.count(n) for n in (None, 0, 9999, 12345)] == ["–", "0", "9999", "12\u202f345"]
    assert formats.kinds(["restricted", "synthetic", "synthetic"]) == "synthetic and restricted data"
    for kind, words in formats.KINDS.items():
        assert formats.kinds(iter([kind, kind])) == words


def test_only_an_open_verdict_is_for_want_of_data():
    """A difference of nearly all that is possible can be certain although no smaller one could be found."""
    known = dict.fromkeys(Estimate.__dataclass_fields__) | {"delta": 0.99, "se": 0.3, "df": 2.0, "n_replicates": 1}
    estimate = Estimate(**known)
    assert formats.verdict(Judgement(0.03, "better"), estimate).endswith("better (these checkpoints)")
    assert formats.verdict(Judgement(1.0, "inconclusive"), estimate).endswith(f"({formats.TOO_SMALL})")


def test_a_margin_has_the_unit_of_each_metric():
    assert formats.margin(0.02, ["macro_f1", "strict_f1"]) == "2 points"
    assert formats.margin(0.02, ["mcc"]) == "0.02"
    assert formats.margin(0.05, ["macro_f1", "mcc"]) == "5 points or 0.05"
