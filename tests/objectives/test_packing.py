"""Packing: nothing lost, nothing padded, and a document in a packed row is what it is alone."""

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_encoders import ENCODER, TEXTS

from harness.encoders import families, tokenizers
from harness.errors import TrainingError
from harness.objectives.common.packing import pack, packed_inputs

CLS, SEP = 1, 2


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pieces_of(rows, pieces):
    """Every piece, frame and all, row by row."""
    for row, numbers in zip(rows.tolist(), pieces.tolist(), strict=True):
        assert numbers == sorted(numbers) and set(numbers) == set(range(numbers[-1] + 1))
        for number in range(numbers[-1] + 1):
            yield [token for token, n in zip(row, numbers, strict=True) if n == number]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any), st.integers(3, 30), st.integers(0, 99))
def test_every_token_is_there_and_no_position_is_padding(sizes, length, seed):
    texts, at = [], 10
    for size in sizes:
        texts.append(list(range(at, at + size)))
        at += size
    rows, pieces = pack(texts, length, CLS, SEP, seeded(seed))
    assert rows.shape[1] == length and rows.shape == pieces.shape
    tokens = []
    for piece in pieces_of(rows, pieces):
        if piece in ([CLS], [CLS, SEP]):
            continue
        assert (piece[0], piece[-1]) == (CLS, SEP) and CLS not in piece[1:] and SEP not in piece[:-1]
        # Consecutive tokens of one document: no piece mixes two.
        assert piece[1:-1] == list(range(piece[1], piece[1] + len(piece) - 2))
        assert any(piece[1] >= text[0] and piece[-2] <= text[-1] for text in texts if text)
        tokens += piece[1:-1]
    assert set(tokens) == set(range(10, at))
    assert len(tokens) - (at - 10) < length
    again = pack(texts, length, CLS, SEP, seeded(seed))
    assert torch.equal(again[0], rows) and torch.equal(again[1], pieces)


def test_another_seed_is_another_order():
    texts = [[10 + i] * 9 for i in range(40)]
    assert not torch.equal(pack(texts, 16, CLS, SEP, seeded(1))[0], pack(texts, 16, CLS, SEP, seeded(2))[0])


def test_no_text_is_an_error_and_rows_must_hold_something():
    for texts in ([], [[], []]):
        with pytest.raises(TrainingError, match="no text"):
            pack(texts, 8, CLS, SEP, seeded())
    with pytest.raises(ValueError, match="rows of 2 tokens"):
        pack([[5]], 2, CLS, SEP, seeded())


def test_little_of_a_row_is_lost():
    """Documents of 1 to 300 tokens in rows of 128: frames and empty ends are all that is not text."""
    sizes = torch.randint(1, 300, (500,), generator=seeded(3)).tolist()
    rows, pieces = pack([[9] * size for size in sizes], 128, CLS, SEP, seeded(4))
    assert sum(len(piece) for piece in pieces_of(rows, pieces) if len(piece) < 3) / rows.numel() < 0.0015
    assert 0 <= (rows == 9).sum().item() - sum(sizes) < 128


# --- the model sees each document alone --------------------------------------------------------


@pytest.fixture(scope="module")
def tokenizer():
    return tokenizers.build("modernbert", TEXTS, ENCODER.vocabulary)


def model_of(tokenizer, attention="sdpa"):
    """Six layers of both kinds, with a window of 16 tokens beside rows of 96."""
    torch.manual_seed(5)
    encoder = dataclasses.replace(ENCODER, layers=6, dropout=0.0)
    model = families.new_masked_lm("modernbert", encoder, tokenizer, attention).eval()
    assert model.config.local_attention == 16
    assert set(model.config.layer_types) == {"full_attention", "sliding_attention"}
    return model


def packed(model, rows, document_ids):
    return packed_inputs(rows, document_ids, model.config.local_attention, model.config._attn_implementation)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_hidden_states_are_those_of_the_document_alone(tokenizer, attention):
    model = model_of(tokenizer, attention)
    sizes = [[40, 3, 53], [1, 95], [96], [32, 32, 32]]
    rows = torch.randint(5, len(tokenizer), (4, 96), generator=seeded(6))
    document_ids = torch.stack([torch.repeat_interleave(torch.arange(len(s)), torch.tensor(s)) for s in sizes])
    with torch.no_grad():
        together = model.model(**packed(model, rows, document_ids)).last_hidden_state
        logits = model(**packed(model, rows, document_ids)).logits
        for r, row_sizes in enumerate(sizes):
            start = 0
            for size in row_sizes:
                alone = rows[r : r + 1, start : start + size]
                hidden = model.model(input_ids=alone, attention_mask=torch.ones_like(alone)).last_hidden_state
                assert torch.allclose(together[r, start : start + size], hidden[0], atol=1e-5), (r, start)
                assert torch.allclose(logits[r, start : start + size], model(input_ids=alone).logits[0], atol=1e-5)
                start += size


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_neighbour_changes_nothing_and_gradients_do_not_cross(tokenizer, attention):
    model = model_of(tokenizer, attention)
    rows = torch.randint(5, len(tokenizer), (2, 96), generator=seeded(7))
    document_ids = (torch.arange(96) >= 40).long().expand(2, -1)
    other = rows.clone()
    other[:, 40:] = torch.randint(5, len(tokenizer), (2, 56), generator=seeded(8))
    inputs = packed(model, rows, document_ids)
    with torch.no_grad():
        one = model.model(**inputs).last_hidden_state
        two = model.model(**packed(model, other, document_ids)).last_hidden_state
    assert torch.equal(one[:, :40], two[:, :40]) and not torch.allclose(one[:, 40:], two[:, 40:], atol=0.1)
    embedded = model.model.embeddings.tok_embeddings(rows).detach().requires_grad_()
    hidden = model.model(inputs_embeds=embedded, **{k: v for k, v in inputs.items() if k != "input_ids"})
    hidden.last_hidden_state[:, :40].square().sum().backward()
    assert embedded.grad[:, :40].abs().min() > 0 and not embedded.grad[:, 40:].any()


def test_without_borders_it_is_the_models_own_mask(tokenizer):
    """One document a row: exactly what the model makes itself, window of the sliding layers included."""
    model = model_of(tokenizer)
    rows = torch.randint(5, len(tokenizer), (2, 96), generator=seeded(9))
    inputs = packed(model, rows, torch.zeros_like(rows))
    assert inputs["attention_mask"]["sliding_attention"].sum(-1).max() == 17
    with torch.no_grad():
        assert torch.allclose(model(**inputs).logits, model(input_ids=rows).logits, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=24), st.integers(0, 12))
def test_masks_and_positions_are_those_of_a_slow_reading(ids, local):
    """The reading rests on what packing is to mean; that a packed document is treated as if alone is held by the
    model's own answers above."""
    blocks = [0]
    for a, b in itertools.pairwise(ids):
        blocks.append(blocks[-1] + (a != b))
    inputs = packed_inputs(torch.zeros(1, len(ids), dtype=torch.long), torch.tensor([ids]), local)
    full, near = (inputs["attention_mask"][kind][0, 0].tolist() for kind in ("full_attention", "sliding_attention"))
    for i, block in enumerate(blocks):
        assert inputs["position_ids"][0, i] == i - blocks.index(block)
        for j, other in enumerate(blocks):
            assert full[i][j] == (block == other)
            assert near[i][j] == (block == other and abs(i - j) <= local // 2)
