"""Select the values of a model's configuration that shape its head or its inputs. These values must be equal in all
arms of a comparison.

Every key is selected unless it is listed here as harmless. So the keys of a new architecture are compared, too.
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
    """The values of `config` (a transformers configuration) that shape the model or its inputs, by key. `architecture`
    is the name of the model's architecture in `params.yaml`.

    Names, bookkeeping and most ids of special tokens are left out as harmless. Dropout rates are left out, because the
    recipe sets them. Keys that occur neither in the default configuration of the architecture nor in its modelling code
    are left out, too.
    """
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
