"""How often an arm is pre-trained, and which of its encoders a seed fine-tunes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.params import profiles, reading, replicates
from harness.params.config import branched_from, of_replicate


def finetuning(number: int, seeds: tuple[int, ...]):
    settings = reading.parse(profiles.text("embedded")).finetune("medmqp", "nb_bert")
    return dataclasses.replace(settings, replicates=number, seeds=seeds)


@given(st.sampled_from(["clinical", "control"]), st.integers(1, 200))
def test_a_name_says_its_arm_and_its_number(arm, number):
    name = replicates.named(arm, number)
    assert (replicates.arm_of(name), replicates.number_of(name)) == (arm, number)
    assert (name == arm) == (number == 1)


def test_seeds_are_shared_out_alike_to_the_replicates_of_every_arm_but_the_baseline():
    of = finetuning(3, (7, 8, 9, 1, 2, 3))
    assert [of.replicate("clinical", seed) for seed in of.seeds] == [1, 2, 3, 1, 2, 3]
    assert [of.replicate("control", seed) for seed in of.seeds] == [1, 2, 3, 1, 2, 3]
    assert {of.replicate("baseline", seed) for seed in of.seeds} == {1}
    assert of.encoders == ("baseline", "clinical", "clinical-2", "clinical-3", "control", "control-2", "control-3")
    assert of.encoder("control", 9) == "control-3" and of.encoder("clinical", 1) == "clinical"
    assert finetuning(1, (1, 2)).encoders == ("baseline", "clinical", "control")


def test_replicates_differ_in_their_seed_alone():
    recipe = reading.parse(profiles.text("embedded")).pretrain("nb_bert").pretraining
    made = [of_replicate(recipe, name) for name in ("clinical", "clinical-2", "control-2", "clinical-3")]
    assert made[0] == recipe and made[1] == made[2] and len({one.seed for one in made}) == 3
    assert all(dataclasses.replace(one, seed=recipe.seed) == recipe for one in made)


def test_only_further_replicates_are_branched_and_their_trunk_has_the_seed_of_the_first():
    of = reading.parse(profiles.text("embedded")).pretrain("nb_bert")
    assert of.branched is None and branched_from(None, of.pretraining, "clinical-2") is None
    assert branched_from(0.75, of.pretraining, "clinical") is None
    assert branched_from(0.75, of.pretraining, "control-3") == {"share": 0.75, "seed": of.pretraining.seed}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"replicates": 2}, r"replicates must be a divisor of the number of run\.seeds \(5\), not 2"),
        ({"replicates": 0}, r"replicates must be 1 or more"),
        (
            {"replicates": 5, "clinical": {"source": "folder", "path": "checkpoints/x"}},
            r"replicates must be 1 if the clinical arm is an existing checkpoint",
        ),
        ({"branched": 0.75}, r"nb_bert\.branched must be null if replicates is 1.*, not 0\.75"),
        (
            {"replicates": 5, "branched": 0.75, "clinical": {"source": "folder", "path": "checkpoints/x"}},
            r"branched must be null if the clinical arm is an existing checkpoint",
        ),
        ({"replicates": 5, "branched": "half"}, r"nb_bert\.branched must be a number"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    from ruamel.yaml import YAML

    values = YAML(typ="safe").load(profiles.text("embedded"))
    values["families"]["nb_bert"].update(change)
    with pytest.raises(ConfigError, match=said) as caught:
        reading.ParamsFile(values).everything()
    assert caught.value.remedy


@pytest.mark.parametrize("share", [0, 1, -0.25, 1.5])
def test_a_share_that_leaves_nothing_to_share_or_to_part_is_refused(share):
    from ruamel.yaml import YAML

    values = YAML(typ="safe").load(profiles.text("embedded"))
    values["families"]["nb_bert"].update(replicates=5, branched=share)
    with pytest.raises(ConfigError, match=r"nb_bert\.branched must be (above 0|below 1)"):
        reading.ParamsFile(values).everything()
    with pytest.raises(ConfigError, match=r"nb_bert\.branched"):
        reading.ParamsFile(values).pretrain("nb_bert")


@given(st.floats(0.001, 0.999), st.integers(2, 5000))
def test_of_any_training_a_trunk_has_an_update_and_leaves_one(share, steps):
    at = replicates.shared_updates(share, steps)
    assert 1 <= at < steps and (abs(at - share * steps) <= 0.5 or at in (1, steps - 1))
