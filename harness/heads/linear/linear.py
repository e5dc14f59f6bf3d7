"""The linear baseline of all heads except token classification: logistic regression on TF-IDF features of a text, a
text pair, or a question with options."""

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

# Tried in this order. The best on the validation part is kept, and of equal ones the first.
STRENGTHS = (1.0, 10.0, 100.0)
# Most rows that a model is fitted on. With more rows there are more terms, and the time grows faster than both.
MOST = 50_000
# Factor on the product of two unit vectors, which is small compared with the vectors themselves.
AGREEMENT = 3.0
AT_ONCE = 10_000  # texts that are counted together
# From MANY labels on, a label is fitted on its own rows and a sample of the others: SHARE per own row, at least LEAST.
MANY, SHARE, LEAST = 50, 20, 1000


class Weights:
    """TF-IDF features of texts: words, pairs of words, and groups of 3 to 5 characters inside a word.

    The vocabulary and the document frequencies are those of the `texts` given at construction. AT_ONCE texts are
    counted at a time, because scikit-learn needs 20 bytes per group of characters while it counts.
    """

    def __init__(self, texts: Sequence[str]):
        self._parts = [_fitted(counter, texts) for counter in (_words, _Characters)]

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        """The features of `texts`, a sparse matrix [texts, features]."""
        blocks = (
            hstack([weighing.transform(counter.transform(some), copy=False) for counter, weighing in self._parts])
            for some in _cut(texts)
        )
        return _on_top_of_one_another(blocks)


def _words() -> CountVectorizer:
    # Punctuation is counted as words, so that no text is empty.
    return CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", dtype=np.float64)


