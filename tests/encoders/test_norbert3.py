"""The NorBERT3 architecture against a slow reference, written from the description, one (i, j) at a time.

The reference rests on the description of the architecture in this project, so it can share a misreading of it; what
it checks is the fast code against the plain formula, gradients, padding and sizes included. That the formula is the
published one rests on outputs of the published code (`test_norbert3_golden.py`), which the reference is held to too.
"""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from harness.encoders import norbert3_heads as heads
from harness.encoders.norbert3 import NorBert3Model, position_buckets
from harness.encoders.norbert3_config import NorBert3Config

VOCABULARY, RESERVED = 150, 107


def config(**changes) -> NorBert3Config:
    settings = {
        "vocab_size": VOCABULARY, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2,
        "num_attention_heads": 3, "max_position_embeddings": 32, "position_bucket_size": 6, "num_labels": 3,
    }  # fmt: skip
    return NorBert3Config(**{**settings, **changes})


def made(model_class, dtype=torch.float64, spread=0.5, **changes):
    """A model with every parameter, biases and norms too, away from its initial value."""
    torch.manual_seed(4)
    model = model_class(config(**changes)).to(dtype).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(dtype) * spread)
    return model


def batch(rows=2, length=9, seed=1):
    ids = torch.randint(RESERVED, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones_like(ids)
    mask[-1, length - 3 :] = 0
    return ids, mask


# --- the reference -----------------------------------------------------------------------------


def reference_bucket(i, j, buckets, maximum, length):
    maximum = 512 if length > maximum else maximum
    r = max(-(maximum - 1), min(maximum - 1, i - j))
    middle = buckets // 2
    if abs(r) <= middle:
        return r + buckets - 1
    far = math.ceil(math.log(abs(r) / middle) / math.log((maximum - 1) / middle) * (middle - 1)) + middle
    return (far if r > 0 else -far) + buckets - 1


def plain_norm(x, eps):
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, keepdim=True, unbiased=False) + eps)


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def reference_encoder(p, c, ids, mask):
    """`p` maps the published parameter names to tensors; one row at a time."""
    eps, d, h = c.layer_norm_eps, c.hidden_size, c.num_attention_heads
    size = d // h
    table = plain_norm(p["embedding.relative_embedding"], eps)
    table = table * p["embedding.relative_layer_norm.weight"] + p["embedding.relative_layer_norm.bias"]
    rows = []
    for row, keep in zip(ids.tolist(), mask.tolist(), strict=True):
        x = plain_norm(torch.stack([p["embedding.word_embedding.weight"][token] for token in row]), eps)
        for layer in range(c.num_hidden_layers):
            at = f"transformer.layers.{layer}."
            w_qk, b_qk = p[at + "attention.in_proj_qk.weight"], p[at + "attention.in_proj_qk.bias"]
            n = plain_norm(x, eps)
            q, k = (n @ w_qk.T + b_qk)[:, :d], (n @ w_qk.T + b_qk)[:, d:]
            v = n @ p[at + "attention.in_proj_v.weight"].T + p[at + "attention.in_proj_v.bias"]
            # Of a head's 2 · size columns the first half is its position query, the second its position key.
            by_head = (table @ w_qk.T + b_qk).view(-1, h, 2 * size)
            mixed = []
            for i in range(len(row)):
                parts = []
                for head in range(h):
                    cut = slice(head * size, (head + 1) * size)
                    q_pos, k_pos = by_head[:, head, :size], by_head[:, head, size:]
                    scores = []
                    for j in range(len(row)):
                        bucket = reference_bucket(i, j, c.position_bucket_size, c.max_position_embeddings, len(row))
                        score = q[i, cut] @ k[j, cut] + q[i, cut] @ k_pos[bucket] + k[j, cut] @ q_pos[bucket]
                        scores.append(score / math.sqrt(3 * size))
                    seen = [j for j in range(len(row)) if keep[j]]
                    weights = torch.softmax(torch.stack([scores[j] for j in seen]), 0)
                    parts.append(sum(weights[n] * v[j, cut] for n, j in enumerate(seen)))
                mixed.append(torch.cat(parts))
            out = torch.stack(mixed) @ p[at + "attention.out_proj.weight"].T + p[at + "attention.out_proj.bias"]
            out = plain_norm(out, eps) * p[at + "attention.post_layer_norm.weight"]
            x = x + out + p[at + "attention.post_layer_norm.bias"]
            inner = plain_norm(x, eps) @ p[at + "mlp.mlp.1.weight"].T
            value, gate = inner[:, : c.intermediate_size], inner[:, c.intermediate_size :]
            x = x + plain_norm(value * tanh_gelu(gate), eps) @ p[at + "mlp.mlp.4.weight"].T
        rows.append(x)
    return torch.stack(rows)


