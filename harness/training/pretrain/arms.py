"""Pre-train one arm of a family (a version of its encoder), and write its checkpoint folder with the card."""

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from harness import objectives
from harness.artifacts import checkpoint
from harness.encoders import cards, families
from harness.encoders.architectures import architecture_named
from harness.objectives import Setup
from harness.objectives.common.rows import Row
from harness.objectives.common.windows import Documents, Vocabulary
from harness.params.config import Engine, Pretraining
from harness.params.replicates import shared_updates
from harness.pipeline.code import code_hash
from harness.system.determinism import derived_seed
from harness.system.files import atomic_folder, read_json, sha256_files, sha256_value, write_json
from harness.system.parallel import usable_workers
from harness.training.common.distributed import World, await_file, joined
from harness.training.pretrain import held_out, interrupted
from harness.training.pretrain.branching import Trunk
from harness.training.pretrain.loop import About, Losses, Observer, train
from harness.training.pretrain.plan import Plan
from harness.training.pretrain.resume import Store
from harness.training.pretrain.watching import Several, display


@dataclass(frozen=True)
class Corpus:
    """A tokenised corpus: documents to train on, held-out (document type, row) pairs, the folder of its files, and the
    hash of its text. `replay` describes the general text that is mixed into the documents ({"share", "from"}), or is
    None."""

    documents: Documents
    held_out: list[tuple[str, Row]]
    folder: Path
    sha256: str
    replay: Mapping | None = None


def updates_of(corpus: Corpus, tokenizer, config, settings: Pretraining, *, leads: bool = True) -> int:
    """The number of updates of a training: `settings.steps`, or as many as one epoch of `corpus` has if
    `settings.steps` is None.

    The leading process (`leads`) counts the updates of an epoch once, and keeps the number in a file in the corpus's
    folder. The other processes wait for this file. `config` is the model's transformers configuration.
    """
    if settings.steps is not None:
        return settings.steps
    code = code_hash(__name__, objectives=(settings.recipe,))
    counted = {"settings": dataclasses.asdict(settings), "replay": corpus.replay, "code": code}
    key = sha256_value(counted)
    record = corpus.folder / f"updates-{key[:16]}.json"
    if leads and not record.is_file():
        plan = plan_of(corpus, Setup(settings, Vocabulary.of(tokenizer), config))
        write_json(record, {"updates": plan.updates_per_epoch(usable_workers())})
    await_file(record)
    return read_json(record)["updates"]


def plan_of(corpus: Corpus, setup: Setup) -> Plan:
    settings, objective = setup.settings, objectives.of(setup.settings)
    return Plan(
        corpus.documents.sizes(),
        lambda block, generator: objective.rows(setup, corpus.documents, block, generator),
        settings.effective_batch,
        settings.device_batch,
        settings.seed,
    )


def made_from(settings: Pretraining, engine: Engine, steps: int, inputs: Mapping) -> dict:
    """Everything that the result of a training depends on, as plain values. `inputs` is everything except the settings,
    the engine and the number of updates, such as the hashes of the corpora."""
    return {"settings": dataclasses.asdict(settings), "engine": dataclasses.asdict(engine), "steps": steps, **inputs}


def _inputs(facts: cards.Facts, corpora: Mapping[str, Corpus]) -> dict:
    assert facts.training is not None
    hashes = {name: corpus.sha256 for name, corpus in corpora.items()}
    return {"planned": cards.planned(facts), "corpus": hashes, "train_on": facts.training.trained_on}


def finished_of(root: Path, family: str, encoder: str) -> Path:
    """The folder with a copy of a finished encoder, kept until all encoders of its family are finished. If the stage is
    killed, the finished encoder is not trained again."""
    return interrupted.states_of(root, family, encoder) / "finished"


def trunk_of(
    root: Path,
    facts: cards.Facts,
    corpora: Mapping[str, Corpus],
    settings: Pretraining,
    engine: Engine,
    *,
    steps: int,
    share: float,
) -> Trunk:
    """The trunk of the training that `make` runs with these arguments: its saved state after the share `share` of its
    `steps` updates. Further replicates of the arm start from the trunk (see `harness.training.pretrain.branching`)."""
    key = sha256_value(made_from(settings, engine, steps, _inputs(facts, corpora)))
    return Trunk(interrupted.states_of(root, facts.family, facts.arm), key, shared_updates(share, steps), settings.seed)


