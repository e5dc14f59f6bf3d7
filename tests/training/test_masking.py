"""Masking, tested as a distribution."""

import torch

from harness.training.batching import IGNORED
from harness.training.masking import mask_tokens

MASK = 4


def masked(seed: int = 0, rate: float = 0.15):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 1000, (400, 128), generator=generator)
    ids[:, 0] = 2
    inputs, targets = mask_tokens(ids, ids != 2, rate, MASK, torch.arange(5, 1000), generator)
    return ids, inputs, targets


def test_rate_and_the_80_10_10_rule():
    ids, inputs, targets = masked()
    chosen = targets != IGNORED
    n = int(chosen.sum())
    assert abs(n / (ids != 2).sum() - 0.15) < 0.005
    replaced = chosen & (inputs != ids) & (inputs != MASK)
    assert abs(int((chosen & (inputs == MASK)).sum()) / n - 0.8) < 0.015
    assert abs(int(replaced.sum()) / n - 0.1) < 0.01
    assert abs(int((chosen & (inputs == ids)).sum()) / n - 0.1) < 0.01
    assert int(inputs[replaced].min()) >= 5


def test_special_tokens_stay_and_unchosen_positions_are_untouched():
    ids, inputs, targets = masked()
    assert (targets[:, 0] == IGNORED).all() and (inputs[:, 0] == 2).all()
    untouched = targets == IGNORED
    assert (inputs[untouched] == ids[untouched]).all()
    assert (targets[~untouched] == ids[~untouched]).all()


def test_masks_repeat_with_the_generator_and_differ_without():
    assert torch.equal(masked(1)[1], masked(1)[1])
    assert not torch.equal(masked(1)[1], masked(2)[1])
