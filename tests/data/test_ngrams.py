"""Counts of n-grams: against scikit-learn's own cutting, to the last bit of the vectors made of them."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from harness.data import ngrams

QUICK = settings(max_examples=100, deadline=None, derandomize=True)
LETTERS = st.text("aåb\u0301 \t\n\u00a0\u2028.-", max_size=25)


@QUICK
@given(st.lists(LETTERS, min_size=1, max_size=12).filter(lambda texts: any(text.split() for text in texts)),
       st.integers(1, 5))  # fmt: skip
def test_they_are_those_of_scikit_learn(texts, n):
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=(n, n), lowercase=False).fit_transform(texts)
    ours = ngrams.counted(texts, n)
    theirs.sort_indices()
    assert ours.shape == theirs.shape and ours.dtype == np.float64
    assert (ours.indptr == theirs.indptr).all() and (ours.indices == theirs.indices).all()
    assert (ours.data == theirs.data).all()


def test_the_weights_are_those_of_the_vectorizer_but_for_the_order_of_their_sums():
    chance = random.Random(3)
    words = ["".join(chance.choices("abcdeæøå", k=chance.randint(1, 9))) for _ in range(200)]
    texts = [" ".join(chance.choices(words, k=30)) for _ in range(300)]
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), lowercase=False, sublinear_tf=True)
    ours = TfidfTransformer(sublinear_tf=True).fit_transform(ngrams.counted(texts))
    assert abs(ours - theirs.fit_transform(texts)).max() < 1e-15


def test_a_word_is_cut_once_however_often_it_stands(monkeypatch):
    cut = []
    grams = ngrams._grams
    monkeypatch.setattr(ngrams, "_grams", lambda word, n: cut.append(word) or grams(word, n))
    counts = ngrams.counted(["feber og hoste"] * 50 + ["hoste"])
    assert sorted(cut) == [" feber ", " hoste ", " og "] and counts.sum() == 50 * (4 + 1 + 4) + 4


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_without_a_word_there_is_nothing(texts):
    assert ngrams.counted(texts).shape == (len(texts), 0)
