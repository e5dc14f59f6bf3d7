"""Word vectors of which a part is trained: the model is the one whose whole table is trained."""

import copy

import pytest
import torch
from tiny_encoders import ENCODER, TEXTS

from harness.encoders import families, tokenizers
from harness.heads import HEADS
from harness.training.common.optimizers import optimizer_for
from harness.training.finetune.seen_rows import SeenRows, narrowed

SEEN = torch.arange(0, 60, 3)


def trained(model, follow, updates=12):
    """`model` after some updates on tokens of SEEN, with a high rate and decay, and what it says of other tokens."""
    optimizer = optimizer_for(model, "adamw", 1e-2, 0.5)
    follow(optimizer)
    generator = torch.Generator().manual_seed(1)
    model.train()
    for step in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (step + 1) / updates
        ids = SEEN[torch.randint(len(SEEN), (4, 7), generator=generator)]
        mask = (torch.arange(7) < torch.tensor([7, 5, 3, 7])[:, None]).long()
        logits = model(input_ids=ids, attention_mask=mask).logits
        torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 1, 0])).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        return model(input_ids=torch.arange(60)[None], attention_mask=torch.ones(1, 60)).logits


@pytest.fixture(params=["bert", "norbert3", "modernbert"])
def pair(request, tmp_path):
    tokenizer = tokenizers.build(request.param, TEXTS, ENCODER.vocabulary)
    torch.manual_seed(1)
    families.save(families.new_masked_lm(request.param, ENCODER, tokenizer, "sdpa"), tokenizer, tmp_path)
    whole = families.load_head(tmp_path, request.param, HEADS["sequence"], ("a", "b"), "sdpa", 0.0).double()
    return whole, copy.deepcopy(whole)


def test_it_is_the_model_whose_whole_table_is_trained(pair):
    whole, other = pair
    before = whole.get_input_embeddings().weight.detach().clone()
    expected = trained(whole, lambda optimizer: None)
    rows = narrowed(other, SEEN.numpy())
    got = trained(other, rows.follow)
    assert torch.allclose(got, expected, atol=1e-10) and rows.weight.shape[0] == len(SEEN)
    table = whole.get_input_embeddings().weight
    assert torch.allclose(rows(torch.arange(len(table))), table, atol=1e-10)
    assert torch.equal(rows.whole().weight, rows(torch.arange(len(table))))
    unseen = torch.ones(len(table), dtype=torch.bool)
    unseen[SEEN] = False
    assert not torch.allclose(before[unseen], table[unseen], rtol=1e-2), "decay was large enough to be missed"


def test_kept_weights_hold_how_far_the_other_rows_had_decayed(pair):
    _, model = pair
    rows = narrowed(model, SEEN.numpy())
    trained(model, rows.follow, updates=3)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    ids = torch.arange(60)
    then = rows(ids).detach()
    trained(model, rows.follow, updates=3)
    assert not torch.equal(rows(ids), then)
    model.load_state_dict(kept)
    assert torch.equal(rows(ids), then)


def test_a_token_that_is_not_trained_is_refused_while_it_trains_and_read_afterwards():
    table = torch.nn.Embedding(5, 2)
    rows = SeenRows(table, [4, 1])
    with pytest.raises(IndexError):
        rows(torch.tensor([[1, 2]]))
    assert torch.equal(rows.eval()(torch.tensor([[1, 2, 0, 4]])), table(torch.tensor([[1, 2, 0, 4]])))


@pytest.mark.parametrize("padding", [None, 0, 3])
def test_a_table_that_is_seen_whole_and_the_row_of_padding(padding):
    table = torch.nn.Embedding(5, 2, padding_idx=padding)
    rows, ids = SeenRows(table, range(5)), torch.tensor([0, 3, 3, 1])
    for training in (True, False):
        assert torch.equal(rows.train(training)(ids), table(ids))
    rows.train()(ids).sum().backward()
    table(ids).sum().backward()
    assert torch.equal(rows.weight.grad, table.weight.grad)
