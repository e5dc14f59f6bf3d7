"""The configuration class of the NorBERT3 (LTG-BERT) architecture, for the library transformers."""

from transformers.configuration_utils import PreTrainedConfig


class NorBert3Config(PreTrainedConfig):
    """Sizes and rates of a NorBERT3 encoder. The defaults are those of the published base size.

    The field names are those of the public `ltg/norbert3-*` configurations, so this class reads them without code from
    their repositories.

    There are 2 · `position_bucket_size` − 1 buckets of relative positions. `reserved_tokens` is the number of special
    and reserved ids at the start of the vocabulary that the masked-LM head never predicts (107 in the public
    vocabularies). `classifier_dropout` (None: as `hidden_dropout_prob`) applies before the last projection of every
    head.
    """

    model_type = "norbert3"

    vocab_size: int = 50000
    hidden_size: int = 768
    intermediate_size: int = 2048
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    max_position_embeddings: int = 512
    position_bucket_size: int = 32
    layer_norm_eps: float = 1e-7
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    classifier_dropout: float | None = None
    reserved_tokens: int = 107
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | None = None
    cls_token_id: int | None = None
    sep_token_id: int | None = None
    mask_token_id: int | None = None
    tie_word_embeddings: bool = True

    def __post_init__(self, **more):
        size, heads = self.hidden_size, self.num_attention_heads
        if size % heads:
            raise ValueError(f"hidden_size {size} is not a multiple of {heads} attention heads")
        super().__post_init__(**more)
