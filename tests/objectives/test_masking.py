"""Masking, tested as a distribution. Span masking rests on two kinds of evidence: a slow reference with the same draws,
and the published description carried out with numpy's distributions, compared by position, budget and length."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.objectives.common.masking import mask_spans, mask_tokens, masking_rate, place_spans, span_lengths
from harness.text.bio import IGNORED

MASK = 4
WORDS = torch.arange(5, 1000)
LTG = (1 / 3, 10)  # the lengths of LTG-BERT's spans


def masked(seed: int = 0, rate: float = 0.15):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 1000, (400, 128), generator=generator)
    ids[:, 0] = 2
    inputs, targets = mask_tokens(ids, ids != 2, rate, MASK, WORDS, generator)
    return ids, inputs, targets


def binomial(count, n, share) -> bool:
    """Is `count` of `n` within 4 standard errors of `share`? A right one is outside once in 16,000."""
    return abs(int(count) - n * share) < 4 * math.sqrt(n * share * (1 - share))


def test_rate_and_the_80_10_10_rule():
    ids, inputs, targets = masked()
    chosen = targets != IGNORED
    n = int(chosen.sum())
    assert binomial(n, int((ids != 2).sum()), 0.15)
    replaced = chosen & (inputs != ids) & (inputs != MASK)
    assert binomial((chosen & (inputs == MASK)).sum(), n, 0.8)
    # One drawn token in 995 is the one that was there.
    same = 0.1 / len(WORDS)
    assert binomial(replaced.sum(), n, 0.1 - same)
    assert binomial((chosen & (inputs == ids)).sum(), n, 0.1 + same)
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


def text_rows(rows, width, seed, specials=0.05):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 1000, (rows, width), generator=generator)
    ids[torch.rand(rows, width, generator=generator) < specials] = 3
    ids[:, 0] = 2
    return ids, ids > 4


def reference_spans(maskable, rate, generator, p, modulus):
    """What each row's places become (a number, or None), one row, one span and one position at a time."""
    rows, width = maskable.shape
    weights = [p * (1 - p) ** (modulus - 1), *(p * (1 - p) ** (n - 1) for n in range(1, modulus))]
    borders = [sum(weights[: n + 1]) / sum(weights) for n in range(modulus)]
    adds = (torch.rand(rows, width, generator=generator) < rate).tolist()
    allowed = [[t for t in range(width) if maskable[b, t]] for b in range(rows)]
    left = [sum(adds[b][t] for t in allowed[b]) for b in range(rows)]
    kinds = [[None] * width for _ in range(rows)]
    while max(left) > 0:
        draws = torch.rand(3, rows, 1, generator=generator, dtype=torch.float64).flatten(1).tolist()
        for b in range(rows):
            if left[b] <= 0:
                continue
            length = next(n for n in range(modulus) if draws[0][b] < borders[n] or n + 1 == modulus)
            size = allowed[b][-1] + 2
            first = -(length - 1)
            start = first + int(draws[1][b] * (size + length - first))
            for t in set(range(start, start + length)) & set(allowed[b]):
                if kinds[b][t] is None or draws[2][b] < 0.9:
                    kinds[b][t] = draws[2][b]
                left[b] -= 1
    return kinds


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 0.6),
    st.floats(0.05, 0.9), st.integers(2, 12),
)  # fmt: skip
def test_spans_are_those_of_the_slow_reference(rows, width, seed, rate, specials, p, modulus):
    ids, maskable = text_rows(rows, width, seed, specials)
    generator = torch.Generator().manual_seed(seed + 1)
    inputs, targets = mask_spans(ids, maskable, rate, MASK, WORDS, generator, p, modulus)
    generator = torch.Generator().manual_seed(seed + 1)
    kinds = reference_spans(maskable, rate, generator, p, modulus)
    drawn = WORDS[torch.randint(len(WORDS), ids.shape, generator=generator)]
    expected, chosen = ids.clone(), torch.zeros_like(maskable)
    for b, t in itertools.product(range(rows), range(width)):
        if kinds[b][t] is not None:
            assert maskable[b, t]
            chosen[b, t] = True
            expected[b, t] = MASK if kinds[b][t] < 0.8 else drawn[b, t] if kinds[b][t] < 0.9 else ids[b, t]
    assert torch.equal(inputs, expected)
    assert torch.equal(targets, torch.where(chosen, ids, IGNORED))


