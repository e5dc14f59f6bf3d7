"""Make, load and save encoders of any architecture, with a pre-training head or a task head."""

import math
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from harness.encoders.alike import shaping
from harness.encoders.architectures import ARCHITECTURES, architecture_named  # noqa: F401 (re-exported)
from harness.encoders.loading import load, quiet
from harness.encoders.tokenizers import load as load_tokenizer  # noqa: F401 (re-exported)
from harness.errors import CheckpointError
from harness.params.config import Encoder
from harness.system.files import read_json, write_json


def new_masked_lm(architecture: str, encoder: Encoder, tokenizer, attention: str) -> torch.nn.Module:
    """A randomly initialised masked LM with the sizes in `encoder`, for the vocabulary of `tokenizer`.

    `attention` is "sdpa" (fused) or "eager". The caller must seed torch before the call.
    """
    kind = architecture_named(architecture)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "cls", "sep", "mask")}
    sizes = {
        # The published 0.02 suits a thousand hidden units. With a few dozen, attention would stay flat for
        # hundreds of updates. This is the scale that NorBERT3 publishes.
        "initializer_range": math.sqrt(2 / (5 * encoder.hidden)),
        "vocab_size": len(tokenizer),
        "hidden_size": encoder.hidden,
        "num_hidden_layers": encoder.layers,
        "num_attention_heads": encoder.heads,
        "intermediate_size": encoder.intermediate,
        "max_position_embeddings": encoder.max_positions,
    }
    dropouts = dict.fromkeys(kind.dropouts, encoder.dropout)
    config = kind.config()(**sizes, **ids, **dropouts, **_particular(architecture, encoder, tokenizer))
    config._attn_implementation = attention
    model = kind.model("masked_lm")(config)
    if architecture == "bert":
        _order_positions(model.bert.embeddings.position_embeddings.weight, 2 * config.initializer_range)
        for layer in model.bert.encoder.layer:
            _attend_to_alike(layer.attention.self)
    return model


@torch.no_grad()
def _order_positions(weight: torch.Tensor, spread: float) -> None:
    """Initialise learned position embeddings `weight` [positions, hidden] as sinusoids (Vaswani et al. 2017, section
    3.5). They remain parameters. Only their start has an order, which a short training could not find by itself."""
    count, size = weight.shape
    angles = torch.arange(count)[:, None] * torch.exp(-math.log(10_000.0) * torch.arange(0, size, 2) / size)
    weight[:, 0::2] = torch.sin(angles) * spread * math.sqrt(2)
    weight[:, 1::2] = torch.cos(angles) * spread * math.sqrt(2)


@torch.no_grad()
def _attend_to_alike(attention: torch.nn.Module, sharpness: float = 1.7) -> None:
    """Initialise keys equal to queries, so that a token first attends to similar tokens (after Trockman & Kolter 2023,
    Mimetic Initialization of Self-Attention Layers). With ordered positions these are its neighbours.

    With independent queries and keys, a small encoder with learned positions predicts only unigram frequencies for
    thousands of updates on varied text.
    """
    attention.query.weight.mul_(sharpness)
    attention.key.weight.copy_(attention.query.weight)


