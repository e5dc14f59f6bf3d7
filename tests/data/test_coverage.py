"""What stands in the kept corpus of the held-out texts, against counting tuples of words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.coverage import Coverage
from harness.data.words import hashed

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
