"""Folds: whole groups, every row tested once, strata in equal shares, indifferent to order and names."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import folding
from harness.data.splitting import Row
from harness.errors import DataError
from harness.heads import HEADS
from harness.params.folds import Folds


def rows_of_groups(drawn: list[tuple[int, str]]) -> list[Row]:
    """`drawn` has the size and the label of each group."""
    named = [(f"g{i}", label) for i, (size, label) in enumerate(drawn) for _ in range(size)]
    return [Row(f"r{i:03}", group, label) for i, (group, label) in enumerate(named)]


ROWS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab")), min_size=25, max_size=40).map(rows_of_groups)
FOLDS = Folds(number=4, repeats=2, validation=0.2)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_each_row_is_tested_once_and_no_group_is_torn(rows):
    dealt = folding.deal(rows, FOLDS, repeat=1)
    assert len(dealt) == 4
    assert Counter(i for parts in dealt for i, part in parts.items() if part == "test") == {row.id: 1 for row in rows}
    for parts in dealt:
        assert set(parts) == {row.id for row in rows}
        of_group = {(row.group, parts[row.id]) for row in rows}
        assert len(of_group) == len({row.group for row in rows})


@settings(max_examples=20, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_groups_matter(rows, chance):
    renamed = [Row(row.id, f"x{row.group[::-1]}", row.stratum) for row in rows]
    chance.shuffle(renamed)
    assert folding.deal(renamed, FOLDS, 1) == folding.deal(rows, FOLDS, 1)


def test_labels_lie_in_equal_shares_in_every_part():
    rows = [Row(f"r{i:03}", f"g{i}", "rare" if i % 5 == 0 else "often") for i in range(200)]
    for parts in folding.deal(rows, Folds(5, 1, 0.125), 1):
        rare = Counter(parts[row.id] for row in rows if row.stratum == "rare")
        assert rare == {"test": 8, "validation": 4, "train": 28}
        assert Counter(parts.values()) == {"test": 40, "validation": 20, "train": 140}


def test_labels_of_spans_are_spread_over_the_folds_as_over_a_split():
    """A document has many labels and one stratum, so the splitter alone does not look at them."""
    records = [
        {
            "id": f"d{i:03}",
            "document_type": "note",
            "spans": [{"label": "NAME"}, *[{"label": rare} for rare, those in RARE.items() if i in those]],
        }
        for i in range(120)
    ]
    held = {rare: {f"d{i:03}" for i in those} for rare, those in RARE.items()}
    alone = {r["id"]: r["id"] for r in records}
    rows = folding.rows_of(records, dict.fromkeys(alone, "train"), alone, HEADS["tokens"])
    for repeat in (1, 2, 3):
        dealt = folding.deal(rows, Folds(5, 1, 0.125), repeat)
        tested = [{i for i, part in parts.items() if part == "test"} for parts in dealt]
        for rare, those in held.items():
            assert [len(those & ids) > 0 for ids in tested] == [True] * 5, rare
        for parts in dealt:
            assert Counter(parts.values()) == {"test": 24, "validation": 12, "train": 84}
            assert all({parts[i] for i in those} == {"train", "validation", "test"} for those in held.values())


RARE = {"PHONE": {5, 17, 33, 60, 61, 90, 118}, "AGE": {2, 3, 4, 7, 11, 12, 100}}


def test_repeats_deal_otherwise_and_the_same_repeat_alike():
    rows = [Row(f"r{i:03}", f"g{i}", "ab"[i % 2]) for i in range(80)]
    assert folding.deal(rows, FOLDS, 1) == folding.deal(rows, FOLDS, 1)
    assert folding.deal(rows, FOLDS, 1) != folding.deal(rows, FOLDS, 2)


def test_no_two_folds_share_a_seed():
    seeds = [folding.seed_of(repeat, fold) for repeat in range(1, 11) for fold in range(1, 21)]
    assert len(set(seeds)) == len(seeds)


def test_too_few_groups_are_refused():
    rows = [Row(f"r{i}", f"g{i % 3}") for i in range(30)]
    with pytest.raises(DataError, match="3 groups are too few for 4 folds: validation would be empty"):
        folding.deal(rows, FOLDS, 1)


def test_excluded_rows_and_the_holdout_take_no_part():
    records = [{"id": part, "label": "a"} for part in ("train", "validation", "test", "holdout", "excluded")]
    splits = {record["id"]: record["id"] for record in records}
    found = folding.rows_of(records, splits, {name: f"group of {name}" for name in splits}, HEADS["sequence"])
    assert [(row.id, row.group, row.stratum) for row in found] == [
        (name, f"group of {name}", "a") for name in ("train", "validation", "test")
    ]
