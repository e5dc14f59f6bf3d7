"""Make the card of a checkpoint, which states the checkpoint's source, training and measurements.

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
    """The checkpoint from which a training started.

    `tree`: one hash over all files of its folder.
    `repository`, `revision`: its repository and commit, if it came from the Hugging Face hub.
    `licence`: the licence that its source states, {"id", "name", "link"}.
    """

    arm: str
    tree: str
    repository: str | None = None
    revision: str | None = None
    licence: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class CorpusPart:
    """One part of the pre-training corpus, with the counts that the stage `corpus` made.

    `sha256` is the hash of its text file. `document_types` and `written_standards` are numbers of documents by type and
    by written standard of Norwegian. `kind` is synthetic, public or restricted. `phi` is True if the stage found
    identifying details in the kept documents, and None if it did not look for any.
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

    `recipe`, `parameters`: name of the objective, and all settings of the recipe.
    `engine`: settings of the machine, such as precision and devices.
    `corpora`: parts of the corpus that the run trains on or is measured on, by name. `trained_on`: names of the parts
    that the run trains on.
    `replay`: share of general text that is mixed into the training text.
    `steps`: number of updates. `tokens_seen`: number of tokens read, with repetitions.
    `losses`: the loss curve, [{"step", "loss"}, …].
    `held_out`: the measurements on held-out text, {"before": {part of the corpus: {"loss" (nats per masked token),
    "accuracy" (0 to 1), "tokens", "by_document_type": {type: {"loss", "accuracy", "tokens"}}}}, "after": …}. A loss or
    an accuracy is None if it was not measured.
    `mixed`: the updates after which the run resumed a training of other settings or inputs, and the differences.
    `branched`: {"share", "seed"} if the run did not start from the beginning, but continued another training. "share"
    is the share of updates that the run took from the first replicate of its arm, and "seed" is the seed of this
    replicate.
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

    `source`: {"kind": "build" | "hub" | "folder", …}, as `source_of` returns it.
    `code`: hash of the code that made the folder.
    `parameters`: number of parameters.
    `missing`: names of parameters of the model for which the loaded files have no weights. `unexpected`: names of
    weights in the files that the model does not have.
    `encoder`: sizes of an encoder that was built here.
    `origin`: hashes of the imported files, by name. `files`: hashes of the files of the folder, without the card and
    its README.
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
    """The content of `harness.json` as plain values. The same facts always give the same content."""
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
    """The plan of a training, as a `Training` without results.

    `parts` are the parts of the corpus that the training reads or is measured on, by name, as in `parts.json`
    (`harness.artifacts.corpus`). `replay` and `branched` are as in `Training`.
    """
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
    """The fields of the card that are known before the training. These fields determine the checkpoint."""
    return {key: value for key, value in card(facts).items() if key not in RESULTS}


def made_already(folder: Path, facts: Facts) -> bool:
    """True if `folder` contains the checkpoint that a training by these `facts` would make. The fields of `planned` are
    compared with the card in the folder."""
    path = folder / checkpoint.NAME
    content = read_json(path) if path.is_file() else None
    return isinstance(content, dict) and {k: v for k, v in content.items() if k not in RESULTS} == planned(facts)


def source_of(source: Hub | Folder | Build) -> dict[str, str]:
    """The source of a checkpoint, as the card records it: {"kind"}, with "repository" and "revision" for the hub, or
    "name" for a folder."""
    if isinstance(source, Hub):
        return {"kind": "hub", "repository": source.repository, "revision": source.revision}
    # Only the folder's name: its place on this machine is private.
    name = {"name": Path(source.path).expanduser().resolve().name} if isinstance(source, Folder) else {}
    return {"kind": "build" if isinstance(source, Build) else "folder", **name}


def parent_of(folder: Path) -> Parent:
    """The checkpoint in `folder`, as a card records it if a training starts from this checkpoint. Raises
    CheckpointError if the folder has no valid card."""
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
    """The versions of the libraries that compute, by name, without the build suffix (`+cpu`)."""
    return {name: importlib.metadata.version(name).split("+")[0] for name in LIBRARIES}


def page_code(content: Mapping) -> str:
    """The hash of the code that writes `README.md` from the card `content`. Of the pre-training objectives, only the
    code of the card's own objective counts."""
    recipe = content.get("recipe")
    return code_hash(PAGES[0], objectives=(str(recipe.get("name")),) if isinstance(recipe, Mapping) else ())


def write(folder: Path, content: dict, results: Sequence[Mapping] = ()) -> dict:
    """Write the card `content` into a checkpoint folder, as `harness.json` and as `README.md`. Return the written card.

    `results` are evaluation results to show in `README.md` (see `harness.encoders.readme.model_card`). The field `page`
    of the card is the hash of the code that wrote `README.md`. This hash is not part of `code`, so a new wording of
    `README.md` makes no checkpoint stale.
    """
    content = content | {"page": page_code(content)}
    write_json(folder / checkpoint.NAME, content)
    write_text(folder / "README.md", model_card(content, results))
    return content
