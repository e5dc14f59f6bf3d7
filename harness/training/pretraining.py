"""Masked-language-model training of an encoder on a corpus, and its held-out loss.

Plain MLM with masks drawn anew for every batch; batches are length-bucketed, and logits are computed
at masked positions only, which is where most of the time of a small encoder would go.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence

import torch

from harness.config import Engine, Pretraining
from harness.determinism import derived_seed
from harness.errors import TrainingError
from harness.training.batching import IGNORED, Example, bucketed, collate, in_length_order
from harness.training.loop import autocast, linear_schedule, optimizer_for
from harness.training.masking import mask_tokens

HELD_OUT_SHARE = 0.03
HELD_OUT_AT_MOST = 200


def divide(documents: Sequence[dict]) -> tuple[list[str], list[str]]:
    """(training texts, held-out texts): by hash of the document's id, so both arms hold out the same."""
    training, held_out = [], []
    for document in documents:
        draw = int.from_bytes(hashlib.sha256(document["id"].encode("utf-8")).digest()[:4], "big") / 2**32
        aside = draw < HELD_OUT_SHARE and len(held_out) < HELD_OUT_AT_MOST
        (held_out if aside else training).append(document["text"])
    return training, held_out


def encode_texts(texts: Sequence[str], tokenizer, length: int) -> list[Example]:
    """Texts as rows of at most `length` tokens, special tokens included; a long text gives several."""
    encoding = tokenizer(list(texts), truncation=True, max_length=length, return_overflowing_tokens=True)
    shortest = tokenizer.num_special_tokens_to_add() + 4
    rows = (tuple(row) for row in encoding["input_ids"])
    return [Example((row,), (), 0, i) for i, row in enumerate(rows) if len(row) >= shortest]


class Masker:
    """Turns batches of rows into MLM inputs and targets; special tokens are never chosen."""

    def __init__(self, tokenizer, rate: float, device: str):
        self._pad, self._mask = tokenizer.pad_token_id, tokenizer.mask_token_id
        self._special = torch.tensor(sorted(tokenizer.all_special_ids))
        plain = torch.ones(len(tokenizer), dtype=torch.bool)
        plain[self._special] = False
        self._replacements = plain.nonzero().flatten()
        self._rate, self._device = rate, device

    def __call__(self, batch: Sequence[Example], generator: torch.Generator):
        inputs, _ = collate(batch, self._pad, "cpu")
        maskable = ~torch.isin(inputs["input_ids"], self._special)
        masked, targets = mask_tokens(
            inputs["input_ids"], maskable, self._rate, self._mask, self._replacements, generator
        )
        inputs["input_ids"] = masked
        return {name: value.to(self._device) for name, value in inputs.items()}, targets.to(self._device)


def masked_loss(model, head: Callable, inputs: dict, targets: torch.Tensor) -> tuple[torch.Tensor, int]:
    """(sum of the cross-entropies at masked positions, their number); `head` maps hidden states to logits."""
    hidden = model.base_model(**inputs).last_hidden_state
    chosen = targets != IGNORED
    logits = head(hidden[chosen]).float()
    return torch.nn.functional.cross_entropy(logits, targets[chosen], reduction="sum"), int(chosen.sum())


@torch.no_grad()
def held_out_loss(
    model, head: Callable, examples: Sequence[Example], masker: Masker, settings: Pretraining, engine: Engine
) -> float:
    """Mean cross-entropy (nats per masked token) under masks that are the same for every model."""
    model.eval()
    generator = torch.Generator().manual_seed(derived_seed("held-out masks"))
    total, count = 0.0, 0
    for batch in in_length_order(examples, settings.batch):
        inputs, targets = masker(batch, generator)
        with autocast(engine):
            loss, scored = masked_loss(model, head, inputs, targets)
        total, count = total + float(loss), count + scored
    return total / max(1, count)


def pretrain(
    model: torch.nn.Module,
    head: Callable,
    examples: Sequence[Example],
    masker: Masker,
    settings: Pretraining,
    engine: Engine,
    *,
    progress: Callable[[int, float], None],
    name: str,
) -> list[dict]:
    """Train `model` in place for `settings.steps` updates; returns the loss curve (nats per masked token).

    Raises TrainingError, naming `name` and the update, when the loss is no longer a number.
    """
    optimizer = optimizer_for(model, settings.learning_rate, settings.weight_decay)
    batches = _epochs(examples, settings.batch, torch.Generator().manual_seed(derived_seed("order", settings.seed)))
    masks = torch.Generator().manual_seed(derived_seed("masks", settings.seed))
    every = max(1, settings.steps // 20)
    curve, recent = [], []
    model.train()
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * linear_schedule(step, settings.steps, settings.warmup)
        inputs, targets = masker(next(batches), masks)
        with autocast(engine):
            loss, scored = masked_loss(model, head, inputs, targets)
        loss = loss / max(1, scored)
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip))
        recent.append(float(loss.detach()))
        if not (math.isfinite(recent[-1]) and math.isfinite(norm)):
            raise TrainingError(
                f"{name}: the loss is {recent[-1]} and the gradient norm {norm} at update {step + 1}.",
                remedy="Lower the pre-training learning_rate of this family in params.yaml, or raise warmup.",
            )
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        progress(step + 1, recent[-1])
        if (step + 1) % every == 0 or step + 1 == settings.steps:
            curve.append({"step": step + 1, "loss": round(sum(recent) / len(recent), 4)})
            recent = []
    return curve


def _epochs(examples: Sequence[Example], batch: int, generator: torch.Generator) -> Iterator[list[Example]]:
    while True:
        yield from bucketed(examples, batch, generator)


def run_recipe(
    model: torch.nn.Module,
    head: Callable,
    tokenizer,
    corpora: dict[str, Sequence[dict]],
    train_on: str,
    settings: Pretraining,
    engine: Engine,
    *,
    progress: Callable[[int, float], None],
    name: str,
) -> dict:
    """Train on `corpora[train_on]` and measure the held-out loss of every corpus before and after.

    Returns plain values for the checkpoint's card: the loss curve, {"before", "after"} held-out losses
    by corpus, and how many training rows and tokens there were and were seen.
    """
    masker = Masker(tokenizer, settings.mask_rate, engine.device)
    held_out, examples = {}, []
    for corpus, documents in sorted(corpora.items()):
        training, aside = divide(documents)
        held_out[corpus] = encode_texts(aside, tokenizer, settings.length)
        if corpus == train_on:
            examples = encode_texts(training, tokenizer, settings.length)

    def losses() -> dict[str, float]:
        return {
            corpus: round(held_out_loss(model, head, rows, masker, settings, engine), 4)
            for corpus, rows in held_out.items()
        }

    before = losses()
    curve = pretrain(model, head, examples, masker, settings, engine, progress=progress, name=name)
    tokens = sum(example.length for example in examples)
    return {
        "losses": curve,
        "held_out_loss": {"before": before, "after": losses()},
        "rows": len(examples),
        "tokens": tokens,
        "epochs": round(settings.steps * settings.batch / max(1, len(examples)), 2),
    }
