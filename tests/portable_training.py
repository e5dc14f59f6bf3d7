"""Every kind of training in small, with one line per kind: name and SHA-256 of the weights and logits.

Usage: python portable_training.py portable|fast FOLDER KIND, in a process of its own. KIND is an architecture, or
`linear` for the linear models.
"""

import dataclasses
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = ("sequence", "pair", "choice", "tokens")
# The tagger of the linear models sums without a BLAS.
LINEAR = NAMES[:3]


def main(reproducible: str, folder: Path, kind: str) -> None:
    from harness.system.determinism import prepare_environment

    prepare_environment(reproducible)  # before torch or numpy is imported
    if kind == "linear":
        functions()
        for head in LINEAR:
            linear(head)
    else:
        encoder = pretrained(kind, folder / kind)
        for head in NAMES:
            finetuned(kind, head, encoder)


def tell(name: str, tensors: dict) -> None:
    tell_arrays(name, {key: value.detach().contiguous().numpy() for key, value in tensors.items()})


def tell_arrays(name: str, arrays: dict) -> None:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        digest.update(key.encode() + arrays[key].tobytes())
    print(name, digest.hexdigest(), flush=True)


def functions() -> None:
    """numpy's logarithm (TF-IDF takes it) and exponential of many numbers."""
    import numpy as np

    numbers = np.linspace(0.01, 50, 10_000)
    tell_arrays("functions", {"log": np.log(numbers), "exp": np.exp(numbers)})


def linear(head: str) -> None:
    """The scores of a linear model of `head` for what it was fitted on, before they are rounded."""
    from tiny_encoders import TEXTS

    from harness.heads import HEADS
    from harness.heads.linear.linear import Regression, Weights

    records, labels = records_of(head, TEXTS)
    kind = HEADS[head]
    encoded = kind.weighed(Weights([text for record in records for text in kind.texts_of(record)]), records)
    model = Regression(labels, 10.0, options=not kind.outputs(labels)).fit(encoded, records)
    tell_arrays(f"linear {head}", {"scores": model.scores(encoded)})


def pretrained(architecture: str, folder: Path) -> Path:
    """The masked LM after a few updates of its family's recipe and optimizer, as a checkpoint folder."""
    from tiny_encoders import ENCODER, TEXTS
    from tiny_training import settings, trained

    from harness.encoders import families, tokenizers

    given = settings(architecture, evaluate_every=0, save_steps=0)
    weights, _ = trained(architecture, given, folder / "states")
    tell(f"{architecture} {given.optimizer}", weights)
    tokenizer = tokenizers.build(architecture, TEXTS, ENCODER.vocabulary)
    model = families.new_masked_lm(architecture, dataclasses.replace(ENCODER, layers=1), tokenizer, "sdpa")
    model.load_state_dict(weights)
    families.save(model, tokenizer, folder)
    return folder


def finetuned(architecture: str, head: str, folder: Path) -> None:
    """Six updates of a new head on the encoder, and its logits on what it was trained with."""
    import contextlib

    import torch
    from tiny_encoders import TEXTS
    from tiny_training import ENGINE

    from harness.encoders import families
    from harness.heads import HEADS
    from harness.params.config import Recipe
    from harness.training.finetune import batching, loop, predicting

    records, labels = records_of(head, TEXTS)
    tokenizer = families.load_tokenizer(folder)
    examples = batching.encode(HEADS[head], records, tokenizer, labels, 32, 8 if head == "tokens" else 0)
    torch.manual_seed(5)
    model = families.load_head(folder, architecture, HEADS[head], labels, "sdpa", 0.1)
    recipe = Recipe(6, 4, 1, 3e-3, 0.1, 0.01, 1.0, 0.1, 32, 8, 6, 0, 4)
    loop.train(
        model, examples, recipe, ENGINE, pad=tokenizer.pad_token_id, seed=1, validate=lambda: {"selection": 0.5},
        loss_of=HEADS[head].loss,
        progress=lambda step: None, name=head,
    )  # fmt: skip
    rows = predicting.logits(model, examples, 4, tokenizer.pad_token_id, "cpu", contextlib.nullcontext())
    tell(f"{architecture} {head}", model.state_dict() | {f"logits {i:03}": row for i, row in enumerate(rows)})


def records_of(head: str, texts: Sequence[str]) -> tuple[list[dict], tuple[str, ...]]:
    """Twelve records that any head can read, and the labels they have for `head`."""
    labels = ("A", "B", "C", "D") if head == "choice" else ("a", "b")
    records = [
        {
            "text": text,
            "text_pair": texts[i + 1],
            "question": text,
            "options": [texts[i + n][:30] for n in range(4)],
            "spans": [{"start": 3, "end": 12, "label": "a"}],
            "label": labels[i % len(labels)],
        }
        for i, text in enumerate(texts[:12])
    ]
    return records, labels


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
