"""Labels over the parts: every part has what it can have, nothing else is given up, and a good split stays."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.splitting import Row, split
from harness.data.spreading import lacking, spread

SHARES = {"train": 0.75, "validation": 0.10, "test": 0.15}
QUICK = settings(max_examples=60, deadline=None, derandomize=True)

# Groups of documents, each with the labels of its spans; R is rare.
labelled = st.frozensets(st.sampled_from("ABR"), max_size=3)
documents = st.lists(st.lists(labelled, min_size=1, max_size=4), min_size=1, max_size=60)


def table(groups) -> tuple[list[Row], dict[str, frozenset]]:
    rows = [Row(f"g{g:03d}-{r}", f"g{g:03d}") for g, members in enumerate(groups) for r, _ in enumerate(members)]
    return rows, {f"g{g:03d}-{r}": labels for g, members in enumerate(groups) for r, labels in enumerate(members)}


def parts_of(places, labels, label) -> Counter:
    return Counter(places[row_id] for row_id, own in labels.items() if label in own)


@pytest.mark.parametrize("where", ["test", "validation", "train"])
@pytest.mark.parametrize("holders", [3, 5, 10])
def test_a_label_that_lies_in_one_part_is_spread_over_all(where, holders):
    rows, labels = table([[frozenset("A")]] * 100)
    places = split(rows, SHARES, 7)
    labels |= dict.fromkeys([i for i, part in places.items() if part == where][:holders], frozenset("AR"))
    assert set(parts_of(places, labels, "R")) == {where}
    found = spread(places, rows, labels, SHARES, 7)
    assert lacking(labels, found, SHARES) == {}
    assert Counter(found.values()) == Counter(places.values())
    for part, n in parts_of(found, labels, "R").items():
        assert abs(n - SHARES[part] * holders) <= 1.5, part


def test_a_good_split_stays_as_it_was():
    rng = random.Random(4)
    rows, labels = table([[frozenset(rng.sample("ABCDEFG", 4))] for _ in range(400)])
    for seed in range(5):
        places = split(rows, SHARES, seed)
        assert spread(places, rows, labels, SHARES, seed) == places


def test_a_label_of_fewer_groups_than_parts_goes_to_training_first_then_to_test():
    rows, labels = table([[frozenset("A")]] * 60)
    places = split(rows, SHARES, 1)
    held_out = [row_id for row_id, part in places.items() if part == "validation"]
    one = spread(places, rows, labels | {held_out[0]: frozenset("AR")}, SHARES, 1)
    assert one[held_out[0]] == "train"
    two = labels | dict.fromkeys(held_out[:2], frozenset("AR"))
    found = spread(places, rows, two, SHARES, 1)
    assert parts_of(found, two, "R") == {"train": 1, "test": 1}
    assert lacking(two, found, SHARES) == {"R": ("validation",)}


@QUICK
@given(documents, st.integers(0, 2**31), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_groups_do_not_matter(groups, seed, rng):
    rows, labels = table(groups)
    found = spread(split(rows, SHARES, seed), rows, labels, SHARES, seed)
    names = [f"other-{i}" for i in range(len(groups))]
    rng.shuffle(names)
    renamed = [Row(row.id, names[int(row.group[1:])]) for row in rows]
    rng.shuffle(renamed)
    assert spread(split(renamed, SHARES, seed), renamed, labels, SHARES, seed) == found


@QUICK
@given(documents, st.integers(0, 2**31))
def test_no_group_crosses_no_share_is_missed_and_fewer_labels_lack(groups, seed):
    rows, labels = table(groups)
    before = split(rows, SHARES, seed)
    found = spread(before, rows, labels, SHARES, seed)
    assert found.keys() == before.keys()
    for group in {row.group for row in rows}:
        assert len({found[row.id] for row in rows if row.group == group}) == 1
    sizes = Counter(found.values())
    for name, share in SHARES.items():
        assert abs(sizes[name] - share * len(rows)) <= max(map(len, groups)) + 1e-9
    gaps, gaps_before = ({(x, p) for x, ps in lacking(labels, f, SHARES).items() for p in ps} for f in (found, before))
    assert len(gaps) <= len(gaps_before)


@QUICK
@given(documents, documents, st.integers(0, 2**31))
def test_what_a_manifest_has_placed_stays(groups, further, seed):
    rows, labels = table(groups)
    before = spread(split(rows, SHARES, seed), rows, labels, SHARES, seed)
    more, their_labels = table(further)
    renamed = [Row(f"new-{row.id}", row.group if i % 2 else f"new-{row.group}") for i, row in enumerate(more)]
    labels |= {f"new-{row_id}": own for row_id, own in their_labels.items()}
    everything = rows + renamed
    after = spread(split(everything, SHARES, seed, before), everything, labels, SHARES, seed, before)
    assert {row_id: after[row_id] for row_id in before} == before
    for group in {row.group for row in everything}:
        assert len({after[row.id] for row in everything if row.group == group}) == 1


def test_the_holdout_is_left_alone():
    rows, labels = table([[frozenset("A")]] * 60)
    rows += [Row(f"h{i}", f"h{i}", holdout=True) for i in range(5)]
    labels |= {f"h{i}": frozenset("R") for i in range(5)}
    places = split(rows, SHARES, 1)
    assert spread(places, rows, labels, SHARES, 1) == places


@pytest.mark.parametrize("holders", [1, 5, 40])
@pytest.mark.parametrize("without", ["validation", "test"])
def test_no_label_is_brought_into_a_part_that_is_to_have_none(without, holders):
    """Neither because the part lacks it nor because the part has less than its share."""
    rows, labels = table([[frozenset("A")]] * 100)
    places = split(rows, SHARES, 7)
    labels |= dict.fromkeys([i for i, part in places.items() if part == "train"][:holders], frozenset("AR"))
    found = spread(places, rows, labels, SHARES, 7, without=(without,))
    assert without not in parts_of(found, labels, "R")
