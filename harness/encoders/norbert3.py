"""The NorBERT3 (LTG-BERT) encoder, written anew from its description.

Samuel et al. 2023, "NorBench: A Benchmark for Norwegian Language Models" (NoDaLiDa), and
"Trained on 100 million words and still in shape: BERT meets British National Corpus" (EACL
Findings): pre-normalised layers with an extra normalisation after attention, GeGLU, and
disentangled relative-position attention over logarithmic distance buckets (He et al. 2021, DeBERTa).

Module names are those of the public checkpoints, so weights load and save under the same keys. There is no buffer,
because everything that depends on positions is computed from the input's length.
"""

import math
from typing import ClassVar

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutput
from transformers.modeling_utils import PreTrainedModel

from harness.encoders.norbert3_config import NorBert3Config

# The published code makes a table for this many positions if an input is longer than `max_position_embeddings`.
LONGER_TABLE = 512


def position_buckets(length: int, bucket_size: int, max_positions: int) -> torch.Tensor:
    """The bucket (0 to 2·bucket_size − 2) of every relative distance i − j, shape [length, length].

    Each distance up to bucket_size // 2 has its own bucket. Longer distances share buckets that grow logarithmically up
    to the distance `max_positions` − 1. Greater distances get the last bucket. If the input is longer than
    `max_positions`, all its buckets are those of `LONGER_TABLE` positions, as in the published code.
    """
    middle = bucket_size // 2
    positions = LONGER_TABLE if length > max_positions else max_positions
    # In float64 on the CPU, because a logarithm that rounds differently on another device would move a boundary.
    distance = torch.arange(-(length - 1), length, dtype=torch.float64).clamp(1 - positions, positions - 1)
    far = distance.abs().clamp(min=middle)
    growth = (far / middle).log() / math.log((positions - 1) / middle) * (middle - 1)
    # 1e-9: a distance exactly on an edge belongs to the nearer bucket, whatever the rounding.
    shared = distance.sign() * ((growth - 1e-9).ceil() + middle)
    bucket = torch.where(distance.abs() <= middle, distance, shared).long() + bucket_size - 1
    position = torch.arange(length)
    return bucket[position[:, None] - position[None, :] + length - 1]


def _plain_norm(size: int, config: NorBert3Config) -> nn.LayerNorm:
    return nn.LayerNorm(size, eps=config.layer_norm_eps, elementwise_affine=False)


