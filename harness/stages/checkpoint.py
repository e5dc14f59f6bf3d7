"""Stage `checkpoint`: make the baseline arm of a family, either a new small encoder or an existing checkpoint."""

import dataclasses
import sys
from pathlib import Path

from harness.artifacts import checkpoint, corpus
from harness.params.arms import ARMS, BASELINE, SHARED
from harness.params.config import Build, CheckpointSettings
from harness.pipeline.code import code_files, code_hash
from harness.system.determinism import derived_seed, prepare_torch


def run(root: Path, family: str, settings: CheckpointSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/baseline/`, a Hugging Face folder with a card `harness.json`.

    `observer(arm)` returns the observer of an arm's training, which is called while the training runs (see
    `harness.training.pretrain.loop.Observer`). An existing baseline is kept if it was built from the same inputs by the
    same code.
    """
    target = checkpoint.place(root, family, "baseline")
    if isinstance(settings.source, Build):
        build(root, family, settings, target, observer)
    else:
        from harness.training.pretrain.gate import bring_in

        code = code_hash(__name__, objectives=())
        bring_in(root, settings.source, family, "baseline", settings.architecture, settings.engine, code)


def build(root: Path, family: str, settings: CheckpointSettings, target: Path, observer) -> None:
    """Build a tokenizer and a new encoder, and pre-train the encoder on the general corpus by the family's recipe.

    The tokenizer is made from the general and the clinical corpus, because public Norwegian vocabularies contain
    clinical words too. The baseline just has not read these words in context. All arms share the tokenizer.
    """
    parts = corpus.parts(root)

    import torch

    from harness.encoders import cards, families, tokenizers
    from harness.training.common.distributed import leads
    from harness.training.pretrain import arms, replay, texts

    recipe, encoder, engine = settings.pretraining, settings.encoder, settings.engine
    trained_on = ARMS[BASELINE].trained_on
    assert recipe is not None and encoder is not None, "params.yaml is refused where what is built lacks one"
    facts = cards.Facts(
        family=family,
        arm="baseline",
        architecture=settings.architecture,
        source={"kind": "build"},
        code=code_hash(__name__, objectives=(recipe.recipe,)),
        libraries=cards.libraries(),
        encoder=dataclasses.asdict(encoder),
        training=cards.training_of(recipe, engine, trained_on, {name: parts[name] for name in SHARED}),
    )
    if cards.made_already(target, facts):
        print(f"checkpoint {family}: {target} exists already, made from these inputs.", file=sys.stderr)
        return
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in SHARED}
    prepare_torch(engine.pretraining_threads, engine.device)
    tokenizer = tokenizers.build(settings.architecture, texts.training_texts(files), encoder.vocabulary)
    torch.manual_seed(derived_seed("encoder", recipe.seed))
    model = families.new_masked_lm(settings.architecture, encoder, tokenizer, engine.attention)
    shards = root / "artifacts" / "shards" / family
    tokenised = texts.tokenised_all(files, tokenizer, recipe, shards, leads=leads())
    read = replay.mixture(tokenised, trained_on, 0.0, recipe.seed)
    steps = arms.updates_of(read, tokenizer, model.config, recipe, leads=leads())
    arms.make(
        root, facts, model, tokenizer, tokenised, read, recipe, engine, steps=steps,
        code=code_files(__name__, objectives=(recipe.recipe,)), observer=observer and observer("baseline"),
        name=f"checkpoint {family}",
    )  # fmt: skip
