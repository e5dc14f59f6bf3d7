"""NorBERT3 against the published code's own numbers.

`golden/norbert3/` holds random weights, inputs, and what the published modelling code of the `ltg/norbert3-*`
repositories made of them in float64, with the logits of reserved ids written as −1e9 and padded rows as 0. They are
evidence from outside this project: nothing in them follows from how the architecture is described here.
"""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from harness.files import read_json
from harness.models import norbert3_heads as heads
from harness.models.norbert3 import NorBert3Model, position_buckets
from harness.models.norbert3_config import NorBert3Config

GOLDEN = Path(__file__).parent / "golden" / "norbert3"
CLASSES = {
    "hidden": NorBert3Model,
    "masked_lm": heads.NorBert3ForMaskedLM,
    "sequence": heads.NorBert3ForSequenceClassification,
    "tokens": heads.NorBert3ForTokenClassification,
}
BATCHES = range(len(read_json(GOLDEN / "inputs.json")))


def published(output, **changes):
    """The class for `output` with the published weights, in float64; every parameter must be among them."""
    model = CLASSES[output](NorBert3Config(**read_json(GOLDEN / "config.json"), **changes))
    state = load_file(GOLDEN / "weights.safetensors")
    if output == "masked_lm":
        state["classifier.nonlinearity.5.weight"] = state["embedding.word_embedding.weight"]
    lacking = model.load_state_dict(state, strict=False).missing_keys
    assert not lacking
    return model.double().eval()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("output", CLASSES)
def test_outputs_are_those_of_the_published_code(output, batch, attention):
    inputs = {name: torch.tensor(rows) for name, rows in read_json(GOLDEN / "inputs.json")[batch].items()}
    expected = load_file(GOLDEN / "outputs.safetensors")[f"{batch}.{output}"]
    with torch.no_grad():
        answer = published(output, attn_implementation=attention)(**inputs)
    got = answer.last_hidden_state if output == "hidden" else answer.logits
    if output == "masked_lm":
        reserved = expected <= -1e8
        real = inputs["attention_mask"].bool()[..., None]
        assert torch.equal(torch.isneginf(got) & real, reserved)
        got, expected = got.masked_fill(torch.isneginf(got), 0), expected.masked_fill(reserved, 0)
    if output != "sequence":
        got = got * inputs["attention_mask"][..., None]
    assert ((got - expected).abs().max() / expected.abs().max()).item() < 1e-9


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
