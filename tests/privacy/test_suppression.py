"""Suppression: what is small is hidden, and nobody who can subtract finds it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.privacy.suppression import MINIMUM, suppressed

quick = settings(max_examples=40, deadline=None, derandomize=True)
COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12), min_size=1)


def small(n):
    return 1 <= n < MINIMUM


@quick
@given(COUNTS)
def test_hidden_cells_cannot_be_told_from_a_total(counts):
    hidden = suppressed(counts)
    assert {v for v in counts if small(counts[v])} <= hidden and all(counts[v] for v in hidden)
    total, k = sum(counts[v] for v in hidden), len(hidden)
    if hidden and hidden != {v for v in counts if counts[v]}:
        assert not small(total) and k > 1
        # Known to be at least one each, every hidden cell may be one, or more than one.
        assert total > k


@quick
@given(COUNTS, st.sets(st.sampled_from("abcdefgh")))
def test_what_stands_elsewhere_is_no_complement(counts, elsewhere):
    hidden = suppressed(counts, shown=elsewhere)
    assert not any(counts[v] >= MINIMUM for v in hidden & elsewhere)
