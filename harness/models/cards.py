"""The card of a checkpoint: of what it was made, how, and what was measured on the way.

A checkpoint folder carries it twice: as `harness.json` for the pipeline and as `README.md` for a
reader and for the hub. It holds counts, names and hashes; no text of a document, no clock, host or path.
"""

import dataclasses
import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config import BatchPlan
from harness.files import read_json, sha256_tree, write_json, write_text
from harness.models.readme import model_card

__all__ = ["CorpusPart", "Facts", "Masked", "Parent", "Training", "card", "corpus_part", "held_out", "libraries",
           "model_card", "parent_of", "write"]  # fmt: skip

LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class Parent:
    """The checkpoint that training went on from: its arm and the tree hash of its folder.

    Where that came from the hub: repository and commit. `licence` is what its source states.
    """

    arm: str
    tree: str
    repository: str | None = None
    revision: str | None = None
    licence: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class CorpusPart:
    """One corpus as the corpus stage counted it; documents by type and by written standard.

    `kind` is synthetic, public or restricted; `phi` says whether it holds identifying details of
    real people, None where its source record does not state it.
    """

    sha256: str
    documents: int
    words: int
    document_types: Mapping[str, int]
    written_standards: Mapping[str, int]
    kind: str | None
    language: str | None
    licence: str | None
    phi: bool | None


@dataclass(frozen=True)
class Training:
    """One pre-training run. `parameters` are all of the recipe's, `held_out` is {"before", "after"}.

    `trained_on` names one of `corpora`; `rows` and `tokens` are that corpus cut for training,
    `tokens_seen` counts repetitions; `losses` is the curve, [{"step", "loss"}, …].
    """

    recipe: str
    parameters: Mapping[str, Any]
    engine: Mapping[str, Any]
    trained_on: str
    corpora: Mapping[str, CorpusPart]
    batch: BatchPlan
    rows: int
    tokens: int
    tokens_seen: int
    losses: Sequence[Mapping[str, float]]
    held_out: Mapping[str, Mapping]


@dataclass(frozen=True)
class Facts:
    """All that a card states. An imported checkpoint has `origin` and `files`, one made here `training`.

    `source` is {"kind": "build" | "hub" | "folder", …}; `code` the hash of the code that made the folder;
    `missing` and `unexpected` are names of parameters that did not meet when weights were loaded;
    `stated` is what the source's own README says: {"licence", "language"}.
    """

    family: str
    arm: str
    architecture: str
    source: Mapping[str, str]
    code: str
    libraries: Mapping[str, str]
    parameters: int
    missing: Sequence[str] = ()
    unexpected: Sequence[str] = ()
    parent: Parent | None = None
    encoder: Mapping[str, Any] | None = None
    training: Training | None = None
    origin: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None
    stated: Mapping[str, Any] | None = None


def card(facts: Facts) -> dict:
    """The content of `harness.json`: plain values, the same for the same facts."""
    content = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    training = content.pop("training")
    content["parent"] = dataclasses.asdict(facts.parent) if facts.parent else None
    if training is None:
        return _plain(content)
    return _plain(
        {
            **content,
            "recipe": {"name": training.recipe, "parameters": training.parameters},
            "engine": training.engine,
            "trained_on": training.trained_on,
            "corpus": {name: dataclasses.asdict(part) for name, part in training.corpora.items()},
            "batch": {**dataclasses.asdict(training.batch), "effective": training.batch.effective},
            "rows": training.rows,
            "tokens": training.tokens,
            "tokens_seen": training.tokens_seen,
            "epochs": round(training.tokens_seen / max(1, training.tokens), 2),
            "losses": training.losses,
            "held_out": training.held_out,
        }
    )


def _plain(value):
    """Mappings as dicts and sequences as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True)
class Masked:
    """What was counted at the masked tokens of one document type: the sum of their cross-entropies in
    nats, how many were predicted rightly, and how many there were."""

    loss: float
    right: int
    tokens: int


def held_out(counts: Mapping[str, Mapping[str, Masked]]) -> dict:
    """{corpus: {document type: counts}} as a card states it, for one moment (before or after training).

    → {corpus: {"loss" (mean, nats), "accuracy" (0 to 1), "tokens", "by_document_type": {type: the same}}};
    loss and accuracy are None where nothing was masked.
    """
    found = {}
    for corpus, by_type in sorted(counts.items()):
        parts = [masked for _, masked in sorted(by_type.items())]
        whole = Masked(math.fsum(m.loss for m in parts), sum(m.right for m in parts), sum(m.tokens for m in parts))
        found[corpus] = {
            **_means(whole),
            "by_document_type": {name: _means(masked) for name, masked in sorted(by_type.items())},
        }
    return found


def _means(masked: Masked) -> dict:
    n = masked.tokens
    return {
        "loss": round(masked.loss / n, 4) if n else None,
        "accuracy": round(masked.right / n, 4) if n else None,
        "tokens": n,
    }


def corpus_part(corpus_card: Mapping, name: str) -> CorpusPart:
    """The summary of one part of `artifacts/corpus/card.json`."""
    part, source = corpus_card["parts"][name], corpus_card.get("source") or {}
    # A part that states its own origin goes before the source record of the whole.
    stated = {key: part.get(key, source.get(key)) for key in ("kind", "language", "licence", "phi")}
    return CorpusPart(
        sha256=part["sha256"],
        documents=part["documents"]["kept"],
        words=part["words"],
        document_types=dict(part["kept"]),
        written_standards={standard: counts["documents"] for standard, counts in part["written_standard"].items()},
        **stated,
    )


def parent_of(folder: Path) -> Parent:
    """The checkpoint folder that training goes on from, as the child's card names it."""
    content = read_json(folder / "harness.json", made_by=f"harness checkpoint {folder.parent.name}")
    source = content["source"] if isinstance(content.get("source"), dict) else {}
    return Parent(
        arm=content["arm"],
        tree=sha256_tree(folder),
        repository=source.get("repository"),
        revision=source.get("revision"),
        licence=(content.get("stated") or {}).get("licence"),
    )


def libraries() -> dict[str, str]:
    """Versions of what computes, without the part that only says how a package was built (`+cpu`)."""
    return {name: importlib.metadata.version(name).split("+")[0] for name in LIBRARIES}


def write(folder: Path, content: dict, results: Sequence[Mapping] = ()) -> None:
    """Put the card into a checkpoint folder: `harness.json`, and `README.md` with `results` if there are any."""
    write_json(folder / "harness.json", content)
    write_text(folder / "README.md", model_card(content, results))
