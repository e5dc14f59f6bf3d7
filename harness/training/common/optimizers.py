"""The optimizers, and the choice of parameters without weight decay."""

import torch

KINDS = ("adamw", "stable_adamw")


def decay_groups(
    model: torch.nn.Module,
    weight_decay: float,
    spared: tuple[str, ...] = (),
    head: tuple[str, ...] = (),
    head_decay: float = 0.0,
) -> list[dict]:
    """Parameter groups with and without weight decay; tied weights stand in one of them once.

    Not decayed are vectors (biases and normalisation weights in all three families) and parameters
    whose name ends with one of `spared` (see `Architecture.undecayed`). Of the others, those with a name
    that begins with one of `head` are decayed by `head_decay`, also where they are tied to embeddings.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    free = {name for name, p in named if p.ndim <= 1 or (spared and name.endswith(spared))}
    all_names = model.named_parameters(remove_duplicate=False)
    output = {id(p) for name, p in all_names if head and name.startswith(head)}
    top = {name for name, p in named if id(p) in output} - free
    groups = [
        {"params": [p for name, p in named if name not in free | top], "weight_decay": weight_decay},
        {"params": [p for name, p in named if name in free], "weight_decay": 0.0},
    ]
    if top:
        groups.append({"params": [p for name, p in named if name in top], "weight_decay": head_decay})
    return groups


def optimizer_for(
    model: torch.nn.Module,
    kind: str,
    learning_rate: float,
    weight_decay: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    decay_with_rate: bool = True,
    spared: tuple[str, ...] = (),
    head: tuple[str, ...] = (),
    head_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """Kind "adamw" (Loshchilov and Hutter 2019), fused, or "stable_adamw" (Wortsman et al. 2023) of torch-optimi.

    Decay means the same for both: an update shrinks a weight by learning rate × decay, or, without
    `decay_with_rate`, by decay × the rate's share of `learning_rate`, the highest one (ModernBERT's 1e-5).

    StableAdamW divides the rate of each tensor by the root mean square of its gradient over its second
    moment where that is above 1, so it needs no clipping. Both gave the same bits on an EPYC and on an emulated
    Haswell under `reproducible: portable`; an unfused AdamW does not. Raises ValueError for another kind.
    """
    scale = 1.0 if decay_with_rate else learning_rate
    groups = decay_groups(model, weight_decay / scale, spared, head, head_decay / scale)
    if kind == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate, betas=betas, eps=eps, fused=True)
    if kind != "stable_adamw":
        raise ValueError(f"no optimizer {kind!r}; one of {', '.join(KINDS)}")
    # Never its Triton kernel, which sums a tensor's squares in the order in which blocks happen to finish.
    return _stable_adamw()(
        [group for group in groups if group["params"]],
        lr=learning_rate, betas=betas, eps=eps, triton=False, foreach=False,
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
