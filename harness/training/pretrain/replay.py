"""Make the text of a training from parts of the corpus, and mix in general text (replay) against forgetting.

Training on one domain alone makes a network forget others (French 1999, "Catastrophic forgetting in connectionist
networks"). Mixing in text of the earlier kind is the simplest remedy.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from harness.objectives.common.windows import Documents
from harness.training.pretrain.arms import Corpus
from harness.training.pretrain.plan import generator


class Mixed:
    """The documents of two corpora in a random order, which keeps the order within each corpus.

    All documents of `own` are used, and the documents of `added` with the indices `taken`. `drawn` is the generator
    that draws the order.
    """

    def __init__(self, own: Documents, added: Documents, taken: np.ndarray, drawn: torch.Generator):
        self._parts = own, added
        self._added = torch.randperm(len(own) + len(taken), generator=drawn).numpy() >= len(own)
        self._places = np.empty(len(self._added), np.int64)
        self._places[~self._added] = np.arange(len(own))
        self._places[self._added] = taken

    def __len__(self) -> int:
        return len(self._places)

    def sizes(self) -> np.ndarray:
        own, added = (np.asarray(part.sizes()) for part in self._parts)
        sizes = np.empty(len(self), np.int64)
        sizes[~self._added] = own
        sizes[self._added] = added[self._places[self._added]]
        return sizes

    def tokens(self, index: int) -> list[int]:
        return self._parts[int(self._added[index])].tokens(int(self._places[index]))

    def sentences(self, index: int) -> list[list[int]]:
        return self._parts[int(self._added[index])].sentences(int(self._places[index]))


def mixture(corpora: Mapping[str, Corpus], parts: Sequence[str], share: float, seed: int) -> Corpus:
    """The text of a training on all documents of `parts`, with general documents mixed in. `corpora` maps the parts of
    the corpus to their texts.

    The general documents have about the share `share` (0 <= share < 1) of all training tokens. `seed` draws the general
    documents and the order. If the general corpus is too small, its documents are repeated. Held-out documents remain
    held out. The result has the held-out rows and the folder of the first part.
    """
    made = corpora[parts[0]]
    for part in parts[1:]:
        added = corpora[part].documents
        documents = Mixed(made.documents, added, np.arange(len(added)), generator("part", part, seed))
        made = dataclasses.replace(made, documents=documents)
    general = corpora["general"].documents
    sizes = np.asarray(general.sizes(), np.int64)
    if not share or not sizes.sum():
        return made
    drawn = generator("replay", seed)
    taken = _taken(sizes, share / (1 - share) * float(np.sum(made.documents.sizes())), drawn)
    return dataclasses.replace(
        made,
        documents=Mixed(made.documents, general, taken, drawn),
        replay={"share": share, "from": corpora["general"].folder.name},
    )


def _taken(sizes: np.ndarray, wanted: float, drawn: torch.Generator) -> np.ndarray:
    """The indices of documents with about `wanted` tokens together: all documents as often as possible, then a random
    sample. `sizes` are the numbers of tokens of the documents."""
    whole, rest = divmod(wanted, float(sizes.sum()))
    shuffled = torch.randperm(len(sizes), generator=drawn).numpy()
    sample = np.sort(shuffled[: np.searchsorted(np.cumsum(sizes[shuffled]), rest)])
    return np.concatenate([*[np.arange(len(sizes))] * int(whole), sample])
