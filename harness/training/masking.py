"""Masking for masked language modelling: which tokens are hidden, and what stands in their place."""

import torch

from harness.training.batching import IGNORED


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
    targets = torch.where(chosen, ids, IGNORED)
    kind = torch.rand(ids.shape, generator=generator)
    drawn = replacements[torch.randint(len(replacements), ids.shape, generator=generator)]
    inputs = torch.where(chosen & (kind < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (kind >= 0.8) & (kind < 0.9), drawn, inputs)
    return inputs, targets
