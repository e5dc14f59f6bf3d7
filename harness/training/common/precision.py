"""The arithmetic of a run, fine-tuning and pre-training alike."""

import contextlib

import torch

from harness.params.config import Engine


def autocast(engine: Engine) -> contextlib.AbstractContextManager:
    """bf16 arithmetic over fp32 master weights where the engine says so; otherwise nothing."""
    if engine.precision == "bf16":
        return torch.autocast(engine.device, dtype=torch.bfloat16)
    return contextlib.nullcontext()
