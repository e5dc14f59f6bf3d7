"""The base class of objectives: the interface that parsing and training use, and its default implementation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.objectives.settings import Pretraining
from harness.text.bio import IGNORED


@dataclass(frozen=True)
class Setup:
    """The input of an objective: its settings, a `common.windows.Vocabulary` of the tokenizer, and the model's
    transformers configuration."""

    settings: Any  # of the objective's own type
    vocabulary: Any
    config: Any


@dataclass(frozen=True)
class Heads:
    """The pre-training heads of an encoder. `masked_lm` maps hidden states [..., hidden] to logits [..., vocabulary].
    `next_sentence` maps the encoder's output to logits [batch, 2] (None: the architecture has no such head). `own` are
    layers of the objective (None: no layers)."""

    masked_lm: Callable
    next_sentence: Any = None
    own: Any = None


@dataclass(frozen=True)
class Objective(ABC):
    """A pre-training objective: how text becomes rows, inputs and targets, and which losses are computed.

    `name`: value of `recipe` in `params.yaml`, and name of the objective's file.
    `settings`: type of its section in `params.yaml`.
    `published`: values of the keys that the section omits.
    `by_sentence`: True if the objective needs documents in which every sentence is tokenised by itself.
    `architectures`: architectures that it can train (empty: any).
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
        """The values that change during a training, such as the mask rate, at update `step` (from 0) of `steps`."""
        return {}

    def rows(self, setup: Setup, documents, block: range, generator) -> Iterable:
        """The `common.rows.Row`s of the documents with indices `block`, made one by one to save memory."""
        from harness.objectives.common.windows import windows

        s, v = setup.settings, setup.vocabulary
        return (row for i in block for row in windows(documents.tokens(i), s.length, v, s.short_rows, generator))

    @abstractmethod
    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        """The (inputs of the encoder, targets by name of their loss) of `rows`. `now` are the values of `at`."""

    def counts(self, targets: Mapping) -> dict[str, int]:
        """The number of targets, by name of their loss."""
        return {name: int((values != IGNORED).sum()) for name, values in targets.items()}

    def layers(self, config):
        """A torch module of layers that are trained with the model and not kept, or None."""
        return None

    @abstractmethod
    def losses(self, output, targets: Mapping, heads: Heads) -> dict:
        """The summed losses of a batch, by name. `output` is the encoder's output."""
