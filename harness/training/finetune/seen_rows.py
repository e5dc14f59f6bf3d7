"""Train only the word vectors of tokens in the training texts, and decay the other word vectors as AdamW would.

The word vector (table row) of a token that no training text contains never has a gradient. So its AdamW moments stay 0,
and its update is only the weight decay. A task's texts contain a fraction of the vocabulary. If the other rows are kept
apart, they need no gradients or moments. The word vectors are a seventh of the parameters of NB-BERT-large.
"""

import numpy as np
import torch


class SeenRows(torch.nn.Module):
    """An embedding, ids […] → vectors […, hidden], with only the rows `seen` of `table` as parameters.

    Its outputs are those of a `table` that is trained as a whole. In training mode, ids that are not in `seen` raise
    IndexError.
    """

    def __init__(self, table: torch.nn.Embedding, seen: np.ndarray):
        super().__init__()
        weight = table.weight.detach()
        known = torch.zeros(len(weight), dtype=torch.bool, device=weight.device)
        known[torch.as_tensor(seen, device=weight.device)] = True
        order = torch.cat([known.nonzero(), (~known).nonzero()]).flatten()
        self.weight = torch.nn.Parameter(weight[known])
        # These two never change, so the saved weights of an update do not need them.
        self.register_buffer("places", torch.argsort(order), persistent=False)
        self.register_buffer("others", weight[~known], persistent=False)
        self.register_buffer("decayed", torch.ones((), dtype=torch.float64, device=weight.device))
        self.padding_idx = table.padding_idx
        padding = len(weight) if table.padding_idx is None else int(self.places[table.padding_idx])
        self._padding = padding if padding < len(self.weight) else None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        places = self.places[ids]
        if self.training or not len(self.others):
            return torch.nn.functional.embedding(places, self.weight, padding_idx=self._padding)
        known = places < len(self.weight)
        vectors = self._shrunk(self.others[(places - len(self.weight)).clamp(min=0)])
        return torch.where(known[..., None], self.weight[places.where(known, 0)], vectors)

    def _shrunk(self, vectors: torch.Tensor) -> torch.Tensor:
        return (vectors * self.decayed).to(vectors.dtype)

    def follow(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the rows that are not trained decay at every step of `optimizer`, an AdamW, by the same factor as the
        trained rows."""
        group = next(group for group in optimizer.param_groups if any(p is self.weight for p in group["params"]))
        optimizer.register_step_post_hook(lambda *_: self.decayed.mul_(1 - group["lr"] * group["weight_decay"]))

    def whole(self) -> torch.nn.Embedding:
        """The whole table, with trained and other rows, as an ordinary embedding."""
        weight = torch.cat([self.weight.detach(), self._shrunk(self.others)])[self.places]
        return torch.nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=self.padding_idx)


def narrowed(model: torch.nn.Module, seen: np.ndarray) -> SeenRows:
    """Replace the word embedding of `model` by a `SeenRows` module, and return this module. `seen` are the token ids of
    the training texts."""
    rows = SeenRows(model.get_input_embeddings(), seen)
    model.set_input_embeddings(rows)
    return rows
