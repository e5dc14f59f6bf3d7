"""General text mixed into continued pre-training, so that the encoder keeps what it has learnt from it.

Training on one domain alone makes a network forget others (French 1999, "Catastrophic forgetting in connectionist
networks"); text of the earlier kind among the new is the plainest remedy.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch

from harness.objectives.common.windows import Documents
from harness.training.pretrain.arms import Corpus
from harness.training.pretrain.plan import generator


class Replayed:
    """The documents of two corpora in one drawn order, each corpus read from its front to its back.

    `general` is an index into `replayed` for every document that is taken from it; all of `own` are taken.
    """

    def __init__(self, own: Documents, replayed: Documents, general: np.ndarray, order: np.ndarray):
        self._parts = own, replayed
        from_general = np.asarray(order, bool)
        self._places = np.empty(len(from_general), np.int64)
        self._places[~from_general] = np.arange(len(own))
        self._places[from_general] = general
        self._from_general = from_general

    def __len__(self) -> int:
        return len(self._places)

    def sizes(self) -> np.ndarray:
        own, replayed = (np.asarray(part.sizes()) for part in self._parts)
        sizes = np.empty(len(self), np.int64)
        sizes[~self._from_general] = own
        sizes[self._from_general] = replayed[self._places[self._from_general]]
        return sizes

    def tokens(self, index: int) -> list[int]:
        return self._parts[int(self._from_general[index])].tokens(int(self._places[index]))

    def sentences(self, index: int) -> list[list[int]]:
        return self._parts[int(self._from_general[index])].sentences(int(self._places[index]))


def replayed(corpora: Mapping[str, Corpus], share: float, seed: int) -> dict[str, Corpus]:
    """`corpora` with so many general documents mixed into the clinical ones that they hold `share` (0 <= share < 1)
    of all tokens that are trained on. Which, and in which order, is drawn by `seed`; where the general corpus is too
    small, its documents come again. What is held out stays as it is.
    """
    clinical, general = corpora["clinical"].documents, corpora["general"].documents
    sizes = np.asarray(general.sizes(), np.int64)
    if not share or not sizes.sum():
        return dict(corpora)
    drawn = generator("replay", seed)
    taken = _taken(sizes, share / (1 - share) * float(np.sum(clinical.sizes())), drawn)
    order = torch.randperm(len(clinical) + len(taken), generator=drawn).numpy() >= len(clinical)
    mixed = dataclasses.replace(
        corpora["clinical"],
        documents=Replayed(clinical, general, taken, order),
        replay={"share": share, "from": corpora["general"].folder.name},
    )
    return {**corpora, "clinical": mixed}


def _taken(sizes: np.ndarray, wanted: float, drawn: torch.Generator) -> np.ndarray:
    """Documents whose `sizes` add up to about `wanted` tokens: the whole corpus as often as it fits, then a sample."""
    whole, rest = divmod(wanted, float(sizes.sum()))
    shuffled = torch.randperm(len(sizes), generator=drawn).numpy()
    sample = np.sort(shuffled[: np.searchsorted(np.cumsum(sizes[shuffled]), rest)])
    return np.concatenate([*[np.arange(len(sizes))] * int(whole), sample])
