"""A corpus as token ids: tokenised once, laid out flat, and divided into training and held-out documents."""

import hashlib
import itertools
from collections.abc import Iterable

import numpy as np

from harness.config import Pretraining
from harness.training.arms import Corpus
from harness.training.recipes import Vocabulary, windows
from harness.training.sentences import split_sentences

HELD_OUT_SHARE = 0.03
HELD_OUT_AT_MOST = 200


def held_aside(document_id: str, already: int) -> bool:
    """Is this document held out? By hash of its id, so that every arm and family holds out the same."""
    draw = int.from_bytes(hashlib.sha256(document_id.encode("utf-8")).digest()[:4], "big") / 2**32
    return draw < HELD_OUT_SHARE and already < HELD_OUT_AT_MOST


class FlatDocuments:
    """Documents as one array of ids, with the borders of sentences and, among those, of documents."""

    def __init__(self, ids: np.ndarray, sentence_starts: np.ndarray, document_starts: np.ndarray):
        self._ids, self._sentences, self._documents = ids, sentence_starts, document_starts

    def __len__(self) -> int:
        return len(self._documents) - 1

    def tokens(self, index: int) -> list[int]:
        first, last = self._documents[index], self._documents[index + 1]
        return self._ids[self._sentences[first] : self._sentences[last]].tolist()

    def sentences(self, index: int) -> list[list[int]]:
        borders = self._sentences[self._documents[index] : self._documents[index + 1] + 1]
        return [self._ids[a:b].tolist() for a, b in itertools.pairwise(borders)]


def training_texts(corpora: dict[str, list[dict]]) -> list[str]:
    """The texts of all corpora that are not held out, for making a tokenizer."""
    texts = []
    for _, documents in sorted(corpora.items()):
        aside = 0
        for document in documents:
            if held_aside(document["id"], aside):
                aside += 1
            else:
                texts.append(document["text"])
    return texts


def tokenised_all(corpora: dict[str, list[dict]], tokenizer, settings: Pretraining) -> dict[str, Corpus]:
    by_sentence = settings.recipe == "mlm_nsp"
    return {name: tokenised(documents, tokenizer, settings.length, by_sentence) for name, documents in corpora.items()}


def tokenised(documents: Iterable[dict], tokenizer, length: int, by_sentence: bool) -> Corpus:
    """Divide and tokenise; `by_sentence` cuts training documents into sentences first."""
    vocabulary = Vocabulary.of(tokenizer)
    texts, sizes, aside = [], [0], []
    for document in documents:
        if held_aside(document["id"], len(aside)):
            aside.append(document)
            continue
        pieces = split_sentences(document["text"]) if by_sentence else [document["text"]]
        texts += pieces
        sizes.append(len(pieces))
    encoded = _ids(texts, tokenizer)
    starts = np.cumsum([0, *map(len, encoded)])
    ids = np.fromiter((i for piece in encoded for i in piece), np.int32, count=int(starts[-1]))
    rows = [
        (document["document_type"], row)
        for document, whole in zip(aside, _ids([d["text"] for d in aside], tokenizer), strict=True)
        for row in windows(whole, length, vocabulary)
    ]
    return Corpus(FlatDocuments(ids, starts, np.cumsum(sizes)), rows)


def _ids(texts: list[str], tokenizer) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
