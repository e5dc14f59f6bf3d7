"""The splitter: its properties, its exactness, and one manifest held to the letter."""

import hashlib
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.splitting import Row, split

SHARES = {"train": 0.75, "validation": 0.10, "test": 0.15}
QUICK = settings(max_examples=80, deadline=None, derandomize=True)


def table(groups: list[list[str]]) -> list[Row]:
    """Rows of groups given as lists of labels."""
    return [
        Row(f"g{g:03d}-{r}", f"g{g:03d}", label) for g, labels in enumerate(groups) for r, label in enumerate(labels)
    ]


def moved(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [row_id for row_id in before if after[row_id] != before[row_id]]


labels = st.sampled_from("ABC")
unequal = st.lists(st.lists(labels, min_size=1, max_size=6), min_size=1, max_size=60)
seeds = st.integers(0, 2**31)


@QUICK
@given(unequal, seeds, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_groups_do_not_matter(groups, seed, rng):
    rows = table(groups)
    result = split(rows, SHARES, seed)
    shuffled = rows[:]
    rng.shuffle(shuffled)
    names = [f"other-{i}" for i in range(len(groups))]
    rng.shuffle(names)
    renamed = [Row(row.id, names[int(row.group[1:])], row.stratum) for row in shuffled]
    assert split(shuffled, SHARES, seed) == result
    assert split(renamed, SHARES, seed) == result
    assert list(split(renamed, SHARES, seed)) == sorted(result)


@QUICK
@given(unequal, seeds)
def test_no_group_crosses_and_every_share_is_met_within_the_largest_group(groups, seed):
    rows = table(groups)
    result = split(rows, SHARES, seed)
    assert set(result) == {row.id for row in rows}
    for group in {row.group for row in rows}:
        assert len({result[row.id] for row in rows if row.group == group}) == 1
    sizes = Counter(result.values())
    for name, share in SHARES.items():
        assert abs(sizes[name] - share * len(rows)) <= max(map(len, groups))


@QUICK
@given(st.lists(labels, min_size=1, max_size=200), st.integers(1, 3), seeds)
def test_equal_groups_are_cut_by_largest_remainder(group_labels, size, seed):
    rows = table([[label] * size for label in group_labels])
    sizes = Counter(split(rows, SHARES, seed).values())
    n = len(group_labels)
    expected = {name: int(share * n + 1e-9) for name, share in SHARES.items()}
    # Ties fall to the split that is named first: sorting is stable.
    by_remainder = sorted(SHARES, key=lambda name: -round(SHARES[name] * n - expected[name], 9))
    for name in by_remainder[: n - sum(expected.values())]:
        expected[name] += 1
    assert sizes == Counter({name: count * size for name, count in expected.items()})


@QUICK
@given(st.lists(labels, min_size=1, max_size=200), seeds)
def test_label_counts_of_single_rows_are_off_by_less_than_two(row_labels, seed):
    rows = table([[label] for label in row_labels])
    result = split(rows, SHARES, seed)
    for label, total in Counter(row_labels).items():
        counts = Counter(result[row.id] for row in rows if row.stratum == label)
        for name, share in SHARES.items():
            assert abs(counts[name] - share * total) < 2


def test_label_counts_of_unequal_groups_stay_close():
    groups = [["A", "B"]] * 300 + [["A"]] * 200 + [["B", "B", "C"]] * 30 + [["C"] * 7] * 9 + [["A", "B"] * 5] * 3
    result = split(rows := table(groups), SHARES, 11)
    totals = Counter(row.stratum for row in rows)
    for (name, label), count in Counter((result[row.id], row.stratum) for row in rows).items():
        assert abs(count - SHARES[name] * totals[label]) <= 7, (name, label)


def test_exact_at_113_rows():
    rows = table([["A"]] * 61 + [["B"]] * 40 + [["C"]] * 12)
    for seed in range(20):
        assert Counter(split(rows, SHARES, seed).values()) == {"train": 85, "validation": 11, "test": 17}


def test_another_seed_gives_another_split():
    rows = table([["A"], ["B"]] * 100)
    first, second = split(rows, SHARES, 1), split(rows, SHARES, 2)
    assert 40 < len(moved(first, second)) < 120


def test_large_groups_do_not_all_go_to_training():
    rows = table([["A"] * 5] * 40 + [["A"]] * 200)
    result = split(rows, SHARES, 3)
    large = Counter(result[f"g{g:03d}-0"] for g in range(40))
    assert large == {"train": 30, "validation": 4, "test": 6}


def ids_by_split(result: dict[str, str]) -> dict[str, list[str]]:
    return {name: [row_id for row_id, split_of in result.items() if split_of == name] for name in SHARES}


def test_golden_manifests():
    single = ids_by_split(split(table([["A"]] * 6 + [["B"]] * 4), SHARES, 2026))
    assert single["validation"] == ["g001-0"]
    assert single["test"] == ["g005-0"]
    assert len(single["train"]) == 8
    mixed = ids_by_split(split(table([["A"], ["B"], ["A", "B"], ["B"], ["A", "A", "B"]] * 4), SHARES, 2026))
    assert mixed["validation"] == ["g010-0", "g012-0", "g012-1"]
    assert mixed["test"] == ["g003-0", "g005-0", "g019-0", "g019-1", "g019-2"]
    assert len(mixed["train"]) == 24


def test_turns_come_from_sha256_of_seed_and_smallest_id():
    rows = table([["A"]] * 20)
    turns = sorted((hashlib.sha256(f"9\n{row.id}".encode()).hexdigest(), row.id) for row in rows)
    assert ids_by_split(split(rows, SHARES, 9))["train"] == sorted(row_id for _, row_id in turns[:15])


# Frozen manifests


@QUICK
@given(unequal, unequal, seeds)
def test_appending_moves_nothing_and_follows_old_groups(groups, further, seed):
    rows = table(groups)
    before = split(rows, SHARES, seed)
    appended = [
        Row(f"new-{row.id}", row.group if i % 2 else f"new-{row.group}", row.stratum)
        for i, row in enumerate(table(further))
    ]
    everything = rows + appended
    after = split(everything, SHARES, seed, before)
    assert moved(before, after) == []
    assert "excluded" not in after.values()
    for group in {row.group for row in everything}:
        assert len({after[row.id] for row in everything if row.group == group}) == 1
    assert split(everything, SHARES, seed, after) == after


def test_an_unchanged_table_extends_to_itself():
    rows = table([["A", "B"]] * 20 + [["A"] * 3] * 5)
    before = split(rows, SHARES, 5)
    assert split(rows, SHARES, 5, before) == before


def test_new_groups_fill_the_largest_deficit():
    before = {f"g{g:03d}-0": "train" for g in range(75)}
    rows = table([["A"]] * 100)
    after = split(rows, SHARES, 0, before)
    assert Counter(after.values()) == {"train": 75, "validation": 10, "test": 15}
    one_more = split(table([["A"]] * 101), SHARES, 0, after)
    assert one_more["g100-0"] == "train"


def test_a_row_that_joins_two_splits_is_excluded():
    before = {"a": "train", "b": "test", "c": "train"}
    rows = [Row("a", "one"), Row("b", "one"), Row("bridge", "one"), Row("c", "two"), Row("d", "two")]
    after = split(rows, SHARES, 0, before)
    assert after == {"a": "train", "b": "test", "bridge": "excluded", "c": "train", "d": "train"}
    without = [row for row in rows if row.id not in ("a", "b")]
    assert split(without, SHARES, 0, after)["bridge"] == "excluded"


def test_the_holdout_stays_and_what_touches_it_is_excluded():
    rows = [*table([["A"]] * 40), Row("h1", "h1", "A", holdout=True), Row("h2", "g007", "A", holdout=True)]
    result = split(rows, SHARES, 0)
    assert result["h1"] == result["h2"] == "holdout"
    assert result["g007-0"] == "excluded"
    assert Counter(result.values()) == {"train": 29, "validation": 4, "test": 6, "holdout": 2, "excluded": 1}
    assert split(rows, SHARES, 0, result) == result