class NorBert3Embedding(nn.Module):
    """Normalised word vectors with dropout, and the table of relative positions that all layers share."""

    def __init__(self, config: NorBert3Config):
        super().__init__()
        self.word_embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.word_layer_norm = _plain_norm(config.hidden_size, config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.relative_embedding = nn.Parameter(torch.empty(2 * config.position_bucket_size - 1, config.hidden_size))
        self.relative_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        words = self.dropout(self.word_layer_norm(self.word_embedding(input_ids)))
        return words, self.relative_layer_norm(self.relative_embedding)


class NorBert3Attention(nn.Module):
    """Disentangled attention: content to content, content to position, position to content.

    Score(i, j) = (q_i·k_j + q_i·k_pos(i, j) + k_j·q_pos(i, j)) / √(3·head size). There are only
    2·`position_bucket_size` − 1 different position vectors. So the position terms are computed with these vectors and
    gathered by bucket. The sum of both terms is the additive bias of a fused attention, and no tensor of size [length,
    length, hidden] is made.

    As in the public checkpoints, the projection of query and key is cut into two halves over its whole width for
    tokens, but within each head for positions. With the same cut for both, the weights would load and every output
    would be wrong.
    """

    def __init__(self, config: NorBert3Config):
        super().__init__()
        size = config.hidden_size
        self.config = config
        self.heads = config.num_attention_heads
        self.scale = 1 / math.sqrt(3 * (size // self.heads))
        self.pre_layer_norm = _plain_norm(size, config)
        self.in_proj_qk = nn.Linear(size, 2 * size)
        self.in_proj_v = nn.Linear(size, size)
        self.out_proj = nn.Linear(size, size)
        self.post_layer_norm = nn.LayerNorm(size, eps=config.layer_norm_eps)
        # For the relative table and the output. Attention probabilities use the same rate.
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        """Divide the last dimension into heads: […, length, hidden] → […, heads, length, head size]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def forward(
        self,
        hidden: torch.Tensor,
        padding: torch.Tensor | None,
        relative: torch.Tensor,
        buckets: torch.Tensor,
        rows: int,
    ) -> torch.Tensor:
        """The attention output for the first `rows` tokens: [batch, length, hidden] → [batch, rows, hidden].

        `padding` is True at padding tokens. `relative` is the table of relative positions, [buckets, hidden]. `buckets`
        [length, length] has the position in this table of each pair of tokens.
        """
        normed = self.pre_layer_norm(hidden)
        query, key = (self._split(x) for x in self.in_proj_qk(normed).chunk(2, dim=-1))
        query, buckets = query[..., :rows, :], buckets[:rows]
        value = self._split(self.in_proj_v(normed))
        # Scaling these 2·buckets − 1 rows is cheaper than scaling [length, length] scores.
        positions = self.in_proj_qk(self.dropout(relative)) * self.scale
        query_position, key_position = self._split(positions).chunk(2, dim=-1)

        index = buckets.expand(query.shape[0], self.heads, -1, -1)
        to_position = (query @ key_position.transpose(-1, -2)).gather(-1, index)
        from_position = (key @ query_position.transpose(-1, -2)).gather(-1, index.transpose(-1, -2)).transpose(-1, -2)
        bias = to_position + from_position
        if padding is not None:
            # The lowest finite number instead of −∞, because a row of only padding would become NaN.
            bias = bias.masked_fill(padding, torch.finfo(bias.dtype).min)

        rate = self.config.attention_probs_dropout_prob if self.training else 0.0
        attend = _eager_attention if self.config._attn_implementation == "eager" else _fused_attention
        mixed = attend(query, key, value, bias, rate, self.scale)
        mixed = self.out_proj(mixed.transpose(1, 2).flatten(-2))
        return self.dropout(self.post_layer_norm(mixed))


def _fused_attention(query, key, value, bias, dropout, scale):
    # Under autocast the normalised inputs may be wider than the projections.
    return nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=bias.to(query.dtype), dropout_p=dropout, scale=scale
    )


def _eager_attention(query, key, value, bias, dropout, scale):
    scores = query @ key.transpose(-1, -2) * scale + bias
    weights = nn.functional.dropout(scores.softmax(dim=-1), dropout, training=dropout > 0)
    return weights.to(value.dtype) @ value


class GeGLU(nn.Module):
    """The first half of the features times the tanh-GELU of the second half (Shazeer 2020)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value, gate = x.chunk(2, dim=-1)
        return value * nn.functional.gelu(gate, approximate="tanh")


class NorBert3MLP(nn.Module):
    def __init__(self, config: NorBert3Config):
        super().__init__()
        size, inner = config.hidden_size, config.intermediate_size
        self.mlp = nn.Sequential(
            _plain_norm(size, config),
            nn.Linear(size, 2 * inner, bias=False),
            GeGLU(),
            _plain_norm(inner, config),
            nn.Linear(inner, size, bias=False),
            nn.Dropout(config.hidden_dropout_prob),
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.mlp(hidden)


class NorBert3Layer(GradientCheckpointingLayer):
    def __init__(self, config: NorBert3Config):
        super().__init__()
        self.attention = NorBert3Attention(config)
        self.mlp = NorBert3MLP(config)

    def forward(self, hidden, padding, relative, buckets, rows) -> torch.Tensor:
        hidden = hidden[:, :rows] + self.attention(hidden, padding, relative, buckets, rows)
        return hidden + self.mlp(hidden)


class NorBert3Stack(nn.Module):
    def __init__(self, config: NorBert3Config):
        super().__init__()
        self.layers = nn.ModuleList(NorBert3Layer(config) for _ in range(config.num_hidden_layers))


class NorBert3PreTrainedModel(PreTrainedModel):
    """The base class of the NorBERT3 encoder and of its heads, with initialisation and loading. A head class adds its
    module and calls `post_init`.

    In the public checkpoints, the names of the encoder's parameters have no prefix, with or without a head. So a head
    is a sibling of `embedding` and `transformer`, and not a wrapper around a base model.
    """

    config_class = NorBert3Config
    base_model_prefix = ""
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules: ClassVar = ["NorBert3Layer"]
    _keys_to_ignore_on_load_unexpected: ClassVar = [r"\.attention\.position_indices$"]

    def __init__(self, config: NorBert3Config):
        super().__init__(config)
        self.embedding = NorBert3Embedding(config)
        self.transformer = NorBert3Stack(config)

    @property
    def base_model(self) -> "NorBert3Model":
        """The encoder without its head. The encoder shares the modules of this model, and its output has
        `last_hidden_state`."""
        if isinstance(self, NorBert3Model):
            return self
        base = NorBert3Model.__new__(NorBert3Model)
        nn.Module.__init__(base)
        base.config, base.training = self.config, self.training
        base.embedding, base.transformer = self.embedding, self.transformer
        return base

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embedding.word_embedding

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.embedding.word_embedding = value

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Initialise the weights of `module` from a normal distribution with σ = √(2 / 5d), truncated at 2σ. d is the
        hidden size. In the MLP of layer i (from 0), σ is multiplied by √(1 / 2(1 + i))."""
        sigma = math.sqrt(2 / (5 * self.config.hidden_size))
        if isinstance(module, nn.Linear):
            scale = sigma * self._depth_scale(module)
            init.trunc_normal_(module.weight, std=scale, a=-2 * scale, b=2 * scale)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            init.trunc_normal_(module.weight, std=sigma, a=-2 * sigma, b=2 * sigma)
        elif isinstance(module, NorBert3Embedding):
            init.trunc_normal_(module.relative_embedding, std=sigma, a=-2 * sigma, b=2 * sigma)
        elif isinstance(module, nn.LayerNorm) and module.elementwise_affine:
            init.ones_(module.weight)
            init.zeros_(module.bias)

    def _depth_scale(self, module: nn.Linear) -> float:
        for depth, layer in enumerate(self.transformer.layers):
            if module is layer.mlp.mlp[1] or module is layer.mlp.mlp[4]:
                return math.sqrt(1 / (2 * (1 + depth)))
        return 1.0

    def encode(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        every_layer: bool = False,
        read: int | None = None,
    ) -> BaseModelOutput:
        """The hidden states [batch, length, hidden]. `attention_mask` [batch, length] is 1 on real tokens.

        With `every_layer`, the states of all layers are returned, too. Otherwise, if `read` is given, the last layer is
        computed only for the first `read` tokens: [batch, read, hidden]. This saves much time in models with few
        layers.
        """
        hidden, relative = self.embedding(input_ids)
        length = input_ids.shape[1]
        buckets = position_buckets(length, self.config.position_bucket_size, self.config.max_position_embeddings)
        # A short input uses only the middle of the table, from its most negative to its most positive distance.
        first, last = int(buckets[0, -1]), int(buckets[-1, 0])
        relative, buckets = relative[first : last + 1], (buckets - first).to(hidden.device)
        padding = None if attention_mask is None else ~attention_mask.bool()[:, None, None, :]
        states = [hidden]
        for layer in self.transformer.layers:
            last = layer is self.transformer.layers[-1]
            hidden = layer(hidden, padding, relative, buckets, read if last and read and not every_layer else length)
            states.append(hidden)
        return BaseModelOutput(last_hidden_state=hidden, hidden_states=tuple(states) if every_layer else None)


class NorBert3Model(NorBert3PreTrainedModel):
    """The encoder without a head."""

    def __init__(self, config: NorBert3Config):
        super().__init__(config)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, token_type_ids=None, output_hidden_states=False, **_):
        """The hidden states of the encoder (see `encode`). `token_type_ids` is ignored, because the architecture has no
        segment embeddings."""
        return self.encode(input_ids, attention_mask, every_layer=bool(output_hidden_states))
