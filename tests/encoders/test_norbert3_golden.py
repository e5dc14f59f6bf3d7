"""NorBERT3 against the published code's own numbers.

The folders of `golden/` hold random weights, inputs, and what the published modelling code of the `ltg/norbert3-*`
repositories made of them in float64; its README says which file and revision, and in what form. They are evidence from
outside this project: nothing in them follows from how the architecture is described here.
"""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from harness.encoders import norbert3_heads as heads
from harness.encoders.norbert3 import NorBert3Model, position_buckets
from harness.encoders.norbert3_config import NorBert3Config
from harness.system.files import read_json

FOLDERS = Path(__file__).parent / "golden"
GOLDEN = FOLDERS / "norbert3"
CLASSES = {
    "hidden": NorBert3Model,
    "masked_lm": heads.NorBert3ForMaskedLM,
    "sequence": heads.NorBert3ForSequenceClassification,
    "tokens": heads.NorBert3ForTokenClassification,
}
INPUTS = {folder.name: read_json(folder / "inputs.json") for folder in sorted(FOLDERS.iterdir()) if folder.is_dir()}
LATER = ("norbert3-longer", "norbert3-six-heads")


def published(name, output, **changes):
    """The class for `output` with the published weights, in float64; every parameter must be among them."""
    model = CLASSES[output](NorBert3Config(**read_json(FOLDERS / name / "config.json"), **changes)).double()
    state = load_file(FOLDERS / name / "weights.safetensors")
    if output == "masked_lm":
        state["classifier.nonlinearity.5.weight"] = state["embedding.word_embedding.weight"]
    lacking = model.load_state_dict(state, strict=False).missing_keys
    assert not lacking
    return model.eval()


def tensors(name, batch):
    return {key: torch.tensor(rows) for key, rows in INPUTS[name][batch].items()}


def difference(answer, name, key, output, mask):
    """Largest difference from the published numbers, relative to the largest of them."""
    numbers = load_file(FOLDERS / name / "outputs.safetensors")
    expected, columns = numbers[f"{key}.{output}"], numbers.get(f"columns.{output}", slice(None))
    got = answer.last_hidden_state if output == "hidden" else answer.logits
    if output == "masked_lm":
        assert torch.isneginf(got[..., :107]).all() and torch.isfinite(got[..., 107:]).all()
    if output != "sequence":
        # Zero times minus infinity is no number.
        got = got.masked_fill(torch.isneginf(got), -1e9)[..., columns] * mask[..., None]
    assert got.shape == expected.shape
    ordinary = expected > -1e8
    assert torch.equal(got > -1e8, ordinary)
    return ((got - expected)[ordinary].abs().max() / expected[ordinary].abs().max()).item()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(("name", "batch"), [(name, n) for name, given in INPUTS.items() for n in range(len(given))])
@pytest.mark.parametrize("output", CLASSES)
def test_outputs_are_those_of_the_published_code(output, name, batch, attention):
    inputs = tensors(name, batch)
    with torch.no_grad():
        answer = published(name, output, attn_implementation=attention)(**inputs)
    assert difference(answer, name, batch, output, inputs["attention_mask"]) < 1e-9


