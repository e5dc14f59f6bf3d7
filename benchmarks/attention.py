"""Compare the speed of this project's NorBERT3 attention with the published formulation, forward and backward.

Usage: python benchmarks/attention.py [--hidden 192] [--heads 3] [--repeats 7]

For every pair of tokens, the published formulation looks up a position query and a position key, so it makes a tensor
of [T, T, 2·hidden]. `harness/encoders/norbert3.py` computes the same scores against the 2·buckets − 1 different
position vectors. With the same weights, the two are first compared in float64. Then they are timed alternately, on one
thread, in float32 and without dropout. Prints the medians of CPU time and their ratio. On another machine, only the
ratio means something.
"""

import argparse
import math
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from harness.encoders.norbert3 import NorBert3Attention, position_buckets
from harness.encoders.norbert3_config import NorBert3Config

SHAPES = ((8, 96), (4, 384))


class PublishedAttention(NorBert3Attention):
    """The same module with the scores as published: one position vector per (i, j)."""

    def forward(self, hidden, padding, relative, buckets):
        length = hidden.shape[1]
        normed = self.pre_layer_norm(hidden)
        query, key = (self._split(x) for x in self.in_proj_qk(normed).chunk(2, dim=-1))
        value = self._split(self.in_proj_v(normed))
        vectors = self.in_proj_qk(self.dropout(relative))
        query_position, key_position = (
            x.view(length, length, self.heads, -1) for x in torch.nn.functional.embedding(buckets, vectors).chunk(2, -1)
        )
        scores = query @ key.transpose(-1, -2) * self.scale
        scores = scores + torch.einsum("bhid,ijhd->bhij", query, key_position * self.scale)
        scores = scores + torch.einsum("bhjd,ijhd->bhij", key * self.scale, query_position)
        if padding is not None:
            scores = scores.masked_fill(padding, -math.inf)
        mixed = scores.softmax(-1) @ value
        return self.dropout(self.post_layer_norm(self.out_proj(mixed.transpose(1, 2).flatten(-2))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--heads", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = NorBert3Config(
        hidden_size=options.hidden, num_attention_heads=options.heads,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="sdpa",
    )  # fmt: skip
    print("| rows × tokens | published, ms | here, ms | ratio | largest difference in float64 |\n|---|---|---|---|---|")
    for rows, length in SHAPES:
        difference = disagreement(config, 2, length)
        published, here = timed(config, rows, length, options.repeats)
        ratio = published / here
        print(f"| {rows} × {length} | {published:.1f} | {here:.1f} | {ratio:.1f} | {difference:.0e} |", flush=True)


def both(config: NorBert3Config, dtype: torch.dtype) -> tuple[PublishedAttention, NorBert3Attention]:
    torch.manual_seed(1)
    here = NorBert3Attention(config).to(dtype)
    published = PublishedAttention(config).to(dtype)
    published.load_state_dict(here.state_dict())
    return published, here


def inputs(config: NorBert3Config, rows: int, length: int, dtype: torch.dtype) -> tuple:
    """Hidden states, padding of the last tenth in one row, normalised relative table, buckets."""
    generator = torch.Generator().manual_seed(2)
    hidden = torch.randn(rows, length, config.hidden_size, generator=generator, dtype=dtype)
    relative = torch.randn(2 * config.position_bucket_size - 1, config.hidden_size, generator=generator, dtype=dtype)
    padding = torch.zeros(rows, 1, 1, length, dtype=torch.bool)
    padding[0, ..., length - length // 10 :] = True
    buckets = position_buckets(length, config.position_bucket_size, config.max_position_embeddings)
    return hidden.requires_grad_(), padding, relative.requires_grad_(), buckets


def once(module: NorBert3Attention, given: tuple) -> list[torch.Tensor]:
    """The output and every gradient of one forward and backward pass of `module`."""
    module.zero_grad()
    given[0].grad = given[2].grad = None
    output = module(*given)
    output.square().sum().backward()
    return [output.detach(), given[0].grad, given[2].grad, *(p.grad for p in module.parameters() if p.grad is not None)]


def disagreement(config: NorBert3Config, rows: int, length: int) -> float:
    """The largest difference of outputs and gradients, relative to the largest value of each."""
    published, here = both(config, torch.float64)
    found = [once(module, inputs(config, rows, length, torch.float64)) for module in (published, here)]
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*found, strict=True))


def timed(config: NorBert3Config, rows: int, length: int, repeats: int) -> tuple[float, float]:
    """Median CPU milliseconds of both, timed alternately after one pass of each that is not counted."""
    modules, given = both(config, torch.float32), inputs(config, rows, length, torch.float32)
    taken = ([], [])
    for repeat in range(repeats + 1):
        for module, times in zip(modules, taken, strict=True):
            started = time.process_time()
            once(module, given)
            if repeat:
                times.append(1000 * (time.process_time() - started))
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    main()
