"""Select the configuration values that shape a model's head or inputs. They must be equal in all arms of a comparison.

Every key is selected unless it is listed as harmless, so a key of a new architecture is compared, too.
"""

import inspect
import sys

from harness.encoders.architectures import architecture_named

# Harmless keys: names and bookkeeping, properties of the tokenizer, and settings of the masked-LM head alone.
_FREE = {
    "_name_or_path", "architectures", "dtype", "id2label", "label2id", "model_type", "num_labels", "output_attentions",
    "output_hidden_states", "problem_type", "return_dict", "torch_dtype", "transformers_version", "use_cache",
    "vocab_size", "decoder_bias", "legacy", "reserved_tokens", "sparse_pred_ignore_index", "sparse_prediction",
    "tie_word_embeddings",
}  # fmt: skip


def shaping(config, architecture: str) -> dict:
    """The values of `config` that shape the model or its inputs, by key. Dropout rates are left out, because the recipe
    sets them. So are keys that neither the default configuration of `architecture` nor its modelling code contains."""
    kind = architecture_named(architecture)
    known = kind.config()().to_dict()
    code = inspect.getsource(sys.modules[kind.model("masked_lm").__module__])
    return {
        key: value
        for key, value in sorted(config.to_dict().items())
        if key not in _FREE
        and key not in kind.dropouts
        and (not key.endswith("_token_id") or key in kind.shaping_ids)
        and (key in known or key in code)
    }
