"""The numerical precision of a run, in fine-tuning and in pre-training."""

import contextlib

import torch

from harness.params.config import Engine


def autocast(engine: Engine) -> contextlib.AbstractContextManager:
    """bf16 arithmetic over fp32 master weights where the engine says so; otherwise nothing."""
    if engine.precision == "bf16":
        return torch.autocast(engine.device, dtype=torch.bfloat16)
    return contextlib.nullcontext()
