"""How often an arm is pre-trained, and which of its encoders a seed fine-tunes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.params import profiles, reading, replicates
from harness.params.config import of_replicate


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"replicates": 2}, r"replicates must be a number that 5 seeds are shared out to evenly, not 2"),
        ({"replicates": 0}, r"replicates must be 1 or more"),
        (
            {"replicates": 5, "clinical": {"source": "folder", "path": "checkpoints/x"}},
            r"replicates must be 1 where the clinical arm is an existing checkpoint",
        ),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    from ruamel.yaml import YAML

    values = YAML(typ="safe").load(profiles.text("embedded"))
    values["families"]["nb_bert"].update(change)
    with pytest.raises(ConfigError, match=said) as caught:
        reading.ParamsFile(values).everything()
    assert caught.value.remedy
