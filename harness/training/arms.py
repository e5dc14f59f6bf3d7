"""One arm of a family, trained: from a model, tokenised corpora and a recipe to what its card says."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.config import Engine, Pretraining
from harness.files import sha256_value
from harness.models import families
from harness.models.architectures import architecture_named
from harness.training import held_out
from harness.training.distributed import World
from harness.training.plan import Plan, Row
from harness.training.pretraining import Observer, train
from harness.training.recipes import Documents, Objective, Vocabulary, recipe_for
from harness.training.resume import Store
from harness.training.watching import Several, shown


@dataclass(frozen=True)
class Corpus:
    """A tokenised corpus: documents to train on, and (document type, row) pairs that are held out."""

    documents: Documents
    held_out: list[tuple[str, Row]]


def updates_of(corpus: Corpus, tokenizer, config, settings: Pretraining) -> int:
    """`settings.steps`, or the updates of one epoch of `corpus`."""
    if settings.steps is not None:
        return settings.steps
    return _plan(corpus, recipe_for(settings, Vocabulary.of(tokenizer), config), settings).updates_per_epoch()


def _plan(corpus: Corpus, recipe, settings: Pretraining) -> Plan:
    return Plan(
        len(corpus.documents),
        lambda block, generator: recipe.rows(corpus.documents, block, generator),
        settings.effective_batch,
        settings.device_batch,
        settings.seed,
    )


def train_arm(
    model,
    tokenizer,
    architecture: str,
    corpora: Mapping[str, Corpus],
    train_on: str,
    settings: Pretraining,
    engine: Engine,
    world: World,
    *,
    steps: int,
    states: Path,
    inputs: dict,
    observer: Observer,
    name: str,
    alone: bool = True,
) -> dict:
    """Train `model` in place on `corpora[train_on]`, from the newest of its saved states below `states`.

    `inputs` are the hashes of everything the result depends on besides settings and engine. Returns plain
    values: the loss curve, held-out measurements {"before", "during", "after"} by corpus, updates and tokens.
    """
    vocabulary = Vocabulary.of(tokenizer)
    recipe = recipe_for(settings, vocabulary, model.config)
    head = families.masked_lm_head(model, architecture)
    model.to(world.device)
    if engine.recompute:
        model.gradient_checkpointing_enable()
    asides = {corpus: part.held_out for corpus, part in sorted(corpora.items())}

    def measure() -> dict:
        return held_out.measure(model, head, asides, vocabulary, engine, world.device)

    made_of = {"settings": dataclasses.asdict(settings), "engine": dataclasses.asdict(engine), "steps": steps}
    store = Store(states, sha256_value({**made_of, **inputs, "train_on": train_on}))
    before = measure()
    observer.held_out(0, before)
    parameters = sum(p.numel() for p in model.parameters())
    with shown(name, steps, parameters, world.size, quiet=not world.leads, alone=alone) as screen:
        course = train(
            Objective(model, head, families.next_sentence_head(model, architecture)),
            recipe,
            _plan(corpora[train_on], recipe, settings),
            settings,
            engine,
            world,
            steps=steps,
            store=store,
            measure=measure,
            observer=Several(screen, observer) if world.leads else Observer(),
            spared=architecture_named(architecture).undecayed,
            name=name,
        )
    after = measure()
    observer.held_out(course.steps, after)
    if engine.recompute:
        model.gradient_checkpointing_disable()
    return {
        "steps": course.steps,
        "tokens_seen": course.tokens,
        "losses": course.curve,
        "held_out": {"before": before, "during": course.held_out, "after": after},
        "batch": {
            "per_device": settings.device_batch,
            "accumulation": settings.accumulation(world.size),
            "devices": world.size,
        },
    }
