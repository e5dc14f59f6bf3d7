"""Masking, tested as a distribution, and span masking against a slow reference that has the same draws."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.training.batching import IGNORED
from harness.training.masking import mask_spans, mask_tokens, masking_rate, place_spans, span_lengths

MASK = 4
WORDS = torch.arange(5, 1000)


def masked(seed: int = 0, rate: float = 0.15):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 1000, (400, 128), generator=generator)
    ids[:, 0] = 2
    inputs, targets = mask_tokens(ids, ids != 2, rate, MASK, WORDS, generator)
    return ids, inputs, targets


def test_rate_and_the_80_10_10_rule():
    ids, inputs, targets = masked()
    chosen = targets != IGNORED
    n = int(chosen.sum())
    assert abs(n / (ids != 2).sum() - 0.15) < 0.005
    replaced = chosen & (inputs != ids) & (inputs != MASK)
    assert abs(int((chosen & (inputs == MASK)).sum()) / n - 0.8) < 0.015
    assert abs(int(replaced.sum()) / n - 0.1) < 0.01
    assert abs(int((chosen & (inputs == ids)).sum()) / n - 0.1) < 0.01
    assert int(inputs[replaced].min()) >= 5


def test_drawn_tokens_are_drawn_evenly():
    """Ten parts of the vocabulary: chi-square, 9 degrees of freedom, 27.9 once in a thousand."""
    generator = torch.Generator().manual_seed(9)
    ids = torch.full((400, 256), 1001)
    inputs, _ = mask_tokens(ids, ids > 0, 0.5, MASK, torch.arange(5, 1005), generator)
    drawn = inputs[(inputs != ids) & (inputs != MASK)]
    counts = torch.histc(drawn.float(), 10, 5, 1005)
    assert len(drawn) > 4000 and chi_square(counts.tolist(), [len(drawn) / 10] * 10) < 27.9


def test_special_tokens_stay_and_unchosen_positions_are_untouched():
    ids, inputs, targets = masked()
    assert (targets[:, 0] == IGNORED).all() and (inputs[:, 0] == 2).all()
    untouched = targets == IGNORED
    assert (inputs[untouched] == ids[untouched]).all()
    assert (targets[~untouched] == ids[~untouched]).all()


def test_masks_repeat_with_the_generator_and_differ_without():
    assert torch.equal(masked(1)[1], masked(1)[1])
    assert not torch.equal(masked(1)[1], masked(2)[1])


# --- spans -------------------------------------------------------------------------------------


def reference_spans(maskable, rate, generator, p, longest):
    """Spans of each row as (start, length, kind), one row, one span and one position at a time.

    Rests on the description that the code was written from, so it shares a misreading of it.
    """
    rows, width = maskable.shape
    weights = [p * (1 - p) ** n for n in range(longest)]
    borders = [sum(weights[: n + 1]) / sum(weights) for n in range(longest)]
    fraction = torch.rand(rows, generator=generator, dtype=torch.float64).tolist()
    allowed = [{t for t in range(width) if maskable[b, t]} for b in range(rows)]
    free = [set(places) for places in allowed]
    left = [math.floor(len(free[b]) * rate + fraction[b]) for b in range(rows)]
    spans = [[] for _ in range(rows)]
    while max(left) > 0:
        draws = torch.rand(3, rows, generator=generator, dtype=torch.float64).tolist()
        for b in range(rows):
            if not left[b]:
                continue
            length = next(n + 1 for n in range(longest) if draws[0][b] < borders[n] or n + 1 == longest)
            for size in range(min(length, left[b]), 0, -1):
                starts = [t for t in range(width) if all(t + k in free[b] for k in range(size))]
                if starts:
                    break
            start = starts[int(draws[1][b] * len(starts))]
            free[b] -= set(range(start, start + size))
            left[b] -= size
            spans[b].append((start, size, draws[2][b]))
    return spans


def text_rows(rows, width, seed, specials=0.05):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 1000, (rows, width), generator=generator)
    ids[torch.rand(rows, width, generator=generator) < specials] = 3
    ids[:, 0] = 2
    return ids, ids > 4


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 0.6),
    st.floats(0.05, 0.9), st.integers(1, 12),
)  # fmt: skip
def test_spans_are_those_of_the_slow_reference(rows, width, seed, rate, specials, p, longest):
    ids, maskable = text_rows(rows, width, seed, specials)
    generator = torch.Generator().manual_seed(seed + 1)
    inputs, targets = mask_spans(ids, maskable, rate, MASK, WORDS, generator, p, longest)
    generator = torch.Generator().manual_seed(seed + 1)
    spans = reference_spans(maskable, rate, generator, p, longest)
    drawn = WORDS[torch.randint(len(WORDS), ids.shape, generator=generator)]
    expected, chosen = ids.clone(), torch.zeros_like(maskable)
    for b, row in enumerate(spans):
        for start, size, kind in row:
            for t in range(start, start + size):
                assert maskable[b, t] and not chosen[b, t]
                chosen[b, t] = True
                expected[b, t] = MASK if kind < 0.8 else drawn[b, t] if kind < 0.9 else ids[b, t]
    assert torch.equal(inputs, expected)
    assert torch.equal(targets, torch.where(chosen, ids, IGNORED))


def test_every_row_has_its_share_to_the_token_and_the_mean_is_the_rate():
    ids, maskable = text_rows(256, 512, 3)
    _, targets = mask_spans(ids, maskable, 0.15, MASK, WORDS, torch.Generator().manual_seed(1))
    exact = maskable.sum(1) * 0.15
    assert ((targets != IGNORED).sum(1) - exact).abs().max() < 1
    # Rows of four tokens: the share is 0.6 of a token, so three rows of five hide one.
    ids, maskable = text_rows(4000, 5, 4, specials=0.0)
    _, targets = mask_spans(ids, maskable, 0.15, MASK, WORDS, torch.Generator().manual_seed(2))
    assert set((targets != IGNORED).sum(1).tolist()) == {0, 1}
    assert abs((targets != IGNORED).sum().item() / maskable.sum().item() - 0.15) < 0.006


def chi_square(counts, expected) -> float:
    return sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))


def expected_lengths(budget, p, longest):
    """How many spans of each length a row has on average: lengths are drawn until `budget` is full, the last
    one is cut. By the probability that a span begins when `spent` tokens are gone."""
    weights = [p * (1 - p) ** n for n in range(longest)]
    weights = [w / sum(weights) for w in weights]
    begins, counts = [1.0] + [0.0] * budget, [0.0] * longest
    for spent in range(budget):
        for n, weight in enumerate(weights, start=1):
            size = min(n, budget - spent)
            counts[size - 1] += begins[spent] * weight
            begins[spent + size] += begins[spent] * weight
    return counts


def test_span_lengths_are_geometric_and_renormalised():
    """Chi-square, 9 degrees of freedom: 27.9 would be met by chance once in a thousand."""
    lengths = span_lengths(0.2, 10)
    mean = float((lengths * torch.arange(1, 11)).sum())
    assert round(mean, 1) == 3.8 and abs(float(lengths.sum()) - 1) < 1e-12
    assert torch.allclose(lengths[1:] / lengths[:-1], torch.full((9,), 0.8, dtype=torch.float64))
    # Rows in which every span fits, so that what is seen is what was drawn.
    spans = place_spans(torch.ones(300, 1000, dtype=torch.bool), 0.15, torch.Generator().manual_seed(5), 0.2, 10)
    seen = spans_of(spans)
    counts = [sum(size == n for size, _ in seen) for n in range(1, 11)]
    assert sum(size for size, _ in seen) == 300 * 150
    assert chi_square(counts, [300 * n for n in expected_lengths(150, 0.2, 10)]) < 27.9


def spans_of(spans):
    """(length, number) of every span; each has a number of its own."""
    return [(int(n), float(v)) for row in spans
            for v, n in zip(*row[row < 1].unique(return_counts=True), strict=True)]  # fmt: skip


def test_spans_begin_anywhere_they_fit():
    """Lone spans of one token in a row of twenty: chi-square, 19 degrees of freedom, 43.8 once in a thousand."""
    spans = place_spans(torch.ones(4000, 20, dtype=torch.bool), 0.05, torch.Generator().manual_seed(6), 0.2, 10)
    assert chi_square((spans < 1).sum(0).tolist(), [200.0] * 20) < 43.8


def test_80_10_10_is_decided_for_whole_spans():
    ids, maskable = text_rows(300, 200, 7)
    spans = place_spans(maskable, 0.15, torch.Generator().manual_seed(8), 0.2, 10)
    inputs, targets = mask_spans(ids, maskable, 0.15, MASK, WORDS, torch.Generator().manual_seed(8))
    assert torch.equal(targets != IGNORED, spans < 1)
    kinds = {"masked": 0, "drawn": 0, "kept": 0}
    for b in range(300):
        for number in spans[b][spans[b] < 1].unique():
            inside = spans[b] == number
            became, was = inputs[b][inside], ids[b][inside]
            kinds["masked" if (became == MASK).all() else "kept" if (became == was).all() else "drawn"] += 1
            assert (became == MASK).all() or not (became == MASK).any()
    n = sum(kinds.values())
    # 2 degrees of freedom: 13.8 once in a thousand.
    assert n > 2000 and chi_square(kinds.values(), [0.8 * n, 0.1 * n, 0.1 * n]) < 13.8


def test_a_row_without_words_and_a_rate_of_everything():
    ids = torch.tensor([[2, 3, 3, 3], [2, 7, 8, 3]])
    inputs, targets = mask_spans(ids, ids > 4, 1.0, MASK, WORDS, torch.Generator().manual_seed(1))
    assert targets.tolist() == [[IGNORED] * 4, [IGNORED, 7, 8, IGNORED]]
    assert torch.equal(inputs[0], ids[0])


# --- the rate ----------------------------------------------------------------------------------


def test_the_rate_falls_linearly_from_30_to_15_percent():
    rates = [masking_rate(step, 101) for step in range(101)]
    assert rates[0] == 0.30 and rates[100] == pytest.approx(0.15) and rates[50] == pytest.approx(0.225)
    assert [round(a - b, 6) for a, b in itertools.pairwise(rates)] == [0.0015] * 100


def test_cosine_and_constant_rates():
    rates = [masking_rate(step, 101, "cosine", 0.4, 0.2) for step in range(101)]
    assert (rates[0], rates[50], rates[100]) == (pytest.approx(0.4), pytest.approx(0.3), pytest.approx(0.2))
    assert rates[25] == pytest.approx(0.2 + 0.1 * (1 + math.cos(math.pi / 4)))
    assert {masking_rate(step, 101, "constant", 0.15) for step in range(101)} == {0.15}
    assert masking_rate(0, 1) == 0.30
    with pytest.raises(ValueError, match="no schedule 'square'"):
        masking_rate(1, 2, "square")


def test_masks_of_an_update_follow_its_rate():
    for step, expected in ((0, 0.30), (500, 0.225), (1000, 0.15)):
        ids, _, targets = masked(seed=step, rate=masking_rate(step, 1001))
        assert abs((targets != IGNORED).sum() / (ids != 2).sum() - expected) < 0.006