def reference_head(p, prefix, x, eps):
    x = plain_norm(x, eps) @ p[f"{prefix}.nonlinearity.1.weight"].T + p[f"{prefix}.nonlinearity.1.bias"]
    x = plain_norm(x * 0.5 * (1 + torch.erf(x / math.sqrt(2))), eps)
    return x @ p[f"{prefix}.nonlinearity.5.weight"].T + p[f"{prefix}.nonlinearity.5.bias"]


def parameters_of(model):
    return {name: value.detach().clone().requires_grad_() for name, value in model.state_dict().items()}


def test_the_reference_gives_the_outputs_of_the_published_code():
    golden = Path(__file__).parent / "golden" / "norbert3"
    weights = {name: value.double() for name, value in load_file(golden / "weights.safetensors").items()}
    inputs = json.loads((golden / "inputs.json").read_text())[0]
    ids, mask = (torch.tensor(inputs[name]) for name in ("input_ids", "attention_mask"))
    published = NorBert3Config(**json.loads((golden / "config.json").read_text()))
    expected = load_file(golden / "outputs.safetensors")["0.hidden"]
    got = reference_encoder(weights, published, ids, mask) * mask[..., None]
    assert ((got - expected).abs().max() / expected.abs().max()).item() < 1e-9


# --- agreement ---------------------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_encoder_agrees_with_the_reference(dtype, tolerance, attention):
    model = made(NorBert3Model, dtype, spread=0.2, attn_implementation=attention)
    ids, mask = batch(length=14)
    expected = reference_encoder(parameters_of(model), model.config, ids, mask)
    got = model(input_ids=ids, attention_mask=mask).last_hidden_state
    assert (got - expected).abs().max() < tolerance * max(1, expected.abs().max().item())


