"""The supported encoder architectures and their differences: classes, head parameters, dropout rates, lengths.

BERT, NorBERT3 and ModernBERT can be built and pre-trained here. With the other architectures, existing checkpoints are
fine-tuned. The name in `params.yaml` chooses the architecture, and the checkpoint's own files do not. So no code of a
checkpoint's repository is ever loaded. Only the chosen architecture is imported.
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
    """The properties of an architecture in which the supported architectures differ.

    `stem`: beginning of the names of its model classes.
    `masked_lm`: name of the class for pre-training, if it is not `stem` + "ForMaskedLM".
    `task_head`, `masked_lm_head`: prefixes of the names of the head's parameters. Every checkpoint must have all other
    parameters. No masked LM has parameters with the first prefix of `task_head`.
    `next_sentence_head`: prefixes of parameters that only next-sentence prediction trains. Public checkpoints may lack
    these parameters.
    `dropouts`: configuration keys of the dropout rates.
    `undecayed`: endings of the names of matrices without weight decay in pre-training.
    `predict(model)`: the head of a masked LM, as a function from hidden states to logits.
    `next_sentence(model)`: the head for next-sentence prediction, as a function from the base model's output to logits
    [batch, 2] (class 0 is "continues"). The field is None if the architecture has no such head.
    `positions(config)`: the largest number of tokens that the model can read, or None if there is no limit.
    `special`: usual names of the tokens for pad, unk, cls, sep and mask.
    `word_list`: True if `vocab.txt` is enough to make the tokenizer.
    `eager`: True if transformers has no fused attention for the architecture.
    `first_alone(model)`: makes the last layer of the model compute the first token only, for heads that read no other
    token. This saves much time if the model has few layers.
    `shaping_ids`: configuration keys of the special token ids that the encoder computes with.
    `other_heads`: prefixes of parameters that published files may contain, but that no class here loads.
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
    """Keep only the first token after the last layer's attention. What follows treats each token by itself."""
    attended = model.base_model.encoder.layer[-1].attention.output
    return attended.register_forward_pre_hook(lambda _, states: tuple(state[:, :1] for state in states))


def _transformers(name: str, stem: str, **differences) -> Architecture:
    """An architecture of transformers. `name` is its `model_type`, which also names its modules."""
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
        # The first token has position `pad_token_id` + 1.
        positions=lambda config: config.max_position_embeddings - config.pad_token_id - 1,
        first_alone=_first_alone,
        special=("<pad>", "<unk>", "<s>", "</s>", "<mask>"),
        shaping_ids=("pad_token_id",),
        other_heads=("pooler.",),
    )


def _deberta_head(model: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """The masked-LM head. transformers has two: its own older one, and the published one (`legacy` is False)."""
    if model.config.legacy:
        return model.cls
    return lambda hidden: model.lm_predictions(hidden, model.deberta.embeddings.word_embeddings)


ARCHITECTURES = {
    # BERT's own pre-training class also has the pooler and the next-sentence head. So fine-tuning loads a trained
    # pooler, and gets a new one only if the checkpoint has none.
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
        # LTG-BERT's training script does not decay parameters named "embedding". The word embedding is decayed there
        # all the same, as the output layer tied to it. Only the table of relative positions is left.
        undecayed=("relative_embedding",),
    ),
    # ModernBERT's task heads reuse the masked LM's `head` (dense, activation, norm), as published. The head is new
    # only if the checkpoint has none.
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
    # ELECTRA publishes its discriminator for fine-tuning. It was not trained as a masked LM.
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
    """The architecture with this `name`. Raises CheckpointError if no architecture has the name."""
    if name not in ARCHITECTURES:
        raise CheckpointError(
            f"There is no architecture {name!r}.", remedy=f"Set architecture to one of {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[name]


def _imported(module: str):
    """Import a module by name, without garbage collection: its thousands of new objects are all in use."""
    resting = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        if resting:
            gc.enable()
