"""Close pairs of vectors: against every pair compared, and how many pairs are looked at."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.preprocessing import normalize

from harness.data import cosines

QUICK = settings(max_examples=80, deadline=None, derandomize=True)


@st.composite
def unit_vectors(draw) -> csr_matrix:
    """Rows of few kinds of values, so that many are alike; some empty, some columns in the same rows, some in none."""
    rows, columns = draw(st.integers(1, 25)), draw(st.integers(1, 12))
    values = st.sampled_from([0.0, 0.0, 0.0, 1.0, 1.0, 1.7])
    dense = draw(st.lists(st.lists(values, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    wide = np.array(dense).reshape(rows, columns)[:, draw(st.lists(st.integers(0, columns - 1), max_size=6)) or [0]]
    return normalize(csr_matrix(np.hstack([np.array(dense).reshape(rows, columns), wide])))


def compared(vectors: csr_matrix, floor: float, rows) -> dict[tuple[int, int], float]:
    """All pairs, as they are defined."""
    whole = vectors.toarray() @ vectors.toarray().T
    pairs = {tuple(sorted((int(i), j))) for i in rows for j in range(len(whole))}
    return {pair: whole[pair] for pair in pairs if whole[pair] >= floor}


def found(vectors: csr_matrix, floor: float, rows=None) -> dict[tuple[int, int], float]:
    pairs = [
        ((*sorted((i, j)),), value)
        for block in cosines.close_pairs(vectors, floor, rows)
        for i, j, value in zip(*(part.tolist() for part in block), strict=True)
    ]
    assert len(dict(pairs)) == len(pairs), "a pair came twice"
    return dict(pairs)


# Values that no product of these vectors takes exactly: there the last bit would decide.
FLOORS = st.sampled_from([0.0713, 0.2113, 0.5113, 0.7013, 0.8117, 0.9013, 0.9999])


@QUICK
@given(unit_vectors(), FLOORS, st.data())
def test_exactly_the_pairs_of_all_that_reach_the_floor(vectors, floor, data):
    rows = data.draw(st.none() | st.lists(st.integers(0, vectors.shape[0] - 1), unique=True))
    before = vectors.toarray()
    expected = compared(vectors, floor, range(vectors.shape[0]) if rows is None else rows)
    assert found(vectors, floor, rows) == pytest.approx(expected)
    assert (vectors.toarray() == before).all(), "what was handed in was changed"


@QUICK
@given(unit_vectors(), FLOORS, st.integers(1, 4), st.sampled_from([0.0, 0.05, 0.5]))
def test_neither_blocks_nor_the_margin_change_what_is_found(vectors, floor, size, margin):
    expected = found(vectors, floor)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosines, "BLOCK_ROWS", size)
        patch.setattr(cosines, "SEGMENT_ROWS", 2 * size)
        patch.setattr(cosines, "_PAIRS", size)
        patch.setattr(cosines, "_ROWS", size)
        patch.setattr(cosines, "MARGIN", margin)
        assert found(vectors, floor) == pytest.approx(expected)


def test_columns_that_are_joined_by_mistake_lose_no_pair(monkeypatch):
    class Alike:
        def integers(self, *_, **__):
            return np.zeros(80, np.uint64)

    draw = np.random.default_rng(3)
    vectors = normalize(csr_matrix((draw.random((80, 12)) < 0.4).astype(float)))
    expected = compared(vectors, 0.8117, range(80))
    assert len(expected) > 100
    monkeypatch.setattr(cosines.np.random, "default_rng", lambda seed: Alike())
    assert found(vectors, 0.8117) == pytest.approx(expected)


def test_unlike_rows_are_not_compared(monkeypatch):
    """Texts of words from one small vocabulary: a fifteenth of the products, and few pairs but a row with itself."""
    draw = np.random.default_rng(1)
    words = draw.integers(0, 600, (3000, 20))
    columns = (words[:, :, None] * 5 + np.arange(5)).reshape(3000, -1)  # five n-grams a word
    rows = np.repeat(np.arange(3000), 100)
    vectors = normalize(csr_matrix((np.ones(300_000), (rows, columns.ravel())), shape=(3000, 3000)))
    beginnings = cosines._merged(cosines._beginnings(vectors, cosines._marks(vectors), 0.9 - cosines.MARGIN)[0])

    def products(matrix: csr_matrix) -> int:
        return int((np.bincount(matrix.indices).astype(np.int64) ** 2).sum())

    assert products(beginnings) * 15 < products(vectors)
    compared_pairs = []
    multiply = csr_matrix.multiply
    monkeypatch.setattr(
        csr_matrix, "multiply", lambda self, other: compared_pairs.append(self.shape[0]) or multiply(self, other)
    )
    assert len(found(vectors, 0.9)) == 3000
    assert sum(compared_pairs) < 4 * 3000


QUICK = settings(max_examples=100, deadline=None, derandomize=True)
LETTERS = st.text("aåb\u0301 \t\n\u00a0\u2028.-", max_size=25)


@QUICK
@given(st.lists(LETTERS, min_size=1, max_size=12).filter(lambda texts: any(text.split() for text in texts)),
       st.integers(1, 5))  # fmt: skip
def test_they_are_those_of_scikit_learn(texts, n):
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=(n, n), lowercase=False).fit_transform(texts)
    ours = cosines.counted(texts, n)
    theirs.sort_indices()
    assert ours.shape == theirs.shape and ours.dtype == np.float64
    assert (ours.indptr == theirs.indptr).all() and (ours.indices == theirs.indices).all()
    assert (ours.data == theirs.data).all()


def test_the_weights_are_those_of_the_vectorizer_but_for_the_order_of_their_sums():
    chance = random.Random(3)
    words = ["".join(chance.choices("abcdeæøå", k=chance.randint(1, 9))) for _ in range(200)]
    texts = [" ".join(chance.choices(words, k=30)) for _ in range(300)]
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), lowercase=False, sublinear_tf=True)
    ours = TfidfTransformer(sublinear_tf=True).fit_transform(cosines.counted(texts))
    assert abs(ours - theirs.fit_transform(texts)).max() < 1e-15


def test_a_word_is_cut_once_however_often_it_stands(monkeypatch):
    cut = []
    grams = cosines._grams
    monkeypatch.setattr(cosines, "_grams", lambda word, n: cut.append(word) or grams(word, n))
    counts = cosines.counted(["feber og hoste"] * 50 + ["hoste"])
    assert sorted(cut) == [" feber ", " hoste ", " og "] and counts.sum() == 50 * (4 + 1 + 4) + 4


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_without_a_word_there_is_nothing(texts):
    assert cosines.counted(texts).shape == (len(texts), 0)
