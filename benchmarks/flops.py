"""Count the floating-point operations that an encoder needs, for the utilisation of a device (MFU).

The matrix products (2·m·n·k operations each) that the architecture needs for tokens are counted. Padding counts as
waste, and so do logits at places that are not masked, and what an implementation repeats or masks away. Not counted are
embeddings, norms, activations, poolers, task heads, and NorBERT3's projection of its table of positions (once a batch).
Together they are under 1 % at published sizes. A backward pass counts as two forward passes.
"""

from collections.abc import Iterable

from harness.encoders.norbert3 import position_buckets


def encoder(config, length: int, *, first_alone: bool = False) -> int:
    """FLOPs of one forward pass over a sequence of `length` tokens. If `first_alone`, the last layer computes only its
    first token (see `Architecture.first_alone`; NorBERT3's heads do the same)."""
    h, inner, n = config.hidden_size, config.intermediate_size, length
    before = 3 * h * h  # query, key, value
    after = h * h + {"bert": 2, "norbert3": 3, "modernbert": 3}[config.model_type] * h * inner
    total = 0
    for layer in range(config.num_hidden_layers):
        ends = 1 if first_alone and layer + 1 == config.num_hidden_layers else n
        total += 2 * (n * before + ends * after)
        if config.model_type == "norbert3":
            buckets = position_buckets(n, config.position_bucket_size, config.max_position_embeddings)
            positions = int(buckets[-1, 0] - buckets[0, -1]) + 1
            # Query to key and probabilities to value; query to position, and key to position.
            total += 4 * h * ends * n + 2 * h * positions * (ends + n)
        else:
            total += 4 * h * pairs(n, window_of(config, layer))
    return total


def window_of(config, layer: int) -> int | None:
    """The largest distance at which a token sees another token in this layer. None if there is no limit."""
    local = config.model_type == "modernbert" and config.layer_types[layer] == "sliding_attention"
    return config.local_attention // 2 if local else None


def pairs(length: int, window: int | None) -> int:
    """The number of pairs of tokens that see each other, in both directions, each token with itself included."""
    if window is None or window >= length - 1:
        return length * length
    return length * (2 * window + 1) - window * (window + 1)


def prediction(config) -> int:
    """FLOPs of one forward pass of the masked-LM head for one masked token."""
    return 2 * config.hidden_size * (config.hidden_size + config.vocab_size)


def training(config, lengths: Iterable[tuple[int, int]], *, masked: float = 0.0, first_alone: bool = False) -> float:
    """FLOPs of forward and backward over sequences, as (tokens, number of such). A share `masked` is predicted."""
    forward = 0.0
    for length, number in lengths:
        forward += number * (encoder(config, length, first_alone=first_alone) + masked * length * prediction(config))
    return 3 * forward