def framed(rows, words, padding=0):
    """Rows of [CLS], `words` tokens and [SEP], then padding."""
    ids = torch.full((rows, words + 2 + padding), 7)
    ids[:, 0], ids[:, words + 1 :] = 2, 3
    return ids, ids > 4


def published_shares(words, rows, seed=1):
    """Shares hidden by position, [rows, words], from the published description and numpy's own distributions: nothing
    is shared with what is tested, neither the draws nor the arithmetic."""
    draw, size, hidden = np.random.default_rng(seed), words + 2, np.zeros((rows, words), bool)
    for row in hidden:
        left = draw.binomial(words, 0.15)
        while left > 0:
            length = draw.geometric(1 / 3) % 10
            # Position 0 is [CLS], so a word's number is one less than its position.
            start = draw.integers(-(length - 1), size + length) - 1
            span = range(max(0, start), min(words, start + length))
            row[span.start : span.stop] = True
            left -= len(span)
    return hidden


@pytest.mark.parametrize("words", [4, 22, 62, 126])
def test_every_position_is_hidden_as_often_as_published(words):
    """By position, two binomial shares of so many rows differ by more than 4 standard errors once in 16,000."""
    rows = 6000
    ids, maskable = framed(rows, words)
    _, targets = mask_spans(ids, maskable, 0.15, MASK, WORDS, torch.Generator().manual_seed(1), *LTG)
    ours = (targets != IGNORED)[:, 1:-1].numpy()
    theirs = published_shares(words, rows)
    error = np.sqrt(2 * theirs.mean() * (1 - theirs.mean()) / rows)
    assert np.abs(ours.mean(0) - theirs.mean(0)).max() < 4 * error
    # Rows are independent, words of a row are not: the error of the mean comes from the rows' own shares.
    spread = np.sqrt((ours.mean(1).var() + theirs.mean(1).var()) / rows)
    assert abs(ours.mean() - theirs.mean()) < 4 * spread
    # The edges: like the middle, and for long rows within the published .14 to .18.
    for edge in (0, -1):
        assert abs(ours[:, edge].mean() - ours.mean()) < 4 * error
        assert words < 60 or 0.14 - 4 * error < ours[:, edge].mean() < 0.18 + 4 * error


def test_padding_changes_nothing_about_a_row():
    plain, padded = ((mask_spans(*framed(3000, 22, pad), 0.15, MASK, WORDS, torch.Generator().manual_seed(5), *LTG)[1]
                      != IGNORED)[:, :24].float().mean(0) for pad in (0, 40))  # fmt: skip
    assert (plain - padded).abs().max() < 4 * math.sqrt(2 * 0.2 * 0.8 / 3000)


def chi_square(counts, expected) -> float:
    return sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))


def test_a_rows_budget_is_binomial_and_the_last_span_is_not_cut():
    """A row hides nothing where its budget is zero, as often as a binomial number is; a long row hides as many as
    published, on average and in spread: each within 4 standard errors, outside once in 16,000."""
    words, rows = 12, 8000
    _, maskable = framed(rows, words)
    spans = place_spans(maskable, 0.15, torch.Generator().manual_seed(3), *LTG)
    assert binomial((spans < 1).sum(1).eq(0).sum(), rows, 0.85**words)
    words, rows = 510, 2000
    _, maskable = framed(rows, words)
    ours = (place_spans(maskable, 0.15, torch.Generator().manual_seed(4), *LTG) < 1).sum(1).double().numpy()
    theirs = published_shares(words, rows).sum(1)
    assert abs(ours.mean() - theirs.mean()) < 4 * math.sqrt((ours.var() + theirs.var()) / rows)
    # The sums are nearly normal, so the variance of a variance is twice its square over the rows.
    assert abs(math.log(ours.var() / theirs.var())) < 4 * math.sqrt(2 * 2 / rows)


