"""Estimate the arithmetic and the memory of training an encoder from its shape, before the encoder is made."""

from dataclasses import dataclass

from harness.params.config import Engine

FP32, BF16, GB = 4, 2, 1e9  # bytes
# Weights, gradients and the two moments of AdamW, in fp32.
TRAINED = 4 * FP32
# Share of tokens whose logits pre-training computes (NorBERT3 and ModernBERT hide up to 30 %, BERT 15 %).
GUESSED = 0.3
# Bytes that libraries and a device's own code take before a model is loaded.
STARTING = 700_000_000


@dataclass(frozen=True)
class Shape:
    """The sizes of an encoder.

    `parameters` is the number of parameters of its masked LM with embeddings and output layer. `through` is the number
    of parameters in its layers, without embeddings. `positions` is the maximum number of tokens in a row, or None if
    there is no maximum.
    """

    architecture: str
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int | None
    parameters: int
    through: int


@dataclass(frozen=True)
class _Kept:
    """The numbers that a layer keeps for its backward pass: `hidden` × hidden size + `inner` × intermediate size
    per token, and `pairs` per head and pair of tokens."""

    hidden: float
    inner: float
    pairs: float


# Counted by hand from the layers' code (inputs of products, norms and activations); not yet checked on a device.
_KEPT = {"bert": _Kept(14, 3, 0), "norbert3": _Kept(14, 5, 4), "modernbert": _Kept(15, 5, 0)}
_EAGER = 3.0  # scores, probabilities, and probabilities after dropout


def forward_flops(shape: Shape, rows: float, width: float) -> float:
    """Floating-point operations of reading `rows` rows of `width` tokens.

    A training update on these rows takes three times as many.
    """
    return rows * width * (2 * shape.through + 4 * width * shape.hidden * shape.layers)


def update_flops(shape: Shape, rows: float, width: float, *, guesses: bool = False) -> float:
    """Floating-point operations of an update on `rows` rows of `width` tokens.

    If the update `guesses` masked tokens, as in pre-training, the logits of these tokens are counted, too.
    """
    logits = GUESSED * rows * width * 2 * shape.hidden * shape.vocabulary if guesses else 0.0
    return 3 * (forward_flops(shape, rows, width) + logits)


def kept_by_row(shape: Shape, engine: Engine, width: int, *, guesses: bool) -> float:
    """Bytes of memory that one row of `width` tokens takes from the forward pass until its gradients are computed.

    If the update `guesses` masked tokens, as in pre-training, the logits of these tokens are counted, too.
    """
    kept = _KEPT.get(shape.architecture, _KEPT["bert"])
    size = BF16 if engine.precision == "bf16" else FP32
    pairs = kept.pairs if engine.attention == "sdpa" else max(kept.pairs, _EAGER)
    layer = width * (kept.hidden * shape.hidden + kept.inner * shape.intermediate) + pairs * shape.heads * width**2
    # With recomputation a layer keeps only its input, and one layer at a time is complete.
    layers = width * shape.hidden * shape.layers + layer if engine.recompute else layer * shape.layers
    logits = 3 * FP32 * GUESSED * width * shape.vocabulary if guesses else 0.0
    return layers * size + logits


def training_memory(shape: Shape, engine: Engine, rows: int, width: int, *, guesses: bool) -> float:
    """The peak memory in bytes of an update that reads `rows` rows of `width` tokens at a time.

    `guesses` is true for pre-training, which needs memory for the logits of masked tokens. It is false for fine-tuning,
    which also keeps its best weights.
    """
    whole: float = shape.parameters * (TRAINED + (0 if guesses else FP32))
    if guesses and engine.sharding == "fsdp":
        whole /= engine.devices
    copies = shape.parameters * BF16 if engine.precision == "bf16" else 0
    return STARTING + whole + copies + rows * kept_by_row(shape, engine, width, guesses=guesses)
