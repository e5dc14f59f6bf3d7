"""The base class of pre-training objectives: the methods that the reader of `params.yaml` and the training loop call,
with defaults."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.objectives.settings import Pretraining
from harness.text.bio import IGNORED


@dataclass(frozen=True)
class Setup:
    """What an objective needs to make batches: its settings, a `common.windows.Vocabulary` of the tokenizer, and the
    model's transformers configuration."""

    settings: Any  # of the objective's own type
    vocabulary: Any
    config: Any


@dataclass(frozen=True)
class Heads:
    """The pre-training heads of an encoder. `masked_lm` maps hidden states [..., hidden] to logits [..., vocabulary].
    `next_sentence` maps the encoder's output to logits [batch, 2] (None: the architecture has no such head). `own` is
    the module that the objective's method `layers` made (None: the objective has no layers)."""

    masked_lm: Callable
    next_sentence: Any = None
    own: Any = None


@dataclass(frozen=True)
class Objective(ABC):
    """A pre-training objective: how text becomes rows, inputs and targets, and which losses are computed.

    `name`: value of `recipe` in `params.yaml`, and name of the objective's file.
    `settings`: type of the section in `params.yaml` with the objective's settings.
    `published`: values of the keys that the section omits.
    `by_sentence`: True if the objective needs documents in which every sentence is tokenised by itself.
    `architectures`: architectures that the objective can train (empty: any).
    All randomness comes from the `generator` that a method gets.
    """

    name: str
    settings: type[Pretraining]
    published: Mapping[str, object]
    by_sentence: bool = False
    architectures: tuple[str, ...] = ()

    def in_words(self) -> str:
        """The name of the objective in a model card."""
        return self.name.replace("_", " ")

    def trains(self, architecture: str) -> bool:
        return not self.architectures or architecture in self.architectures

    def at(self, settings, step: int, steps: int) -> dict[str, float]:
        """The values that change during a training, such as {"mask_rate": 0.15}, at update `step` (from 0) of
        `steps`."""
        return {}

    def rows(self, setup: Setup, documents, block: range, generator) -> Iterable:
        """Make the rows (`common.rows.Row`) of the documents with the indices `block`, one row at a time to save
        memory. `documents` is a tokenised corpus (`common.windows.Documents`)."""
        from harness.objectives.common.windows import windows

        s, v = setup.settings, setup.vocabulary
        return (row for i in block for row in windows(documents.tokens(i), s.length, v, s.short_rows, generator))

    @abstractmethod
    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        """Turn `rows` into a batch: (inputs of the encoder by name, targets by the name of their loss). `now` is the
        result of `at` for this update."""

    def counts(self, targets: Mapping) -> dict[str, int]:
        """The number of targets in a batch, by the name of their loss. Targets that are `IGNORED` do not count."""
        return {name: int((values != IGNORED).sum()) for name, values in targets.items()}

    def layers(self, config):
        """A torch module with layers that only this objective needs, or None. The layers are trained with the model,
        but not saved in the checkpoint. `config` is the model's transformers configuration."""
        return None

    @abstractmethod
    def losses(self, output, targets: Mapping, heads: Heads) -> dict:
        """The losses of a batch, each summed over its targets, by name. `output` is the encoder's output."""
