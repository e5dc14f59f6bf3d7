"""Heads on the NorBERT3 encoder: masked LM, sequence, token classification, multiple choice.

Importing this module registers the architecture with transformers' Auto classes.
"""

from typing import ClassVar

import torch
from torch import nn
from transformers.modeling_outputs import (
    BaseModelOutput,
    MaskedLMOutput,
    MultipleChoiceModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)

from harness.encoders.norbert3 import NorBert3Model, NorBert3PreTrainedModel
from harness.encoders.norbert3_config import NorBert3Config
from harness.text.bio import IGNORED


class NorBert3Head(nn.Module):
    """The layers of every head: LayerNorm, linear, GELU, LayerNorm, dropout, linear."""

    def __init__(self, config: NorBert3Config, outputs: int):
        super().__init__()
        size, rate = config.hidden_size, config.classifier_dropout
        self.nonlinearity = nn.Sequential(
            nn.LayerNorm(size, eps=config.layer_norm_eps, elementwise_affine=False),
            nn.Linear(size, size),
            nn.GELU(),
            nn.LayerNorm(size, eps=config.layer_norm_eps, elementwise_affine=False),
            nn.Dropout(config.hidden_dropout_prob if rate is None else rate),
            nn.Linear(size, outputs),
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.nonlinearity(hidden)


def _output(kind: type, logits: torch.Tensor, labels: torch.Tensor | None, encoded: BaseModelOutput):
    """An output of `kind`, with the loss if there are `labels`."""
    loss = None
    if labels is not None:
        loss = nn.functional.cross_entropy(logits.flatten(0, -2).float(), labels.flatten(), ignore_index=IGNORED)
    return kind(loss=loss, logits=logits, hidden_states=encoded.hidden_states)


class NorBert3ForMaskedLM(NorBert3PreTrainedModel):
    """The encoder with a masked-LM head: logits [batch, length, vocabulary], −∞ for reserved ids.

    Tokens that have a reserved id as label are left out of the loss, because they would make it infinite.
    """

    _tied_weights_keys: ClassVar = {"classifier.nonlinearity.5.weight": "embedding.word_embedding.weight"}

    def __init__(self, config: NorBert3Config):
        super().__init__(config)
        self.classifier = NorBert3Head(config, config.vocab_size)
        self.post_init()

    def get_output_embeddings(self) -> nn.Linear:
        return self.classifier.nonlinearity[5]

    def set_output_embeddings(self, value: nn.Linear) -> None:
        self.classifier.nonlinearity[5] = value

    def predict(self, hidden: torch.Tensor) -> torch.Tensor:
        """The logits […, vocabulary] of hidden states […, hidden]. Reserved ids have the logit −∞."""
        logits = self.classifier(hidden)
        reserved = torch.arange(logits.shape[-1], device=logits.device) < self.config.reserved_tokens
        return logits.masked_fill(reserved, -torch.inf)

    def forward(
        self, input_ids, attention_mask=None, token_type_ids=None, labels=None, output_hidden_states=False, **_
    ) -> MaskedLMOutput:
        encoded = self.encode(input_ids, attention_mask, every_layer=bool(output_hidden_states))
        logits = self.predict(encoded.last_hidden_state)
        if labels is not None:
            labels = labels.masked_fill(labels < self.config.reserved_tokens, IGNORED)
        return _output(MaskedLMOutput, logits, labels, encoded)


class NorBert3WithTaskHead(NorBert3PreTrainedModel):
    """The base class of encoders with a task head. `outputs` is the number of logits per token or text, or None for one
    logit per label."""

    outputs: ClassVar[int | None] = None

    def __init__(self, config: NorBert3Config):
        super().__init__(config)
        self.head = NorBert3Head(config, self.outputs or config.num_labels)
        self.post_init()


class NorBert3ForSequenceClassification(NorBert3WithTaskHead):
    """The encoder with a head on the first token: one logit per label, [batch, labels]."""

    def forward(
        self, input_ids, attention_mask=None, token_type_ids=None, labels=None, output_hidden_states=False, **_
    ) -> SequenceClassifierOutput:
        encoded = self.encode(input_ids, attention_mask, every_layer=bool(output_hidden_states), read=1)
        return _output(SequenceClassifierOutput, self.head(encoded.last_hidden_state[:, 0]), labels, encoded)


class NorBert3ForTokenClassification(NorBert3WithTaskHead):
    """The encoder with a head on every token: one logit per label, [batch, length, labels]."""

    def forward(
        self, input_ids, attention_mask=None, token_type_ids=None, labels=None, output_hidden_states=False, **_
    ) -> TokenClassifierOutput:
        encoded = self.encode(input_ids, attention_mask, every_layer=bool(output_hidden_states))
        return _output(TokenClassifierOutput, self.head(encoded.last_hidden_state), labels, encoded)


class NorBert3ForMultipleChoice(NorBert3WithTaskHead):
    """The encoder with a head on the first token of every option. The input ids [batch, options, length] give logits
    [batch, options]."""

    outputs = 1

    def forward(
        self, input_ids, attention_mask=None, token_type_ids=None, labels=None, output_hidden_states=False, **_
    ) -> MultipleChoiceModelOutput:
        rows = None if attention_mask is None else attention_mask.flatten(0, 1)
        encoded = self.encode(input_ids.flatten(0, 1), rows, every_layer=bool(output_hidden_states), read=1)
        logits = self.head(encoded.last_hidden_state[:, 0]).view(input_ids.shape[:2])
        return _output(MultipleChoiceModelOutput, logits, labels, encoded)


def register() -> None:
    """Make `AutoConfig` and the `AutoModel…` classes open NorBERT3 folders."""
    from transformers.models.auto import modeling_auto as auto
    from transformers.models.auto.configuration_auto import AutoConfig

    AutoConfig.register(NorBert3Config.model_type, NorBert3Config, exist_ok=True)
    for opener, model in (
        (auto.AutoModel, NorBert3Model),
        (auto.AutoModelForMaskedLM, NorBert3ForMaskedLM),
        (auto.AutoModelForSequenceClassification, NorBert3ForSequenceClassification),
        (auto.AutoModelForTokenClassification, NorBert3ForTokenClassification),
        (auto.AutoModelForMultipleChoice, NorBert3ForMultipleChoice),
    ):
        opener.register(NorBert3Config, model, exist_ok=True)


register()