class _Characters:
    """Same results as `CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float64)`, to the bit.

    It is faster because it cuts each different word only once, and then multiplies two sparse matrices.
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
    """The counts of each word in each text, [texts, words], and the words."""
    counter = CountVectorizer(analyzer=lambda text: text.lower().split(), dtype=np.float64)
    return counter.fit_transform(texts), sorted(counter.vocabulary_)


def _fitted(counting: Callable, texts: Sequence[str]) -> tuple:
    """A counter and its TF-IDF weighting, as in `TfidfVectorizer(sublinear_tf=True, …).fit(texts)` to the bit."""
    holding = _holding(counting, texts)
    terms = sorted(holding)
    counter = counting()
    # scikit-learn would copy a vocabulary that is passed as an argument.
    counter.vocabulary_ = {term: column for column, term in enumerate(terms)}
    weighing = TfidfTransformer(sublinear_tf=True)
    weighing.idf_ = np.log((1 + len(texts)) / (1 + np.array([holding[term] for term in terms], np.float64))) + 1
    return counter, weighing


def _holding(counting: Callable, texts: Sequence[str]) -> Counter[str]:
    """The number of texts that contain each term, by term. `counting()` returns a new counter."""
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
    """The same as `vstack`, with less memory: the values are appended to arrays that grow in place."""
    data, columns, ends, width = array("d"), array("i"), array("q", [0]), 0
    for block in map(csr_matrix, blocks):
        data.frombytes(block.data.astype(np.float64, copy=False).tobytes())
        columns.frombytes(block.indices.astype(np.int32, copy=False).tobytes())
        ends.extend((block.indptr[1:].astype(np.int64) + ends[-1]).tolist())
        width = block.shape[1]
    indptr = np.array(ends, np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64)
    return csr_matrix((np.asarray(data), np.asarray(columns), indptr), (len(ends) - 1, width))


def regression(head, labels: Sequence[str], training: list[dict], scored: dict[str, list[dict]]) -> Baseline:
    """The logistic regression baseline of a task, on TF-IDF features of the training part.

    `training` are the training records. If there are more than `MOST`, the model is fitted on a sample. `scored` has
    the records to answer, by part.
    """
    every, training = len(training), sample(training, MOST, head.strata(training))
    weights = Weights([text for record in training for text in head.texts_of(record)])
    # All parts are answered at once, because a head may fit its models anew at every call.
    encoded, features = (
        head.weighed(weights, records)
        for records in (training, [record for records in scored.values() for record in records])
    )
    # The terms take a third as much memory as the features.
    del weights

    def answers(strength: float) -> Answers:
        found = iter(head.regressed(strength, labels, encoded, training, features))
        return {part: list(islice(found, len(records))) for part, records in scored.items()}

    fitted = {"rows": len(training)} if len(training) < every else {}
    return Baseline("logistic_regression", "strength", STRENGTHS, answers, fitted)


def sample(records: list[dict], most: int, strata: Mapping[str, str]) -> list[dict]:
    """The records, or a sample of about `most` records if there are more. The sample has from each stratum its share,
    and at least one record.

    `strata` maps the id of a record to its stratum. The sample is in the order of the records, and the same at every
    call.
    """
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


def logistic(strength: float, **options) -> LogisticRegression:
    return LogisticRegression(C=strength, solver="liblinear", class_weight="balanced", random_state=0, **options)


class Regression:
    """Logistic regression on records with one label, or on each option of a question if `options` is True. `strength`
    is the inverse of the regularisation (scikit-learn's C).

    Rare labels get a higher weight, otherwise no record would be given a rare label. With more than two labels, one
    model per label separates the label from the rest. Labels that the training part lacks get probability 0.

    With `MANY` labels or more, each label has few rows, and the cost of one model per label would grow with labels
    times rows. So each label is fitted against a sample of the other rows, which gets the weight of all of them. A
    sample of many times the label's own rows loses little (King and Zeng 2001, "Logistic regression in rare events
    data"). The dual form of the problem (Yu, Huang and Lin 2011) is then ten times faster. The model of a label has one
    weight per feature. To save memory, each model answers right after its fit and is not kept.
    """

    def __init__(self, labels: Sequence[str], strength: float, options: bool = False):
        self._labels, self._strength, self._options = tuple(labels), strength, options
        self._model = logistic(strength)

    def fit(self, encoded: csr_matrix, records: Sequence[dict]) -> "Regression":
        """Fit the model on `records`. `encoded` has their features, [rows, features], with one row per record or per
        option."""
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
        """The probabilities of the labels, [records, labels], with sum 1 per record. `encoded` has the features of the
        records, or of their options. With `MANY` labels or more, the models are fitted here and not in `fit`."""
        found = self._model.predict_proba(encoded)
        if self._options:
            right = found[:, list(self._model.classes_).index(1)].reshape(-1, len(self._labels))
            return right / right.sum(axis=1, keepdims=True)
        scores = np.zeros((encoded.shape[0], len(self._labels)))
        scores[:, self._model.classes_] = found
        return scores

    def answers(self, encoded: csr_matrix) -> list[dict]:
        """The answer to each record with the features `encoded`: the most probable label (`prediction`), and the
        probability of every label (`scores`), as in a prediction line."""
        rows = self.scores(encoded)
        best = rows.argmax(axis=1)
        return [
            {"prediction": self._labels[k], "scores": [round(float(p), 6) for p in row]}
            for k, row in zip(best, rows, strict=True)
        ]


class _AgainstSome:
    """A classifier of each label against a sample of the others, fitted when probabilities are asked for."""

    def __init__(self, strength: float):
        self._strength = strength

    def fit(self, encoded: csr_matrix, gold: np.ndarray) -> "_AgainstSome":
        self._encoded, self._gold, self.classes_ = encoded, gold, np.unique(gold)
        return self

    def predict_proba(self, encoded: csr_matrix) -> np.ndarray:
        found = np.empty((encoded.shape[0], len(self.classes_)))
        for column, label in enumerate(self.classes_.tolist()):
            rows = self._rows(label)
            # Balanced weights add up to the number of rows. This factor makes the sum that of the training part.
            strength = self._strength * len(self._gold) / len(rows)
            model = logistic(strength, dual=True, max_iter=1000)
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
