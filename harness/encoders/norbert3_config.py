"""Configuration of the NorBERT3 (LTG-BERT) architecture."""

from transformers.configuration_utils import PreTrainedConfig


class NorBert3Config(PreTrainedConfig):
    """Sizes and rates of a NorBERT3 encoder; the defaults are the published base size.

    The field names are those of the public `ltg/norbert3-*` configurations, so that one of them,
    read with this class, needs no code from its repository.

    `position_bucket_size` is half the number of relative-position buckets. `reserved_tokens` counts
    the special and reserved ids at the start of the vocabulary that the masked-LM head never
    predicts (107 in the public vocabularies). `classifier_dropout` (None: as `hidden_dropout_prob`)
    applies before the last projection of every head.
    """

    model_type = "norbert3"

    def __init__(
        self,
        vocab_size: int = 50000,
        hidden_size: int = 768,
        intermediate_size: int = 2048,
        num_hidden_layers: int = 12,
        num_attention_heads: int = 12,
        max_position_embeddings: int = 512,
        position_bucket_size: int = 32,
        layer_norm_eps: float = 1e-7,
        hidden_dropout_prob: float = 0.1,
        attention_probs_dropout_prob: float = 0.1,
        classifier_dropout: float | None = None,
        reserved_tokens: int = 107,
        pad_token_id: int | None = None,
        bos_token_id: int | None = None,
        eos_token_id: int | None = None,
        cls_token_id: int | None = None,
        sep_token_id: int | None = None,
        mask_token_id: int | None = None,
        tie_word_embeddings: bool = True,
        **kwargs,
    ):
        if hidden_size % num_attention_heads:
            raise ValueError(f"hidden_size {hidden_size} is not a multiple of {num_attention_heads} attention heads")
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        self.position_bucket_size = position_bucket_size
        self.layer_norm_eps = layer_norm_eps
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.classifier_dropout = classifier_dropout
        self.reserved_tokens = reserved_tokens
        self.pad_token_id = pad_token_id
        self.bos_token_id = bos_token_id
        self.eos_token_id = eos_token_id
        self.cls_token_id = cls_token_id
        self.sep_token_id = sep_token_id
        self.mask_token_id = mask_token_id
        self.tie_word_embeddings = tie_word_embeddings
        super().__init__(**kwargs)
