"""Stage `checkpoint`: the baseline arm of a family: a small encoder built here, or an existing one."""

import dataclasses
import shutil
from pathlib import Path

from harness.config import Build, CheckpointSettings
from harness.determinism import derived_seed, prepare_torch
from harness.files import atomic_folder, read_jsonl, sha256, write_json


def run(root: Path, family: str, settings: CheckpointSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/baseline/`, a Hugging Face folder with a card `harness.json`.

    `observer` hears of the training beside the screen (see `harness.training.pretraining.Observer`).
    """
    target = root / "artifacts" / "checkpoints" / family / "baseline"
    if isinstance(settings.source, Build):
        build(root, family, settings, target, observer)
    else:
        from harness.models.checkpoints import import_checkpoint

        card = import_checkpoint(settings.source, settings.architecture, target)
        write_json(target / "harness.json", {"family": family, "arm": "baseline", **card})


def build(root: Path, family: str, settings: CheckpointSettings, target: Path, observer) -> None:
    """A tokenizer, a new encoder, and pre-training on the general corpus by the family's recipe.

    The tokenizer is made from both corpora, because public Norwegian vocabularies hold clinical words too;
    the baseline just has not read them in context. All arms share it.
    """
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in ("general", "clinical")}
    corpora = {name: read_jsonl(path, made_by="harness corpus") for name, path in files.items()}

    import torch

    from harness.models import families, tokenizers
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
    card = {
        "family": family,
        "arm": "baseline",
        "architecture": settings.architecture,
        "source": "build",
        "parent": None,
        **made_of,
        "pretraining": dataclasses.asdict(recipe),
        "engine": dataclasses.asdict(engine),
        "parameters": sum(p.numel() for p in model.parameters()),
        **trained,
    }
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        write_json(folder / "harness.json", card)
    shutil.rmtree(states, ignore_errors=True)
