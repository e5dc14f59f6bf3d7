"""TF-IDF and logistic regression for a text, a pair of texts, or a question with options."""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from harness.heads.linear.baseline import Answers, Baseline
from harness.system.determinism import derived_seed

# Tried in order; the validation part decides, and of equal ones the first is kept.
STRENGTHS = (1.0, 10.0, 100.0)
# Texts are fitted on so many rows at most: with rows the terms grow too, and time faster than either.
MOST = 50_000
# Where a product of two unit vectors stands beside the vectors themselves, it is small.
AGREEMENT = 3.0
AT_ONCE = 10_000  # texts that are counted together
# From MANY labels on, each is fitted on its rows and a sample of the others: SHARE for each of its own, at least LEAST.
MANY, SHARE, LEAST = 50, 20, 1000


class Weights:
    """Words, pairs of words and groups of 3 to 5 characters inside a word, weighted by TF-IDF.

    Texts are counted AT_ONCE at a time: while it counts, scikit-learn takes 20 bytes for every group of characters.
    """

    def __init__(self, texts: Sequence[str]):
        self._parts = [_fitted(counter, texts) for counter in (_words, _Characters)]

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        """[texts, features]."""
        blocks = (
            hstack([weighing.transform(counter.transform(some), copy=False) for counter, weighing in self._parts])
            for some in _cut(texts)
        )
        return _on_top_of_one_another(blocks)


def _words() -> CountVectorizer:
    # Punctuation counts as a word, so that no text is empty.
    return CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", dtype=np.float64)


class _Characters:
    """`CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float64)`, to the bit.

    It cuts each word once and not wherever it stands: the rest is a product of sparse matrices.
    """

    def __init__(self):
        analyzer = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False).build_analyzer()
        self._groups = CountVectorizer(analyzer=analyzer, dtype=np.float64)

    @property
    def vocabulary_(self) -> dict[str, int]:
        return self._groups.vocabulary_

    @vocabulary_.setter
    def vocabulary_(self, columns: dict[str, int]) -> None:
        self._groups.vocabulary_ = columns

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        words, known = _split(texts)
        return words @ self._groups.fit_transform(known)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        if not any(map(str.split, texts)):
            return csr_matrix((len(texts), len(self.vocabulary_)))
        words, known = _split(texts)
        counts = words @ self._groups.transform(known)
        counts.sort_indices()
        return counts


def _split(texts: Sequence[str]) -> tuple[csr_matrix, list[str]]:
    """How often each word stands in each text, and the words."""
    counter = CountVectorizer(analyzer=lambda text: text.lower().split(), dtype=np.float64)
    return counter.fit_transform(texts), sorted(counter.vocabulary_)


def _fitted(counting: Callable, texts: Sequence[str]) -> tuple:
    """A counter, and what `TfidfVectorizer(sublinear_tf=True, …).fit(texts)` weighs its counts by, to the bit."""
    holding = _holding(counting, texts)
    terms = sorted(holding)
    counter = counting()
    # As an argument of scikit-learn's it would be copied.
    counter.vocabulary_ = {term: column for column, term in enumerate(terms)}
    weighing = TfidfTransformer(sublinear_tf=True)
    weighing.idf_ = np.log((1 + len(texts)) / (1 + np.array([holding[term] for term in terms], np.float64))) + 1
    return counter, weighing


def _holding(counting: Callable, texts: Sequence[str]) -> Counter[str]:
    """How many of the texts hold each term."""
    holding: Counter[str] = Counter()
    for some in _cut(texts):
        counter = counting()
        counted = counter.fit_transform(some)
        found = np.bincount(counted.indices, minlength=counted.shape[1]).tolist()
        holding.update({term: found[column] for term, column in counter.vocabulary_.items()})
    return holding


def _cut(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE))


def _on_top_of_one_another(blocks: Iterable[csr_matrix]) -> csr_matrix:
    """As `vstack`, with little beside the result: its numbers are put into arrays that grow in place."""
    data, columns, ends, width = array("d"), array("i"), array("q", [0]), 0
    for block in map(csr_matrix, blocks):
        data.frombytes(block.data.astype(np.float64, copy=False).tobytes())
        columns.frombytes(block.indices.astype(np.int32, copy=False).tobytes())
        ends.extend((block.indptr[1:].astype(np.int64) + ends[-1]).tolist())
        width = block.shape[1]
    indptr = np.array(ends, np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64)
    return csr_matrix((np.asarray(data), np.asarray(columns), indptr), (len(ends) - 1, width))


def regression(head, labels: Sequence[str], training: list[dict], scored: dict[str, list[dict]]) -> Baseline:
    """Logistic regression of what `head` makes of texts that are weighed as in the training part."""
    every, training = len(training), sample(training, MOST, head.strata(training))
    weights = Weights([text for record in training for text in head.texts_of(record)])
    # All parts at once: of many labels a model is fitted anew whenever it is asked.
    encoded, features = (
        head.weighed(weights, records)
        for records in (training, [record for records in scored.values() for record in records])
    )
    # Its terms take as much memory as a third of what they count.
    del weights

    def answers(strength: float) -> Answers:
        model = Regression(labels, strength, options=not head.outputs(labels)).fit(encoded, training)
        found = iter(model.answers(features))
        return {part: list(islice(found, len(records))) for part, records in scored.items()}

    fitted = {"rows": len(training)} if len(training) < every else {}
    return Baseline("logistic_regression", "strength", STRENGTHS, answers, fitted)


