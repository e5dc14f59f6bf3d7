"""From logits back to answers: probabilities per record, and character spans from windows."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch

from harness.bio import decode_tags
from harness.training.batching import collate, in_length_order
from harness.training.examples import Example, Examples


@torch.no_grad()
def logits(
    model, examples: Examples, batch: int, pad: int, device: str, autocast: AbstractContextManager
) -> list[torch.Tensor]:
    """One float32 tensor per example, in the order given: [classes], or [tokens, classes] for windows."""
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


def class_scores(rows: Sequence[torch.Tensor]) -> list[list[float]]:
    """Softmax in float64, rounded to the 6 decimals that are stable."""
    return [[round(p, 6) for p in torch.softmax(row.double(), -1).tolist()] for row in rows]


def document_spans(
    examples: Sequence[Example], rows: Sequence[torch.Tensor], labels: Sequence[str], records: int
) -> list[list[list]]:
    """[[start, end, label], …] per record, from the tokens of all its windows.

    Where windows overlap, a token is read in the window that shows most context on its poorer side,
    so the cut of a window never decides what is inside an entity.
    """
    chosen: list[dict[tuple[int, int], tuple[int, int]]] = [{} for _ in range(records)]
    for example, row in zip(examples, rows, strict=True):
        tags = row.argmax(-1).tolist()
        last = len(tags) - 1
        best = chosen[example.record]
        for t, (offset, tag) in enumerate(zip(example.offsets, tags, strict=True)):
            if offset[0] == offset[1]:
                continue
            context = min(t, last - t)
            if offset not in best or context > best[offset][0]:
                best[offset] = (context, tag)
    return [decode_tags([(offset, tag) for offset, (_, tag) in sorted(found.items())], labels) for found in chosen]
