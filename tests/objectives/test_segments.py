"""Next-sentence rows: half and half, foreign ones really foreign, every sentence once, lengths that tell nothing."""

import itertools
import tracemalloc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import TrainingError
from harness.objectives.common.segments import (
    CONTINUES,
    FOREIGN,
    Cut,
    PairRow,
    Segment,
    encode_pair,
    next_sentence_pairs,
)
from harness.text.bio import IGNORED

CLS, SEP = 1, 2


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def corpus(sizes):
    """Documents of sentences of the given lengths; each token occurs once, so that it says where it came from."""
    tokens = itertools.count(10)
    return [[[next(tokens) for _ in range(n)] for n in document] for document in sizes]


def drawn(documents, seed=0, longest=30, at_most=40):
    counts = torch.randint(1, at_most, (documents,), generator=seeded(seed)).tolist()
    return corpus([torch.randint(1, longest, (n,), generator=seeded(seed + i)).tolist() for i, n in enumerate(counts)])


SIZES = st.lists(st.lists(st.integers(1, 12), max_size=9), min_size=2, max_size=9)


@settings(max_examples=100, deadline=None)
@given(SIZES, st.integers(27, 60), st.integers(0, 99), st.sampled_from([0.0, 0.5, 1.0]))
def test_rows_are_what_they_say(sizes, length, seed, short):
    documents = corpus(sizes)
    try:
        rows = next_sentence_pairs(documents, length, seeded(seed), short)
    except TrainingError:
        assert sum(1 for document in documents if document) == 1
        return
    labels = [row.label for row in rows]
    continues, foreign = labels.count(CONTINUES), labels.count(FOREIGN)
    assert continues - foreign in (0, 1)
    for row in rows:
        assert (row.second is None) == (row.label == IGNORED)
        if row.label == CONTINUES:
            assert (row.first.document, row.first.end) == (row.second.document, row.second.start)
        if row.label == FOREIGN:
            assert row.first.document != row.second.document
        for segment in (row.first, row.second):
            assert segment is None or 0 <= segment.start < segment.end <= len(documents[segment.document])
        example = encode_pair(row, documents, CLS, SEP, length)
        ids, types = example.ids, example.segments
        assert len(ids) == len(types) <= length and example.label == row.label
        assert ids[0] == CLS and ids[-1] == SEP
        middle = ids.index(SEP)
        assert types == (0,) * (middle + 1) + (1,) * (len(ids) - middle - 1)
    starts = [(row.first.document, row.first.start) for row in rows]
    assert len(starts) == len(set(starts))
    assert rows == next_sentence_pairs(documents, length, seeded(seed), short)


def test_the_labels_are_those_of_transformers():
    """`next_sentence_label`: 0 is a continuation, 1 a random sequence."""
    rows = next_sentence_pairs(corpus([[5, 5], [5, 5]]), 32, seeded())
    assert {row.label: row.first.document == row.second.document for row in rows} == {0: True, 1: False}


@pytest.mark.parametrize("short", [0.0, 0.3])
def test_every_sentence_is_read_once_where_no_document_has_most_of_the_text(short):
    documents = drawn(120)
    rows = next_sentence_pairs(documents, 128, seeded(1), short)
    read = sorted(
        (segment.document, sentence)
        for row in rows
        for segment in (row.first, row.second)
        if segment
        for sentence in range(segment.start, segment.end)
    )
    assert read == [(i, s) for i, document in enumerate(documents) for s in range(len(document))]
    assert rows != next_sentence_pairs(documents, 128, seeded(2), short)
    labels = [row.label for row in rows]
    assert labels.count(CONTINUES) > 150 and labels.count(CONTINUES) - labels.count(FOREIGN) in (0, 1)


@pytest.mark.parametrize("short", [0.0, 0.1])
@pytest.mark.parametrize(("documents", "at_most", "length"), [(400, 40, 128), (900, 8, 512)])
def test_the_lengths_of_a_row_do_not_give_its_label_away(documents, at_most, length, short):
    """The best rule that knows only how long a row and its segments are, over deciles, stays near a coin's 50 %;
    with documents longer than a row, and with ones far shorter. Seen: 52 to 54 %."""
    texts = drawn(documents, at_most=at_most)
    rows = [row for row in next_sentence_pairs(texts, length, seeded(3), short) if row.second]
    examples = [encode_pair(row, texts, CLS, SEP, length) for row in rows]
    labels = [example.label for example in examples]
    firsts = [example.ids.index(SEP) for example in examples]
    totals = [example.length for example in examples]
    for values in (totals, firsts, [t - f for t, f in zip(totals, firsts, strict=True)]):
        order = sorted(range(len(values)), key=values.__getitem__)
        tenth = len(order) // 10
        parts = [[labels[i] for i in order[n * tenth : (n + 1) * tenth]] for n in range(10)]
        assert sum(max(part.count(0), part.count(1)) for part in parts) / (10 * tenth) < 0.56
    full = [label for total, label in zip(totals, labels, strict=True) if total == length]
    assert len(full) < 60 or abs(sum(full) / len(full) - 0.5) < 0.15


def test_borders_and_labels_are_drawn_evenly():
    """A run of five sentences has four borders: chi-square, 3 degrees of freedom, 16.3 once in a thousand."""
    documents = corpus([[4] * 5 for _ in range(2000)])
    rows = next_sentence_pairs(documents, 64, seeded(4))
    borders = [row.first.end for row in rows]
    assert sum((borders.count(n) - 500) ** 2 / 500 for n in (1, 2, 3, 4)) < 16.3
    assert [row.label for row in rows].count(FOREIGN) == 1000
    order = [row.first.document for row in rows]
    assert order != sorted(order)


