"""Stage `pretrain`: the clinical arm of a family: the baseline trained on, or an existing checkpoint."""

import dataclasses
from pathlib import Path

from harness.config import Build, PretrainSettings
from harness.determinism import derived_seed, prepare_torch
from harness.files import atomic_folder, read_json, read_jsonl, sha256, sha256_tree, write_json


def run(root: Path, family: str, settings: PretrainSettings) -> None:
    """Write `artifacts/checkpoints/<family>/clinical/`, a Hugging Face folder with a card `harness.json`."""
    target = root / "artifacts" / "checkpoints" / family / "clinical"
    if isinstance(settings.source, Build):
        continue_baseline(root, family, settings, target)
    else:
        from harness.models.checkpoints import import_checkpoint

        card = import_checkpoint(settings.source, settings.architecture, target)
        write_json(target / "harness.json", {"family": family, "arm": "clinical", **card})


def continue_baseline(root: Path, family: str, settings: PretrainSettings, target: Path) -> None:
    """Masked-LM training of the baseline on the clinical corpus, with the baseline's own tokenizer."""
    parent = root / "artifacts" / "checkpoints" / family / "baseline"
    read_json(parent / "config.json", made_by=f"harness checkpoint {family}")
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in ("general", "clinical")}
    corpora = {name: read_jsonl(path, made_by="harness corpus") for name, path in files.items()}

    import torch

    from harness.models import families
    from harness.progress import steps_shown
    from harness.training.pretraining import run_recipe

    prepare_torch(settings.engine.pretraining_threads, settings.engine.device)
    torch.manual_seed(derived_seed("continue", settings.pretraining.seed))
    tokenizer = families.load_tokenizer(parent)
    model = families.load_masked_lm(parent, settings.architecture, settings.engine.attention)
    model.to(settings.engine.device)
    with steps_shown(f"pretrain {family}", settings.pretraining.steps) as progress:
        result = run_recipe(
            model,
            families.masked_lm_head(model, settings.architecture),
            tokenizer,
            corpora,
            "clinical",
            settings.pretraining,
            settings.engine,
            progress=progress,
            name=f"pretrain {family}",
        )
    card = {
        "family": family,
        "arm": "clinical",
        "architecture": settings.architecture,
        "source": "build",
        "parent": sha256_tree(parent),
        "corpus": {name: sha256(path) for name, path in files.items()},
        "pretraining": dataclasses.asdict(settings.pretraining),
        "engine": dataclasses.asdict(settings.engine),
        "parameters": sum(p.numel() for p in model.parameters()),
        **result,
    }
    with atomic_folder(target) as folder:
        families.save(model, tokenizer, folder)
        write_json(folder / "harness.json", card)
