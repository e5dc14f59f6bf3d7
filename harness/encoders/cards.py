"""Make the card of a checkpoint: its sources, its training and its measurements.

A checkpoint folder carries it twice: as `harness.json` for the pipeline and as `README.md` for a
reader and for the hub. It holds counts, names and hashes; no text of a document, no clock, host or path.
"""

import dataclasses
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint
from harness.artifacts.checkpoint import FORMAT
from harness.encoders import intact
from harness.encoders.readme import model_card
from harness.params.batch_plan import batch_plan
from harness.params.config import BatchPlan, Build, Engine, Folder, Hub, Pretraining
from harness.pipeline.code import PAGES, code_hash
from harness.system.files import read_json, sha256_tree, write_json, write_text

LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")
# What only a training that has ended can say.
RESULTS = (
    "files", "parameters", "missing", "unexpected", "steps", "tokens_seen", "losses", "held_out", "mixed", "page",
)  # fmt: skip


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

    `kind` is synthetic, public or restricted; `phi` says whether the corpus stage found identifying
    details in what it kept, None where it did not look.
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
    """One pre-training run. `parameters` are all of the recipe's; `trained_on` names some of `corpora`,
    `replay` is the share of general text that is mixed into them; the others are held out only.

    `steps` are the updates made, `tokens_seen` counts repetitions, `losses` is the curve, [{"step", "loss"},
    …]. `held_out` is {"before": {corpus: {"loss" (nats per masked token), "accuracy" (0 to 1), "tokens",
    "by_document_type": {type: the same three}}}, "after": …}; a loss or accuracy of None was not measured. `mixed`
    says after which updates it went on from a training that was made of something else, and what differed. `branched`
    is {"share", "seed"} where the first share of the updates is that of the arm's first replicate, with that seed.
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
    """All that a card states. An imported checkpoint has `origin`, one made here `training`; `files` are the hashes
    of what is loaded, without the card itself and its README.

    `source` is {"kind": "build" | "hub" | "folder", …}; `code` the hash of the code that made the folder;
    `missing` and `unexpected` are names of parameters that did not meet when weights were loaded;
    `stated` is what the source's own README says: {"licence", "language"}; `gate` how an imported masked LM stands
    against token counts (see `harness.training.pretrain.gate`), `notes` what the source says that is not taken.
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
    content["format"] = FORMAT
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
    )


def _plain(value):
    """Mappings as dicts and sequences as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def training_of(
    recipe: Pretraining,
    engine: Engine,
    trained_on: Sequence[str],
    parts: Mapping[str, Mapping],
    replay: float = 0.0,
    branched: Mapping[str, Any] | None = None,
) -> Training:
    """A training as it is planned, without the results that it will have; `parts` are those of the corpus that it reads
    or is measured on, as in `parts.json`."""
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
    """The part of the card that stands before the training has begun: everything that it is made of."""
    return {key: value for key, value in card(facts).items() if key not in RESULTS}


def made_already(folder: Path, facts: Facts) -> bool:
    """Is `folder` the checkpoint that training by these `facts` would make?"""
    path = folder / "harness.json"
    content = read_json(path) if path.is_file() else None
    return isinstance(content, dict) and {k: v for k, v in content.items() if k not in RESULTS} == planned(facts)


def source_of(source: Hub | Folder | Build) -> dict[str, str]:
    """The source of a checkpoint, as its card records it."""
    if isinstance(source, Hub):
        return {"kind": "hub", "repository": source.repository, "revision": source.revision}
    # The folder's name only: where it lies on this machine is nobody's business later.
    name = {"name": Path(source.path).expanduser().resolve().name} if isinstance(source, Folder) else {}
    return {"kind": "build" if isinstance(source, Build) else "folder", **name}


def parent_of(folder: Path) -> Parent:
    """The checkpoint folder that training goes on from, as the child's card names it."""
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
    """Versions of what computes, without the part that only says how a package was built (`+cpu`)."""
    return {name: importlib.metadata.version(name).split("+")[0] for name in LIBRARIES}


def page_code(content: Mapping) -> str:
    """The hash of the code that writes the page of this card: of the objectives, the one it was trained by."""
    recipe = content.get("recipe")
    return code_hash(PAGES[0], objectives=(str(recipe.get("name")),) if isinstance(recipe, Mapping) else ())


def write(folder: Path, content: dict, results: Sequence[Mapping] = ()) -> dict:
    """Put the card into a checkpoint folder: `harness.json`, and `README.md` with `results` if there are any.

    Returns it as it is written: its `page` is the code that wrote the page, which may be worded anew one day and make
    no checkpoint stale.
    """
    content = content | {"page": page_code(content)}
    write_json(folder / "harness.json", content)
    write_text(folder / "README.md", model_card(content, results))
    return content
