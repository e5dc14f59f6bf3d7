"""The fine-tuning loop, the same for all kinds of tasks and all families of encoders."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from harness.errors import TrainingError
from harness.params.config import Engine, Recipe
from harness.training.common.optimizers import optimizer_for
from harness.training.common.precision import autocast
from harness.training.common.schedules import learning_rate_factor
from harness.training.finetune.batching import IGNORED, bucketed, collate
from harness.training.finetune.examples import Example, Examples
from harness.training.finetune.seen_rows import narrowed


@dataclass(frozen=True)
class Outcome:
    """The result of a fine-tuning run.

    `steps` is the number of updates. `best_step` is the update with the weights that were kept, and `best_score` is
    their selection score on the validation part. `curve` has one point per evaluation: {"step", "train_loss", and the
    scores that `validate` returned}. `diverged` is True if the loss of the last tenth of the updates is higher than
    that of the first tenth.
    """

    steps: int
    best_step: int
    best_score: float
    curve: list[dict]
    diverged: bool


def warm_up() -> None:
    """Make one update of a temporary layer, before worker processes are forked. torch imports some eight hundred
    modules at the first step of an optimizer, and the forked processes then share these modules."""
    layer = torch.nn.Linear(1, 1)
    optimizer = optimizer_for(layer, "adamw", 1e-3, 0.0)
    layer(torch.zeros(1, 1)).sum().backward()
    torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    optimizer.step()


def micro_batches(examples: Examples, batch: int, seed: int) -> Iterator[list[Example]]:
    """Yield batches of `batch` examples without end, one epoch after another (see `bucketed`). `seed` decides the order
    of all epochs."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from bucketed(examples, batch, generator)


def train(
    model: torch.nn.Module,
    examples: Examples,
    recipe: Recipe,
    engine: Engine,
    *,
    pad: int,
    seed: int,
    loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    validate: Callable[[], dict[str, float]],
    progress: Callable[[int], None],
    name: str,
    kept: Callable[[], None] = lambda: None,
) -> Outcome:
    """Train `model` in place for at most `recipe.steps` updates and leave it with its best weights.

    `pad` is the padding id. `loss_of(logits, targets)` returns the summed loss, without targets that are IGNORED.
    `validate()` returns the scores of the current weights on the validation part, by name. It is called every
    `recipe.evaluate_every` updates and at the end. The weights with the highest score `selection` are kept, and if
    scores are equal, the later weights. The run ends after `recipe.patience` evaluations without a higher `selection`
    (0: never). `progress` is called with the number of updates done, and `kept()` if the weights that were just
    validated are the best so far. Raises TrainingError, with `name` and the update, if the loss or the gradient is no
    longer a finite number.
    """
    batches = micro_batches(examples, recipe.batch, seed)
    rows = narrowed(model, np.append(examples.tokens, pad))
    optimizer = optimizer_for(model, "adamw", recipe.learning_rate, recipe.weight_decay)
    rows.follow(optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]
    # Listed once: walking through the modules at every update would take a tenth of a small encoder's time.
    parameters = list(model.parameters())
    model.train()
    losses: list[float] = []
    curve: list[dict] = []
    best_score, best_step, best_weights, waited = -math.inf, 0, None, 0

    for step in range(recipe.steps):
        factor = learning_rate_factor(step, recipe.steps, recipe.warmup)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor

        parts = [collate(next(batches), pad, engine.device) for _ in range(recipe.accumulation)]
        scored = sum(int((targets != IGNORED).sum()) for _, targets in parts)
        total = 0.0
        for inputs, targets in parts:
            with autocast(engine):
                output = model(**inputs).logits
            # The mean over all targets of the update, so their division into micro-batches does not matter.
            loss = loss_of(output, targets) / max(1, scored)
            loss.backward()
            total += float(loss.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, recipe.clip))
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise TrainingError(
                f"{name}: the loss is {total} and the gradient norm {norm} at update {step + 1} of {recipe.steps}.",
                remedy="Lower tasks.*.learning_rate (or the family's learning_rate_factor), or raise warmup.",
            )
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(total)
        progress(step + 1)

        if (step + 1) % recipe.evaluate_every == 0 or step + 1 == recipe.steps:
            recent = losses[-recipe.evaluate_every :]
            point = {"train_loss": sum(recent) / len(recent), **validate()}
            model.train()
            # Rounded as in the record, so that the record determines which weights were kept.
            point = {key: round(value, 6) for key, value in point.items()}
            curve.append({"step": step + 1, **point})
            waited = 0 if point["selection"] > best_score else waited + 1
            if point["selection"] >= best_score:
                best_score, best_step = point["selection"], step + 1
                best_weights = {key: value.detach().clone() for key, value in model.state_dict().items()}
                kept()
            if recipe.patience and waited >= recipe.patience:
                break

    model.load_state_dict(best_weights)
    model.set_input_embeddings(rows.whole())
    tenth = max(1, len(losses) // 10)
    diverged = sum(losses[-tenth:]) > sum(losses[:tenth])
    return Outcome(len(losses), best_step, best_score, curve, diverged)
