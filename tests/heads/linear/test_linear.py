"""The linear model of a text, a pair and a question: what it can tell apart, and what it does with too little."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from harness.heads import HEADS
from harness.heads.linear import linear
from harness.heads.linear.linear import Regression, Weights


def fitted(head, records, labels, new, strength=10.0):
    kind = HEADS[head]
    weights = Weights([text for record in records for text in kind.texts_of(record)])
    model = Regression(labels, strength, options=not kind.outputs(labels)).fit(kind.weighed(weights, records), records)
    return model.answers(kind.weighed(weights, new))


def calls(*labels):
    words = {"stroke": "skjev munn og lam arm", "other": "vondt i kneet etter fall", "rash": "utslett på huden"}
    return [{"text": f"{words[label]} nr. {i}", "label": label} for i, label in enumerate(labels)]


@pytest.mark.parametrize("labels", [("other", "stroke"), ("other", "rash", "stroke")])
def test_a_text_gets_the_label_of_texts_with_its_words(labels):
    training = calls(*labels * 4)
    answers = fitted("sequence", training, labels, [{"text": "lam i armen"}, {"text": "knefall"}])
    assert [answer["prediction"] for answer in answers] == ["stroke", "other"]
    for answer in answers:
        assert sum(answer["scores"]) == pytest.approx(1, abs=2e-6) and len(answer["scores"]) == len(labels)
        assert labels[int(np.argmax(answer["scores"]))] == answer["prediction"]


def test_a_rare_label_is_answered_too():
    training = calls(*["other"] * 30, "stroke", "stroke")
    assert fitted("sequence", training, ("other", "stroke"), [{"text": "lam arm"}], 1.0)[0]["prediction"] == "stroke"


def test_a_label_that_training_lacks_has_no_probability():
    answers = fitted("sequence", calls("other", "stroke", "stroke"), ("none", "other", "stroke"), [{"text": "skjev"}])
    assert answers[0]["scores"][0] == 0 and answers[0]["prediction"] == "stroke"
    alone = fitted("sequence", calls("other", "other"), ("none", "other"), [{"text": "lam arm"}])
    assert alone == [{"prediction": "other", "scores": [0.0, 1.0]}]


def texts(number, words=30):
    drawn = random.Random(7)
    known = ["".join(drawn.choices("aeiouåøbdfghjklmnprstv", k=drawn.randint(2, 9))) for _ in range(1500)]
    return [" ".join(drawn.choices(known, k=words)) + "." for _ in range(number)]


def test_texts_that_are_counted_a_few_at_a_time_weigh_what_scikit_learn_says(monkeypatch):
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    monkeypatch.setattr(linear, "AT_ONCE", 7)
    some, others = texts(40), [*texts(60)[40:], "", "ukjent"]
    theirs = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]").fit(some),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit(some),
    ]
    ours = linear.Weights(some)
    for part_of in (some, others):
        expected, found = hstack([part.transform(part_of) for part in theirs]).tocsr(), ours(part_of)
        assert found.shape == expected.shape
        for part in ("data", "indices", "indptr"):
            assert np.array_equal(getattr(found, part), getattr(expected, part)), part


def test_counting_takes_little_beside_what_it_makes(monkeypatch):
    monkeypatch.setattr(linear, "AT_ONCE", 80, raising=False)
    some = texts(1200)
    linear.Weights(some[:2])(some[:2])  # what is imported at first use is no count
    tracemalloc.start()
    made = linear.Weights(some)(some)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = made.data.nbytes + made.indices.nbytes
    # Its terms are a good part of it, as long as there are only a few thousand texts.
    terms = 150 * made.shape[1]
    assert most < 1.5 * size + terms, f"{most / 1e6:.0f} MB for {size / 1e6:.0f} MB and {terms / 1e6:.0f} MB of terms"


def test_a_word_is_cut_into_groups_of_characters_once_however_often_it_stands(monkeypatch):
    """What is cut grows with the vocabulary, and not with the texts."""
    cut, build = [], CountVectorizer.build_analyzer

    def counted(self):
        found = build(self)
        return (lambda text: cut.append(text) or found(text)) if self.analyzer == "char_wb" else found

    monkeypatch.setattr(CountVectorizer, "build_analyzer", counted)
    calls = ["Feber og hoste"] * 50 + ["hoste"]
    weights = linear.Weights(calls)
    assert sorted(cut) == ["feber", "hoste", "og"]
    weights(calls)
    assert sorted(cut) == ["feber", "feber", "hoste", "hoste", "og", "og"]


# Blanks of every kind, marks, capitals that become two letters or hang on their place, words of one to six characters.
ODD = st.text("aÅb\u0301İΣß \t\n\x1f\u00a0\u2028.-", max_size=25)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(ODD, min_size=1, max_size=5).filter(lambda texts: any(text.split() for text in texts)),
       st.lists(ODD, min_size=1, max_size=5))  # fmt: skip
def test_groups_of_characters_are_those_of_scikit_learn(some, others):
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float64)
    first = theirs.fit_transform(some)
    ours = linear._Characters()
    assert ours.fit_transform(some).sum() == first.sum()
    assert sorted(ours.vocabulary_) == sorted(theirs.vocabulary_)
    ours.vocabulary_ = theirs.vocabulary_
    expected, found = theirs.transform(others), ours.transform(others)
    assert found.shape == expected.shape and found.dtype == expected.dtype
    for part in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(found, part), getattr(expected, part)), part


def many(labels, rows=4):
    """Texts of as many labels, each told by one word of its own, and new ones."""
    named = tuple(f"label{k:02d}" for k in range(labels))
    records = [{"text": f"ord{k} felles{k % 7} tall{k % 3} nr{i}", "label": named[k]}
               for k in range(labels) for i in range(rows)]  # fmt: skip
    return named, records, [{"text": f"ord{k} felles{k % 5}"} for k in range(labels)]


def test_of_many_labels_the_dual_form_has_the_same_solution(monkeypatch):
    labels, records, new = many(linear.MANY)
    assert len(records) < linear.LEAST  # the sample is all of the others
    dual = [answer["scores"] for answer in fitted("sequence", records, labels, new)]
    monkeypatch.setattr(linear, "MANY", linear.MANY + 1)
    primal = [answer["scores"] for answer in fitted("sequence", records, labels, new)]
    # Both stop within their tolerance of the one optimum; a wrong problem would be off by tenths.
    assert np.abs(np.array(dual) - np.array(primal)).max() < 0.01 and dual != primal


def test_each_of_many_labels_is_fitted_on_its_rows_and_a_sample_of_the_others(monkeypatch):
    """What all fits go through grows with the rows, and not with the rows times the labels."""
    labels, records, new = many(2 * linear.MANY, rows=6)
    monkeypatch.setattr(linear, "LEAST", 30)
    monkeypatch.setattr(linear, "SHARE", 5)
    fitted_on, fit = [], linear.LogisticRegression.fit

    def counted(model, encoded, gold):
        fitted_on.append((encoded.shape[0], int(gold.sum()), model.C))
        return fit(model, encoded, gold)

    monkeypatch.setattr(linear.LogisticRegression, "fit", counted)
    answers = fitted("sequence", records, labels, new)
    assert fitted_on == [(36, 6, pytest.approx(10.0 * len(records) / 36))] * len(labels)
    assert np.mean([answer["prediction"] == label for answer, label in zip(answers, labels, strict=True)]) > 0.95
    assert answers == fitted("sequence", records, labels, new)
    for answer in answers:
        assert sum(answer["scores"]) == pytest.approx(1, abs=1e-6 * len(labels))


def test_a_pair_is_judged_by_what_its_texts_share():
    """No text says by itself whether its pair belongs together."""
    things = ["hodepine", "feber", "kvalme", "utslett", "hoste", "svimmelhet", "kløe", "ryggsmerter"]
    training = [
        {"text": f"har jeg {a}", "text_pair": f"behandling av {things[(i + k) % len(things)]}", "label": str(1 - k)}
        for i, a in enumerate(things)
        for k in (0, 1)
    ]
    new = [{"text": "får du feber", "text_pair": f"råd mot {b}"} for b in ("feber", "kløe")]
    assert [answer["prediction"] for answer in fitted("pair", training, ("0", "1"), new)] == ["1", "0"]


def test_options_are_compared_within_their_question():
    """The right option is the one that the question names; which letter it has is not what is learnt."""
    organs = ["leveren", "hjertet", "nyren", "milten", "lungen", "hjernen"]
    training = [
        {
            "question": f"hva kalles {organs[i]}",
            "options": [organs[(i + k - i % 3) % 6] for k in range(3)],
            "label": "ABC"[i % 3],
        }
        for i in range(6)
    ]
    new = [{"question": "hva kalles hjertet", "options": ["nyren", "hjernen", "hjertet"]}]
    answer = fitted("choice", training, ("A", "B", "C"), new)[0]
    assert answer["prediction"] == "C" and sum(answer["scores"]) == pytest.approx(1, abs=2e-6)


def test_texts_without_a_letter_are_texts_too():
    training = [{"text": text, "label": label} for text, label in (("?", "a"), ("!", "b"), ("? ?", "a"), ("!!", "b"))]
    assert [a["prediction"] for a in fitted("sequence", training, ("a", "b"), [{"text": "!"}])] == ["b"]
