"""Sequence packing: fill pre-training rows with several documents each, without padding and without attention between
documents.

ModernBERT was trained in this way (Warner et al. 2024). Krell et al. 2021 show that attention across documents would
change the training.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle

import numpy as np
import torch

from harness.errors import TrainingError


def pack(
    documents: Sequence[Sequence[int] | np.ndarray], length: int, cls_id: int, sep_id: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill rows of `length` tokens (at least 3) with `documents` in a random order. A document is a sequence of token
    ids without special tokens. Returns (rows, numbers), both [R, length]: the token ids, and the number (from 0) of
    each position's piece within its row.

    A document that does not fit continues in another row, so a piece is a document or a part of one. Every piece is
    framed by [CLS] and [SEP], like the windows of fine-tuning. One or two positions left at the end of a row are too
    few for a piece and contain only these special tokens. The last row is filled with tokens from the first documents.
    Raises TrainingError if there is no token.
    """
    if length < 3:
        raise ValueError(f"rows of {length} tokens have no room between [CLS] and [SEP]")
    order = torch.randperm(len(documents), generator=generator).tolist()
    texts = [np.asarray(documents[i], dtype=np.int32) for i in order if len(documents[i])]
    if not texts:
        raise TrainingError("There is no text to pre-train on.", remedy="See artifacts/corpus/card.json.")
    parts: list[np.ndarray] = []
    sizes: list[int] = []
    first, last = (np.array([token], np.int32) for token in (cls_id, sep_id))
    for text, size in _pieces(texts, length):
        framed = [first, text, last] if len(text) else [np.array([cls_id, sep_id][:size], np.int32)]
        parts += framed
        sizes.append(size)
    rows = torch.from_numpy(np.concatenate(parts)).view(-1, length)
    numbers = torch.from_numpy(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)).view(-1, length)
    mixed = torch.randperm(len(rows), generator=generator)
    return rows[mixed], (numbers - numbers[:, :1])[mixed]


def _pieces(texts: Sequence[np.ndarray], length: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield (tokens of a piece, its positions with the frame) until every text is placed and the last row is full."""
    left, room = sum(len(text) for text in texts), length
    for text in cycle(texts):
        while len(text):
            if left <= 0 and room == length:
                return
            piece = text[: max(0, room - 2)]
            size = len(piece) + 2 if len(piece) else room
            yield piece, size
            text, left = text[len(piece) :], left - len(piece)
            room = room - size or length


def packed_inputs(
    rows: torch.Tensor, document_ids: torch.Tensor, local_attention: int, attention: str = "sdpa"
) -> dict[str, torch.Tensor | dict[str, torch.Tensor]]:
    """The inputs of ModernBERT's `forward` for `rows` [B, T] of token ids, in which each document is encoded as if it
    were alone.

    A document begins where `document_ids` [B, T] changes, and its positions are counted from 0. Each kind of layer has
    one mask, [B, 1, T, T]. A mask allows attention within the same document, and in sliding layers only to positions at
    most `local_attention` // 2 away (`config.local_attention`). A mask is boolean for `attention` "sdpa" and additive
    for "eager". transformers uses such a mapping of masks unchanged. transformers can also find packed sequences in
    position ids, but only for causal models.
    """
    place = torch.arange(rows.shape[1], device=rows.device)
    begins = torch.ones_like(document_ids, dtype=torch.bool)
    begins[:, 1:] = document_ids[:, 1:] != document_ids[:, :-1]
    positions = place - torch.where(begins, place, 0).cummax(1).values
    # New numbers, because an id that occurs again later in the row is another document.
    number = begins.cumsum(1)
    full = (number[:, :, None] == number[:, None, :])[:, None]
    near = (place[:, None] - place[None, :]).abs() <= local_attention // 2
    masks = {"full_attention": full, "sliding_attention": full & near}
    if attention == "eager":
        masks = {kind: torch.zeros(mask.shape, device=rows.device).masked_fill(~mask, torch.finfo(torch.float32).min)
                 for kind, mask in masks.items()}  # fmt: skip
    return {"input_ids": rows, "position_ids": positions, "attention_mask": masks}
