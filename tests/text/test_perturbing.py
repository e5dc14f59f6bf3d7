"""Perturbations: what becomes of a text in each way of writing it, and what the declared lists hold."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text.perturbing import KINDS
from harness.text.perturbing.misspelled import NEIGHBOURS
from harness.text.perturbing.perturbation import Listed

LISTS = [kind for kind in KINDS.values() if isinstance(kind, Listed)]
TEXTS = st.text(st.sampled_from("abeinAØ .-\n1İßſ"), max_size=40) | st.text(max_size=40)


def written(kind: str, text: str, rate: float = 0.5, seed: int = 1) -> str:
    return KINDS[kind].edited(text, rate, Random(seed)).text


@pytest.mark.parametrize("kind", KINDS)
@given(TEXTS, st.integers(0, 3))
def test_edits_are_in_order_apart_and_each_changes_something(kind, text, seed):
    edits = KINDS[kind].edited(text, 0.5, Random(seed)).edits
    assert edits == KINDS[kind].edited(text, 0.5, Random(seed)).edits
    at = 0
    for edit in edits:
        assert at <= edit.start < edit.end <= len(text) and edit.new and edit.new != text[edit.start : edit.end]
        assert edit.new == edit.new.strip()
        at = edit.end


@given(st.text())
def test_lower_case_is_that_of_each_letter(text):
    found = written("lower_case", text)
    assert found == "".join(letter.lower() for letter in text)
    if "İ" not in text:
        assert len(found) == len(text)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("nynorsk", "Jeg vet ikke hva. IKKE nå, ikke-voldelig.", "Eg veit ikkje kva. IKKJE no, ikke-voldelig."),
        ("nynorsk", "Is it safe to take ibuprofen?", "Is it safe to take ibuprofen?"),
        ("abbreviated", "Pasienten fikk behandling. PASIENT, pasientgruppe.", "Pas. fikk beh. PAS., pasientgruppe."),
        ("abbreviated", "for eksempel blodtrykk", "f.eks. BT"),
        ("lower_case", "Kari SA nei, İ", "kari sa nei, i̇"),
        ("misspelled", "ja, vi bør da gå", "ja, vi bør da gå"),
    ],
)
def test_what_becomes_of_a_text(kind, text, expected):
    assert written(kind, text, rate=0.99) == expected


def test_a_misspelling_is_one_slip_in_about_as_many_words_as_the_rate_says():
    words = ["behandling", "Medisin", "lege", "smerter"] * 500
    found = written("misspelled", " ".join(words), rate=0.2).split(" ")
    changed = [(one, other) for one, other in zip(words, found, strict=True) if one != other]
    assert 320 < len(changed) < 480
    kinds = set()
    for one, other in changed:
        kinds.add(len(other) - len(one))
        if len(one) == len(other):
            at = [i for i, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
            swapped = len(at) == 2 and (one[at[0]], one[at[1]]) == (other[at[1]], other[at[0]])
            kinds.add("swapped" if swapped else "key")
            assert swapped or (len(at) == 1 and other[at[0]].lower() in NEIGHBOURS[one[at[0]].lower()])
    assert kinds == {-1, 0, 1, "swapped", "key"}


def test_neighbours_are_neighbours_of_each_other():
    assert all(key in NEIGHBOURS[other] for key, others in NEIGHBOURS.items() for other in others)
    assert "ø" in NEIGHBOURS["æ"] and "a" in NEIGHBOURS["s"] and "l" not in NEIGHBOURS["a"]


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.name)
def test_a_declared_list_says_each_word_once_in_small_letters_and_changes_it(kind):
    source = kind.words.items()
    assert len(source) >= {"nynorsk": 100, "abbreviated": 40}[kind.name]
    for word, new in source:
        assert word == word.lower() == word.strip() and new == new.strip() != "" and new.lower() != word, word
