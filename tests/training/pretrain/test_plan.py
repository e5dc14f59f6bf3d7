"""A plan covers an epoch once, is the same from any position on, and does not depend on how updates are cut."""

import itertools
import os
from contextlib import closing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.objectives.common.rows import Row
from harness.training.pretrain import plan as planning
from harness.training.pretrain.plan import BLOCK_DOCUMENTS, BLOCK_TOKENS, Begun, Plan, Position, cut_blocks


def rows_of(block: range, generator: torch.Generator) -> list[Row]:
    return [Row((1, *[5 + i] * (1 + i % 7), 2)) for i in block]


def plan(documents: int = 50, effective: int = 4, device: int = 2, seed: int = 1, block: int = 20) -> Plan:
    return Plan([3 + i % 7 for i in range(documents)], rows_of, effective, device, seed, block)


def taken(some: Plan, updates: int, start: Position = Position(), begun: Begun | None = None) -> list:  # noqa: B008
    with closing(some.updates(start, begun)) as given:
        return list(itertools.islice(given, updates))


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


@pytest.mark.parametrize(("done", "block"), [(1, 60), (7, 60), (5, 20), (4, 10), (6, 10)])
def test_an_epoch_that_another_seed_began_is_read_to_its_end_in_an_order_of_its_own(done, block):
    """No row comes twice in it, and what comes after it is as by that seed alone."""
    trunk, end, other = (plan(seed=seed, block=block) for seed in (1, 2, 3))
    left = trunk.updates_per_epoch() - done
    whole = taken(trunk, done + left)
    begun = Begun(1, whole[done - 1][0])
    found = taken(end, left + 3, begun.end, begun)

    def rows(updates) -> list:
        return [row.ids for _, parts in updates for part in parts for row in part]

    assert {at.epoch for at, _ in found[:left]} == {0} and not set(rows(found[:left])) & set(rows(whole[:done]))
    assert len(rows(found[:left])) == len(set(rows(found[:left])))
    if block == 60:  # of a block that is cut anew, other rows may be left over
        assert sorted(rows(found[:left])) == sorted(rows(whole[done:]))
    assert rows(found[:left]) != rows(whole[done:]) != rows(taken(other, left, begun.end, begun))
    assert found[left:] == taken(end, 3, Position(1))
    assert taken(end, left, found[2][0], begun) == found[3:]


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


def test_a_corpus_without_documents_is_refused():
    with pytest.raises(ConfigError, match="does not fill one effective batch"):
        next(plan(documents=0).updates())


def test_an_epoch_is_refused_only_where_no_block_fills_an_update():
    some = plan(documents=23, effective=4, block=20)  # the second block has three rows
    assert some.updates_per_epoch() == 5 and len(taken(some, 12)) == 12
    with pytest.raises(ConfigError):
        next(plan(documents=23, effective=24, block=20).updates())


def test_a_block_made_ahead_has_the_rows_of_one_made_when_it_is_wanted(monkeypatch):
    ahead = taken(plan(block=10), 40)
    monkeypatch.setattr(planning, "made_ahead", lambda work, jobs: (work(job) for job in jobs))
    assert taken(plan(block=10), 40) == ahead


def test_blocks_are_made_in_another_process_where_there_are_several_and_by_several_threads(monkeypatch):
    """OpenMP deadlocks in a process that was forked from one that has used several threads."""

    def told(block: range, generator: torch.Generator) -> list[Row]:
        mixed = torch.randperm(1 << 20, generator=generator)[torch.arange(1 << 20)]  # enough for several threads
        return [Row((os.getpid(), int(mixed[i]), 0, 2)) for i in block]

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch.rand(1 << 22).sqrt().sum()  # starts this process's threads
        for block, elsewhere in ((10, True), (100, False)):
            some = Plan([4] * 40, told, 4, 4, 1, block)
            makers = {row.ids[0] for _, parts in taken(some, 20) for part in parts for row in part}
            assert (os.getpid() not in makers) == elsewhere and len(makers) == 1
        assert Plan([4] * 40, told, 4, 4, 1, 10).updates_per_epoch(workers=2) == 8
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 9), st.integers(1, 60))
def test_blocks_hold_every_document_once_and_no_more_than_they_may(sizes, documents, tokens):
    blocks = cut_blocks(sizes, documents, tokens)
    assert [i for block in blocks for i in block] == list(range(len(sizes)))
    for block, following in itertools.zip_longest(blocks, blocks[1:]):
        held = sum(sizes[i] for i in block)
        assert len(block) == 1 or (len(block) <= documents and held <= tokens)
        # And none ends before it must.
        assert following is None or len(block) == documents or held + sizes[following.start] > tokens


def test_a_corpus_within_both_bounds_is_one_block():
    assert cut_blocks([800] * 20_000, BLOCK_DOCUMENTS, BLOCK_TOKENS) == [range(20_000)]
    assert len(cut_blocks([800] * 21_000, BLOCK_DOCUMENTS, BLOCK_TOKENS)) == 2
    assert len(cut_blocks([8000] * 20_000, BLOCK_DOCUMENTS, BLOCK_TOKENS)) == 10
