"""The numerical precision of a run, in fine-tuning and in pre-training."""

import contextlib

import torch

from harness.params.config import Engine


def autocast(engine: Engine) -> contextlib.AbstractContextManager:
    """A context with bf16 arithmetic over fp32 weights if `engine.precision` is "bf16", otherwise a context without
    effect."""
    if engine.precision == "bf16":
        return torch.autocast(engine.device, dtype=torch.bfloat16)
    return contextlib.nullcontext()
