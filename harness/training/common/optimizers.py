"""The optimizers of fine-tuning and pre-training, and the choice of parameters without weight decay."""

import torch


def decay_groups(
    model: torch.nn.Module,
    weight_decay: float,
    spared: tuple[str, ...] = (),
    head: tuple[str, ...] = (),
    head_decay: float = 0.0,
) -> list[dict]:
    """The parameter groups for an optimizer, with and without weight decay. A group is {"params": list of parameters,
    "weight_decay": number}. Tied weights are in one group only.

    Vectors (biases and normalisation weights in all three families) are not decayed, and neither are parameters with a
    name that ends with one of `spared` (see `Architecture.undecayed`). Of the other parameters, those with a name that
    begins with one of `head` are decayed by `head_decay`, even if they are tied to embeddings, and the rest by
    `weight_decay`.
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
    """The optimizer of `kind` "adamw" (Loshchilov and Hutter 2019), fused, or "stable_adamw" (Wortsman et al. 2023) of
    torch-optimi. `spared`, `head` and `head_decay` are as in `decay_groups`.

    Weight decay means the same for both kinds: an update shrinks a weight by current rate × decay. If `decay_with_rate`
    is False, an update shrinks a weight by decay × current rate / `learning_rate`, the highest rate (ModernBERT's
    1e-5).

    StableAdamW divides the learning rate of each tensor by the root mean square of its gradient over its second moment
    if this number is above 1, so StableAdamW needs no clipping. Both kinds gave the same bits on an EPYC and on an
    emulated Haswell under `reproducible: portable`, but an unfused AdamW did not.
    """
    scale = 1.0 if decay_with_rate else learning_rate
    groups = decay_groups(model, weight_decay / scale, spared, head, head_decay / scale)
    if kind == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate, betas=betas, eps=eps, fused=True)
    # Without its Triton kernel, which sums a tensor's squares in the random order in which blocks finish.
    return _stable_adamw()(
        [group for group in groups if group["params"]],
        lr=learning_rate, betas=betas, eps=eps, triton=False, foreach=False,
    )  # fmt: skip


class _ExactRoots(torch.overrides.TorchFunctionMode):
    """A mode in which torch computes square roots on a CPU in float64 and rounds the result once. Otherwise a vector
    library would compute the roots in float32, with a last bit that differs between processors."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        if function in (torch.sqrt, torch.Tensor.sqrt, torch.Tensor.sqrt_) and arguments[0].device.type == "cpu":
            value = arguments[0]
            root = value.double().sqrt().to(value.dtype)
            return value.copy_(root) if function is torch.Tensor.sqrt_ else root
        return function(*arguments, **(options or {}))


def _stable_adamw() -> type:
    from optimi import StableAdamW

    class ExactStableAdamW(StableAdamW):
        """torch-optimi's StableAdamW, made to give the same bits on every processor."""

        def step(self, *arguments, **options):
            with _ExactRoots():
                return super().step(*arguments, **options)

    return ExactStableAdamW
