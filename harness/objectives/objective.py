"""The base class of objectives: the interface that parsing and training use, and its default implementation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.objectives.settings import Pretraining
from harness.text.bio import IGNORED


@dataclass(frozen=True)
class Setup:
    """What a training gives its objective: the settings, what there is to know of the tokenizer (a
    `common.windows.Vocabulary`), and the model's transformers configuration."""

    settings: Any  # of the objective's own type
    vocabulary: Any
    config: Any


@dataclass(frozen=True)
class Heads:
    """What answers on top of an encoder: `masked_lm` maps hidden states [..., hidden] to logits [..., vocabulary],
    `next_sentence` the encoder's output to logits [batch, 2] (None: the architecture has none), and `own` are the
    objective's own layers (None: it has none)."""

    masked_lm: Callable
    next_sentence: Any = None
    own: Any = None


@dataclass(frozen=True)
class Objective(ABC):
    """What an encoder is pre-trained to guess, and how text is made into that.

    `name` is what `recipe` says in `params.yaml`, and the name of the objective's file. `settings` is the type of its
    section there, and `published` what keys are that the section leaves out. An objective that reads `by_sentence` is
    handed documents in which every sentence was tokenised by itself. `architectures` are those that it can train
    (empty: any). Everything drawn comes from the generator that a method is handed.
    """

    name: str
    settings: type[Pretraining]
    published: Mapping[str, object]
    by_sentence: bool = False
    architectures: tuple[str, ...] = ()

    def in_words(self) -> str:
        """What a model card says that the encoder was trained to guess."""
        return self.name.replace("_", " ")

    def trains(self, architecture: str) -> bool:
        return not self.architectures or architecture in self.architectures

    def at(self, settings, step: int, steps: int) -> dict[str, float]:
        """What of the objective changes in the course of a training, by name, at update `step` (from 0) of `steps`."""
        return {}

    def rows(self, setup: Setup, documents, block: range, generator) -> Iterable:
        """The `common.rows.Row`s of a block of documents, made as they are taken: all at once would fill memory."""
        from harness.objectives.common.windows import windows

        s, v = setup.settings, setup.vocabulary
        return (row for i in block for row in windows(documents.tokens(i), s.length, v, s.short_rows, generator))

    @abstractmethod
    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        """(inputs of the encoder, targets by the name of their loss) of some rows; `now` is what `at` said."""

    def counts(self, targets: Mapping) -> dict[str, int]:
        """How many things there are to guess, by the name of their loss."""
        return {name: int((values != IGNORED).sum()) for name, values in targets.items()}

    def layers(self, config):
        """Layers of its own, a torch module, which are trained with the model and not kept; None where it has none."""
        return None

    @abstractmethod
    def losses(self, output, targets: Mapping, heads: Heads) -> dict:
        """The summed loss by name, of the encoder's output for a batch."""
