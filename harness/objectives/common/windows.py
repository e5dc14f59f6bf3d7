"""Cut tokenised documents into pre-training rows of limited length, and pad rows to a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch

from harness.objectives.common.rows import Row

SHORTEST = 4  # fewest tokens of a row besides the special ones; fewer give no context


class Documents(Protocol):
    """The interface of a tokenised corpus: documents as token ids, without special tokens."""

    def __len__(self) -> int: ...

    def sizes(self) -> Sequence[int] | np.ndarray:
        """The number of tokens of every document."""

    def tokens(self, index: int) -> list[int]: ...

    def sentences(self, index: int) -> list[list[int]]: ...


@dataclass(frozen=True)
class Vocabulary:
    """The facts about a tokenizer that rows and masks need. `pad`, `cls`, `sep` and `mask` are the ids of these special
    tokens. `special` are the ids of all special tokens, and `replacements` all other ids. `segments` is True if the
    model has segment ids."""

    pad: int
    cls: int
    sep: int
    mask: int
    special: torch.Tensor
    replacements: torch.Tensor
    segments: bool

    @classmethod
    def of(cls, tokenizer) -> "Vocabulary":
        special = torch.tensor(sorted(tokenizer.all_special_ids))
        plain = torch.ones(len(tokenizer), dtype=torch.bool)
        plain[special] = False
        ids = (tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id)
        return cls(*ids, special, plain.nonzero().flatten(), "token_type_ids" in tokenizer.model_input_names)

    def maskable(self, ids: torch.Tensor) -> torch.Tensor:
        """A boolean tensor of the shape of `ids`, True at tokens that are not special."""
        return ~torch.isin(ids, self.special)


def windows(
    tokens: Sequence[int],
    length: int,
    vocabulary: Vocabulary,
    short_rows: float = 0.0,
    generator: torch.Generator | None = None,
) -> list[Row]:
    """Cut a document into rows of at most `length` tokens, including [CLS] and [SEP]. `tokens` are the document's token
    ids.

    A rest of fewer than SHORTEST tokens is dropped. About a share `short_rows` of the rows is shorter, with a number of
    tokens that `generator` draws uniformly from SHORTEST to one below the full row. Published code drops the rest of
    such a row and starts rows at every sentence. Here the next row begins at the end of the short row, so that no text
    is lost.
    """
    borders = [0]
    while borders[-1] < len(tokens):
        borders.append(borders[-1] + _row_size(max(1, length - 2), short_rows, generator))
    cuts = (tokens[start:end] for start, end in pairwise(borders))
    return [Row((vocabulary.cls, *cut, vocabulary.sep)) for cut in cuts if len(cut) >= SHORTEST]


def _row_size(room: int, short_rows: float, generator: torch.Generator | None) -> int:
    if not short_rows or room <= SHORTEST:
        return room
    short, where = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    return SHORTEST + int(where * (room - SHORTEST)) if short < short_rows else room


def padded(rows: Sequence[Row], vocabulary: Vocabulary) -> dict[str, torch.Tensor]:
    """The inputs of an encoder for `rows`, padded to the longest row: "input_ids", "attention_mask" and, if the model
    has segment ids, "token_type_ids", each [B, longest row]."""
    width = max(row.length for row in rows)

    def filled(values, filler: int) -> torch.Tensor:
        return torch.tensor([[*row, *[filler] * (width - len(row))] for row in values])

    inputs = {
        "input_ids": filled([row.ids for row in rows], vocabulary.pad),
        "attention_mask": filled([(1,) * row.length for row in rows], 0),
    }
    if vocabulary.segments:
        inputs["token_type_ids"] = filled([row.segments or (0,) * row.length for row in rows], 0)
    return inputs
