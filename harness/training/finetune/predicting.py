"""Compute the logits of a model for each example."""

from contextlib import AbstractContextManager

import torch

from harness.training.finetune.batching import collate, in_length_order
from harness.training.finetune.examples import Examples


@torch.no_grad()
def logits(
    model, examples: Examples, batch: int, pad: int, device: str, autocast: AbstractContextManager
) -> list[torch.Tensor]:
    """The logits of each example as a float32 tensor, in the order of `examples`: [classes], [options] for questions,
    or [tokens, classes] for windows. `batch` is the number of examples per batch, and `pad` the padding id."""
    model.eval()
    found: dict[int, torch.Tensor] = {}
    for places in in_length_order(examples, batch):
        part = [examples[i] for i in places]
        inputs, _ = collate(part, pad, device)
        with autocast:
            output = model(**inputs).logits
        for i, example, row in zip(places, part, output.float().cpu(), strict=True):
            found[i] = row[: len(example.rows[0])] if example.offsets else row
    return [found[i] for i in range(len(examples))]
