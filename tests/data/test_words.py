"""Cleaning, and n-grams as hashes: the same as comparing the words themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.words import GramTable, clean, hashed, words_of

QUICK = settings(max_examples=100, deadline=None, derandomize=True)
documents = st.lists(st.lists(st.sampled_from("abc"), max_size=9), max_size=6)


def test_clean():
    assert clean("\ufeff A\u030arstid\x00\x1b\r\nny\tlinje\x85 \u00a0\ud800") == "Årstid\nny\tlinje"


def test_words_are_runs_of_letters_digits_and_underscores():
    assert words_of("Hun SA: «p<0.05», ß_1!") == ["hun", "sa", "p", "0", "05", "ss_1"]


@QUICK
@given(documents, st.integers(1, 5))
def test_hashed_n_grams_are_equal_where_the_words_are(found, n):
    grams, owners = hashed(found).grams(n)
    expected = [(i, tuple(words[s : s + n])) for i, words in enumerate(found) for s in range(len(words) - n + 1)]
    assert owners.tolist() == [i for i, _ in expected]
    by_words: dict = {}
    for (_, gram), value in zip(expected, grams.tolist(), strict=True):
        assert by_words.setdefault(gram, value) == value
    assert len(set(by_words.values())) == len(by_words)


@QUICK
@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_a_table_finds_what_is_in_it(known, asked):
    # Spread over 64 bits as hashes are, and some with equal leading bits.
    spread = [np.uint64(value * 0x0123456789ABCDEF % 2**64) for value in range(41)]
    table = GramTable(np.array([spread[value] for value in known], np.uint64))
    positions, numbers = table.find(np.array([spread[value] for value in asked], np.uint64))
    assert positions.tolist() == [i for i, value in enumerate(asked) if value in known]
    assert all(table.hashes[number] == spread[asked[i]] for i, number in zip(positions, numbers, strict=True))


def test_hashes_are_the_same_on_every_machine():
    assert hashed([["feber", "hodepine"]]).grams(2)[0].tolist() == [5610783828555569627]
