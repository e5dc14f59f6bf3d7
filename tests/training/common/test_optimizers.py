"""Which parameters are decayed, and that both optimizers repeat and resume to the bit."""

import copy
import io
from typing import get_args

import pytest
import torch
from tiny_encoders import ENCODER, TEXTS

from harness.encoders import families, tokenizers
from harness.params.config import TRAINED, Pretraining
from harness.training.common.optimizers import decay_groups, optimizer_for
from harness.training.finetune import loop

KINDS = get_args(Pretraining.__annotations__["optimizer"])


@pytest.fixture(scope="module")
def models() -> dict:
    made = {}
    for name in TRAINED:
        torch.manual_seed(1)
        made[name] = families.new_masked_lm(name, ENCODER, tokenizers.build(name, TEXTS, ENCODER.vocabulary), "sdpa")
    return made


@pytest.mark.parametrize("name", TRAINED)
def test_the_family_decides_what_is_not_decayed(models, name):
    """Against the published rules, spelled out by name for each family."""
    published = {
        "bert": ("bias", "LayerNorm.weight"),
        "norbert3": ("bias", "layer_norm.weight", "relative_embedding"),
        "modernbert": ("bias", "norm.weight"),
    }[name]
    model = models[name]
    decayed, spared = decay_groups(model, 0.1, families.ARCHITECTURES[name].undecayed)
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)
    names = {id(p): n for n, p in model.named_parameters()}
    free = {names[id(p)] for p in spared["params"]}
    assert free == {n for n in names.values() if n.endswith(published)}
    assert sorted([*free, *(names[id(p)] for p in decayed["params"])]) == sorted(names.values())
    assert any(n.endswith(("word_embedding.weight", "word_embeddings.weight", "tok_embeddings.weight"))
               for n in names.values() if n not in free)  # fmt: skip


def net(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.LayerNorm(16), torch.nn.GELU(), torch.nn.Linear(16, 3))