def test_gradients_agree_with_the_reference():
    model = made(heads.NorBert3ForTokenClassification)
    ids, mask = batch()
    p = parameters_of(model)
    weights = torch.randn(2, 9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    weights = weights * mask[..., None]
    logits = reference_head(p, "head", reference_encoder(p, model.config, ids, mask), model.config.layer_norm_eps)
    (logits * weights).sum().backward()
    (model(input_ids=ids, attention_mask=mask).logits * weights).sum().backward()
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, p[name].grad, rtol=1e-8, atol=1e-10), name


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_gradients_are_those_of_finite_differences(attention):
    """Of every parameter, padding and two heads included, in float64."""
    model = made(
        heads.NorBert3ForSequenceClassification, vocab_size=5, hidden_size=4, intermediate_size=3,
        num_attention_heads=2, num_hidden_layers=1, position_bucket_size=2, max_position_embeddings=4,
        num_labels=2, attn_implementation=attention,
    )  # fmt: skip
    names = [name for name, _ in model.named_parameters()]
    ids, mask = torch.tensor([[0, 1, 2, 3, 4, 1], [2, 2, 4, 0, 0, 0]]), torch.tensor([[1] * 6, [1] * 4 + [0] * 2])

    def logits(*values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(model, given, kwargs={"input_ids": ids, "attention_mask": mask}).logits

    assert torch.autograd.gradcheck(logits, [p.detach().clone().requires_grad_() for p in model.parameters()])


def test_heads_agree_with_the_reference():
    ids, mask = batch()
    for model_class in (heads.NorBert3ForSequenceClassification, heads.NorBert3ForTokenClassification):
        model = made(model_class)
        p = parameters_of(model)
        hidden = reference_encoder(p, model.config, ids, mask)
        if model_class is heads.NorBert3ForSequenceClassification:
            hidden = hidden[:, 0]
        expected = reference_head(p, "head", hidden, model.config.layer_norm_eps)
        assert torch.allclose(model(input_ids=ids, attention_mask=mask).logits, expected, atol=1e-10)


def test_masked_lm_agrees_with_the_reference_and_never_predicts_reserved_ids():
    model = made(heads.NorBert3ForMaskedLM)
    ids, mask = batch()
    p = parameters_of(model)
    hidden = reference_encoder(p, model.config, ids, mask)
    expected = reference_head(p, "classifier", hidden, model.config.layer_norm_eps)
    logits = model(input_ids=ids, attention_mask=mask).logits
    assert torch.isneginf(logits[..., :RESERVED]).all()
    assert torch.allclose(logits[..., RESERVED:], expected[..., RESERVED:], atol=1e-10)
    assert torch.equal(model.predict(model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state), logits)
    labels = torch.where(torch.arange(9) % 3 == 0, ids, -100)
    expected = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert torch.allclose(model(input_ids=ids, attention_mask=mask, labels=labels).loss.double(), expected, atol=1e-6)
    labels[0, 0] = 3
    assert torch.isfinite(model(input_ids=ids, attention_mask=mask, labels=labels).loss)


def test_multiple_choice_scores_the_first_token_of_each_option():
    choice = made(heads.NorBert3ForMultipleChoice)
    ids, mask = batch(rows=8)
    got = choice(input_ids=ids.view(2, 4, 9), attention_mask=mask.view(2, 4, 9), labels=torch.tensor([1, 3]))
    p = parameters_of(choice)
    hidden = reference_encoder(p, choice.config, ids, mask)[:, 0]
    assert torch.allclose(
        got.logits, reference_head(p, "head", hidden, choice.config.layer_norm_eps).view(2, 4), atol=1e-10
    )
    assert got.logits.shape == (2, 4) and torch.isfinite(got.loss)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("layers", [1, 3])
def test_the_tokens_that_a_head_reads_are_those_of_the_whole_encoder(layers, attention):
    ids, mask = batch(rows=3)
    read, whole = (made(NorBert3Model, num_hidden_layers=layers, attn_implementation=attention) for _ in range(2))
    first = read.encode(ids, mask, read=2).last_hidden_state
    expected = whole.encode(ids, mask).last_hidden_state[:, :2]
    assert first.shape == expected.shape and torch.allclose(first, expected, atol=1e-12)
    first.square().sum().backward()
    expected.square().sum().backward()
    for (name, one), (_, other) in zip(read.named_parameters(), whole.named_parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-9), name


def test_the_states_of_every_layer_are_those_of_all_tokens():
    model = made(heads.NorBert3ForSequenceClassification)
    ids, mask = batch()
    states = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    assert [tuple(state.shape) for state in states] == [(2, 9, 12)] * 3


# --- positions and padding ---------------------------------------------------------------------


@pytest.mark.parametrize(("buckets", "maximum", "length"), [(32, 512, 600), (6, 32, 40), (4, 16, 5)])
def test_buckets_are_those_of_the_description(buckets, maximum, length):
    got = position_buckets(length, buckets, maximum)
    some = range(0, length, max(1, length // 40))
    for i in some:
        assert [got[i, j].item() for j in some] == [reference_bucket(i, j, buckets, maximum, length) for j in some]
    assert got.min() >= 0 and got.max() <= 2 * buckets - 2


def test_inputs_longer_than_the_table_agree_with_the_reference():
    """28 tokens where the configuration counts distances up to 9."""
    model = made(NorBert3Model, max_position_embeddings=10, num_hidden_layers=1)
    ids, mask = batch(rows=1, length=28)
    expected = reference_encoder(parameters_of(model), model.config, ids, mask)
    got = model(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(got, expected, atol=1e-10)


def test_longer_inputs_than_the_published_table_work():
    model = made(NorBert3Model, max_position_embeddings=512, position_bucket_size=32)
    ids = torch.randint(RESERVED, VOCABULARY, (1, 700), generator=torch.Generator().manual_seed(0))
    hidden = model(input_ids=ids).last_hidden_state
    assert hidden.shape == (1, 700, 12) and torch.isfinite(hidden).all()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_padding_changes_nothing(attention):
    model = made(NorBert3Model, attn_implementation=attention)
    ids, _ = batch(rows=3, length=11)
    alone = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    padded = torch.cat([ids, torch.full((3, 6), 3)], dim=1)
    mask = torch.cat([torch.ones_like(ids), torch.zeros(3, 6, dtype=torch.long)], dim=1)
    assert torch.allclose(model(input_ids=padded, attention_mask=mask).last_hidden_state[:, :11], alone, atol=1e-12)
    assert torch.allclose(model(input_ids=ids).last_hidden_state, alone, atol=1e-12)


def test_a_row_of_padding_alone_is_no_nan():
    model = made(heads.NorBert3ForSequenceClassification).train()
    ids, mask = batch()
    mask[0] = 0
    loss = model(input_ids=ids, attention_mask=mask, labels=torch.tensor([0, 1])).loss
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_dropout_acts_in_training_on_attention_too():
    ids, mask = batch()
    for attention in ("sdpa", "eager"):
        model = made(
            NorBert3Model, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.5, attn_implementation=attention
        )
        still = model(input_ids=ids, attention_mask=mask).last_hidden_state
        assert torch.equal(model(input_ids=ids, attention_mask=mask).last_hidden_state, still)
        model.train()
        assert not torch.allclose(model(input_ids=ids, attention_mask=mask).last_hidden_state, still)


def test_gradient_checkpointing_gives_the_same_gradients():
    ids, mask = batch()
    grads = []
    for checkpointing in (False, True):
        model = made(heads.NorBert3ForSequenceClassification, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        model.train()
        if checkpointing:
            model.gradient_checkpointing_enable()
        model(input_ids=ids, attention_mask=mask, labels=torch.tensor([0, 1])).loss.backward()
        grads.append([p.grad.clone() for p in model.parameters()])
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(*grads, strict=True))


# --- names, files, sizes -----------------------------------------------------------------------


def published_names(layers, head):
    names = {"embedding.word_embedding.weight", "embedding.relative_embedding"}
    names |= {f"embedding.relative_layer_norm.{kind}" for kind in ("weight", "bias")}
    for i in range(layers):
        at = f"transformer.layers.{i}"
        for module in ("in_proj_qk", "in_proj_v", "out_proj", "post_layer_norm"):
            names |= {f"{at}.attention.{module}.{kind}" for kind in ("weight", "bias")}
        names |= {f"{at}.mlp.mlp.{n}.weight" for n in (1, 4)}
    if head:
        names |= {f"{head}.nonlinearity.{n}.{kind}" for n in (1, 5) for kind in ("weight", "bias")}
    return names


CLASSES = {
    NorBert3Model: (None, AutoModel),
    heads.NorBert3ForMaskedLM: ("classifier", AutoModelForMaskedLM),
    heads.NorBert3ForSequenceClassification: ("head", AutoModelForSequenceClassification),
    heads.NorBert3ForTokenClassification: ("head", AutoModelForTokenClassification),
    heads.NorBert3ForMultipleChoice: ("head", AutoModelForMultipleChoice),
}


@pytest.mark.parametrize("model_class", CLASSES)
def test_names_and_round_trip_of_every_class(model_class, tmp_path):
    head, opener = CLASSES[model_class]
    model = made(model_class, torch.float32)
    assert set(model.state_dict()) == published_names(2, head)
    model.save_pretrained(tmp_path)
    tied = {"classifier.nonlinearity.5.weight"} if head == "classifier" else set()
    assert set(load_file(tmp_path / "model.safetensors")) == published_names(2, head) - tied
    assert isinstance(AutoConfig.from_pretrained(tmp_path), NorBert3Config)
    again, info = opener.from_pretrained(tmp_path, output_loading_info=True)
    assert type(again) is model_class and not info["missing_keys"] and not info["unexpected_keys"]
    for name, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


@pytest.mark.parametrize("left_out", ["classifier.nonlinearity.5.weight", "embedding.word_embedding.weight", None])
def test_a_file_with_either_of_the_tied_weights_loads(left_out, tmp_path):
    model = made(heads.NorBert3ForMaskedLM, torch.float32)
    state = {name: value.clone() for name, value in model.state_dict().items() if name != left_out}
    state["transformer.layers.0.attention.position_indices"] = torch.arange(9).view(3, 3)
    model.config.save_pretrained(tmp_path)
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    again, info = heads.NorBert3ForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert again.classifier.nonlinearity[5].weight is again.embedding.word_embedding.weight
    assert torch.equal(again.embedding.word_embedding.weight, model.embedding.word_embedding.weight)


def test_a_new_head_on_a_masked_lm_is_initialised(tmp_path):
    made(heads.NorBert3ForMaskedLM, torch.float32).save_pretrained(tmp_path)
    torch.manual_seed(3)
    model, info = heads.NorBert3ForTokenClassification.from_pretrained(tmp_path, num_labels=5, output_loading_info=True)
    assert info["missing_keys"] == {n for n in published_names(0, "head") if n.startswith("head")}
    assert model.head.nonlinearity[5].weight.shape == (5, 12)
    assert not model.head.nonlinearity[5].bias.any()
    assert 0 < model.head.nonlinearity[5].weight.abs().max() <= 2 * math.sqrt(2 / 60) + 1e-6


@pytest.mark.parametrize(
    ("hidden", "intermediate", "attention_heads", "layers", "millions"),
    [(192, 512, 3, 12, 15.0), (384, 1024, 6, 12, 40.7), (768, 2048, 12, 12, 124.1), (1024, 2730, 16, 24, 354.5)],
)
def test_parameter_counts_of_the_published_sizes(hidden, intermediate, attention_heads, layers, millions):
    size = NorBert3Config(
        hidden_size=hidden, intermediate_size=intermediate, num_attention_heads=attention_heads,
        num_hidden_layers=layers,
    )  # fmt: skip
    with torch.device("meta"):
        model = heads.NorBert3ForMaskedLM(size)
    assert round(sum(p.numel() for p in model.parameters()) / 1e6, 1) == millions


def test_initial_weights_follow_the_description():
    torch.manual_seed(0)
    model = heads.NorBert3ForSequenceClassification(config(hidden_size=96, intermediate_size=128, vocab_size=2000))
    sigma = math.sqrt(2 / (5 * 96))
    # The standard deviation of a normal cut at two of its own.
    cut = 0.8796
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            assert (parameter == 1).all(), name
        elif name.endswith("bias"):
            assert (parameter == 0).all(), name
        else:
            depth = int(name.split(".")[2]) if ".mlp." in name else None
            expected = sigma if depth is None else sigma * math.sqrt(1 / (2 * (1 + depth)))
            assert parameter.abs().max() <= 2 * expected + 1e-7, name
            if parameter.numel() > 2000:
                assert abs(parameter.std().item() / (cut * expected) - 1) < 0.05, name
                assert abs(parameter.mean().item()) < 0.05 * expected, name


def test_a_hidden_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="not a multiple"):
        config(num_attention_heads=5)
