"""The published pre-training recipes: how rows are made of documents, and what of them must be guessed.

A recipe makes rows (for a block of documents), micro-batches with masks (for an update), and the losses
of a batch. Everything drawn comes from the generator it is handed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch

from harness.params.config import Pretraining
from harness.text.bio import IGNORED
from harness.training.masking import mask_spans, mask_tokens, masking_rate
from harness.training.packing import pack, packed_inputs
from harness.training.rows import Row
from harness.training.segments import Cut, encode_pair, next_sentence_pairs

SHORTEST = 4  # tokens besides the special ones; a shorter row has nothing to guess from


class Documents(Protocol):
    """A tokenised corpus, without special tokens."""

    def __len__(self) -> int: ...

    def sizes(self) -> Sequence[int]:
        """Tokens of every document."""

    def tokens(self, index: int) -> list[int]: ...

    def sentences(self, index: int) -> list[list[int]]: ...


@dataclass(frozen=True)
class Vocabulary:
    """What making rows and masks needs to know of a tokenizer. `segments`: does the model have segment ids?"""

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


def windows(
    tokens: Sequence[int],
    length: int,
    vocabulary: Vocabulary,
    short_rows: float = 0.0,
    generator: torch.Generator | None = None,
) -> list[Row]:
    """A document as rows of at most `length` tokens, [CLS] and [SEP] included; remains that are too short go.

    About a share `short_rows` of the rows ends sooner, after a number of tokens drawn evenly from SHORTEST to one
    below the most. Published code cuts the rest of such a row off and starts rows at every sentence; here the next
    row begins where it ends, so that no text is lost.
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
    """Ids and attention mask (and segment ids, where the model has them), [B, longest row]."""
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


