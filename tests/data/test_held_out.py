"""The overlap search against brute force, and the recall on planted texts."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overlaps import overlap

from harness.data.held_out import SHORTEST, Coverage, HeldOutIndex, Overlap
from harness.data.words import hashed, words_of

QUICK = settings(max_examples=150, deadline=None, derandomize=True)

# Few words, so that overlaps happen.
word = st.sampled_from("abc")
text = st.lists(word, max_size=14).map(" ".join)


def reference_overlap(words: list[str], held_out: list[tuple[str, str]], n: int, coverage: float):
    """Tasks whose texts are held too much, and the longest shared run, by looking everywhere.

    Rests on the rule as the settings state it, as the code does; the planted texts below are the evidence beside it.
    """
    tasks, longest = set(), 0
    for task, held in held_out:
        target = held.split()
        if len(target) < min(SHORTEST, n):
            continue
        if len(target) < n:
            starts = range(len(words) - len(target) + 1)
            if any(words[i : i + len(target)] == target for i in starts):
                tasks.add(task)
                longest = max(longest, len(target))
            continue
        grams = {tuple(target[i : i + n]) for i in range(len(target) - n + 1)}
        present = {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
        if len(grams & present) >= coverage * len(grams) and grams & present:
            tasks.add(task)
        for i in range(len(words)):
            for j in range(len(target)):
                run = 0
                while i + run < len(words) and j + run < len(target) and words[i + run] == target[j + run]:
                    run += 1
                if run >= n:
                    longest = max(longest, run)
    return tuple(sorted(tasks)), longest


@QUICK
@given(
    st.lists(st.tuples(st.sampled_from(["one", "two"]), text), max_size=5),
    st.lists(word, max_size=30),
    st.sampled_from([3, 5, 6, 8]),
    st.sampled_from([0.3, 0.5, 1.0]),
)
def test_overlap_equals_brute_force(held_out, words, n, coverage):
    found = overlap(HeldOutIndex(held_out, n, coverage), words)
    assert (found.tasks, found.longest) == reference_overlap(words, held_out, n, coverage)


@QUICK
@given(
    st.lists(st.tuples(st.sampled_from(["one", "two"]), text), max_size=5),
    st.lists(st.lists(word, max_size=20), max_size=5),
    st.sampled_from([3, 5, 6, 8]),
)
def test_many_documents_at_once_equal_one_after_the_other(held_out, documents, n):
    index = HeldOutIndex(held_out, n, 0.5)
    alone = {i: overlap(index, words) for i, words in enumerate(documents)}
    found = index.overlaps(documents, hashed(documents))
    assert found == {i: one for i, one in alone.items() if one != Overlap((), 0)}


LONG = " ".join(f"ord{i}" for i in range(40))  # 28 13-grams


@pytest.mark.parametrize(("first", "last", "over"), [(0, 40, True), (0, 26, True), (0, 25, False), (10, 36, True)])
def test_half_of_the_n_grams_of_a_text_is_too_much(first, last, over):
    index = HeldOutIndex([("task", LONG)], 13, 0.5)
    found = overlap(index, ["før", *LONG.split()[first:last], "etter"])
    assert (bool(found.tasks), found.longest) == (over, last - first)


def test_short_texts_must_stand_whole_and_very_short_ones_are_counted():
    index = HeldOutIndex([("task", "Er feber farlig for barn?"), ("task", "Hva er dette?"), ("other", "")], 13, 0.5)
    assert (index.scanned, index.unscannable) == (Counter(task=1), Counter(task=1, other=1))
    assert overlap(index, words_of("Hun spør: er FEBER farlig, for barn")).tasks == ("task",)
    assert overlap(index, words_of("er feber farlig for små barn")).tasks == ()
    assert overlap(index, words_of("hva er dette")).tasks == ()


def test_two_halves_of_different_texts_are_no_match():
    texts = [("a", " ".join(f"a{i}" for i in range(60))), ("b", " ".join(f"b{i}" for i in range(60)))]
    words = [*texts[0][1].split()[:30], *texts[1][1].split()[:30]]
    found = overlap(HeldOutIndex(texts, 13, 0.5), words)
    assert (found.tasks, found.longest) == ((), 30)


def test_planted_texts_are_all_found():
    held_out = [("task", " ".join(f"w{i}x{j}" for j in range(5 + i % 40))) for i in range(120)]
    index = HeldOutIndex(held_out, 13, 0.5)
    assert index.planted_recall(1, plants=50) == {"planted": 50, "found": 50, "recall": 1.0}
    assert index.planted_recall(1, plants=500)["planted"] == 120
    assert HeldOutIndex([], 13, 0.5).planted_recall(1) == {"planted": 0, "found": 0, "recall": None}


def test_planted_recall_notices_a_blind_filter():
    index = HeldOutIndex([("task", LONG)], 13, 0.5)
    index._places.clear()
    assert index.planted_recall(1) == {"planted": 1, "found": 0, "recall": 0.0}


def test_the_card_says_what_share_of_a_task_cannot_be_looked_for():
    index = HeldOutIndex([("a", LONG), ("a", "Hva er dette?"), ("b", LONG)], 13, 0.5)
    assert index.as_card(["a", "b", "c"]) == {
        "a": {"scanned": 1, "unscannable": 1, "unscannable_share": 0.5},
        "b": {"scanned": 1, "unscannable": 0, "unscannable_share": 0.0},
        "c": {"scanned": 0, "unscannable": 0, "unscannable_share": 0.0},
    }


words = st.lists(st.sampled_from("abc"), max_size=12)
held = st.lists(st.tuples(st.sampled_from(["one", "two"]), words.map(tuple)), max_size=6, unique=True)


def grams(words, n):
    """Tuples of words: the definition itself, and independent of the hashes that the code compares."""
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(held, st.lists(words, max_size=6), st.tuples(st.just(3), st.integers(1, 5)))
def test_the_report_equals_brute_force(texts, documents, lengths):
    coverage = Coverage(texts, lengths)
    met = coverage.unmet()
    for n, pairs in coverage.find(hashed(documents)).items():
        for _, gram in pairs:
            met[n][gram] = True
    report = coverage.report(met)
    assert set(report) == {str(n) for n in lengths}
    for n in lengths:
        present = set().union(*(grams(document, n) for document in documents))
        assert set(report[str(n)]) == {task for task, _ in texts}
        for task, found in report[str(n)].items():
            own = [grams(text, n) for name, text in texts if name == task]
            every = set().union(*own)
            assert found == {
                "n_grams": len(every),
                "found": len(every & present),
                "share": round(len(every & present) / len(every), 6) if every else 0.0,
                "texts": sum(bool(text) for text in own),
                "texts_covered": sum(2 * len(text & present) >= len(text) > 0 for text in own),
                "texts_too_short": sum(not text for text in own),
            }


def test_pairs_say_which_document_holds_the_n_gram():
    coverage = Coverage([("task", tuple("abcde"))], (3,))
    pairs = coverage.find(hashed([list("xxabc"), list("zzz"), list("bcdbcd")]))[3]
    assert [document for document, _ in pairs] == [0, 2]
    assert len({gram for _, gram in pairs}) == 2
