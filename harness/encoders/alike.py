"""The configuration values that shape heads and inputs, and that must be equal in both arms of a comparison.

Whatever is not known to leave them alone is compared, so a key of tomorrow's architecture is not passed over.
"""

import inspect
import sys

from harness.encoders.architectures import architecture_named

# Names and bookkeeping; what the tokenizer brings (its ids are its own); and what only the masked-LM head reads.
_FREE = {
    "_name_or_path", "architectures", "dtype", "id2label", "label2id", "model_type", "num_labels", "output_attentions",
    "output_hidden_states", "problem_type", "return_dict", "torch_dtype", "transformers_version", "use_cache",
    "vocab_size", "decoder_bias", "legacy", "reserved_tokens", "sparse_pred_ignore_index", "sparse_prediction",
    "tie_word_embeddings",
}  # fmt: skip


def shaping(config, architecture: str) -> dict:
    """The values of `config` that shape the model or what it reads, by key, without the recipe's (dropout rates).

    Keys that the architecture's own classes do not know are left out where its code never names them.
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
