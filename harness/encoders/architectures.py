"""The supported architectures and their differences: classes, head parameters, dropout rates, lengths.

Three are built and trained here; of the others an existing checkpoint is fine-tuned. An architecture is chosen
by its name in `params.yaml`, never by what a folder says about itself, so that no code from a checkpoint's
repository is ever asked for. Only the one asked for is imported.
"""

import gc
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from harness.errors import CheckpointError


@dataclass(frozen=True)
class Architecture:
    """What differs between the families.

    `stem` begins the names of model classes, `masked_lm` is that of pre-training where it is another;
    `task_head` and `masked_lm_head` are the prefixes
    of parameters that belong to a head (the others must be in every checkpoint), the first of
    `task_head` being one that no masked LM has; `next_sentence_head` are those that only next-sentence
    prediction trains, which public checkpoints may lack; `dropouts` are the configuration's dropout
    rates; `undecayed` ends the names of matrices that pre-training does not decay; `predict` maps a
    masked LM to its head (hidden states → logits) and `next_sentence` to that for
    next-sentence prediction (output of the base model → two logits), where the architecture has one. `positions`
    gives the most tokens that a configuration reads (None: any number), `special` the usual names of the tokens for
    pad, unk, cls, sep and mask, `word_list` says whether a `vocab.txt` may stand for the tokenizer, `eager` that
    there is no fused attention. `first_alone` keeps a model whose head reads the first token alone from computing what
    its last layer says of the others: nothing depends on it, and of few layers the last is much. `shaping_ids` are the
    special ids that the encoder itself computes with, and `other_heads` prefixes of parameters that published files may
    hold beside what any class here loads.
    """

    name: str
    config_module: str
    config_class: str
    model_module: str
    stem: str
    task_head: tuple[str, ...]
    masked_lm_head: tuple[str, ...]
    dropouts: tuple[str, ...]
    predict: Callable[[torch.nn.Module], Callable]
    next_sentence_head: tuple[str, ...] = ()
    next_sentence: Callable[[torch.nn.Module], Callable] | None = None
    undecayed: tuple[str, ...] = ()
    positions: Callable[[Any], int | None] = lambda config: None
    special: tuple[str, ...] = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    word_list: bool = False
    eager: bool = False
    first_alone: Callable[[torch.nn.Module], object] = lambda model: None
    shaping_ids: tuple[str, ...] = ()
    other_heads: tuple[str, ...] = ()
    masked_lm: str = ""

    def config(self) -> Any:
        return getattr(_imported(self.config_module), self.config_class)

    def model(self, kind: str) -> Any:
        """The model class for `kind`: "masked_lm", or a class-name suffix such as "TokenClassification"."""
        return getattr(_imported(self.model_module), self.class_name(kind))

    def class_name(self, kind: str) -> str:
        if kind == "masked_lm":
            return self.masked_lm or f"{self.stem}ForMaskedLM"
        return f"{self.stem}For{kind}"


_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob")


def _first_alone(model: torch.nn.Module) -> object:
    """BERT's last layer: every token is attended to by the first; what follows, it has to itself."""
    attended = model.base_model.encoder.layer[-1].attention.output
    return attended.register_forward_pre_hook(lambda _, states: tuple(state[:, :1] for state in states))


def _transformers(name: str, stem: str, **differences) -> Architecture:
    """An architecture of transformers by its `model_type`, which is also where it lies."""
    module = name.replace("-", "_")
    place = f"transformers.models.{module}"
    modules = f"{place}.configuration_{module}", f"{place}.modeling_{module}"
    return Architecture(name, modules[0], f"{stem}Config", modules[1], stem, **differences)