def test_span_lengths_are_geometric_modulo_ten():
    """Against numpy's geometric distribution, folded: chi-square, 9 degrees of freedom, 27.9 once in a thousand."""
    lengths = span_lengths(1 / 3, 10)
    drawn = np.bincount(np.random.default_rng(2).geometric(1 / 3, 100_000) % 10, minlength=10)
    assert chi_square(drawn.tolist(), (lengths * 100_000).tolist()) < 27.9
    # Folded at 10, a geometric number's mean loses ten for every whole ten in it, as often as q**9 in the first.
    q = 2 / 3
    mean = 3 - 10 * q**9 / (1 - q**10)
    assert float(lengths @ torch.arange(10.0).double()) == pytest.approx(mean)
    assert mean == pytest.approx(2.74, abs=0.005)


def spans_of(spans):
    """(length, number) of every span; each has a number of its own."""
    return [(int(n), float(v)) for row in spans
            for v, n in zip(*row[row < 1].unique(return_counts=True), strict=True)]  # fmt: skip


def test_lengths_seen_in_long_rows_are_those_drawn():
    """At a rate that hides a span or two of a long row, so that what is seen is what was drawn: chi-square, 8 degrees
    of freedom, 26.1 once in a thousand."""
    _, maskable = framed(6000, 1000)
    seen = spans_of(place_spans(maskable, 0.001, torch.Generator().manual_seed(5), *LTG))
    lengths = span_lengths(1 / 3, 10)[1:]
    counts = [sum(size == n for size, _ in seen) for n in range(1, 10)]
    # A little over one in a hundred meets an edge or another span.
    assert len(seen) > 3000 and chi_square(counts, (lengths / lengths.sum() * len(seen)).tolist()) < 26.1


def test_80_10_10_is_decided_for_whole_spans():
    ids, maskable = text_rows(300, 200, 7)
    spans = place_spans(maskable, 0.15, torch.Generator().manual_seed(8), *LTG)
    inputs, targets = mask_spans(ids, maskable, 0.15, MASK, WORDS, torch.Generator().manual_seed(8), *LTG)
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
    inputs, targets = mask_spans(ids, ids > 4, 1.0, MASK, WORDS, torch.Generator().manual_seed(1), *LTG)
    assert targets[0].tolist() == [IGNORED] * 4 and set(targets[1].tolist()) <= {IGNORED, 7, 8}
    assert (targets[1] != IGNORED).any() and torch.equal(inputs[0], ids[0])


# --- the rate ----------------------------------------------------------------------------------


def test_the_rate_falls_linearly_from_30_to_15_percent():
    rates = [masking_rate(step, 101, "linear", 0.30, 0.15) for step in range(101)]
    assert rates[0] == 0.30 and rates[100] == pytest.approx(0.15) and rates[50] == pytest.approx(0.225)
    assert [round(a - b, 6) for a, b in itertools.pairwise(rates)] == [0.0015] * 100


def test_cosine_and_constant_rates():
    rates = [masking_rate(step, 101, "cosine", 0.4, 0.2) for step in range(101)]
    assert (rates[0], rates[50], rates[100]) == (pytest.approx(0.4), pytest.approx(0.3), pytest.approx(0.2))
    assert rates[25] == pytest.approx(0.2 + 0.1 * (1 + math.cos(math.pi / 4)))
    assert {masking_rate(step, 101, "constant", 0.15, 0.3) for step in range(101)} == {0.15}
    assert masking_rate(0, 1, "linear", 0.30, 0.15) == 0.30


def test_masks_of_an_update_follow_its_rate():
    for step, expected in ((0, 0.30), (500, 0.225), (1000, 0.15)):
        ids, _, targets = masked(seed=step, rate=masking_rate(step, 1001, "linear", 0.30, 0.15))
        assert binomial((targets != IGNORED).sum(), int((ids != 2).sum()), expected)
