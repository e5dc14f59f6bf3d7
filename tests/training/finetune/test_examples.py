"""Examples in flat arrays come back as they were put in, and take a few bytes a token."""

import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text.bio import IGNORED
from harness.training.finetune.examples import Example, Examples

ROW = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6).map(tuple)


@given(st.lists(st.lists(ROW, min_size=1, max_size=4), max_size=8), st.booleans(), st.booleans())
def test_examples_come_back_as_they_were(given_rows, segments, windows):
    examples = []
    for i, rows in enumerate(given_rows):
        rows = tuple(rows[:1] if windows else rows)
        number = len(rows[0])
        tags = tuple(IGNORED if k == 0 else k for k in range(number))
        examples.append(
            Example(
                rows,
                tuple(tuple(k % 2 for k in range(len(row))) for row in rows) if segments else (),
                tags if windows else i % 3,
                i // 2,
                tuple((k, k + 1) for k in range(number)) if windows else (),
            )
        )
    kept = Examples(iter(examples))
    assert kept.lengths.tolist() == [example.length for example in examples]
    for one in (kept, pickle.loads(pickle.dumps(kept))):
        assert list(one) == examples and one[1:] == examples[1:]
        assert all(type(number) is int for example in one for number in (example.record, *example.rows[0]))
    if examples:
        assert kept[-1] == examples[-1]
    with pytest.raises(IndexError):
        kept[len(examples)]


def test_an_example_that_is_not_like_the_others_is_refused():
    with pytest.raises(ValueError, match="some examples have segment ids"):
        Examples([Example(((1, 2),), ((0, 0),), 0, 0), Example(((1, 2),), (), 0, 1)])


def test_two_hundred_thousand_tokens_take_four_megabytes():
    def windows(number):
        ids = range(70_000, 71_000)
        for i in range(number):
            tags = tuple(k % 5 for k in range(1000))
            yield Example((tuple(ids),), ((0,) * 1000,), tags, i, tuple((k, k + 1) for k in ids))

    tracemalloc.start()
    kept = Examples(windows(200))
    found, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 200 and len(pickle.dumps(kept)) < 3.5e6
    assert found < 4e6 and most < 9e6, (found, most)