def test_the_folders_are_of_several_heads_and_lengths():
    settings = [read_json(FOLDERS / name / "config.json") for name in INPUTS]
    assert len(INPUTS) == 3
    assert len({(s["num_attention_heads"], s["hidden_size"]) for s in settings}) == 3
    assert {s["position_bucket_size"] for s in settings} == {8, 32}
    lengths = [
        (len(rows["input_ids"][0]), s["max_position_embeddings"])
        for s, given in zip(settings, INPUTS.values(), strict=True)
        for rows in given
    ]
    assert any(length > positions for length, positions in lengths) and max(lengths)[0] > 512


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", LATER)
def test_gradients_are_those_of_the_published_code(name, attention):
    """Of every parameter of the masked LM, the embedding through both of its uses."""
    expected = load_file(FOLDERS / name / "gradients.safetensors")
    model = published(name, "masked_lm", attn_implementation=attention)
    logits, labels = model(**tensors(name, 1)).logits, expected.pop("labels").long()
    loss = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    loss.backward()
    assert loss.item() == pytest.approx(expected.pop("loss").item(), rel=1e-12)
    assert expected.keys() == dict(model.named_parameters()).keys()
    for parameter, numbers in expected.items():
        flat = model.get_parameter(parameter).grad.flatten()
        got = torch.cat([flat.norm()[None], flat[:: max(1, len(flat) // 20)][:21]])
        assert ((got - numbers).abs().max() / numbers[0]).item() < 1e-9, parameter


def scaling(x, p=0.5, training=True, inplace=False):
    """In place of dropout: no chance, and where it acts and at which rate shows in every number after it."""
    return x * (1 + p) if training else x


@pytest.mark.parametrize("output", CLASSES)
@pytest.mark.parametrize("name", LATER)
def test_every_dropout_acts_where_and_at_the_rate_that_it_does_in_the_published_code(name, output, monkeypatch):
    monkeypatch.setattr(functional, "dropout", scaling)
    inputs = tensors(name, 1)
    with torch.no_grad():
        answer = published(name, output, attn_implementation="eager").train()(**inputs)
    assert difference(answer, name, "dropout", output, inputs["attention_mask"]) < 1e-9


@pytest.mark.parametrize("name", LATER)
def test_there_are_as_many_dropouts_as_in_the_published_code(name, monkeypatch):
    seen = []

    def noted(x, p=0.5, training=True, inplace=False):
        seen.append([x.numel(), p])
        return x

    monkeypatch.setattr(functional, "dropout", noted)
    model = published(name, "masked_lm", attn_implementation="eager").train()
    model(**tensors(name, 1))
    rows = model.embedding.relative_embedding.numel()
    # Of the table's rows an input reads those that its distances reach.
    expected = read_json(FOLDERS / name / "dropout.json")
    assert [rate for _, rate in seen] == [rate for _, rate in expected]
    assert all(a == b or b == rows >= a for (a, _), (b, _) in zip(seen, expected, strict=True))


def test_fused_attention_takes_the_rate_of_the_probabilities(monkeypatch):
    rates, attend = [], functional.scaled_dot_product_attention

    def noted(*tensors, dropout_p=0.0, **others):
        rates.append(dropout_p)
        return attend(*tensors, dropout_p=dropout_p, **others)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", noted)
    model = published("norbert3-six-heads", "hidden", attn_implementation="sdpa")
    model.train()(**tensors("norbert3-six-heads", 0))
    model.eval()(**tensors("norbert3-six-heads", 0))
    assert rates == [0.2] * 3 + [0.0] * 3


def test_dropout_of_attention_is_where_the_published_code_has_it(monkeypatch):
    """The relative table, the attention probabilities and the attention's output take its rate; words and MLP not."""
    seen, drop = [], torch.nn.functional.dropout

    def noted(x, p=0.5, training=True, inplace=False):
        seen.append((tuple(x.shape), p))
        return drop(x, p, training, inplace)

    monkeypatch.setattr(torch.nn.functional, "dropout", noted)
    rates = {"hidden_dropout_prob": 0.25, "attention_probs_dropout_prob": 0.125}
    config = NorBert3Config(**read_json(GOLDEN / "config.json") | rates | {"num_hidden_layers": 1},
                            attn_implementation="eager")  # fmt: skip
    # As long as the table reaches: of a shorter input a part of it.
    NorBert3Model(config).train()(input_ids=torch.arange(64)[None])
    words, table, weights = (1, 64, 32), (15, 32), (1, 4, 64, 64)
    assert seen == [(words, 0.25), (table, 0.125), (weights, 0.125), (words, 0.125), (words, 0.25)]


def test_a_longer_input_than_the_table_takes_the_buckets_of_512_positions():
    """The published code makes the larger table anew, and for 512 positions whatever its configuration says."""
    assert torch.equal(position_buckets(65, 8, 64), position_buckets(65, 8, 512))
    assert not torch.equal(position_buckets(64, 8, 64), position_buckets(64, 8, 512))
    assert position_buckets(700, 8, 64).max() == 14


@pytest.mark.parametrize(("buckets", "maximum"), [(5, 8), (18, 64), (42, 512), (84, 256), (118, 512), (2, 16), (3, 16)])
def test_the_farthest_distance_has_the_last_bucket_whatever_the_sizes(buckets, maximum):
    """A logarithm that is rounded up would name a bucket beyond the table."""
    for size in (buckets, buckets + 1):
        found = position_buckets(maximum, size, maximum)
        assert found.max() == found[-1, 0] and found.min() == found[0, -1]
        assert found.max() - (size - 1) == max(2 * (size // 2) - 1, 1)
        assert (found[:, 0].diff() >= 0).all()


def test_a_distance_on_the_edge_of_a_bucket_belongs_to_the_nearer_one():
    """(12/3)² = (49 − 1)/3: exactly the first of two logarithmic steps."""
    assert (position_buckets(49, 6, 49)[[12, 13], 0] - 5).tolist() == [4, 5]