def train_arm(
    model,
    tokenizer,
    architecture: str,
    corpora: Mapping[str, Corpus],
    read: Corpus,
    settings: Pretraining,
    engine: Engine,
    world: World,
    *,
    steps: int,
    states: Path,
    inputs: dict,
    code: Mapping[str, str],
    observer: Observer,
    name: str,
    alone: bool = True,
    keeps: int | None = None,
    trunk: Trunk | None = None,
) -> dict:
    """Train `model` in place on the documents of `read`, and measure it on the held-out rows of `corpora`, which maps
    parts of the corpus to their texts.

    The training resumes from its newest saved state below `states`. `inputs` is everything that the result depends on
    besides settings, engine and `steps`. `code` maps code files to their hashes, to show which files have changed since
    an interrupted training. `observer` is called during the training. `alone` is False if other trainings run in
    parallel. The state after update `keeps` is kept, because other trainings start from it. A branched training starts
    from such a state of another training, its `trunk`.

    Returns plain values: the loss curve, held-out measurements {"before", "during", "after"} by corpus, the numbers of
    updates and tokens, and as `mixed` the updates after which the training resumed a training of other inputs.
    """
    vocabulary, kind = Vocabulary.of(tokenizer), architecture_named(architecture)
    setup, objective = Setup(settings, vocabulary, model.config), objectives.of(settings)
    head = kind.predict(model)
    model.to(world.device)
    if engine.recompute:
        model.gradient_checkpointing_enable()
    held_out_rows = {corpus: part.held_out for corpus, part in sorted(corpora.items())}

    def measure() -> dict:
        return held_out.measure(model, head, held_out_rows, vocabulary, engine, world.device)

    made_of = made_from(settings, engine, steps, inputs)
    fingerprint = sha256_value(made_of)
    interrupted.settle(states, fingerprint, interrupted.pieces(made_of, code), leads=world.leads)
    world.wait()
    parameters = sum(p.numel() for p in model.parameters())
    about = About(name, fingerprint, steps, parameters, world.size)
    if not world.leads:
        observer = Observer()
    observer.started(about)
    before = measure()
    observer.held_out(0, before)
    torch.manual_seed(derived_seed("layers", settings.seed))
    with display(about, quiet=not world.leads, alone=alone) as screen:
        course = train(
            Losses(model, architecture, objective),
            objective,
            setup,
            plan_of(read, setup),
            engine,
            world,
            steps=steps,
            store=Store(states, fingerprint, keeps, trunk.state) if trunk else Store(states, fingerprint, keeps),
            measure=measure,
            observer=Several(screen, observer),
            spared=kind.undecayed,
            head=kind.masked_lm_head,
            name=name,
        )
    after = measure()
    observer.held_out(course.steps, after)
    observer.finished()
    if engine.recompute:
        model.gradient_checkpointing_disable()
    return {
        "steps": course.steps,
        "tokens_seen": course.tokens,
        "losses": course.curve,
        "held_out": {"before": before, "during": course.held_out, "after": after},
        "mixed": [*(trunk.mixed() if trunk else []), *interrupted.mixed(states, fingerprint)],
    }


def make(
    root: Path,
    facts: cards.Facts,
    model,
    tokenizer,
    corpora: Mapping[str, Corpus],
    read: Corpus,
    settings: Pretraining,
    engine: Engine,
    *,
    steps: int,
    code: Mapping[str, str],
    observer: Observer | None,
    name: str,
    alone: bool = True,
    keeps: int | None = None,
    trunk: Trunk | None = None,
) -> None:
    """Train `model` on `read`, and write the checkpoint folder with its card. `facts` is what the card states before
    the training, and names the family and the arm.

    `corpora`, `code`, `alone`, `keeps` and `trunk` are as in `train_arm`. Only the leading process writes.
    """
    assert facts.training is not None
    states, inputs = interrupted.states_of(root, facts.family, facts.arm), _inputs(facts, corpora)
    with joined(engine, f"{facts.family}/{facts.arm}") as world:
        trained = train_arm(
            model, tokenizer, facts.architecture, corpora, read, settings, engine, world,
            steps=steps, states=states, inputs=inputs, code=code, observer=observer or Observer(), name=name,
            alone=alone, keeps=keeps, trunk=trunk,
        )  # fmt: skip
        if not world.leads:
            return
    training = dataclasses.replace(facts.training, **trained)
    target = checkpoint.place(root, facts.family, facts.arm)
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        parameters, files = sum(p.numel() for p in model.parameters()), sha256_files(folder)
        cards.write(
            folder, cards.card(dataclasses.replace(facts, parameters=parameters, training=training, files=files))
        )
    Store(states, sha256_value(made_from(settings, engine, steps, inputs)), keeps).clear()
    if facts.arm != "baseline":  # the baseline's stage makes only this one encoder
        with atomic_folder(finished_of(root, facts.family, facts.arm)) as folder:
            shutil.copytree(target, folder, dirs_exist_ok=True)
