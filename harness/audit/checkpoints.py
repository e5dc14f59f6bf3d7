"""Check the checkpoints of one family: their files, card, parameters, code, and the parent that they were trained
from."""

import dataclasses
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint
from harness.audit import libraries
from harness.audit.checks import ABSENT, Check, Subject
from harness.encoders.cards import page_code, source_of
from harness.encoders.readme import model_card
from harness.params import replicates
from harness.params.arms import ARMS, OPTIONAL, parts_of, replayed
from harness.params.config import Build, branched_from, of_replicate
from harness.params.whole import Family, Params
from harness.pipeline.code import code_hash
from harness.pipeline.hashes import Hashes
from harness.report.export.provenance import tokenizer_hash
from harness.system.files import read_text


def checks(root: Path, family: str, params: Params, hashes: Hashes) -> Iterator[Check]:
    """Check every encoder of a family against `params`, the present code and corpora, and its parent checkpoint."""
    for encoder in params.families[family].encoders:
        folder = checkpoint.place(root, family, encoder)
        made_by = f"harness {checkpoint.stage_of(encoder)} {family}"
        where = folder.relative_to(root).as_posix()
        subject = Subject(f"checkpoints/{family}", f"`dvc checkout {where}`, or `{made_by}`", (where,))
        yield from subject.follow(encoder, partial(_encoder, root, folder, params, subject, hashes))


def _encoder(root: Path, folder: Path, params: Params, subject: Subject, hashes: Hashes) -> Iterator[Check]:
    arm = folder.name
    for name in ("harness.json", "config.json", "model.safetensors", "README.md"):
        if not (folder / name).is_file():
            yield subject.missing(f"{arm}/{name}")
            return
    card = checkpoint.card(folder)
    yield from _card(root, folder, card, params, subject, hashes)
    readme = read_text(folder / "README.md")
    (where,) = subject.about
    told = subject.of(f"{where}/README.md", rests_on=(f"{where}/harness.json",))
    present = card.get("page") == page_code(card)
    # A README that an older version of the code wrote is checked by dvc.lock only.
    yield told.same(f"{arm}: README.md is that of its card", True, not present or readme == model_card(card, ()))
    weights = subject.of(f"{where}/model.safetensors", rests_on=(f"{where}/harness.json",))
    yield weights.same(f"{arm}: parameters in model.safetensors", card["parameters"], _parameters(folder, card))


def _card(root: Path, folder: Path, card: dict, params: Params, subject: Subject, hashes: Hashes) -> Iterator[Check]:
    arm, name = folder.name, checkpoint.family_of(folder)
    family, (where,) = params.families[name], subject.about
    subject = subject.of(f"{where}/harness.json", rests_on=("params.yaml",))
    # An arm that `params.yaml` switches on or off has no source of its own.
    of = replicates.arm_of(arm)
    source = Build("build") if of in OPTIONAL else getattr(family, of)
    built = isinstance(source, Build)
    expected: dict[str, Any] = {"family": name, "arm": arm, "architecture": family.architecture}
    expected |= {"source": source_of(source)} | (_training(family, arm, params) if built else {})
    yield from subject.values(
        f"{arm}: card against params.yaml", expected, {key: card.get(key, ABSENT) for key in expected}
    )
    objectives = [expected["recipe"]["name"]] if built else []
    code = code_hash(f"harness.stages.{checkpoint.stage_of(arm)}", root / "harness", objectives=objectives)
    coded, remedy = replace(subject, rests_on=("harness",)), "the code of that commit, or `dvc repro`"
    yield coded.same(f"{arm}: the code that made it", code, card.get("code"), remedy)
    yield from libraries.checks(root, card["libraries"], subject, f"{arm}: ")
    # A card lists the files that are loaded, and not itself or its README.
    stored = "made" if built else "imported"
    for file, digest in sorted((card.get("files") or {}).items()):
        listed = subject.of(f"{where}/{file}", rests_on=(f"{where}/harness.json",))
        yield listed.same(f"{arm}/{file} as it was {stored}", digest, hashes.sha256(folder / file))
    if not built:
        return
    if card.get("branched"):
        first = checkpoint.place(root, name, of)
        trunk = subject.of(f"{where}/harness.json", rests_on=((first / checkpoint.NAME).relative_to(root).as_posix(),))
        until = replicates.shared_updates(card["branched"]["share"], card["steps"])
        theirs, own = (_course(one, until) for one in (checkpoint.card(first), card))
        yield trunk.same(f"{arm}: the part of the training that it shares with {of}", theirs, own)
    yield subject.same(f"{arm}: the corpora of its card", sorted(parts_of(of)), sorted(card["corpus"]))
    for corpus, part in sorted(card["corpus"].items()):
        found = hashes.sha256(root / "artifacts" / "corpus" / f"{corpus}.jsonl")
        if found is None:
            yield subject.missing(f"{arm}: the corpus {corpus}", "`dvc checkout artifacts/corpus`, or `harness corpus`")
        else:
            read = replace(subject, rests_on=(f"artifacts/corpus/{corpus}.jsonl",))
            yield read.same(f"{arm}: the corpus {corpus} as it was read", part["sha256"], found)
    parent = card.get("parent") or {}
    if arm == "baseline":
        yield subject.same(f"{arm}: has no parent", {}, parent)
        return
    baseline = checkpoint.place(root, name, "baseline")
    subject = replace(subject, rests_on=(baseline.relative_to(root).as_posix(),))
    yield subject.same(f"{arm}: its parent", "baseline", parent.get("arm"))
    yield subject.same(f"{arm}: its parent's files", hashes.tree(baseline), parent.get("tree"))
    subject = subject.of(where, rests_on=subject.rests_on)
    yield subject.same(f"{arm}: the baseline's tokenizer", tokenizer_hash(baseline), tokenizer_hash(folder))


def _training(family: Family, arm: str, params: Params) -> dict:
    adapted: Any = family.adaptation
    recipe: Any = family.general if arm == "baseline" else of_replicate(adapted, arm)
    encoder: Any = family.encoder
    of = replicates.arm_of(arm)
    return {
        "encoder": dataclasses.asdict(encoder) if arm == "baseline" else None,
        "recipe": {"name": recipe.recipe, "parameters": dataclasses.asdict(recipe)},
        "engine": dataclasses.asdict(params.engine),
        "trained_on": list(ARMS[of].trained_on),
        "replay": replayed(of, params.corpus.replay),
        "branched": branched_from(family.branched, adapted, arm) or ABSENT,
        **({"steps": recipe.steps} if recipe.steps is not None else {}),
    }


def _course(card: dict, until: int) -> list[dict]:
    """The training losses and held-out measurements that a card records, up to update `until`."""
    measured = [{"step": 0, **card["held_out"]["before"]}, *card["held_out"].get("during", ())]
    return [point for point in (*card["losses"], *measured) if point["step"] <= until]


def _parameters(folder: Path, card: dict) -> int:
    """The number of weights in the file's header, or in the card if it lists missing or unexpected weights."""
    with open(folder / "model.safetensors", "rb") as handle:
        (length,) = struct.unpack("<Q", handle.read(8))
        header = json.loads(handle.read(length))
    found = sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    # Weights that a card lists as unexpected are in the file, but not in the model.
    return card["parameters"] if card.get("unexpected") or card.get("missing") else found
