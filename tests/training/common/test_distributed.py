"""A model sharded over devices: in groups of a layer, and whole again at the end."""

import dataclasses

import pytest
import torch
from tiny_encoders import ENCODER, TEXTS
from tiny_training import ENGINE, RECIPES

from harness.encoders import families, tokenizers
from harness.training.common.distributed import World, gathered, layers, settle, spread


@pytest.fixture
def alone_in_a_group(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    yield World(0, 2, "cpu")
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("architecture", sorted(RECIPES))
def test_each_layer_is_a_group_and_afterwards_the_model_is_plain(architecture, alone_in_a_group):
    from torch.distributed.fsdp import FSDPModule
    from torch.distributed.tensor import DTensor

    tokenizer = tokenizers.build(architecture, TEXTS, ENCODER.vocabulary)
    encoder = dataclasses.replace(ENCODER, layers=3, dropout=0.0)
    model = families.new_masked_lm(architecture, encoder, tokenizer, "sdpa").eval()
    ids = torch.arange(5, 17)[None]

    def hidden() -> torch.Tensor:
        with torch.no_grad():
            return model.base_model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state

    before = hidden()
    assert len(layers(model)) == 3
    module = spread(model, alone_in_a_group, dataclasses.replace(ENGINE, sharding="fsdp"))
    assert all(isinstance(part, FSDPModule) for part in [module, *layers(module)])
    module(input_ids=ids, attention_mask=torch.ones_like(ids))[0].mean().backward()
    assert all(isinstance(p, DTensor) for layer in layers(module) for p in layer.parameters())
    with gathered(module):
        assert torch.allclose(hidden(), before, atol=1e-6)
    settle(module)
    for _ in range(2):
        assert torch.allclose(hidden(), before, atol=1e-6)
        assert not any(isinstance(p, DTensor) for p in model.parameters())