def sample(records: list[dict], most: int, strata: Mapping[str, str]) -> list[dict]:
    """The records, or about `most` of them where they are more: of each stratum its share, and one at least; `strata`
    are by id."""
    if len(records) <= most:
        return records
    order = np.random.default_rng(derived_seed("rows of a linear model")).permutation(len(records))
    held = Counter(strata[record["id"]] for record in records)
    left = {label: math.ceil(number * most / len(records)) for label, number in held.items()}
    chosen = []
    for place in order.tolist():
        stratum = strata[records[place]["id"]]
        if left[stratum]:
            left[stratum] -= 1
            chosen.append(place)
    return [records[place] for place in sorted(chosen)]


class Regression:
    """Logistic regression over records, or over their `options` one by one; `strength` is the inverse of its
    regularisation.

    Labels weigh as much as they are rare, or a rare one would never be answered. Several labels are one against the
    rest. Labels that the training part lacks get probability 0.

    Of `MANY` labels or more, each has few rows, and what it costs to fit one against all others would grow with labels
    times rows. So it stands against a drawn sample of them, which weighs as much as all; many times as many as the
    label's own rows tell little more (King and Zeng 2001, "Logistic regression in rare events data"). The dual form of
    the problem (Yu, Huang and Lin 2011) ends ten times sooner there. A model of one label is as long as the features
    are many, so it answers as soon as it is fitted and is not kept.
    """

    def __init__(self, labels: Sequence[str], strength: float, options: bool = False):
        self._labels, self._strength, self._options = tuple(labels), strength, options
        self._model = LogisticRegression(C=strength, solver="liblinear", class_weight="balanced", random_state=0)

    def fit(self, encoded: csr_matrix, records: Sequence[dict]) -> "Regression":
        """`encoded` are the features of `records`."""
        gold = np.array(_targets(self._options, records, self._labels))
        present = len(np.unique(gold))
        if present == 1:
            self._model = DummyClassifier(strategy="most_frequent")
        elif present >= MANY:
            self._model = _AgainstSome(self._strength)
        elif present > 2:
            self._model = OneVsRestClassifier(self._model)
        self._model.fit(encoded, gold)
        return self

    def scores(self, encoded: csr_matrix) -> np.ndarray:
        """[records, labels], adding up to 1 in each row. Of many labels this is where the work is done."""
        found = self._model.predict_proba(encoded)
        if self._options:
            right = found[:, list(self._model.classes_).index(1)].reshape(-1, len(self._labels))
            return right / right.sum(axis=1, keepdims=True)
        scores = np.zeros((encoded.shape[0], len(self._labels)))
        scores[:, self._model.classes_] = found
        return scores

    def answers(self, encoded: csr_matrix) -> list[dict]:
        """`prediction` and `scores` of each record, as a prediction line has them."""
        rows = self.scores(encoded)
        best = rows.argmax(axis=1)
        return [
            {"prediction": self._labels[k], "scores": [round(float(p), 6) for p in row]}
            for k, row in zip(best, rows, strict=True)
        ]


class _AgainstSome:
    """Each label against a sample of the others, fitted when it is asked."""

    def __init__(self, strength: float):
        self._strength = strength

    def fit(self, encoded: csr_matrix, gold: np.ndarray) -> "_AgainstSome":
        self._encoded, self._gold, self.classes_ = encoded, gold, np.unique(gold)
        return self

    def predict_proba(self, encoded: csr_matrix) -> np.ndarray:
        found = np.empty((encoded.shape[0], len(self.classes_)))
        for column, label in enumerate(self.classes_.tolist()):
            rows = self._rows(label)
            # Balanced weights add up to the number of rows: of the whole training part here, too.
            strength = self._strength * len(self._gold) / len(rows)
            model = LogisticRegression(
                C=strength, solver="liblinear", class_weight="balanced", random_state=0, dual=True, max_iter=1000
            )
            model.fit(self._encoded[rows], self._gold[rows] == label)
            found[:, column] = model.predict_proba(encoded)[:, 1]
        return found / found.sum(axis=1, keepdims=True)

    def _rows(self, label: int) -> np.ndarray:
        own, others = np.flatnonzero(self._gold == label), np.flatnonzero(self._gold != label)
        drawn = np.random.default_rng(derived_seed("others of a label", label))
        wanted = min(len(others), max(LEAST, SHARE * len(own)))
        return np.sort(np.concatenate([own, drawn.choice(others, wanted, replace=False)]))


def _targets(options: bool, records: Sequence[dict], labels: Sequence[str]) -> list[int]:
    if options:
        return [int(label == record["label"]) for record in records for label in labels]
    places = {label: place for place, label in enumerate(labels)}
    return [places[record["label"]] for record in records]
