"""Masking for masked language modelling: which tokens are hidden, and what stands in their place.

Everything random comes from the generator of the call, so that the masks of an update depend on
nothing but its seed.
"""

import math

import torch

from harness.training.batching import IGNORED

SCHEDULES = ("linear", "constant", "cosine")

# Of what was chosen, the share that becomes the mask token, and the share up to which a drawn token.
_MASKED, _DRAWN = 0.8, 0.9


def mask_tokens(
    ids: torch.Tensor,
    maskable: torch.Tensor,
    rate: float,
    mask_id: int,
    replacements: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """BERT's masking (Devlin et al. 2019, section 3.1): ids [B, T] to (inputs, targets) of that shape.

    Every position where `maskable` is true is chosen with probability `rate`; of the chosen, 80 % become
    `mask_id`, 10 % a token drawn from `replacements` and 10 % stay. Targets are `IGNORED` elsewhere.
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
    p: float = 0.2,
    longest: int = 10,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Span masking (Joshi et al. 2020, SpanBERT): ids [B, T] to (inputs, targets) of that shape.

    Lengths follow `span_lengths(p, longest)`; a span starts at any place, with equal probability, from
    which it fits into maskable tokens that are still free, so it never crosses a special token. Each
    row gets spans until exactly `rate` of its maskable tokens are chosen (a fraction of a token is
    rounded up as often as it is large); the last one is cut to that, and one that fits nowhere to the
    longest place left. The 80/10/10 rule of `mask_tokens` is decided once per span; drawn tokens are
    drawn for each position.
    """
    kind = place_spans(maskable, rate, generator, p, longest)
    return _replaced(ids, kind < 1, kind, mask_id, replacements, generator)


def place_spans(
    maskable: torch.Tensor, rate: float, generator: torch.Generator, p: float, longest: int
) -> torch.Tensor:
    """The spans of `mask_spans`, [B, T]: one number from 0 to 1 on all positions of a span, ∞ elsewhere."""
    rows, width = maskable.shape
    place = torch.arange(width, dtype=torch.int32)
    cumulative = span_lengths(p, longest).cumsum(0)
    fraction = torch.rand(rows, generator=generator, dtype=torch.float64)
    left = (maskable.sum(1).double() * rate + fraction).floor().int()
    free = _free_runs(maskable)
    spans = torch.full(maskable.shape, math.inf, dtype=torch.float64)
    while int(left.max()) > 0:
        which, where, number = torch.rand(3, rows, generator=generator, dtype=torch.float64)
        length = torch.searchsorted(cumulative, which, right=True).clamp(max=longest - 1).int() + 1
        length = torch.minimum(length, torch.minimum(left, free.amax(1)))[:, None]
        # The span begins at the n-th of the row's possible places.
        possible = (free >= length).cumsum(1, dtype=torch.int32)
        n = (where * possible[:, -1]).int()[:, None]
        start = (possible <= n).sum(1, dtype=torch.int32)[:, None]
        inside = (place >= start) & (place < start + length)
        spans = torch.where(inside, number[:, None], spans)
        free = torch.where(place < start, torch.minimum(free, start - place), free).masked_fill(inside, 0)
        left = left - length[:, 0]
    return spans


def span_lengths(p: float, longest: int) -> torch.Tensor:
    """Probabilities [longest] of the lengths 1, 2, …: geometric with parameter `p`, renormalised to at most
    `longest`. For 0.2 and 10 the mean is 3.8, as published; clipping longer ones to 10 would give 4.5.
    """
    weights = p * (1 - p) ** torch.arange(longest, dtype=torch.float64)
    return weights / weights.sum()


def masking_rate(step: int, steps: int, schedule: str = "linear", start: float = 0.30, end: float = 0.15) -> float:
    """Share of tokens to mask at update `step` (from 0) of `steps`, from `start` at the first to `end` at the last.

    "linear" from 30 to 15 % is the schedule of Ankner et al. 2023 ("Dynamic masking rate schedules for
    MLM pretraining"); "cosine" goes the same way along half a wave; "constant" stays at `start`.
    Raises ValueError for another schedule.
    """
    done = min(1.0, step / max(1, steps - 1))
    if schedule == "linear":
        return start + (end - start) * done
    if schedule == "cosine":
        return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
    if schedule == "constant":
        return start
    raise ValueError(f"no schedule {schedule!r}; one of {', '.join(SCHEDULES)}")


def _free_runs(free: torch.Tensor) -> torch.Tensor:
    """How many positions from each one on are free without a gap, [B, T]."""
    width = free.shape[1]
    place = torch.arange(width, dtype=torch.int32)
    taken = torch.where(free, width, place).int()
    return taken.flip(1).cummin(1).values.flip(1) - place


def _replaced(ids, chosen, kind, mask_id: int, replacements, generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets; `kind` (0 to 1, where chosen) decides what a position becomes."""
    targets = torch.where(chosen, ids, IGNORED)
    drawn = replacements[torch.randint(len(replacements), ids.shape, generator=generator)]
    inputs = torch.where(chosen & (kind < _MASKED), mask_id, ids)
    inputs = torch.where(chosen & (kind >= _MASKED) & (kind < _DRAWN), drawn, inputs)
    return inputs, targets