def test_a_share_of_the_documents_is_cut_short_at_a_length_drawn_evenly():
    """Sentences of one token, so that a first run has the drawn length: 2 to 64, and 64 is that of all others.
    The share within 4 standard errors, outside once in 16,000; chi-square, 20 degrees of freedom, 45.3 in a thousand.
    """
    texts = corpus([[1] * 64] * 12000)
    rows = next_sentence_pairs(texts, 67, seeded(10), 0.1)
    firsts = [row.second.end for row in rows if row.label == CONTINUES and row.first.start == 0]
    short = [n for n in firsts if n < 64]
    share = 0.1 * 62 / 63
    assert abs(len(short) - len(firsts) * share) < 4 * (len(firsts) * share * (1 - share)) ** 0.5
    counts = [sum(n in range(a, a + 3) for n in short) for a in range(2, 62, 3)] + [sum(n > 61 for n in short)]
    expected = [3 / 62 * len(short)] * 20 + [2 / 62 * len(short)]
    assert min(short) == 2 and sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True)) < 45.3


def test_no_share_of_short_rows_draws_nothing():
    documents = drawn(60)
    plain, none = seeded(11), seeded(11)
    assert next_sentence_pairs(documents, 64, plain) == next_sentence_pairs(documents, 64, none, 0.0)
    assert torch.equal(plain.get_state(), none.get_state())
    assert next_sentence_pairs(documents, 64, seeded(11), 0.1) != next_sentence_pairs(documents, 64, seeded(11))


def test_documents_of_one_sentence_are_for_the_masked_lm_alone():
    rows = next_sentence_pairs(corpus([[5], [6], [3, 4]]), 32, seeded(5))
    assert sorted((row.first.document, row.label) for row in rows) == [(0, IGNORED), (1, IGNORED), (2, CONTINUES)]
    example = encode_pair(PairRow(Segment(1, 0, 1), None, IGNORED), corpus([[5], [40]]), CLS, SEP, 12)
    assert example.ids == (CLS, *range(15, 25), SEP) and example.segments == (0,) * 12
    # The last sentence does not fit with the others, so it takes one of them along.
    rows = next_sentence_pairs(corpus([[8, 8, 8, 8]] * 2), 27, seeded(6))
    assert sorted((row.first.document, row.first.start) for row in rows) == [(0, 0), (0, 2), (1, 0), (1, 2)]
    assert IGNORED not in {row.label for row in rows}


def test_one_document_alone_is_an_error_when_a_foreign_segment_is_needed():
    with pytest.raises(TrainingError, match="only one document"):
        next_sentence_pairs(corpus([[9] * 20]), 32, seeded())


def test_a_document_with_most_of_the_text_borrows_from_the_others():
    documents = corpus([[9] * 400, [5] * 4, [6] * 3])
    rows = [row for row in next_sentence_pairs(documents, 40, seeded(7)) if row.second]
    foreign = [row for row in rows if row.label == FOREIGN]
    assert len(foreign) == len(rows) // 2 > 40
    assert all(row.first.document != row.second.document for row in foreign)


def test_the_longer_segment_is_cut_and_the_seam_stays():
    documents = corpus([[30], [6], [30], [31]])
    first, short, third, fourth = (document[0] for document in documents)

    def ids(a, b, length):
        return encode_pair(PairRow(Segment(a, 0, 1), Segment(b, 0, 1), FOREIGN), documents, CLS, SEP, length).ids

    assert ids(0, 1, 23) == (CLS, *first[-14:], SEP, *short, SEP)
    assert ids(1, 0, 23) == (CLS, *short, SEP, *first[:14], SEP)
    assert ids(2, 3, 24) == (CLS, *third[-11:], SEP, *fourth[:10], SEP)
    assert ids(0, 1, 99) == (CLS, *first, SEP, *short, SEP)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 200), max_size=6), st.integers(1, 40))
def test_long_sentences_are_cut_evenly_and_nothing_is_lost(sizes, longest):
    (document,) = corpus([sizes])
    cut = Cut(document, longest)
    assert [token for part in cut for token in part] == [token for sentence in document for token in sentence]
    assert all(1 <= len(part) <= longest for part in cut)
    for sentence in document:
        parts = [len(part) for part in cut if part[0] in sentence]
        assert max(parts) - min(parts) <= 1 and len(parts) == -(-len(sentence) // longest)


def test_a_block_of_documents_takes_a_few_bytes_a_token():
    """Lists of whole numbers take 36 to 40 bytes a token; a block has up to sixteen million."""
    sentences = [list(range(1000 * i, 1000 * i + 25)) for i in range(2000)]
    tracemalloc.start()
    try:
        kept = [Cut(sentences, 30) for _ in range(10)]
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sum(len(sentence) for cut in kept for sentence in cut) == 500_000 and taken < 6 * 500_000
    assert kept[0][3:5] == sentences[3:5] and kept[0][-1:] == sentences[-1:]


def test_cut_sentences_lose_no_token_in_a_row():
    documents = [Cut(document, (64 - 3) // 2) for document in drawn(80, longest=200)]
    rows = next_sentence_pairs(documents, 64, seeded(8))
    for row in rows:
        if row.label == CONTINUES:
            text = [t for s in documents[row.first.document][row.first.start : row.second.end] for t in s]
            ids = encode_pair(row, documents, CLS, SEP, 64).ids
            assert [t for t in ids if t not in (CLS, SEP)] == text
