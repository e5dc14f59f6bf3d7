"""What a cross-validation reads, in miniature: 48 calls of 30 callers, and one tiny encoder as both arms."""

import shutil
from pathlib import Path

import cards_given

from harness.artifacts.split import Groups, groups_place
from harness.params.config import Engine, FinetuneSettings, Recipe
from harness.params.folds import Folds
from harness.system import files

TASK, FAMILY = "aismec", "norbert3"
RECIPE = Recipe(6, 8, 1, 6e-3, 0.1, 0.01, 1.0, 0.0, 32, 0, 3, 0, 16)
ENGINE = Engine("cpu", "fp32", "sdpa", "fast", 1, 1, "ddp", False, False)


def settings(folds: Folds) -> FinetuneSettings:
    return FinetuneSettings("norbert3", ("baseline", "clinical"), folds.seeds, RECIPE, ENGINE)


def project(repository: Path, root: Path, strokes=range(0, 48, 3)) -> Path:
    """Records, manifest, groups and checkpoints below `root`, in the formats of the stages before; `strokes` are the
    numbers of the calls about one."""
    import torch
    from tiny_encoders import ENCODER, TEXTS

    from harness.encoders import families, tokenizers

    (root / "tasks").mkdir(parents=True)
    shutil.copy(repository / "tasks" / f"{TASK}.py", root / "tasks")
    records = [
        {
            "id": f"call-{i:03}", "group": f"caller-{min(i, 60 - i) if i > 30 else i:02}", "part": "pool",
            "text": f"{TEXTS[i % 5]} Samtale {i}.", "label": "stroke" if i in strokes else "other",
        }
        for i in range(48)
    ]  # fmt: skip
    validated = root / "artifacts" / "validated" / TASK
    files.write_jsonl(validated / "records.jsonl", records)
    cards_given.write(root, TASK)
    parts = ("train", "train", "validation", "test")
    splits = {record["id"]: parts[i % 4] for i, record in enumerate(records)} | {"call-007": "excluded"}
    files.write_json(root / "reports" / "splits" / f"{TASK}.json", {"splits": splits})
    groups = {record["id"]: record["group"] for record in records}
    Groups.of(groups=groups).write(groups_place(root, TASK))
    tokenizer = tokenizers.build("norbert3", TEXTS, ENCODER.vocabulary)
    torch.manual_seed(5)
    model = families.new_masked_lm("norbert3", ENCODER, tokenizer, "sdpa")
    for arm in ("baseline", "clinical"):
        families.save(model, tokenizer, root / "artifacts" / "checkpoints" / FAMILY / arm)
    return root
