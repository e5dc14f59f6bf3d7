"""The card of a checkpoint: complete, plain, the same for the same facts, and harmless in its folder."""

import dataclasses
import json

import cards_made
import pytest
from tiny_encoders import load_masked_lm

from harness.encoders import cards, families
from harness.errors import DataError
from harness.heads import HEADS
from harness.pipeline.code import code_hash
from harness.system.files import canonical_json, read_json, sha256_tree, write_json


def test_a_card_states_all_that_made_the_checkpoint():
    card = cards.card(cards_made.built())
    assert card["source"] == {"kind": "build"} and (card["family"], card["arm"]) == ("norbert3", "clinical")
    assert card["parent"]["tree"] == "e" * 64 and card["parent"]["repository"] == "ltg/norbert3-large"
    assert card["recipe"] == {
        "name": "bert_mlm",
        "parameters": {"steps": 450, "learning_rate": 4e-3, "mask_rate": 0.2, "schedule": "cosine"},
    }
    assert card["batch"] == {"per_device": 16, "accumulation": 4, "devices": 4, "effective": 256}
    assert card["corpus"]["clinical"]["sha256"] == "c" * 64 and card["corpus"]["clinical"]["documents"] == 4483
    assert (card["steps"], card["tokens_seen"], card["trained_on"]) == (450, 345_600, ["clinical"])
    assert card["held_out"] == cards_made.MEASURED and card["losses"] == [{"step": 22, "loss": 7.4342}]
    assert card["code"] == "d" * 64 and card["libraries"]["torch"] == "2.13.0" and card["parameters"] == 321_952
    assert json.loads(canonical_json(card)) == card


def test_an_imported_card_states_its_origin_and_nothing_of_training():
    card = cards.card(cards_made.imported())
    assert card["origin"] == {"config.json": "a" * 64} and card["unexpected"] == ["cls.seq_relationship.weight"]
    assert not {"recipe", "corpus", "held_out", "batch"} & card.keys() and card["parent"] is None


def test_every_fact_reaches_the_card():
    """Changing any field of the facts, the training or a corpus changes the card."""
    before = cards.card(cards_made.built())
    other = {str: "x", int: 7, tuple: ("x",)}
    for field in dataclasses.fields(cards.Facts):
        value = {"training": None, "parent": None}.get(field.name, other.get(field.type, {"x": "y"}))
        assert cards.card(cards_made.built(**{field.name: value})) != before, field.name
    for field in dataclasses.fields(cards.Training):
        if field.name not in ("batch", "corpora"):
            changed = cards_made.training(**{field.name: other.get(field.type, {"x": {}})})
            assert cards.card(cards_made.built(training=changed)) != before, field.name
    for field in dataclasses.fields(cards.CorpusPart):
        part = dataclasses.replace(cards_made.CLINICAL, **{field.name: other.get(field.type, {"x": 1})})
        changed = cards_made.training(corpora={"clinical": part})
        assert cards.card(cards_made.built(training=changed)) != before, field.name


def test_a_parent_is_named_by_its_bytes_and_its_origin(tmp_path):
    folder = tmp_path / "nb_bert" / "baseline"
    cards.write(folder, cards.card(cards_made.imported()))
    parent = cards.parent_of(folder)
    assert (parent.arm, parent.tree) == ("baseline", sha256_tree(folder))
    assert (parent.repository, parent.revision) == ("NbAiLab/nb-bert-large", cards_made.COMMIT)
    assert parent.licence["id"] == "cc-by-4.0"
    (folder / "more").write_text("x")
    assert cards.parent_of(folder).tree != parent.tree


def test_a_parent_with_a_card_of_an_older_version_is_refused(tmp_path):
    folder = tmp_path / "nb_bert" / "baseline"
    write_json(folder / "harness.json", {"arm": "baseline", "source": "build"})
    with pytest.raises(DataError, match="an older version of the harness") as raised:
        cards.parent_of(folder)
    assert "harness checkpoint nb_bert" in raised.value.remedy


def test_libraries_are_versions_without_the_build(monkeypatch):
    import importlib.metadata

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.13.0+cpu" if name == "torch" else "1.0")
    assert cards.libraries()["torch"] == "2.13.0" and set(cards.libraries()) == set(cards.LIBRARIES)


def test_the_card_in_a_folder_disturbs_neither_loading_nor_saving(checkpoint, architecture, tmp_path):
    import shutil

    folder = tmp_path / "arm"
    shutil.copytree(checkpoint, folder)
    bare = sha256_tree(folder)
    facts = cards_made.built(architecture=architecture)
    cards.write(folder, cards.card(facts))
    page = code_hash("harness.encoders.readme", objectives=())
    assert read_json(folder / "harness.json") == cards.card(facts) | {"page": page}
    with_card = sha256_tree(folder)
    assert with_card != bare
    cards.write(folder, cards.card(facts))
    assert sha256_tree(folder) == with_card
    load_masked_lm(folder, architecture, "sdpa")
    families.load_head(folder, architecture, HEADS["choice"], "ABCD", "sdpa", 0.0)
    assert families.load_tokenizer(folder)("en").input_ids == families.load_tokenizer(checkpoint)("en").input_ids
