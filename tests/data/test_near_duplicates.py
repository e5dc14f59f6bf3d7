"""MinHash against exact sets, the search for pairs against comparing all of them."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import near_duplicates as near
from harness.data.columns import Column
from harness.data.words import hashed

QUICK = settings(max_examples=25, deadline=None, derandomize=True)


def exact_shingles(words) -> set:
    return (
        {tuple(words[i : i + near.SHINGLE]) for i in range(max(1, len(words) - near.SHINGLE + 1))} if words else set()
    )


def jaccard(a, b) -> float:
    a, b = exact_shingles(a), exact_shingles(b)
    return len(a & b) / len(a | b)


def words(rng: random.Random, n: int) -> list[str]:
    return [f"w{rng.randrange(10**6)}" for _ in range(n)]


def altered(rng: random.Random, original: list[str], changes: int) -> list[str]:
    copy = list(original)
    for place in rng.sample(range(len(copy)), changes):
        copy[place] = f"x{rng.randrange(10**6)}"
    return copy


@QUICK
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=12), max_size=6))
def test_shingles_are_the_runs_of_words(documents):
    values, lengths = near.shingles(hashed(documents))
    assert lengths.tolist() == [max(1, len(d) - near.SHINGLE + 1) if d else 0 for d in documents]
    parts = np.split(values, np.cumsum(lengths)[:-1]) if documents else []
    sets = {frozenset(exact_shingles(d)): frozenset(part.tolist()) for d, part in zip(documents, parts, strict=True)}
    assert len(set(sets.values())) == len(sets)
    for exact, hashes in sets.items():
        assert len(exact) == len(hashes)


@QUICK
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=12), max_size=6), st.sampled_from([1, 7, 1 << 16]))
def test_signatures_are_the_minima_under_each_ordering(documents, looked_at):
    hashes = hashed(documents)
    values, lengths = near.shingles(hashes)
    factors, offsets = (array.tolist() for array in near._orderings())
    expected, start = [], 0
    for length in lengths.tolist():
        own = values[start : start + length].tolist()
        start += length
        expected.append(
            [min((a * x + b) % 2**32 for x in own) if own else 0 for a, b in zip(factors, offsets, strict=True)]
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_LOOKED_AT", looked_at)
        assert near.minima(hashes).tolist() == expected


def test_the_estimate_is_the_exact_similarity_within_its_error():
    rng = random.Random(5)
    errors = {}
    for changes in (0, 1, 2, 4, 8, 16):
        pairs = [(original := words(rng, 100), altered(rng, original, changes)) for _ in range(60)]
        signatures = near.compact(near.minima(hashed([d for pair in pairs for d in pair])))
        estimates = (signatures[0::2] == signatures[1::2]).mean(axis=1)
        exact = np.array([jaccard(*pair) for pair in pairs])
        # In units of the standard error that the method has.
        errors[changes] = (estimates - exact) / np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / near.MINIMA)
    assert not errors.pop(0).any()
    together = np.concatenate(list(errors.values()))
    assert abs(together.mean()) < 0.25
    assert 0.8 < together.std() < 1.2


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 1.0])
def test_bands_find_a_pair_at_the_threshold(threshold):
    bands, rows = near.bands_for(threshold)
    assert bands * rows <= near.MINIMA
    assert 1 - (1 - threshold**rows) ** bands >= near.FOUND


def removed(documents: list[list[str]], threshold: float, folder, chosen=None) -> list[int]:
    """Through `near_duplicates`, with columns on disk."""
    signatures = near.minima(hashed(documents))
    bands = []
    for i, hashes in enumerate(near.band_hashes(signatures, threshold)):
        bands.append(Column(folder / f"band{i}", np.uint64))
        bands[-1].append(hashes)
    column = Column(folder / "signatures", np.uint16, near.MINIMA)
    column.append(near.compact(signatures))
    chosen = np.ones(len(documents), bool) if chosen is None else chosen
    gone = near.near_duplicates(bands, column, chosen, threshold, folder / "pairs")
    for opened in (*bands, column):
        opened.close()
    return np.flatnonzero(gone).tolist()


def removed_by_reference(documents: list[list[str]], threshold: float) -> list[int]:
    """Every document against all earlier ones that stay.

    Takes signatures and bands from the code, and rests on nothing else for the search. That these estimate the exact
    similarity of sets is held by the tests above, against Python's own sets.
    """
    signatures = near.minima(hashed(documents))
    bands = near.band_hashes(signatures, threshold)
    stay, gone = [], []
    for i in range(len(documents)):
        alike = any(
            (bands[:, i] == bands[:, j]).any() and (signatures[i] == signatures[j]).mean() >= threshold for j in stay
        )
        (gone if alike else stay).append(i)
    return gone


@QUICK
@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.8]), st.sampled_from([2, 1 << 22]), st.sampled_from([1, 4096]))
def test_the_search_equals_comparing_all_with_all(tmp_path_factory, seed, threshold, partition, block):
    """Chains of ever more altered copies, where it matters whether a document was itself removed."""
    rng = random.Random(seed)
    documents = [words(rng, 60) for _ in range(3)]
    while len(documents) < 25:
        documents.append(altered(rng, rng.choice(documents), rng.randrange(4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "PARTITION", partition)
        patch.setattr(near, "_BLOCK", block)
        found = removed(documents, threshold, tmp_path_factory.mktemp("near"))
    assert found == removed_by_reference(documents, threshold)


def test_planted_near_duplicates_are_found_and_nothing_else(tmp_path):
    rng = random.Random(3)
    originals = [words(rng, rng.randint(30, 200)) for _ in range(150)]
    copies = [altered(rng, original, 1) for original in originals if len(original) > 100]
    unlike = [altered(rng, original, len(original) // 6) for original in originals]
    documents = originals + copies + unlike
    assert min(jaccard(a, b) for a, b in zip([o for o in originals if len(o) > 100], copies, strict=True)) > 0.89
    assert removed(documents, 0.8, tmp_path) == list(range(len(originals), len(originals) + len(copies)))


def test_a_crowd_collapses_to_its_first_document(tmp_path):
    """More copies of one text than a document is compared with, among others."""
    rng = random.Random(4)
    template = words(rng, 200)
    crowd = [template, *(altered(rng, template, 1) for _ in range(5 * near.REACH))]
    others = [words(rng, 50) for _ in range(10)]
    assert removed(others + crowd, 0.8, tmp_path) == list(range(len(others) + 1, len(others) + len(crowd)))


def test_only_chosen_documents_count(tmp_path):
    original = words(random.Random(1), 50)
    documents = [original, [*original, "en"], [*original, "to"]]
    assert removed(documents, 0.8, tmp_path, np.array([False, True, True])) == [2]


def test_a_short_document_is_one_shingle(tmp_path):
    documents = [["feber"], ["feber", "og", "hoste"], ["hoste"], ["feber", "og", "hoste"], []]
    assert removed(documents, 0.8, tmp_path, np.array([True, True, True, True, False])) == [3]
