"""A stored checkpoint is held against its card before anything is trained on it."""

import dataclasses
import shutil

import pytest
import tiny_training
from tiny_encoders import ENCODER

from harness.artifacts.corpus import Parts, parts_place
from harness.encoders import intact
from harness.errors import CheckpointError, DataError, HarnessError
from harness.params.config import Build, CheckpointSettings, Folder, PretrainSettings
from harness.plugins import registry
from harness.stages import checkpoint, pretrain
from harness.system.files import read_json, sha256_tree, write_json, write_jsonl
from harness.training.finetune.inputs import read_inputs

RECIPE = tiny_training.settings("norbert3", steps=1, evaluate_every=0, save_steps=0)
FAMILY = "norbert3"
FIRST = CheckpointSettings(FAMILY, Build("build"), dataclasses.replace(ENCODER, layers=1), RECIPE, tiny_training.ENGINE)
ARMS = ("baseline", "clinical")
THEN = PretrainSettings(FAMILY, Build("build"), RECIPE, ARMS, 0.0, tiny_training.ENGINE)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a baseline that was built here, a clinical arm trained from it, and a task."""
    root = tmp_path_factory.mktemp("project")
    corpus = root / "artifacts" / "corpus"
    documents = tiny_training.documents()
    for part in ("general", "clinical"):
        write_jsonl(corpus / f"{part}.jsonl", documents)
    part = {"sha256": "a" * 64, "documents": 60, "words": 900, "document_types": {}, "written_standards": {},
            "kind": "synthetic", "language": "nb", "licence": None, "phi": None}  # fmt: skip
    Parts.of(general=part, clinical=part, task=part).write(parts_place(root))
    checkpoint.run(root, FAMILY, FIRST)
    pretrain.run(root, FAMILY, THEN)
    records = [{"id": f"r{i}", "group": f"g{i}", "text": "tekst", "label": "stroke", "part": "pool"} for i in range(3)]
    write_jsonl(root / "artifacts" / "validated" / "aismec" / "records.jsonl", records)
    splits = {"r0": "train", "r1": "validation", "r2": "test"}
    write_json(root / "reports" / "splits" / "aismec.json", {"splits": splits})
    return root


@pytest.fixture
def project(made, tmp_path):
    return shutil.copytree(made, tmp_path / "project")


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"])
@pytest.mark.parametrize("arm", ARMS)
def test_a_flipped_byte_is_refused_before_fine_tuning(arm, name, project, repository):
    task = registry.get(repository, "aismec")
    folder = project / "artifacts" / "checkpoints" / FAMILY / arm
    found = read_inputs(project, task, FAMILY, ARMS)
    assert found.hashes["checkpoints"][arm] == sha256_tree(folder)
    flip(folder / name)
    with pytest.raises(CheckpointError) as refused:
        read_inputs(project, task, FAMILY, ARMS)
    assert f"{name} has SHA-256" in refused.value.message
    assert f"dvc checkout --force artifacts/checkpoints/{FAMILY}/{arm}" in refused.value.remedy
    assert f"{'checkpoint' if arm == 'baseline' else 'pretrain'}@{FAMILY}" in refused.value.remedy


def test_a_flipped_byte_is_refused_before_continued_pre_training(project):
    shutil.rmtree(project / "artifacts" / "checkpoints" / FAMILY / "clinical")
    flip(project / "artifacts" / "checkpoints" / FAMILY / "baseline" / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"model\.safetensors has SHA-256"):
        pretrain.run(project, FAMILY, THEN)
    assert not (project / "artifacts" / "checkpoints" / FAMILY / "clinical").exists()


def test_a_file_that_went_or_came_is_named(project):
    folder = project / "artifacts" / "checkpoints" / FAMILY / "baseline"
    (folder / "tokenizer_config.json").unlink()
    (folder / "special_tokens_map.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"special_tokens_map\.json was added, tokenizer_config\.json is missing"):
        intact.refuse_changed(folder)


def test_the_card_and_its_readme_may_change(project):
    folder = project / "artifacts" / "checkpoints" / FAMILY / "baseline"
    (folder / "README.md").write_text("read me")
    intact.refuse_changed(folder)
    flip(folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"model\.safetensors has SHA-256"):
        intact.refuse_changed(folder)


def test_an_imported_checkpoint_is_held_too(project):
    theirs = project / "artifacts" / "checkpoints" / FAMILY / "baseline"
    source = Folder("folder", str(theirs), "random weights")
    pretrain.run(project, FAMILY, dataclasses.replace(THEN, source=source))
    folder = project / "artifacts" / "checkpoints" / FAMILY / "clinical"
    assert set(read_json(folder / "harness.json")["files"]) >= {"model.safetensors", "tokenizer.json", "config.json"}
    intact.refuse_changed(folder)
    flip(folder / "tokenizer.json")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json has SHA-256"):
        intact.refuse_changed(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_copy_that_was_damaged_on_its_way_is_not_imported(name, project, tmp_path):
    """A folder that another project of this harness made brings its card along."""
    theirs = shutil.copytree(project / "artifacts" / "checkpoints" / FAMILY / "baseline", tmp_path / "theirs")
    (theirs / "notes.txt").write_text("copied on Monday")
    flip(theirs / name)
    source = Folder("folder", str(theirs), "random weights")
    stored = sha256_tree(project / "artifacts" / "checkpoints" / FAMILY / "clinical")
    with pytest.raises(CheckpointError) as refused:
        pretrain.run(project, FAMILY, dataclasses.replace(THEN, source=source))
    assert f"{theirs} differs from the files that its harness.json records: {name} has SHA-256" in refused.value.message
    assert "Copy" in refused.value.remedy and "remove its harness.json" in refused.value.remedy
    assert sha256_tree(project / "artifacts" / "checkpoints" / FAMILY / "clinical") == stored


@pytest.mark.parametrize("card", [None, "{}", "[]", '{"files": 3}', "no json"])
def test_a_copy_without_such_a_card_has_nothing_to_be_held_against(card, project, tmp_path):
    theirs = shutil.copytree(project / "artifacts" / "checkpoints" / FAMILY / "baseline", tmp_path / "theirs")
    flip(theirs / "model.safetensors")
    (theirs / "harness.json").unlink()
    if card is not None:
        (theirs / "harness.json").write_text(card)
    pretrain.run(project, FAMILY, dataclasses.replace(THEN, source=Folder("folder", str(theirs), "random weights")))
    assert (project / "artifacts" / "checkpoints" / FAMILY / "clinical" / "model.safetensors").is_file()


def test_what_no_stage_stored_has_nothing_to_be_held_against(project):
    folder = project / "artifacts" / "checkpoints" / FAMILY / "baseline"
    flip(folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"model\.safetensors has SHA-256"):
        intact.refuse_changed(folder)
    (folder / "harness.json").unlink()
    intact.refuse_changed(folder)


CARDS = ("[]", "null", "5", '"x"', '{"files": "x"}', '{"files": [1]}', '{"files": {"model.safetensors": 5}}',
         '{"files": {"a": "b"}}', "{", "")  # fmt: skip


@pytest.mark.parametrize("content", CARDS)
@pytest.mark.parametrize("arm", ARMS)
def test_a_card_that_is_none_is_named_with_what_restores_it(arm, content, project, repository):
    folder = project / "artifacts" / "checkpoints" / FAMILY / arm
    (folder / "harness.json").write_text(content, encoding="utf-8")
    with pytest.raises(HarnessError) as caught:
        read_inputs(project, registry.get(repository, "aismec"), FAMILY, ARMS)
    assert f"{FAMILY}/{arm}" in caught.value.message and caught.value.remedy


def test_a_parent_whose_card_says_nothing_is_refused_before_training(project):
    folder = project / "artifacts" / "checkpoints" / FAMILY / "baseline"
    (folder / "harness.json").write_text("{}", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"baseline.harness\.json cannot be read: an older version of the harness"
    ) as caught:
        pretrain.run(project, FAMILY, THEN)
    assert "harness checkpoint norbert3" in caught.value.remedy


def test_a_checkpoint_whose_card_is_none_is_trained_again(project):
    folder = project / "artifacts" / "checkpoints" / FAMILY / "clinical"
    before = sha256_tree(folder)
    (folder / "harness.json").write_text("[]", encoding="utf-8")
    pretrain.run(project, FAMILY, THEN)
    assert sha256_tree(folder) == before
