"""The linear baseline of token classification: a classifier of single words, without a conditional random field."""

import re
from collections.abc import Iterator, Sequence

from scipy.sparse import csr_matrix
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier

from harness.heads.linear.baseline import Answers, Baseline
from harness.text import letters
from harness.text.bio import Tags, decode_tags

_WORD = re.compile(r"\w+|[^\w\s]")
_NEAR = (-2, -1, 0, 1, 2)
FEATURES = 2**18
PASSES = 5
PENALTIES = (1e-6,)


def words(text: str) -> list[tuple[int, int]]:
    """The position (start, end), in characters, of each word of a text and of each other character that is not white
    space. A combining mark belongs to the letter before it."""
    found = (match.span() for match in _WORD.finditer(text))
    if letters.has_marks(text):
        found = (letters.whole(text, start, end) for start, end in found)
    return [(start, end) for start, end in found if start < end]


def described(text: str, found: Sequence[tuple[int, int]]) -> Iterator[list[str]]:
    """Yield the features of each word of a text as a list of names: the words and word shapes around the word, and the
    beginning and the end of the word. `found` has the (start, end) of each word."""
    plain = [text[start:end].lower() for start, end in found]
    shapes = [shape(text[start:end]) for start, end in found]
    for i, word in enumerate(plain):
        near = [k for k in _NEAR if 0 <= i + k < len(plain)]
        features = [f"w{k}={plain[i + k]}" for k in near] + [f"s{k}={shapes[i + k]}" for k in near]
        features += [f"p{n}={word[:n]}" for n in (2, 3)] + [f"e{n}={word[-n:]}" for n in (2, 3)]
        if i:
            features += [f"b={plain[i - 1]} {word}", f"bs={shapes[i - 1]} {shapes[i]}"]
        yield features


def shape(word: str) -> str:
    """The kinds of characters in a word, such as `Aaa` for Hansen or `00` for 17. A run of more than two characters of
    one kind is cut to two."""
    kinds = "".join("0" if c.isdigit() else "A" if c.isupper() else "a" if c.islower() else c for c in word)
    return re.sub(r"(.)\1{2,}", r"\1\1", kinds)


def tagger(head, labels: Sequence[str], training: list[dict], scored: dict[str, list[dict]]) -> Baseline:
    """The linear tagger of a token classification task, fitted on the `training` records. `scored` has the records to
    answer, by part."""
    encoded, features = encoding(training), {part: encoding(records) for part, records in scored.items()}

    def answers(penalty: float) -> Answers:
        model = Tagger(labels, penalty).fit(encoded, training)
        return {part: model.answers(features[part], records) for part, records in scored.items()}

    return Baseline("linear_tagger", "penalty", PENALTIES, answers)


def encoding(records: Sequence[dict]) -> csr_matrix:
    """The features of all words of all records, one row per word, as a sparse matrix [words, features]. Names of
    features are hashed to columns."""
    texts = (record["text"] for record in records)
    hasher = FeatureHasher(FEATURES, input_type="string")
    return hasher.transform(features for text in texts for features in described(text, words(text)))


class Tagger:
    """A linear classifier that gives each word of a text a BIO tag, with one model per tag. `penalty` is the weight of
    the L2 penalty (scikit-learn's alpha)."""

    def __init__(self, labels: Sequence[str], penalty: float):
        self._labels = tuple(labels)
        self._model = SGDClassifier(
            loss="modified_huber", alpha=penalty, max_iter=PASSES, tol=None, average=True, random_state=0
        )

    def fit(self, encoded: csr_matrix, records: Sequence[dict]) -> "Tagger":
        """Fit the model on `records`. `encoded` has the features of all their words, as `encoding` returns them."""
        gold = [tag for r in records for tag in Tags(r["spans"], self._labels).of(words(r["text"]))]
        if len(set(gold)) == 1:
            self._model = DummyClassifier(strategy="most_frequent")
        self._model.fit(encoded, gold)
        return self

    def answers(self, encoded: csr_matrix, records: Sequence[dict]) -> list[dict]:
        """The answer to each record: the spans (`prediction`) and the text length in characters (`length`), as in a
        prediction line. `encoded` has the features of all words of the records."""
        tags = iter(self._model.predict(encoded).tolist())
        lines = []
        for record in records:
            tagged = [(offsets, next(tags)) for offsets in words(record["text"])]
            lines.append({"prediction": decode_tags(tagged, self._labels), "length": len(record["text"])})
        return lines
