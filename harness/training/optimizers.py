"""Optimizers, and which parameters are not decayed."""

import torch

KINDS = ("adamw", "stable_adamw")


def decay_groups(model: torch.nn.Module, weight_decay: float, spared: tuple[str, ...] = ()) -> list[dict]:
    """Two parameter groups, with and without weight decay; tied weights stand in one of them once.

    Not decayed are vectors (biases and normalisation weights in all three families) and parameters
    whose name ends with one of `spared` (see `Architecture.undecayed`).
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    free = {name for name, p in named if p.ndim <= 1 or (spared and name.endswith(spared))}
    return [
        {"params": [p for name, p in named if name not in free], "weight_decay": weight_decay},
        {"params": [p for name, p in named if name in free], "weight_decay": 0.0},
    ]


def optimizer_for(
    model: torch.nn.Module,
    kind: str,
    learning_rate: float,
    weight_decay: float,
    *,
    betas: tuple[float, float] | None = None,
    eps: float | None = None,
    spared: tuple[str, ...] = (),
) -> torch.optim.Optimizer:
    """Kind "adamw" (Loshchilov and Hutter 2019), fused, or "stable_adamw" (Wortsman et al. 2023) of torch-optimi.

    `weight_decay` means the same for both: an update shrinks a weight by learning rate × decay. (The
    ModernBERT recipe states 1e-5 for a decay that is independent of the rate, 8e-4: 0.0125 here.)
    `betas` and `eps` default to torch's for AdamW (0.9, 0.999; 1e-8) and to ModernBERT's for
    StableAdamW (0.9, 0.98; 1e-6). BERT states 0.9, 0.999 and 1e-6, LTG-BERT 0.9, 0.98 and 1e-6.

    StableAdamW divides the rate of each tensor by the root mean square of its gradient over its second
    moment where that is above 1, so it needs no clipping. Only fused AdamW was seen to give the same bits
    on other processors (`reproducible: portable`). Raises ValueError for another kind.
    """
    groups = decay_groups(model, weight_decay, spared)
    if kind == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate, betas=betas or (0.9, 0.999), eps=eps or 1e-8, fused=True)
    if kind != "stable_adamw":
        raise ValueError(f"no optimizer {kind!r}; one of {', '.join(KINDS)}")
    from optimi import StableAdamW

    # Never its Triton kernel, which sums a tensor's squares in the order in which blocks happen to finish.
    return StableAdamW(
        [group for group in groups if group["params"]],
        lr=learning_rate, betas=betas or (0.9, 0.98), eps=eps or 1e-6, triton=False, foreach=False,
    )  # fmt: skip