def advance(model, optimizer, first, last, scale=1.0):
    for step in range(first, last):
        generator = torch.Generator().manual_seed(step)
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / 40)
        batch = torch.randn(8, 6, generator=generator)
        target = torch.randint(3, (8,), generator=generator)
        (torch.nn.functional.cross_entropy(model(batch), target) * scale).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_it_repeats_to_the_bit_and_goes_on_from_its_state_as_if_never_stopped(kind):
    through, again = net(), net()
    for model in (through, again):
        advance(model, optimizer_for(model, kind, 1e-2, 0.1), 0, 12)
    assert same(through, again) and not same(through, net())

    stopped = net()
    optimizer = optimizer_for(stopped, kind, 1e-2, 0.1)
    advance(stopped, optimizer, 0, 5)
    file = io.BytesIO()
    torch.save({"model": stopped.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    resumed = net(seed=9)
    resumed.load_state_dict(stored["model"])
    optimizer = optimizer_for(resumed, kind, 1e-2, 0.1)
    optimizer.load_state_dict(stored["optimizer"])
    advance(resumed, optimizer, 5, 12)
    assert same(resumed, through)


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_without_gradient_stays(kind):
    model = net()
    optimizer = optimizer_for(model, kind, 1e-2, 0.1)
    model[0](torch.ones(1, 6)).sum().backward()
    before = copy.deepcopy(model)
    optimizer.step()
    assert torch.equal(model[3].weight, before[3].weight) and not torch.equal(model[0].weight, before[0].weight)


def test_stable_adamw_is_its_description():
    """Wortsman et al. 2023, algorithm 2, written out for three updates: betas that correct their own bias, the
    update divided by the root mean square of the gradient over the second moment, and decay times rate."""
    rate, decay, beta1, beta2, eps = 1e-2, 0.1, 0.9, 0.98, 1e-6
    model = net()
    expected = {name: p.detach().clone().double() for name, p in model.named_parameters()}
    moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in expected.items()}
    optimizer = optimizer_for(model, "stable_adamw", rate, decay, betas=(beta1, beta2), eps=eps)
    divided = False
    for step in range(1, 4):
        generator = torch.Generator().manual_seed(step)
        batch, target = torch.randn(8, 6, generator=generator), torch.randint(3, (8,), generator=generator)
        # A gradient ten thousand times as large as before is what the division is for.
        loss = torch.nn.functional.cross_entropy(model(batch), target) * (1e4 if step == 3 else 1.0)
        loss.backward()
        for name, p in model.named_parameters():
            g, (m, v) = p.grad.double(), moments[name]
            b1 = beta1 * (1 - beta1 ** (step - 1)) / (1 - beta1**step)
            b2 = beta2 * (1 - beta2 ** (step - 1)) / (1 - beta2**step)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            moments[name] = (m, v)
            rms = (g * g / v.clamp(min=eps**2)).mean().sqrt().item()
            divided |= rms > 1.1
            lr = rate / max(1.0, rms)
            shrink = decay if p.ndim > 1 else 0.0
            expected[name] = expected[name] * (1 - lr * shrink) - lr * m / (v.sqrt() + eps)
        optimizer.step()
        optimizer.zero_grad()
        for name, p in model.named_parameters():
            assert torch.allclose(p.double(), expected[name], atol=1e-6), (step, name)
    assert divided


def test_settings_reach_the_optimizer():
    adamw = optimizer_for(net(), "adamw", 1e-3, 0.1, betas=(0.8, 0.9), eps=1e-5)
    assert [(g["betas"], g["eps"], g["fused"]) for g in adamw.param_groups] == [((0.8, 0.9), 1e-5, True)] * 2
    stable = optimizer_for(net(), "stable_adamw", 1e-3, 0.1, betas=(0.9, 0.98), eps=1e-6)
    assert {(g["beta1"], g["beta2"], g["eps"], g["triton"]) for g in stable.param_groups} == {(0.9, 0.98, 1e-6, False)}


@pytest.mark.parametrize("name", TRAINED)
def test_the_output_layer_has_a_decay_of_its_own_with_the_embeddings_tied_to_it(models, name):
    kind, model = families.ARCHITECTURES[name], models[name]
    groups = decay_groups(model, 0.1, kind.undecayed, kind.masked_lm_head, 0.3)
    names = {id(p): n for n, p in model.named_parameters()}
    top = {names[id(p)] for p in groups[2]["params"]}
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0, 0.3]
    # The dense layer before the output, and the word embedding that the output layer is.
    embedding = {"bert": "bert.embeddings.word_embeddings.weight", "norbert3": "embedding.word_embedding.weight",
                 "modernbert": "model.embeddings.tok_embeddings.weight"}[name]  # fmt: skip
    dense = {"bert": "cls.predictions.transform.dense.weight", "norbert3": "classifier.nonlinearity.1.weight",
             "modernbert": "head.dense.weight"}[name]  # fmt: skip
    assert top == {embedding, dense}
    assert sum(len(group["params"]) for group in groups) == len(names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_decay_without_the_rate_shrinks_by_itself_at_the_highest_rate_and_by_its_share_below(kind):
    """ModernBERT's: with no gradient to follow, a matrix shrinks by decay × rate / highest rate."""
    model = torch.nn.Linear(4, 4)
    for share in (1.0, 0.25):
        optimizer = optimizer_for(model, kind, 1e-3, 1e-2, decay_with_rate=False)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * share
        before = model.weight.detach().clone()
        model.weight.grad, model.bias.grad = torch.zeros(4, 4), torch.zeros(4)
        optimizer.step()
        assert torch.allclose(model.weight, before * (1 - 1e-2 * share), rtol=1e-6, atol=0)


def test_fine_tuning_keeps_its_optimizer():
    group = loop.optimizer_for(net(), "adamw", 1e-3, 0.1).param_groups[0]
    assert type(loop.optimizer_for(net(), "adamw", 1e-3, 0.1)) is torch.optim.AdamW
    assert (group["betas"], group["eps"], group["fused"], group["lr"]) == ((0.9, 0.999), 1e-8, True, 1e-3)
