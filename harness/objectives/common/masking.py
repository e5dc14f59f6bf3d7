"""Masking for masked language modelling: the choice of tokens to hide, and of their replacements.

All randomness comes from the generator that a function gets, so the masks of an update depend only on the generator's
seed.
"""

import math

import torch

from harness.text.bio import IGNORED

# Draws below 0.8 become the mask token, those from 0.8 to 0.9 a random token, and the others stay.
_MASKED, _DRAWN = 0.8, 0.9


def mask_tokens(
    ids: torch.Tensor,
    maskable: torch.Tensor,
    rate: float,
    mask_id: int,
    replacements: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mask ids [B, T] as BERT does (Devlin et al. 2019, section 3.1). Returns (inputs, targets), both [B, T].

    Every position where `maskable` [B, T] is true is chosen with probability `rate`. Of the chosen tokens, 80 % become
    `mask_id`, 10 % become a random token of `replacements`, and 10 % stay. The target at a chosen position is its token
    id, and at other positions `IGNORED`, which the loss skips.
    """
    draw = torch.rand(ids.shape, generator=generator)
    chosen = maskable & (draw < rate)
    kind = torch.rand(ids.shape, generator=generator)
    return _replaced(ids, chosen, kind, mask_id, replacements, generator)


def mask_spans(
    ids: torch.Tensor,
    maskable: torch.Tensor,
    rate: float,
    mask_id: int,
    replacements: torch.Tensor,
    generator: torch.Generator,
    p: float,
    modulus: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mask spans of ids [B, T] as LTG-BERT does (Samuel et al. 2023). Returns (inputs, targets), both [B, T], as in
    `mask_tokens`.

    The number of tokens to mask in a row is binomial: every maskable token adds one with probability `rate`. Spans are
    drawn until they contain that many maskable tokens or more. The last span is not cut, and a token in two spans
    counts twice. A span's length is geometric with `p`, modulo `modulus`, and a length of 0 hides nothing. A span may
    begin at every position from which it could touch the row, also before the first token. So tokens at the edges are
    hidden as often as the others. The 80/10/10 rule of `mask_tokens` is decided once per span, but random tokens are
    drawn per position.
    """
    kind = place_spans(maskable, rate, generator, p, modulus)
    return _replaced(ids, kind < 1, kind, mask_id, replacements, generator)


def place_spans(
    maskable: torch.Tensor, rate: float, generator: torch.Generator, p: float, modulus: int
) -> torch.Tensor:
    """Draw the spans that `mask_spans` masks. Returns float64 [B, T]: one random number from 0 to 1 on all positions of
    a span, and ∞ outside the spans. The random number decides how the tokens of the span are replaced."""
    rows, width = maskable.shape
    place = torch.arange(width)
    # The length of a row without padding: one position more than its last maskable token.
    size = (torch.where(maskable, place, 0).amax(1) + 2)[:, None]
    cumulative = span_lengths(p, modulus).cumsum(0)
    # A sum of draws, because a binomial sampler gives other bits on other processors.
    left = ((torch.rand(rows, width, generator=generator) < rate) & maskable).sum(1)[:, None]
    spans = torch.full(maskable.shape, math.inf, dtype=torch.float64)
    while int(left.max()) > 0:
        which, where, number = torch.rand(3, rows, 1, generator=generator, dtype=torch.float64)
        length = torch.searchsorted(cumulative, which, right=True).clamp(max=modulus - 1)
        start = 1 - length + (where * (size + 2 * length - 1)).long()
        inside = maskable & (left > 0) & (place >= start) & (place < start + length)
        # A span whose tokens stay does not undo the masking of an earlier span.
        spans = torch.where(inside & ((number < _DRAWN) | spans.isinf()), number, spans)
        left = left - inside.sum(1, keepdim=True)
    return spans


def span_lengths(p: float, modulus: int) -> torch.Tensor:
    """The probabilities [modulus] of the span lengths 0, 1, … A length is drawn from the geometric distribution with
    `p` that begins at 1, and is then taken modulo `modulus`.

    For `p` 1/3 and `modulus` 10, the length 0 has probability .009 and the mean length is 2.74.
    """
    weights = torch.tensor([p * (1 - p) ** ((length or modulus) - 1) for length in range(modulus)], dtype=torch.float64)
    return weights / weights.sum()


def masking_rate(step: int, steps: int, schedule: str, start: float, end: float) -> float:
    """The share of tokens to mask at update `step` (from 0) of `steps`, from `start` at the first to `end` at the last.

    "linear" from 30 to 15 % is the schedule of Ankner et al. 2023 ("Dynamic masking rate schedules for MLM
    pretraining"). "cosine" follows half a cosine wave, and "constant" stays at `start`.
    """
    done = min(1.0, step / max(1, steps - 1))
    if schedule == "linear":
        return start + (end - start) * done
    if schedule == "cosine":
        return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
    return start


def _replaced(ids, chosen, kind, mask_id: int, replacements, generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The (inputs, targets) of `ids`. `kind`, a draw from 0 to 1 at `chosen` positions, decides their replacement."""
    targets = torch.where(chosen, ids, IGNORED)
    drawn = replacements[torch.randint(len(replacements), ids.shape, generator=generator)]
    inputs = torch.where(chosen & (kind < _MASKED), mask_id, ids)
    inputs = torch.where(chosen & (kind >= _MASKED) & (kind < _DRAWN), drawn, inputs)
    return inputs, targets
