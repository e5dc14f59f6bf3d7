"""Stage `checkpoint`: the baseline arm of a family: a small encoder built here, or an existing one."""

import dataclasses
import shutil
import sys
from pathlib import Path

from harness.artifacts import corpus
from harness.params.config import Build, CheckpointSettings
from harness.pipeline.code import code_files, code_hash
from harness.system.determinism import derived_seed, prepare_torch
from harness.system.files import atomic_folder, sha256, sha256_files


def run(root: Path, family: str, settings: CheckpointSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/baseline/`, a Hugging Face folder with a card `harness.json`.

    `observer(arm)` gives the observer of an arm's training (see `harness.training.pretrain.loop.Observer`). A
    baseline that is there already, built from the same inputs by the same code, is left as it is.
    """
    target = root / "artifacts" / "checkpoints" / family / "baseline"
    if isinstance(settings.source, Build):
        build(root, family, settings, target, observer)
    else:
        from harness.training.pretrain.gate import bring_in

        code = code_hash(__name__, objectives=())
        bring_in(root, settings.source, family, "baseline", settings.architecture, settings.engine, code)


def build(root: Path, family: str, settings: CheckpointSettings, target: Path, observer) -> None:
    """A tokenizer, a new encoder, and pre-training on the general corpus by the family's recipe.

    The tokenizer is made from both corpora, because public Norwegian vocabularies hold clinical words too;
    the baseline just has not read them in context. All arms share it.
    """
    parts = corpus.parts(root)

    import torch

    from harness.encoders import cards, families, tokenizers
    from harness.training.common.distributed import joined, leads
    from harness.training.pretrain import arms, texts
    from harness.training.pretrain.loop import Observer

    recipe, encoder, engine = settings.pretraining, settings.encoder, settings.engine
    assert recipe is not None and encoder is not None, "params.yaml is refused where what is built lacks one"
    training = cards.training_of(recipe, engine, "general", parts)
    facts = cards.Facts(
        family=family,
        arm="baseline",
        architecture=settings.architecture,
        source={"kind": "build"},
        code=code_hash(__name__, objectives=(recipe.recipe,)),
        libraries=cards.libraries(),
        encoder=dataclasses.asdict(encoder),
        training=training,
    )
    if cards.made_already(target, facts):
        print(f"checkpoint {family}: {target} is there already, from these inputs.", file=sys.stderr)
        return
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in training.corpora}
    hashes = {name: sha256(path) for name, path in files.items()}
    states = root / "artifacts" / "states" / family / "baseline"
    prepare_torch(engine.pretraining_threads, engine.device)
    tokenizer = tokenizers.build(settings.architecture, texts.training_texts(files), encoder.vocabulary)
    torch.manual_seed(derived_seed("encoder", recipe.seed))
    model = families.new_masked_lm(settings.architecture, encoder, tokenizer, engine.attention)
    shards = root / "artifacts" / "shards" / family
    tokenised = texts.tokenised_all(files, hashes, tokenizer, recipe, shards, leads=leads())
    steps = arms.updates_of(tokenised["general"], tokenizer, model.config, recipe, leads=leads())
    with joined(engine) as world:
        trained = arms.train_arm(
            model,
            tokenizer,
            settings.architecture,
            tokenised,
            "general",
            recipe,
            engine,
            world,
            steps=steps,
            states=states,
            inputs={"planned": cards.planned(facts), "corpus": hashes},
            code=code_files(__name__, objectives=(recipe.recipe,)),
            observer=observer("baseline") if observer else Observer(),
            name=f"checkpoint {family}",
        )
        if not world.leads:
            return
    made = dataclasses.replace(
        facts,
        parameters=sum(p.numel() for p in model.parameters()),
        training=dataclasses.replace(training, **trained),
    )
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        cards.write(folder, cards.card(dataclasses.replace(made, files=sha256_files(folder))))
    shutil.rmtree(states, ignore_errors=True)
