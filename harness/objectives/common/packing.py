"""Sequence packing: rows without padding that hold several documents, without attention between documents.

ModernBERT was trained so (Warner et al. 2024). Krell et al. 2021 show why the borders must hold: with
attention across them, packing is another training.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import torch

from harness.errors import TrainingError


@dataclass(frozen=True)
class Packing:
    """One epoch in rows of equal length.

    `rows` [R, length] holds token ids, `document_ids` [R, length] for every position the number (from 0)
    of its piece within the row. `repeated` counts the document tokens that fill the last row a second
    time, `empty` the positions that could hold no document token.
    """

    rows: torch.Tensor
    document_ids: torch.Tensor
    repeated: int
    empty: int


def pack(
    documents: Sequence[Sequence[int] | np.ndarray], length: int, cls_id: int, sep_id: int, generator: torch.Generator
) -> Packing:
    """Fill rows of `length` tokens (at least 3) with `documents`, ids without special tokens, in a new order.

    A document that does not fit goes on in another row. Every piece stands between [CLS] and [SEP], as the
    windows of fine-tuning do; one or two positions at the end of a row, too few for a piece, hold these
    alone. The last row is filled up from the beginning. Raises TrainingError when there is no token.
    """
    if length < 3:
        raise ValueError(f"rows of {length} tokens hold nothing between [CLS] and [SEP]")
    order = torch.randperm(len(documents), generator=generator).tolist()
    texts = [np.asarray(documents[i], dtype=np.int32) for i in order if len(documents[i])]
    if not texts:
        raise TrainingError("There is no text to pre-train on.", remedy="Look into artifacts/corpus/card.json.")
    parts: list[np.ndarray] = []
    sizes: list[int] = []
    first, last = (np.array([token], np.int32) for token in (cls_id, sep_id))
    repeated, empty = -sum(len(text) for text in texts), 0
    for text, size in _pieces(texts, length):
        framed = [first, text, last] if len(text) else [np.array([cls_id, sep_id][:size], np.int32)]
        parts += framed
        sizes.append(size)
        repeated += len(text)
        empty += 0 if len(text) else size
    rows = torch.from_numpy(np.concatenate(parts)).view(-1, length)
    numbers = torch.from_numpy(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)).view(-1, length)
    mixed = torch.randperm(len(rows), generator=generator)
    return Packing(rows[mixed], (numbers - numbers[:, :1])[mixed], repeated, empty)


def _pieces(texts: Sequence[np.ndarray], length: int) -> Iterator[tuple[np.ndarray, int]]:
    """(tokens of a piece, positions it takes with its frame), until every text is placed and the row full."""
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
    """What ModernBERT's `forward` takes for `rows` [B, T] so that each document is treated as if alone.

    `document_ids` [B, T] changes where a document begins. Positions start from 0 in each. The mask is one
    of [B, 1, T, T] for each kind of layer: the same document, and in sliding layers at most
    `local_attention` // 2 (`config.local_attention`) positions away. transformers passes a mask that is
    already such a mapping on as it is; the packed sequences that it finds in position ids itself are for
    causal models only. The mask is boolean for `attention` "sdpa" and additive for "eager".
    """
    place = torch.arange(rows.shape[1], device=rows.device)
    begins = torch.ones_like(document_ids, dtype=torch.bool)
    begins[:, 1:] = document_ids[:, 1:] != document_ids[:, :-1]
    positions = place - torch.where(begins, place, 0).cummax(1).values
    # Numbered anew: an id that returns later in the row is another document.
    number = begins.cumsum(1)
    full = (number[:, :, None] == number[:, None, :])[:, None]
    near = (place[:, None] - place[None, :]).abs() <= local_attention // 2
    masks = {"full_attention": full, "sliding_attention": full & near}
    if attention == "eager":
        masks = {kind: torch.zeros(mask.shape, device=rows.device).masked_fill(~mask, torch.finfo(torch.float32).min)
                 for kind, mask in masks.items()}  # fmt: skip
    return {"input_ids": rows, "position_ids": positions, "attention_mask": masks}
