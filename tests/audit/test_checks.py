"""Two plain values held against one another: what is equal, and where they differ."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from harness.audit.checks import ABSENT, DIFFERS, HOLDS, MISSING, Subject, apart, as_line, differences, equal
from harness.errors import DataError, MissingInputError

SUBJECT = Subject("medmqp/nb_bert", "`dvc repro`")
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(VALUES)
def test_a_value_equals_its_copy(value):
    assert equal(value, copy.deepcopy(value)) and not list(differences(value, copy.deepcopy(value)))


@given(VALUES, VALUES)
def test_values_differ_exactly_where_a_difference_is_named(one, other):
    assert equal(one, other) == (not list(differences(one, other)))


def test_floats_may_part_in_the_last_digits_and_no_further():
    assert equal(0.1 + 0.2, 0.3) and equal(1, 1.0)
    assert not equal(0.3, 0.3 + 1e-8) and not equal(1, True) and not equal("1", 1)


def test_places_are_named_as_a_reader_looks_for_them():
    rows = [{"arm": "clinical", "seed": 2, "metric": "f1", "value": v} for v in (0.5, 0.6)]
    found = list(differences({"metrics": [rows[0]]}, {"metrics": [rows[1]], "more": 1}))
    assert found == [("metrics[clinical 2 f1].value", 0.5, 0.6), ("more", ABSENT, 1)]
    assert list(differences(["a", "b"], ["b", "c", "d"])) == [("", "a", ABSENT), ("", ABSENT, "c"), ("", ABSENT, "d")]
    assert list(differences([1, 2], [1])) == [("", [1, 2], [1])]


def test_many_differences_are_counted_after_the_first_twenty():
    checks = list(SUBJECT.values("card", {str(i): 0 for i in range(30)}, {str(i): 1 for i in range(30)}))
    assert len(checks) == 21 and checks[-1].found == "10 more" and {check.state for check in checks} == {DIFFERS}


def test_values_are_shown_so_that_they_can_be_told_apart():
    assert as_line("a" * 64) == "a" * 16 + "…" and as_line(None) == "null" and as_line(ABSENT) == "nothing"
    check = SUBJECT.same("readme", "x" * 200 + "old", "x" * 200 + "new")
    assert check.expected.endswith("xold") and check.found.endswith("xnew") and len(check.found) < 100
    assert apart("abc", "abd") == ("abc", "abd")


def test_whatever_stops_a_chain_is_a_finding_and_what_came_before_it_stays():
    def broken(error):
        yield SUBJECT.holds("first")
        raise error

    for error, state, words in (
        (
            MissingInputError("/there/card.json is missing.", remedy="`harness validate`"),
            MISSING,
            "card.json is missing",
        ),
        (DataError("/there/card.json is damaged.", remedy="restore it"), DIFFERS, "card.json is damaged"),
        (KeyError("inputs"), DIFFERS, "KeyError: 'inputs'"),
    ):
        first, last = SUBJECT.follow("card", lambda error=error: broken(error))
        assert first.state == HOLDS and last.state == state and words in last.name + last.found
        assert last.remedy
        *_, last = SUBJECT.follow("card", lambda error=error: broken(error), "/there")
        assert "/there" not in last.name + last.found
