"""What a training reads of several corpora: which documents, how many tokens, in which order."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.training.pretrain.arms import Corpus
from harness.training.pretrain.replay import mixture


class Listed:
    """Documents held in memory; a document's tokens say where it comes from."""

    def __init__(self, start: int, sizes):
        self.held = [[start + place] * size for place, size in enumerate(sizes)]

    def __len__(self):
        return len(self.held)

    def sizes(self):
        return [len(tokens) for tokens in self.held]

    def tokens(self, index):
        return self.held[index]

    def sentences(self, index):
        return [self.held[index][:1], self.held[index][1:]]


def corpora(clinical, general):
    return {
        "clinical": Corpus(Listed(0, clinical), ["held out"], Path("clinical"), ""),
        "general": Corpus(Listed(10_000, general), ["aside"], Path("general"), ""),
    }


def read(corpus):
    return [tuple(corpus.documents.tokens(i)) for i in range(len(corpus.documents))]


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@given(SIZES, SIZES, st.floats(0.01, 0.95), st.integers(0, 2**31))
def test_the_share_of_tokens_is_general_and_every_clinical_document_stays(clinical, general, share, seed):
    given_ = corpora(clinical, general)
    mixed = mixture(given_, ["clinical"], share, seed)
    documents = read(mixed)
    own = [tokens for tokens in documents if tokens[0] < 10_000]
    # Each corpus from its front to its back, so that a file on a disk is read in its order.
    assert own == read(given_["clinical"])
    taken = sum(len(tokens) for tokens in documents if tokens[0] >= 10_000)
    wanted = share / (1 - share) * sum(clinical)
    assert wanted - max(general) <= taken <= wanted + 1e-6
    times = np.bincount([tokens[0] - 10_000 for tokens in documents if tokens[0] >= 10_000], minlength=len(general))
    assert times.max() - times.min() <= 1
    assert [len(tokens) for tokens in documents] == list(mixed.documents.sizes())
    joined = [tuple(chain(*mixed.documents.sentences(i))) for i in range(len(documents))]
    assert joined == documents
    assert read(mixture(given_, ["clinical"], share, seed)) == documents


def test_no_share_leaves_the_corpus_as_it_is_and_held_out_text_never_moves():
    given_ = corpora([3, 4], [5, 6])
    assert mixture(given_, ["clinical"], 0.0, 1) is given_["clinical"]
    mixed = mixture(given_, ["clinical"], 0.5, 1)
    assert mixed.held_out == ["held out"]
    assert mixed.replay == {"share": 0.5, "from": "general"}


def test_the_two_are_mixed_throughout():
    mixed = mixture(corpora([10] * 500, [10] * 500), ["clinical"], 0.5, 3)
    general = np.array([tokens[0] >= 10_000 for tokens in read(mixed)])
    # Each tenth holds 100 of 500 + 500 in a drawn order: 50 give or take 5 (hypergeometric); 4 standard errors.
    tenths = general.reshape(10, -1).sum(1)
    assert general.sum() == 500 and tenths.min() >= 30 and tenths.max() <= 70


@pytest.mark.parametrize("seed", [1, 2])
def test_another_seed_takes_other_documents(seed):
    given_ = corpora([10] * 20, [10] * 200)
    drawn = {tokens[0] for tokens in read(mixture(given_, ["clinical"], 0.5, seed))}
    assert drawn != {tokens[0] for tokens in read(mixture(given_, ["clinical"], 0.5, seed + 7))}


@given(SIZES, SIZES, SIZES, st.sampled_from([0.0, 0.4]), st.integers(0, 2**31))
def test_parts_are_read_together_each_whole_and_in_its_order(clinical, task, general, share, seed):
    given_ = corpora(clinical, general) | {"task": Corpus(Listed(5_000, task), ["aside, too"], Path("task"), "")}
    mixed = mixture(given_, ["clinical", "task"], share, seed)
    documents = read(mixed)
    assert [tokens for tokens in documents if tokens[0] < 5_000] == read(given_["clinical"])
    assert [tokens for tokens in documents if 5_000 <= tokens[0] < 10_000] == read(given_["task"])
    added = sum(len(tokens) for tokens in documents if tokens[0] >= 10_000)
    wanted = share / (1 - share) * (sum(clinical) + sum(task))
    assert wanted - max(general) <= added <= wanted + 1e-6
    assert [len(tokens) for tokens in documents] == list(mixed.documents.sizes())
    assert documents == read(mixture(given_, ["clinical", "task"], share, seed))


def test_a_second_part_is_spread_over_the_first():
    given_ = corpora([10] * 900, [10]) | {"task": Corpus(Listed(5_000, [10] * 100), [], Path("task"), "")}
    places = np.flatnonzero([tokens[0] >= 5_000 for tokens in read(mixture(given_, ["clinical", "task"], 0.0, 3))])
    # The mean place of 100 of 1,000 in a drawn order: 500 give or take 27; 4 standard errors.
    assert abs(places.mean() - 499.5) < 110 and np.diff(places).max() < 100
