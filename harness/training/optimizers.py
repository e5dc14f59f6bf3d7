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
    moment where that is above 1, so it needs no clipping. Both gave the same bits on an EPYC and on an emulated
    Haswell under `reproducible: portable`; an unfused AdamW does not. Raises ValueError for another kind.
    """
    groups = decay_groups(model, weight_decay, spared)
    if kind == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate, betas=betas or (0.9, 0.999), eps=eps or 1e-8, fused=True)
    if kind != "stable_adamw":
        raise ValueError(f"no optimizer {kind!r}; one of {', '.join(KINDS)}")
    # Never its Triton kernel, which sums a tensor's squares in the order in which blocks happen to finish.
    return _stable_adamw()(
        [group for group in groups if group["params"]],
        lr=learning_rate, betas=betas or (0.9, 0.98), eps=eps or 1e-6, triton=False, foreach=False,
    )  # fmt: skip


class _ExactRoots(torch.overrides.TorchFunctionMode):
    """Square roots on a CPU by way of float64, rounded once: in float32 they go to a vector library whose last bit
    differs between processors."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        if function in (torch.sqrt, torch.Tensor.sqrt, torch.Tensor.sqrt_) and arguments[0].device.type == "cpu":
            value = arguments[0]
            root = value.double().sqrt().to(value.dtype)
            return value.copy_(root) if function is torch.Tensor.sqrt_ else root
        return function(*arguments, **(options or {}))


def _stable_adamw() -> type:
    from optimi import StableAdamW

    class ExactStableAdamW(StableAdamW):
        """torch-optimi's StableAdamW with the same bits on every processor."""

        def step(self, *arguments, **options):
            with _ExactRoots():
                return super().step(*arguments, **options)

    return ExactStableAdamW
