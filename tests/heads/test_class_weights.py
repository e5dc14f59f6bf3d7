"""Balanced class weights: every label counts for as much, whatever its share of the training part."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from harness.errors import ConfigError
from harness.heads import HEADS

LABELS = ("fall", "medication", "equipment")
OF = [*["fall"] * 6, *["medication"] * 3, "equipment"]


@pytest.mark.parametrize("name", ["sequence", "pair"])
def test_a_label_a_row_is_weighed_as_scikit_learn_does(name):
    found = HEADS[name].class_weights([{"label": label} for label in OF], LABELS)
    assert found == pytest.approx(compute_class_weight("balanced", classes=np.array(LABELS), y=OF).tolist())


def test_the_loss_of_constant_logits_is_the_same_from_every_label():
    head = HEADS["sequence"]
    weights = torch.tensor(head.class_weights([{"label": label} for label in OF], LABELS))
    targets = torch.tensor([LABELS.index(label) for label in OF])
    parts = [
        float(head.loss(torch.zeros(int((targets == at).sum()), 3), targets[targets == at], weights=weights))
        for at in range(3)
    ]
    assert parts == pytest.approx([parts[0]] * 3)
    assert float(head.loss(torch.zeros(10, 3), targets)) == pytest.approx(10 * np.log(3))


def test_of_several_labels_presence_counts_as_much_as_absence():
    head, records = HEADS["multilabel"], [{"labels": ["fall"]}, {"labels": ["fall", "medication"]}, {"labels": []}]
    weights = torch.tensor(head.class_weights(records, LABELS))
    targets = torch.tensor([head.target(record, dict.fromkeys(LABELS)) for record in records])
    for at in (0, 1):
        present = targets[:, at] == 1
        losses = [
            float(head.loss(torch.zeros(int(of.sum()), 1), targets[of][:, at : at + 1], weights=weights[at : at + 1]))
            for of in (present, ~present)
        ]
        assert losses[0] == pytest.approx(losses[1])
    assert weights[2] == 1


@pytest.mark.parametrize("name", ["tokens", "choice"])
def test_other_heads_refuse_and_say_what_to_set(name):
    with pytest.raises(ConfigError, match=f"balanced needs one label per row, which the head {name}") as caught:
        HEADS[name].class_weights([], LABELS)
    assert "class_weights: none" in caught.value.remedy
