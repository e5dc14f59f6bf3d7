"""Compare two ways of batching documents for ModernBERT: packed rows with a block mask, and batches of similar length.

Usage: python benchmarks/packing.py [--hidden 128] [--length 128] [--repeats 3]

In both ways, every document is read once by masked-LM updates (forward and backward), in about as many tokens a batch,
on one thread. Packed rows have no padding, but their attention needs a mask of [T, T]. Batches of similar length
("buckets") are padded to their longest row. Prints the median CPU seconds of one pass. Document lengths are drawn from
a lognormal with a median of 50 and of 250 tokens.
"""

import argparse
import contextlib
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from harness.encoders.architectures import architecture_named
from harness.objectives.common.packing import pack, packed_inputs
from harness.training.finetune.batching import bucketed, collate
from harness.training.finetune.examples import Example, Examples

VOCABULARY, PAD, CLS, SEP = 2000, 0, 1, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| layers | median document | packed, s | buckets, s | buckets / packed | padding in buckets |")
    print("|---|---|---|---|---|---|")
    for median in (50, 250):
        documents = drawn(median, tokens=40_000)
        for layers in (1, 2):
            model = encoder(options.hidden, layers, options.length)
            predict = architecture_named("modernbert").predict(model)
            packed = packed_batches(documents, options.length, options.rows, model.config.local_attention)
            batches = packed, bucket_batches(documents, options.length, options.rows)
            taken = ([], [])
            for repeat in range(options.repeats + 1):
                for made, times in zip(batches, taken, strict=True):
                    started = time.process_time()
                    one_pass(model, predict, made)
                    if repeat:
                        times.append(time.process_time() - started)
            packed, buckets = (statistics.median(times) for times in taken)
            masks = torch.cat([inputs["attention_mask"].flatten() for inputs in batches[1]])
            padding = 1 - float(masks.float().mean())
            print(f"| {layers} | {median} | {packed:.2f} | {buckets:.2f} | {buckets / packed:.2f} | {padding:.1%} |")


def drawn(median: int, tokens: int) -> list[list[int]]:
    generator, documents = torch.Generator().manual_seed(1), []
    while sum(map(len, documents)) < tokens:
        size = max(4, int(median * torch.randn((), generator=generator).mul(0.6).exp()))
        documents.append(torch.randint(5, VOCABULARY, (size,), generator=generator).tolist())
    return documents


def encoder(hidden: int, layers: int, length: int) -> torch.nn.Module:
    kind = architecture_named("modernbert")
    torch.manual_seed(1)
    config = kind.config()(
        vocab_size=VOCABULARY, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
        num_attention_heads=hidden // 32, max_position_embeddings=length, local_attention=max(16, length // 8),
        layer_types=["sliding_attention", "full_attention"][-layers:], pad_token_id=PAD, cls_token_id=CLS,
        sep_token_id=SEP, bos_token_id=CLS, eos_token_id=SEP,
    )  # fmt: skip
    config._attn_implementation = "sdpa"
    return kind.model("masked_lm")(config).train()


def packed_batches(documents, length: int, rows: int, local_attention: int) -> list[dict]:
    packing = pack(documents, length, CLS, SEP, torch.Generator().manual_seed(2))
    both = zip(*(part.split(rows) for part in packing), strict=True)
    return [packed_inputs(ids, numbers, local_attention) for ids, numbers in both]


def bucket_batches(documents, length: int, rows: int, buckets: int = 16) -> list[dict]:
    """Batches of windows of at most `length` tokens. If documents are short, a batch has more rows, and so about as
    many tokens as `rows` full ones. With one bucket, windows are not ordered by length."""
    room = length - 2
    windows = [document[i : i + room] for document in documents for i in range(0, len(document), room)]
    examples = Examples(Example(((CLS, *window, SEP),), (), 0, i) for i, window in enumerate(windows))
    mean = examples.lengths.mean()
    rows = round(rows * length / mean)
    drawn = torch.Generator().manual_seed(2)
    return [collate(b, PAD, "cpu")[0] for b in bucketed(examples, rows, drawn, buckets=buckets)]


def one_pass(model: torch.nn.Module, predict: Callable, batches: list[dict], autocast=contextlib.nullcontext) -> None:
    """Forward and backward over all batches, logits at every seventh position as in masked LM."""
    for inputs in batches:
        with autocast():
            hidden = model.base_model(**inputs).last_hidden_state
            logits = predict(hidden.flatten(0, 1)[::7])
        targets = inputs["input_ids"].flatten()[::7].long()
        torch.nn.functional.cross_entropy(logits.float(), targets).backward()
        model.zero_grad(set_to_none=True)


if __name__ == "__main__":
    main()
