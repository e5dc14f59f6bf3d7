"""Make the card of a checkpoint: its sources, its training and its measurements.

A checkpoint folder contains the card twice: as `harness.json` for the pipeline, and as `README.md` for readers and for
the hub. A card contains counts, names and hashes, but no text of a document and no time, host or path.
"""

import dataclasses
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint
from harness.encoders import intact
from harness.encoders.readme import model_card
from harness.params.batch_plan import batch_plan
from harness.params.config import BatchPlan, Build, Engine, Folder, Hub, Pretraining
from harness.pipeline.code import PAGES, code_hash
from harness.system.files import canonical_json, read_json, sha256_tree, write_json, write_text

LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")
# The keys of a card that are not part of the plan of a training.
RESULTS = (
    "files", "parameters", "missing", "unexpected", "steps", "tokens_seen", "losses", "held_out", "mixed", "page",
)  # fmt: skip


@dataclass(frozen=True)
class Parent:
    """The checkpoint that a training started from. `tree` is the tree hash of its folder. `repository` and `revision`
    (a commit) are given if it came from the hub. `licence` is the licence that its source states."""

    arm: str
    tree: str
    repository: str | None = None
    revision: str | None = None
    licence: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class CorpusPart:
    """One corpus with the counts of the corpus stage. Documents are counted by type and by written standard.

    `kind` is synthetic, public or restricted. `phi` is True if the corpus stage found identifying details in the kept
    documents, and None if it did not look for any.
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
    """One pre-training run.

    `parameters`: all settings of the recipe.
    `trained_on`: names of the `corpora` that the run trains on. The other corpora are only measured on.
    `replay`: share of general text that is mixed into the training text.
    `steps`: number of updates. `tokens_seen`: tokens read, with repetitions.
    `losses`: the loss curve, [{"step", "loss"}, …].
    `held_out`: {"before": {corpus: {"loss" (nats per masked token), "accuracy" (0 to 1), "tokens", "by_document_type":
    {type: the same three}}}, "after": …}. A loss or an accuracy is None if it was not measured.
    `mixed`: the updates after which the run resumed a training of other settings or inputs, and the differences.
    `branched`: {"share", "seed"} if the run took the first share of its updates from the arm's first replicate, which
    has that seed.
    """

    recipe: str
    parameters: Mapping[str, Any]
    engine: Mapping[str, Any]
    trained_on: Sequence[str]
    replay: float
    corpora: Mapping[str, CorpusPart]
    batch: BatchPlan
    steps: int = 0
    tokens_seen: int = 0
    losses: Sequence[Mapping[str, float]] = ()
    held_out: Mapping[str, Mapping] = field(default_factory=dict)
    mixed: Sequence[Mapping] = ()
    branched: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Facts:
    """All facts that a card states. An imported checkpoint has `origin`, a checkpoint made here has `training`.

    `source`: {"kind": "build" | "hub" | "folder", …}.
    `code`: hash of the code that made the folder.
    `missing`, `unexpected`: names of parameters without weights, and of weights without a parameter, at loading.
    `files`: hashes of the files of the folder, without the card and its README.
    `stated`: statements of the source's own README, {"licence", "language"}.
    `gate`: comparison of an imported masked LM with token counts (see `harness.training.pretrain.gate`).
    `notes`: sentences about the parts and settings of the source that were not imported.
    """

    family: str
    arm: str
    architecture: str
    source: Mapping[str, str]
    code: str
    libraries: Mapping[str, str]
    parameters: int = 0
    missing: Sequence[str] = ()
    unexpected: Sequence[str] = ()
    parent: Parent | None = None
    encoder: Mapping[str, Any] | None = None
    training: Training | None = None
    origin: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None
    stated: Mapping[str, Any] | None = None
    gate: Mapping[str, Any] | None = None
    notes: Sequence[str] = ()


def card(facts: Facts) -> dict:
    """The content of `harness.json`: plain values, the same for the same facts."""
    content = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    content["format"] = checkpoint.FORMAT
    training = content.pop("training")
    content["parent"] = dataclasses.asdict(facts.parent) if facts.parent else None
    if training is not None:
        content |= {
            "recipe": {"name": training.recipe, "parameters": training.parameters},
            "engine": training.engine,
            "trained_on": training.trained_on,
            "replay": training.replay,
            "corpus": {name: dataclasses.asdict(part) for name, part in training.corpora.items()},
            "batch": {**dataclasses.asdict(training.batch), "effective": training.batch.effective},
            "steps": training.steps,
            "tokens_seen": training.tokens_seen,
            "losses": training.losses,
            "held_out": training.held_out,
            **({"mixed": training.mixed} if training.mixed else {}),
            **({"branched": training.branched} if training.branched else {}),
        }
    return json.loads(canonical_json(content))


def training_of(
    recipe: Pretraining,
    engine: Engine,
    trained_on: Sequence[str],
    parts: Mapping[str, Mapping],
    replay: float = 0.0,
    branched: Mapping[str, Any] | None = None,
) -> Training:
    """A planned training, without results. `parts` are the corpus parts that it reads or is measured on, as in
    `parts.json`."""
    return Training(
        recipe=recipe.recipe,
        parameters=dataclasses.asdict(recipe),
        engine=dataclasses.asdict(engine),
        trained_on=trained_on,
        replay=replay,
        corpora={name: CorpusPart(**parts[name]) for name in sorted(parts)},
        batch=batch_plan(recipe.effective_batch, recipe.device_batch, engine.devices),
        branched=branched,
    )


def planned(facts: Facts) -> dict:
    """The part of the card that is known before the training: everything that determines the checkpoint."""
    return {key: value for key, value in card(facts).items() if key not in RESULTS}


def made_already(folder: Path, facts: Facts) -> bool:
    """Does `folder` contain the checkpoint that a training by these `facts` would make? Compares their cards."""
    path = folder / "harness.json"
    content = read_json(path) if path.is_file() else None
    return isinstance(content, dict) and {k: v for k, v in content.items() if k not in RESULTS} == planned(facts)


def source_of(source: Hub | Folder | Build) -> dict[str, str]:
    """The source of a checkpoint, as its card records it."""
    if isinstance(source, Hub):
        return {"kind": "hub", "repository": source.repository, "revision": source.revision}
    # Only the folder's name: its place on this machine is private.
    name = {"name": Path(source.path).expanduser().resolve().name} if isinstance(source, Folder) else {}
    return {"kind": "build" if isinstance(source, Build) else "folder", **name}


def parent_of(folder: Path) -> Parent:
    """The checkpoint in `folder`, as the card of a training that starts from it records it."""
    content = checkpoint.card(folder)
    if "arm" not in content:
        raise intact.no_card(folder)
    source = content["source"] if isinstance(content.get("source"), dict) else {}
    return Parent(
        arm=content["arm"],
        tree=sha256_tree(folder),
        repository=source.get("repository"),
        revision=source.get("revision"),
        licence=(content.get("stated") or {}).get("licence"),
    )


def libraries() -> dict[str, str]:
    """The versions of the libraries that compute, without the build suffix (`+cpu`)."""
    return {name: importlib.metadata.version(name).split("+")[0] for name in LIBRARIES}


def page_code(content: Mapping) -> str:
    """The hash of the code that writes the `README.md` of this card, with the objective of its recipe and no other."""
    recipe = content.get("recipe")
    return code_hash(PAGES[0], objectives=(str(recipe.get("name")),) if isinstance(recipe, Mapping) else ())


def write(folder: Path, content: dict, results: Sequence[Mapping] = ()) -> dict:
    """Write the card into a checkpoint folder: `harness.json`, and `README.md` with `results` if there are any.

    Returns the written card. Its `page` is the hash of the code that wrote the `README.md`. This hash is not part of
    `code`, so that a new wording of the `README.md` makes no checkpoint stale.
    """
    content = content | {"page": page_code(content)}
    write_json(folder / "harness.json", content)
    write_text(folder / "README.md", model_card(content, results))
    return content
