"""What shapes a head or an input is the same in every arm, or the arms are not compared."""

import json
import shutil
from types import SimpleNamespace

import pytest
import tiny_training
import torch
from other_checkpoints import publish
from tiny_encoders import ENCODER, TEXTS, imported

from harness.encoders import families, tokenizers
from harness.encoders.alike import shaping
from harness.errors import CheckpointError, TrainingError
from harness.heads import HEADS
from harness.plugins import registry
from harness.training.finetune.inputs import Inputs
from harness.training.finetune.runs import prepare, refuse_unlike


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def of(architecture):
        if architecture not in made:
            made[architecture] = folder = tmp_path_factory.mktemp(architecture)
            if architecture in ("bert", "norbert3", "modernbert"):
                tokenizer = tokenizers.build(architecture, TEXTS, ENCODER.vocabulary)
                torch.manual_seed(1)
                families.save(families.new_masked_lm(architecture, ENCODER, tokenizer, "sdpa"), tokenizer, folder)
            else:
                publish(architecture, folder)
        return made[architecture]

    return of


def compare(folder, architecture, tmp_path, change):
    other = shutil.copytree(folder, tmp_path / "clinical")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | change))
    shapes = families.preload([folder, other], architecture, HEADS["sequence"], ("a", "b"), "sdpa", 8)
    refuse_unlike(dict(zip(("baseline", "clinical"), shapes, strict=True)), "aismec/f")
    return shapes


def said(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize(
    ("architecture", "change"),
    [
        ("modernbert", {"classifier_pooling": "cls"}),
        ("modernbert", {"classifier_activation": "relu"}),
        ("modernbert", {"local_attention": 8}),
        ("modernbert", {"norm_eps": 1e-3}),
        ("electra", {"summary_type": "last"}),
        ("electra", {"summary_use_proj": False}),
        ("electra", {"summary_activation": "relu"}),
        ("bert", {"hidden_act": "relu"}),
        ("bert", {"layer_norm_eps": 1e-3}),
        ("bert", {"is_decoder": True}),
        ("bert", {"num_attention_heads": 1}),
        ("bert", {"initializer_range": 0.5}),
        ("norbert3", {"max_position_embeddings": 64}),
        ("roberta", {"pad_token_id": 3}),
        ("deberta-v2", {"pooler_hidden_act": "relu"}),
        ("deberta-v2", {"position_buckets": 4, "max_relative_positions": 40}),
    ],
    ids=str,
)
def test_a_key_that_shapes_is_refused_with_both_values(architecture, change, folders, tmp_path):
    theirs = json.loads((folders(architecture) / "config.json").read_text())
    with pytest.raises((TrainingError, CheckpointError)) as refused:
        compare(folders(architecture), architecture, tmp_path, change)
    if refused.type is not TrainingError:
        return  # the weights do not fit such a configuration
    assert "not treated alike" in refused.value.message
    for key, value in change.items():
        wanted = f"{key} is {said(theirs.get(key, 'not stated'))} in baseline and {said(value)} in clinical"
        assert wanted in refused.value.message


def test_fine_tuning_refuses_such_arms_before_it_trains(folders, repository, tmp_path):
    other = shutil.copytree(folders("modernbert"), tmp_path / "clinical")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"classifier_pooling": "cls"}))
    settings = SimpleNamespace(
        architecture="modernbert", engine=tiny_training.ENGINE, recipe=SimpleNamespace(max_length=8)
    )
    inputs = Inputs({}, {"baseline": folders("modernbert"), "clinical": other}, {})
    with pytest.raises(TrainingError, match="classifier_pooling is mean in baseline and cls in clinical"):
        prepare(registry.get(repository, "aismec"), settings, inputs)


@pytest.mark.parametrize("architecture", ["bert", "norbert3", "modernbert", "electra", "roberta"])
def test_names_and_notes_are_free(architecture, folders, tmp_path):
    free = {"transformers_version": "4.1", "architectures": ["X"], "somebody_s_note": 3, "use_cache": False,
            "problem_type": "regression", "classifier_dropout": 0.4, "hidden_dropout_prob": 0.4}  # fmt: skip
    baseline, clinical = compare(folders(architecture), architecture, tmp_path, free)
    assert baseline == clinical


def test_what_is_left_out_says_the_same_as_its_default(folders, tmp_path):
    folder = shutil.copytree(folders("electra"), tmp_path / "bare")
    config = json.loads((folder / "config.json").read_text())
    for key in ("summary_type", "summary_use_proj", "hidden_act"):
        del config[key]
    (folder / "config.json").write_text(json.dumps(config))
    shapes = families.preload([folder, folders("electra")], "electra", HEADS["sequence"], ("a", "b"), "sdpa", 8)
    refuse_unlike(dict(zip(("baseline", "clinical"), shapes, strict=True)), "aismec/f")
    assert shapes[0] == shapes[1]


def test_the_recipes_own_rates_are_not_compared(folders):
    from transformers import AutoConfig

    found = shaping(AutoConfig.from_pretrained(folders("bert")), "bert")
    assert "hidden_dropout_prob" not in found and "vocab_size" not in found
    assert {"hidden_size", "type_vocab_size", "max_position_embeddings"} <= found.keys()


# As the public checkpoints state them, keys of older versions included; the sizes are those of the tiny ones.
STATED = {
    "modernbert": {
        "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0,
        "layer_norm_eps": 1e-05, "position_embedding_type": "absolute", "gradient_checkpointing": False,
        "classifier_pooling": "mean", "torch_dtype": "float32", "transformers_version": "4.47.0.dev0",
    },
    "bert": {
        "directionality": "bidi", "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128, "pooler_type": "first_token_transform", "position_embedding_type": "absolute",
        "gradient_checkpointing": False, "transformers_version": "4.6.0",
    },
    "norbert3": {"output_all_encoded_layers": True, "hidden_act": "gelu", "torch_dtype": "float32"},
}  # fmt: skip
LEFT_OUT = {"modernbert": ("layer_types", "rope_parameters"), "bert": ("initializer_range",), "norbert3": ()}


@pytest.mark.parametrize("architecture", STATED)
def test_a_public_checkpoint_and_what_was_trained_from_it_are_alike(architecture, folders, tmp_path):
    """The baseline's configuration is the published one, the trained arm's is written anew by today's version."""
    published = shutil.copytree(folders(architecture), tmp_path / "published")
    config = json.loads((published / "config.json").read_text())
    for key in LEFT_OUT[architecture]:
        config.pop(key, None)
    (published / "config.json").write_text(json.dumps(config | STATED[architecture]))
    imported(published, architecture, tmp_path / "baseline")
    model, _ = families.load_for_pretraining(tmp_path / "baseline", architecture, "sdpa")
    families.save(model, families.load_tokenizer(tmp_path / "baseline"), tmp_path / "clinical")
    both = [tmp_path / "baseline", tmp_path / "clinical"]
    shapes = families.preload(both, architecture, HEADS["sequence"], ("a", "b"), "sdpa", 8)
    refuse_unlike(dict(zip(("baseline", "clinical"), shapes, strict=True)), "aismec/f")
    assert shapes[0] == shapes[1]
