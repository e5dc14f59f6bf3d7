"""A model with the objective that it is pre-trained on, as one module."""

import torch

from harness.encoders import families
from harness.objectives import Heads, Objective


class Losses(torch.nn.Module):
    """Calling it with inputs and targets gives the summed loss by name.

    One module, so that everything trained goes through one `forward`, as several devices need it.
    """

    def __init__(self, model: torch.nn.Module, architecture: str, objective: Objective):
        """The objective's own layers begin as the caller has seeded torch."""
        super().__init__()
        self.model, self.own = model, objective.layers(model.config)
        self._objective = objective
        # The functions go through parts of the model, which are parts of this module already.
        self._heads = Heads(
            families.masked_lm_head(model, architecture), families.next_sentence_head(model, architecture), self.own
        )

    def forward(self, inputs: dict, targets: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self._objective.losses(self.model.base_model(**inputs), targets, self._heads)