class Recipe:
    """Masked LM on single texts, 80/10/10 (Devlin et al. 2019), and the base of the published recipes."""

    def __init__(self, settings: Pretraining, vocabulary: Vocabulary):
        self.settings, self.vocabulary = settings, vocabulary

    def rows(self, documents: Documents, block: range, generator: torch.Generator) -> Iterable[Row]:
        """The rows of a block of documents, made as they are taken: all of them at once would fill memory."""
        s, v = self.settings, self.vocabulary
        return (row for i in block for row in windows(documents.tokens(i), s.length, v, s.short_rows, generator))

    def rate(self, step: int, steps: int) -> float:
        s = self.settings
        return masking_rate(step, steps, s.mask_schedule, s.mask_rate, s.mask_rate_end)

    def batch(self, rows: Sequence[Row], rate: float, generator: torch.Generator) -> tuple[dict, dict]:
        """(inputs, targets): targets hold "masked" [B, T] and whatever else the recipe guesses."""
        inputs = padded(rows, self.vocabulary)
        inputs["input_ids"], masked = self.masks(inputs["input_ids"], rate, generator)
        return inputs, {"masked": masked}

    def targets(self, targets: dict[str, torch.Tensor]) -> dict[str, int]:
        """How many things there are to guess, by the name of their loss."""
        return {name: int((values != IGNORED).sum()) for name, values in targets.items()}

    def masks(self, ids: torch.Tensor, rate: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        v = self.vocabulary
        return mask_tokens(ids, ~torch.isin(ids, v.special), rate, v.mask, v.replacements, generator)


class MaskedWithNextSentence(Recipe):
    """NB-BERT: masked LM of 15 % (80/10/10) and next-sentence prediction with real segment pairs, half true
    successors, half from another document (Devlin et al. 2019, section 3.1)."""

    def rows(self, documents: Documents, block: range, generator: torch.Generator) -> Iterable[Row]:
        v, length = self.vocabulary, self.settings.length
        texts = [Cut(documents.sentences(i), (length - 3) // 2) for i in block]
        pairs = next_sentence_pairs(texts, length, generator, self.settings.short_rows)
        encoded = (encode_pair(pair, texts, v.cls, v.sep, length) for pair in pairs)
        return (Row(e.rows[0], e.types[0], label=e.target) for e in encoded if e.length >= SHORTEST + 2)

    def batch(self, rows: Sequence[Row], rate: float, generator: torch.Generator) -> tuple[dict, dict]:
        inputs, targets = super().batch(rows, rate, generator)
        return inputs, targets | {"next_sentence": torch.tensor([row.label for row in rows])}


class MaskedSpans(Recipe):
    """NorBERT3: spans of a geometric length (p = 1/3, modulo 10) up to a binomial budget of 15 % of the tokens,
    80/10/10 decided per span (LTG-BERT, Samuel et al. 2023, as in `mlm_dataset.py` of ltgoslo/ltg-bert)."""

    def masks(self, ids: torch.Tensor, rate: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        v, s = self.vocabulary, self.settings
        maskable = ~torch.isin(ids, v.special)
        return mask_spans(ids, maskable, rate, v.mask, v.replacements, generator, s.span_p, s.span_modulus)


class DynamicMasking(Recipe):
    """ModernBERT: masks drawn anew at every update at a rate that falls from 30 to 15 % (Ankner et al. 2023), over
    rows packed so that no position is padding and attention never leaves a document (Warner et al. 2024)."""

    def __init__(self, settings: Pretraining, vocabulary: Vocabulary, local_attention: int, attention: str):
        super().__init__(settings, vocabulary)
        self._local, self._attention = local_attention, attention

    def rows(self, documents: Documents, block: range, generator: torch.Generator) -> Iterable[Row]:
        v = self.vocabulary
        texts = [np.array(documents.tokens(i), np.int32) for i in block]
        packed = pack(texts, self.settings.length, v.cls, v.sep, generator)
        pairs = zip(packed.rows, packed.document_ids, strict=True)
        return (Row(tuple(ids.tolist()), documents=tuple(numbers.tolist())) for ids, numbers in pairs)

    def batch(self, rows: Sequence[Row], rate: float, generator: torch.Generator) -> tuple[dict, dict]:
        ids = torch.tensor([row.ids for row in rows])
        hidden, masked = self.masks(ids, rate, generator)
        numbers = torch.tensor([row.documents for row in rows])
        return packed_inputs(hidden, numbers, self._local, self._attention), {"masked": masked}


def recipe_for(settings: Pretraining, vocabulary: Vocabulary, config) -> Recipe:
    """The recipe that `settings` names, for a model with this transformers configuration."""
    if settings.recipe == "dynamic":
        return DynamicMasking(settings, vocabulary, config.local_attention, config._attn_implementation)
    plain = {"mlm": Recipe, "mlm_nsp": MaskedWithNextSentence, "span": MaskedSpans}
    return plain[settings.recipe](settings, vocabulary)


class Objective(torch.nn.Module):
    """A model with what it is trained to guess; calling it gives the summed loss by name.

    One module, so that everything trained goes through one `forward`, as several devices need it. Logits
    are computed at masked positions only, where most of the time of a small encoder would go.
    """

    def __init__(self, model: torch.nn.Module, head: Callable[[torch.Tensor], torch.Tensor], next_sentence=None):
        super().__init__()
        self.model = model
        self._head, self._next_sentence = [head], [next_sentence]  # in lists: they are parts of the model already

    def forward(self, inputs: dict, targets: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        output = self.model.base_model(**inputs)
        chosen = targets["masked"] != IGNORED
        logits = self._head[0](output.last_hidden_state[chosen]).float()
        losses = {"masked": torch.nn.functional.cross_entropy(logits, targets["masked"][chosen], reduction="sum")}
        if "next_sentence" in targets:
            relation = self._next_sentence[0](output).float()
            losses["next_sentence"] = torch.nn.functional.cross_entropy(
                relation, targets["next_sentence"], ignore_index=IGNORED, reduction="sum"
            )
        return losses
