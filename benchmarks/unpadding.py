"""Run encoders without padding and masks: all sequences of a batch are in one row, one after the other ("unpadding").

`attention` is registered with transformers as "unpadded". If a model's configuration names "unpadded", the model takes
the result of `unpadded` for a padded batch, and returns the same hidden states in one row.
"""

import torch
from transformers import AttentionInterface

NAME = "unpadded"


def attention(
    module, query, key, value, mask, dropout=0.0, scaling=None, sliding_window=None, *, cu_seq_lens_q, max_length_q, **_
):
    """Attention of each sequence to itself: query, key, value [1, heads, tokens, size] → ([1, tokens, heads, size],
    None). `cu_seq_lens_q` has the borders of the sequences. It has no dropout."""
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    # transformers' windows count the token itself.
    window = -1 if sliding_window is None else sliding_window - 1
    attend = _by_kernel if q.is_cuda else _one_by_one
    return attend(q, k, v, cu_seq_lens_q, max_length_q, scaling, window)[None], None


AttentionInterface.register(NAME, attention)


def _by_kernel(q, k, v, borders, longest, scale, window):
    from torch.nn.attention.varlen import varlen_attn

    return varlen_attn(q, k, v, borders, borders, longest, longest, scale=scale, window_size=(window, window))


def _one_by_one(q, k, v, borders, longest, scale, window):
    """Attention of one sequence after the other, for a CPU, which has no kernel for it."""
    found = []
    for parts in zip(*(x.tensor_split(borders[1:-1].long().cpu()) for x in (q, k, v)), strict=True):
        place = torch.arange(len(parts[0]))
        near = None if window < 0 else (place[:, None] - place).abs() <= window
        mixed = torch.nn.functional.scaled_dot_product_attention(
            *(x.transpose(0, 1) for x in parts), attn_mask=near, scale=scale
        )
        found.append(mixed.transpose(0, 1))
    return torch.cat(found)


def unpadded(inputs: dict[str, torch.Tensor]) -> dict:
    """A padded batch (`input_ids` and `attention_mask`, [B, T]) as one row [1, tokens], with its borders."""
    mask = inputs["attention_mask"].bool()
    lengths = mask.sum(-1)
    ids = inputs["input_ids"][mask][None]
    positions = torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)[mask][None]
    borders = torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).int()
    return {
        "input_ids": ids,
        "position_ids": positions,
        "cu_seq_lens_q": borders,
        "max_length_q": int(lengths.max()),
    }
