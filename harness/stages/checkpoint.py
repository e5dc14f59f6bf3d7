"""Stage `checkpoint`: the baseline arm of a family: a small encoder built here, or an existing one."""

import dataclasses
from pathlib import Path

from harness.config import Build, CheckpointSettings
from harness.determinism import derived_seed, prepare_torch
from harness.files import atomic_folder, read_jsonl, sha256, write_json


def run(root: Path, family: str, settings: CheckpointSettings) -> None:
    """Write `artifacts/checkpoints/<family>/baseline/`, a Hugging Face folder with a card `harness.json`."""
    target = root / "artifacts" / "checkpoints" / family / "baseline"
    if isinstance(settings.source, Build):
        build(root, family, settings, target)
    else:
        from harness.models.checkpoints import import_checkpoint

        card = import_checkpoint(settings.source, settings.architecture, target)
        write_json(target / "harness.json", {"family": family, "arm": "baseline", **card})


def build(root: Path, family: str, settings: CheckpointSettings, target: Path) -> None:
    """A tokenizer, a new encoder, masked-LM training on the general corpus.

    The tokenizer is made from both corpora, because public Norwegian vocabularies hold clinical words too;
    the baseline just has not read them in context. Both arms share it.
    """
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in ("general", "clinical")}
    corpora = {name: read_jsonl(path, made_by="harness corpus") for name, path in files.items()}

    import torch

    from harness.models import families, tokenizers
    from harness.progress import steps_shown
    from harness.training.pretraining import divide, run_recipe

    prepare_torch(settings.engine.pretraining_threads, settings.engine.device)
    texts = [text for _, documents in sorted(corpora.items()) for text in divide(documents)[0]]
    tokenizer = tokenizers.build(settings.architecture, texts, settings.encoder.vocabulary)
    torch.manual_seed(derived_seed("encoder", settings.pretraining.seed))
    model = families.new_masked_lm(settings.architecture, settings.encoder, tokenizer, settings.engine.attention)
    model.to(settings.engine.device)
    with steps_shown(f"checkpoint {family}", settings.pretraining.steps) as progress:
        result = run_recipe(
            model,
            families.masked_lm_head(model, settings.architecture),
            tokenizer,
            corpora,
            "general",
            settings.pretraining,
            settings.engine,
            progress=progress,
            name=f"checkpoint {family}",
        )
    card = {
        "family": family,
        "arm": "baseline",
        "architecture": settings.architecture,
        "source": "build",
        "parent": None,
        "corpus": {name: sha256(path) for name, path in files.items()},
        "encoder": dataclasses.asdict(settings.encoder),
        "pretraining": dataclasses.asdict(settings.pretraining),
        "engine": dataclasses.asdict(settings.engine),
        "parameters": sum(p.numel() for p in model.parameters()),
        **result,
    }
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        write_json(folder / "harness.json", card)