def _particular(architecture: str, encoder: Encoder, tokenizer) -> dict:
    if architecture == "norbert3":
        # A vocabulary made here has no block of reserved ids.
        return {"reserved_tokens": 0}
    if architecture == "modernbert":
        # As in the published sizes, the last layer is global and local layers lie between global ones. Counting from
        # the end gives both kinds to a stack of two to four layers, too. The rotary base is 10,000 in every layer:
        # the published 160,000 of global layers was set for 8,192 positions. Heads pool by the mean, as published.
        every = 3 if encoder.layers >= 4 else 2
        return {
            "layer_types": [
                "full_attention" if (encoder.layers - 1 - i) % every == 0 else "sliding_attention"
                for i in range(encoder.layers)
            ],
            "local_attention": max(16, min(128, encoder.max_positions // 8)),
            "rope_parameters": {
                kind: {"rope_type": "default", "rope_theta": 10_000.0}
                for kind in ("full_attention", "sliding_attention")
            },
            "classifier_pooling": "mean",
            "bos_token_id": tokenizer.cls_token_id,
            "eos_token_id": tokenizer.sep_token_id,
        }
    return {}


def load_for_pretraining(folder: Path, architecture: str, attention: str) -> tuple[torch.nn.Module, list[str]]:
    """Load the masked LM in `folder`, in float32. Returns the model, and the names of the parameters that were
    initialised anew.

    Pre-training heads that the checkpoint lacks are initialised anew, because a public encoder may have none. The
    caller must seed torch before the call. Raises CheckpointError if any other parameter is missing, or only a part of
    the masked-LM head.
    """
    kind = architecture_named(architecture)
    may_lack = kind.masked_lm_head + kind.next_sentence_head
    model, report = load(folder, architecture, "masked_lm", attention, may_lack=may_lack)
    lacking = {name for name in report["missing"] if name.startswith(kind.masked_lm_head)}
    head = {name for name, _ in model.named_parameters() if name.startswith(kind.masked_lm_head)}
    if lacking and head - lacking:
        raise CheckpointError(
            f"{folder} has only a part of its masked-LM head: {', '.join(sorted(lacking))} is missing.",
            remedy="Copy the weights anew from the checkpoint's origin.",
        )
    return model, report["missing"]


def load_head(
    folder: Path, architecture: str, head, labels: Sequence[str], attention: str, dropout: float
) -> torch.nn.Module:
    """Load the encoder in `folder` with a new task head, in float32. The caller must seed torch before the call.

    `head` is one of `harness.heads`. The returned model gives logits [batch, outputs], or [batch, tokens, outputs] for
    token classification, or [batch, options] for multiple choice (inputs [batch, options, tokens]). `attention` is
    "sdpa" (fused) or "eager". `dropout` replaces every dropout rate of the configuration. Raises CheckpointError if the
    checkpoint lacks a parameter outside the task head or already has a task head.
    """
    kind = architecture_named(architecture)
    names = head.outputs(labels)
    settings: dict[str, object] = dict.fromkeys(kind.dropouts, dropout)
    if names:
        settings |= {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}
    model, report = load(folder, architecture, head.model, attention, settings=settings, may_lack=kind.task_head)
    if not any(name.startswith(kind.task_head[0]) for name in report["missing"]):
        raise CheckpointError(
            f"{folder} already has a trained task head ({kind.task_head[0]}…); fine-tuning needs an encoder without "
            "one.",
            remedy="Use the checkpoint from before it was fine-tuned.",
        )
    if not head.windowed:
        kind.first_alone(model)
    return model


def preload(
    folders: Iterable[Path], architecture: str, head, labels: Sequence[str], attention: str, tokens: int
) -> list[dict]:
    """Load every folder once, before worker processes are forked. Returns the values of
    `harness.encoders.alike.shaping` for each folder.

    So an error in a folder is raised before any training. The forked processes also share the imports, which would cost
    each process some four seconds. Raises CheckpointError as `load_head` does, or if an encoder cannot read `tokens`
    tokens at once.
    """
    shapes = []
    for folder in folders:
        model = load_head(folder, architecture, head, labels, attention, 0.0)
        longest = architecture_named(architecture).positions(model.config)
        if longest is not None and tokens > longest:
            raise CheckpointError(
                f"{folder} reads at most {longest} tokens, but the task's max_length is {tokens}.",
                remedy=f"Set max_length of the task in params.yaml to {longest} or less.",
            )
        shapes.append(shaping(model.config, architecture))
    return shapes


def save(model: torch.nn.Module, tokenizer, folder: Path) -> None:
    """Write the model and the tokenizer into an ordinary Hugging Face folder: config.json, model.safetensors, tokenizer
    files.

    The same weights give the same bytes. The AutoModel… classes of transformers open the folder. For the architecture
    norbert3, `harness.encoders.norbert3_heads` must be imported first.
    """
    # Otherwise the truncation and padding of the last call would be saved as the tokenizer's own.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    with quiet():
        model.save_pretrained(folder, max_shard_size="100GB")
        tokenizer.save_pretrained(folder)
    _clean_json(Path(folder) / "config.json", {})
    # The generic class opens any tokenizer.json, in every version of transformers.
    _clean_json(Path(folder) / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
    # safetensors makes its file private. All files of the folder must be readable by the same users.
    shutil.copymode(Path(folder) / "config.json", Path(folder) / "model.safetensors")


def _clean_json(path: Path, changes: dict) -> None:
    """Rewrite a JSON file with `changes`, and without the keys that say how and from where the object was loaded."""
    foreign = ("_name_or_path", "name_or_path", "is_local", "local_files_only", "backend")
    kept = {name: value for name, value in read_json(path).items() if name not in foreign}
    write_json(path, kept | changes)
