"""Stage `checkpoint`: the baseline arm of a family: a small encoder built here, or an existing one."""

import dataclasses
import shutil
from pathlib import Path

from harness.code import code_hash
from harness.config import BatchPlan, Build, CheckpointSettings
from harness.determinism import derived_seed, prepare_torch
from harness.files import atomic_folder, read_json, read_jsonl, sha256


def run(root: Path, family: str, settings: CheckpointSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/baseline/`, a Hugging Face folder with a card `harness.json`.

    `observer` hears of the training beside the screen (see `harness.training.pretraining.Observer`).
    """
    target = root / "artifacts" / "checkpoints" / family / "baseline"
    if isinstance(settings.source, Build):
        build(root, family, settings, target, observer)
    else:
        from harness.models.checkpoints import import_arm

        import_arm(settings.source, family, "baseline", settings.architecture, target, code_hash(__name__))


def build(root: Path, family: str, settings: CheckpointSettings, target: Path, observer) -> None:
    """A tokenizer, a new encoder, and pre-training on the general corpus by the family's recipe.

    The tokenizer is made from both corpora, because public Norwegian vocabularies hold clinical words too;
    the baseline just has not read them in context. All arms share it.
    """
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in ("general", "clinical")}
    corpora = {name: read_jsonl(path, made_by="harness corpus") for name, path in files.items()}

    import torch

    from harness.models import cards, families, tokenizers
    from harness.training import arms, texts
    from harness.training.distributed import joined
    from harness.training.pretraining import Observer

    recipe, engine = settings.pretraining, settings.engine
    states = root / "artifacts" / "states" / family / "baseline"
    prepare_torch(engine.pretraining_threads, engine.device)
    with joined(engine) as world:
        tokenizer = tokenizers.build(settings.architecture, texts.training_texts(corpora), settings.encoder.vocabulary)
        torch.manual_seed(derived_seed("encoder", recipe.seed))
        model = families.new_masked_lm(settings.architecture, settings.encoder, tokenizer, engine.attention)
        tokenised = texts.tokenised_all(corpora, tokenizer, recipe)
        made_of = {"corpus": {name: sha256(path) for name, path in files.items()}}
        made_of["encoder"] = dataclasses.asdict(settings.encoder)
        trained = arms.train_arm(
            model,
            tokenizer,
            settings.architecture,
            tokenised,
            "general",
            recipe,
            engine,
            world,
            steps=arms.updates_of(tokenised["general"], tokenizer, model.config, recipe),
            states=states,
            inputs=made_of,
            observer=observer or Observer(),
            name=f"checkpoint {family}",
        )
        if not world.leads:
            return
    counted = read_json(root / "artifacts" / "corpus" / "card.json", made_by="harness corpus")
    facts = cards.Facts(
        family=family,
        arm="baseline",
        architecture=settings.architecture,
        source={"kind": "build"},
        code=code_hash(__name__),
        libraries=cards.libraries(),
        parameters=sum(p.numel() for p in model.parameters()),
        encoder=dataclasses.asdict(settings.encoder),
        training=cards.Training(
            recipe=recipe.recipe,
            parameters=dataclasses.asdict(recipe),
            engine=dataclasses.asdict(engine),
            trained_on="general",
            corpora={name: cards.corpus_part(counted, name) for name in files},
            batch=BatchPlan(**trained.pop("batch")),
            **trained,
        ),
    )
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        cards.write(folder, cards.card(facts))
    shutil.rmtree(states, ignore_errors=True)
