"""The loop learns, repeats to the bit, keeps its best weights, and stops loudly when numbers end."""

import dataclasses
import itertools
from types import SimpleNamespace

import pytest
import torch

from harness.errors import TrainingError
from harness.heads import HEADS
from harness.params.config import Engine, Recipe
from harness.training.finetune import loop
from harness.training.finetune.examples import Example, Examples

LOSS = HEADS["sequence"].loss
ENGINE = Engine("cpu", "fp32", "sdpa", "fast", 1, 1, "ddp", False, False)
RECIPE = Recipe(
    steps=40,
    batch=8,
    accumulation=1,
    learning_rate=1e-2,
    warmup=0.1,
    weight_decay=0.01,
    clip=1.0,
    dropout=0.0,
    max_length=16,
    stride=0,
    evaluate_every=10,
    patience=0,
    evaluation_batch=8,
)

LEARNS = dataclasses.replace(RECIPE, steps=80, learning_rate=5e-2, evaluate_every=40)


class Bag(torch.nn.Module):
    """Mean of embeddings and a linear head: enough to learn whether token 1 is there."""

    def __init__(self, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.table = torch.nn.Embedding(20, 8)
        self.out = torch.nn.Linear(8, 2)

    def get_input_embeddings(self):
        return self.table

    def set_input_embeddings(self, table):
        self.table = table

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        return SimpleNamespace(logits=self.out((self.table(input_ids) * mask).sum(1) / mask.sum(1)))


def examples() -> Examples:
    generator = torch.Generator().manual_seed(3)
    found = []
    for i in range(160):
        row = torch.randint(2, 20, (int(torch.randint(3, 9, (1,), generator=generator)),), generator=generator).tolist()
        if i % 2:
            row[i % len(row)] = 1
        found.append(Example((tuple(row),), (), i % 2, i))
    return Examples(found)


def accuracy(model) -> float:
    right = 0
    for example in examples():
        inputs = {"input_ids": torch.tensor(example.rows), "attention_mask": torch.ones(1, example.length)}
        right += int(model(**inputs).logits.argmax()) == example.target
    return right / 160


def chosen(score: float) -> dict[str, float]:
    return {"selection": score, "validation": 0.5}


def run(model=None, recipe=RECIPE, validate=None, seed=1, told=lambda: None):
    model = model or Bag()
    validate = validate or (lambda: chosen(accuracy(model)))
    seen = []
    outcome = loop.train(
        model, examples(), recipe, ENGINE, pad=0, seed=seed, validate=validate, progress=seen.append, name="t/f, arm a",
        kept=told, loss_of=LOSS,
    )  # fmt: skip
    return model, outcome, seen


def test_it_learns_and_reports_a_curve():
    model, outcome, seen = run(recipe=LEARNS)
    assert accuracy(model) == outcome.best_score > 0.95
    assert [point["step"] for point in outcome.curve] == [40, 80]
    assert outcome.curve[-1]["train_loss"] < outcome.curve[0]["train_loss"]
    assert seen == list(range(1, 81)) and not outcome.diverged


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    first, second, other = run()[0], run()[0], run(seed=2)[0]
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.out.weight, other.out.weight)


def test_the_best_weights_are_kept_and_of_equals_the_latest():
    scores = iter([0.2, 0.7, 0.7, 0.1])
    kept = {}
    model = Bag()

    def validate():
        score = next(scores)
        kept[score] = model.out.weight.detach().clone()
        return chosen(score)

    best = []
    _, outcome, _ = run(model, validate=validate, told=lambda: best.append(max(kept)))
    assert best == [0.2, 0.7, 0.7], "told of each that is best so far"
    assert (outcome.best_step, outcome.best_score) == (30, 0.7)
    assert [point["selection"] for point in outcome.curve] == [0.2, 0.7, 0.7, 0.1]
    assert torch.equal(model.out.weight, kept[0.7])


def test_patience_ends_a_run_that_stopped_improving():
    scores = iter([0.5, 0.4, 0.3, 0.2])
    recipe = dataclasses.replace(RECIPE, patience=2)
    _, outcome, _ = run(recipe=recipe, validate=lambda: chosen(next(scores)))
    assert outcome.steps == 30 and outcome.best_step == 10


def test_equal_scores_are_no_improvement_that_patience_waits_for():
    """A constant answer scores 0 at every update: the run ends, and what it keeps was trained longest."""
    recipe = dataclasses.replace(RECIPE, patience=2)
    _, outcome, _ = run(recipe=recipe, validate=lambda: chosen(0.0))
    assert (outcome.steps, outcome.best_step) == (30, 30)


def test_accumulation_equals_a_larger_batch():
    """Four micro-batches of the same examples give the gradient of the one large batch, up to rounding."""
    batch = Examples(examples()[:32])
    grads = []
    for size in (32, 8):
        model = Bag()
        recipe = dataclasses.replace(RECIPE, steps=1, batch=size, accumulation=32 // size, weight_decay=0.0, warmup=0.0)
        loop.train(
            model, batch, recipe, ENGINE, pad=0, seed=1, validate=lambda: chosen(0.0), progress=lambda s: None,
            name="t", loss_of=LOSS,
        )  # fmt: skip
        grads.append(model.out.weight.detach().clone())
    assert torch.allclose(*grads, atol=1e-6)


def test_a_loss_that_is_no_number_names_run_and_update():
    model = Bag()
    with torch.no_grad():
        model.out.weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=r"t/f, arm a: the loss is nan .* at update 1 of 40") as caught:
        run(model)
    assert "learning_rate" in caught.value.remedy


def test_divergence_is_reported():
    trained = run(recipe=LEARNS)[0]
    recipe = dataclasses.replace(RECIPE, learning_rate=30.0, weight_decay=0.0, clip=1e9, steps=20)
    assert run(trained, recipe)[1].diverged


def test_schedule_rises_then_falls_to_zero():
    factors = [loop.learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and max(factors) == factors[9] == 1.0
    assert all(a > b for a, b in itertools.pairwise(factors[10:])) and 0 < factors[-1] < 0.02


def test_biases_and_norms_are_not_decayed():
    groups = loop.optimizer_for(Bag(), "adamw", 1e-3, 0.1).param_groups
    assert [g["weight_decay"] for g in groups] == [0.1, 0.0]
    assert all(p.ndim > 1 for p in groups[0]["params"]) and all(p.ndim == 1 for p in groups[1]["params"])
    assert all(g["fused"] for g in groups)