def _roberta(name: str, stem: str, prefix: str) -> Architecture:
    return _transformers(
        name,
        stem,
        task_head=("classifier.", f"{prefix}.pooler."),
        masked_lm_head=("lm_head.",),
        predict=lambda model: model.lm_head,
        dropouts=(*_DROPOUTS, "classifier_dropout"),
        # Positions are counted from the one after the padding token's.
        positions=lambda config: config.max_position_embeddings - config.pad_token_id - 1,
        first_alone=_first_alone,
        special=("<pad>", "<unk>", "<s>", "</s>", "<mask>"),
        shaping_ids=("pad_token_id",),
        other_heads=("pooler.",),
    )


def _deberta_head(model: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """transformers knows two heads: its own first one, and the published one, which a configuration asks for."""
    if model.config.legacy:
        return model.cls
    return lambda hidden: model.lm_predictions(hidden, model.deberta.embeddings.word_embeddings)


ARCHITECTURES = {
    # BERT's own pre-training class: beside the masked LM it holds the pooler and the next-sentence head. The
    # pooler is then part of the encoder that fine-tuning loads; it may be new only where a checkpoint has none.
    "bert": _transformers(
        "bert",
        "Bert",
        masked_lm="BertForPreTraining",
        task_head=("classifier.", "bert.pooler."),
        masked_lm_head=("cls.predictions.",),
        dropouts=(*_DROPOUTS, "classifier_dropout"),
        predict=lambda model: model.cls.predictions,
        next_sentence_head=("cls.seq_relationship.", "bert.pooler."),
        next_sentence=lambda model: lambda output: model.cls.seq_relationship(output.pooler_output),
        positions=lambda config: config.max_position_embeddings,
        word_list=True,
        first_alone=_first_alone,
        other_heads=("pooler.", "cls."),
    ),
    "norbert3": Architecture(
        "norbert3",
        "harness.encoders.norbert3_config",
        "NorBert3Config",
        "harness.encoders.norbert3_heads",
        "NorBert3",
        task_head=("head.",),
        masked_lm_head=("classifier.",),
        dropouts=(*_DROPOUTS, "classifier_dropout"),
        predict=lambda model: model.predict,
        # LTG-BERT's training script spares everything named "embedding", but reaches the word embedding through
        # the output layer tied to it; what is left is the table of relative positions.
        undecayed=("relative_embedding",),
    ),
    # ModernBERT's task heads reuse the masked LM's `head` (dense, activation, norm): it is loaded where the
    # checkpoint has one, as published, and new otherwise.
    "modernbert": _transformers(
        "modernbert",
        "ModernBert",
        task_head=("classifier.", "head."),
        masked_lm_head=("decoder.", "head."),
        dropouts=("embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"),
        predict=lambda model: lambda hidden: model.decoder(model.head(hidden)),
    ),
    "roberta": _roberta("roberta", "Roberta", "roberta"),
    "xlm-roberta": _roberta("xlm-roberta", "XLMRoberta", "roberta"),
    # What ELECTRA publishes for fine-tuning is its discriminator, which no masked LM was trained with.
    "electra": _transformers(
        "electra",
        "Electra",
        task_head=("classifier.", "sequence_summary."),
        masked_lm_head=("generator_predictions.", "generator_lm_head."),
        predict=lambda model: lambda hidden: model.generator_lm_head(model.generator_predictions(hidden)),
        dropouts=(*_DROPOUTS, "classifier_dropout", "summary_last_dropout"),
        positions=lambda config: config.max_position_embeddings,
        word_list=True,
        other_heads=("discriminator_predictions.",),
    ),
    "deberta-v2": _transformers(
        "deberta-v2",
        "DebertaV2",
        task_head=("classifier.", "pooler."),
        masked_lm_head=("cls.", "lm_predictions.", "mask_predictions."),
        predict=_deberta_head,
        dropouts=(*_DROPOUTS, "pooler_dropout", "cls_dropout"),
        positions=lambda config: config.max_position_embeddings if config.position_biased_input else None,
        eager=True,
    ),
}


def architecture_named(name: str) -> Architecture:
    """Raises CheckpointError for an unknown name."""
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
