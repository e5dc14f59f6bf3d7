"""A plan covers an epoch once, is the same from any position on, and does not depend on how updates are cut."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.training.plan import Plan, Position, Row


def rows_of(block: range, generator: torch.Generator) -> list[Row]:
    return [Row((1, *[5 + i] * (1 + i % 7), 2)) for i in block]


def plan(documents: int = 50, effective: int = 4, device: int = 2, seed: int = 1, block: int = 20) -> Plan:
    return Plan(documents, rows_of, effective, device, seed, block)


def taken(some: Plan, updates: int, start: Position = Position()) -> list:  # noqa: B008
    return list(itertools.islice(some.updates(start), updates))


def test_an_epoch_holds_every_row_at_most_once_and_leaves_out_less_than_a_batch_per_block():
    some = plan()
    seen = [row.ids for _, parts in taken(some, some.updates_per_epoch()) for part in parts for row in part]
    assert len(seen) == len(set(seen)) and 50 - 3 * 3 <= len(seen) <= 50


@given(st.integers(0, 30), st.integers(1, 3), st.integers(5, 60))
@settings(max_examples=25, deadline=None)
def test_from_any_position_on_the_updates_are_the_same(done, seed, block):
    some = plan(seed=seed, block=block)
    whole = taken(some, done + 5)
    position = whole[done - 1][0] if done else Position()
    assert taken(some, 5, position) == whole[done:]


def test_how_an_update_is_cut_changes_none_of_its_rows():
    fine, coarse = taken(plan(device=1), 20), taken(plan(device=4), 20)
    for (_, a), (_, b) in zip(fine, coarse, strict=True):
        assert [row for part in a for row in part] == [row for part in b for row in part]


def test_epochs_and_seeds_differ():
    some = plan()
    per_epoch = some.updates_per_epoch()
    both = [parts for _, parts in taken(some, 2 * per_epoch)]
    assert both[:per_epoch] != both[per_epoch:] and both != [p for _, p in taken(plan(seed=2), 2 * per_epoch)]


def test_rows_of_an_update_have_similar_lengths():
    spreads = [max(r.length for p in u for r in p) - min(r.length for p in u for r in p) for _, u in taken(plan(), 8)]
    assert sum(spreads) / len(spreads) < 2.5  # drawn at random it would be about 4


def test_a_corpus_that_fills_no_update_is_refused():
    with pytest.raises(ConfigError, match="does not fill one effective batch of 64 rows"):
        next(plan(effective=64).updates())
