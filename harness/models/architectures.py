"""What differs between the three architectures: classes, head parameters, dropout rates.

An architecture is chosen by its name in `params.yaml`, never by what a folder says about itself, so
that no code from a checkpoint's repository is ever asked for. Only the one asked for is imported.
"""

import gc
import importlib
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.errors import CheckpointError


@dataclass(frozen=True)
class Architecture:
    """What differs between the families.

    `classes` names the model class of every head; `task_head` and `masked_lm_head` are the prefixes
    of parameters that belong to a head (the others must be in every checkpoint), the first of
    `task_head` being one that no masked LM has; `next_sentence_head` are those that only next-sentence
    prediction trains, which public checkpoints may lack; `dropouts` are the configuration's dropout
    rates; `undecayed` ends the names of matrices that pre-training does not decay; `predict` maps a
    masked LM to its head (hidden states → logits) and `next_sentence` to that for next-sentence
    prediction (output of the base model → two logits), where the architecture has one.
    """

    name: str
    config_module: str
    config_class: str
    model_module: str
    classes: dict[str, str]
    task_head: tuple[str, ...]
    masked_lm_head: tuple[str, ...]
    dropouts: tuple[str, ...]
    predict: Callable[[torch.nn.Module], Callable]
    next_sentence_head: tuple[str, ...] = ()
    next_sentence: Callable[[torch.nn.Module], Callable] | None = None
    undecayed: tuple[str, ...] = ()

    def config(self) -> type:
        return getattr(_imported(self.config_module), self.config_class)

    def model(self, head: str) -> type:
        return getattr(_imported(self.model_module), self.classes[head])


def _heads(stem: str) -> dict[str, str]:
    sequence = f"{stem}ForSequenceClassification"
    return {
        "masked_lm": f"{stem}ForMaskedLM",
        "sequence": sequence,
        "pair": sequence,
        "tokens": f"{stem}ForTokenClassification",
        "choice": f"{stem}ForMultipleChoice",
    }


ARCHITECTURES = {
    # BERT's own pre-training class: beside the masked LM it holds the pooler and the next-sentence head. The
    # pooler is then part of the encoder that fine-tuning loads; it may be new only where a checkpoint has none.
    "bert": Architecture(
        "bert",
        "transformers.models.bert.configuration_bert",
        "BertConfig",
        "transformers.models.bert.modeling_bert",
        _heads("Bert") | {"masked_lm": "BertForPreTraining"},
        task_head=("classifier.", "bert.pooler."),
        masked_lm_head=("cls.predictions.",),
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        predict=lambda model: model.cls.predictions,
        next_sentence_head=("cls.seq_relationship.", "bert.pooler."),
        next_sentence=lambda model: lambda output: model.cls.seq_relationship(output.pooler_output),
    ),
    "norbert3": Architecture(
        "norbert3",
        "harness.models.norbert3_config",
        "NorBert3Config",
        "harness.models.norbert3_heads",
        _heads("NorBert3"),
        task_head=("head.",),
        masked_lm_head=("classifier.",),
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        predict=lambda model: model.predict,
        # LTG-BERT's training script spares everything named "embedding", but reaches the word embedding through
        # the output layer tied to it; what is left is the table of relative positions.
        undecayed=("relative_embedding",),
    ),
    # ModernBERT's task heads reuse the masked LM's `head` (dense, activation, norm): it is loaded where the
    # checkpoint has one, as published, and new otherwise.
    "modernbert": Architecture(
        "modernbert",
        "transformers.models.modernbert.configuration_modernbert",
        "ModernBertConfig",
        "transformers.models.modernbert.modeling_modernbert",
        _heads("ModernBert"),
        task_head=("classifier.", "head."),
        masked_lm_head=("decoder.", "head."),
        dropouts=("embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"),
        predict=lambda model: lambda hidden: model.decoder(model.head(hidden)),
    ),
}


def architecture_named(name: str) -> Architecture:
    """Raises CheckpointError for a name that is none of the three."""
    if name not in ARCHITECTURES:
        raise CheckpointError(
            f"There is no architecture {name!r}.", remedy=f"Set architecture to one of {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[name]


def _imported(module: str):
    """Import by name with the garbage collector at rest: thousands of module objects, none of them garbage."""
    resting = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        if resting:
            gc.enable()
