"""An interrupted training that was made of something else: told, and gone on with or begun anew as the user says."""

import dataclasses

import pytest
import torch
from tiny_training import settings, trained

from harness.errors import TrainingError
from harness.system.files import read_json
from harness.training.pretrain import interrupted
from harness.training.pretrain.loop import Observer

FAMILY, ARM = "small", "clinical"
CODE = {"training/finetune/loop.py": "1", "encoders/readme.py": "1"}


class Killed(BaseException):
    pass


class Kill(Observer):
    def update(self, step, values):
        if step == 5:
            raise Killed


def states_of(root):
    return root / "artifacts" / "states" / FAMILY / ARM


@pytest.fixture
def cut_off(tmp_path):
    """A training that was killed after update 5 and saved after 4; `again(**changes)` starts one with changes."""
    given = settings("bert")
    with pytest.raises(Killed):
        trained("bert", given, states_of(tmp_path), observer=Kill(), code=CODE)

    def again(code=CODE, **changes):
        return trained("bert", dataclasses.replace(given, **changes), states_of(tmp_path), code=code)

    return tmp_path, again


def weights_of(result):
    return torch.cat([value.flatten().double() for value in result[0].values()])


def test_what_differs_is_named_and_nothing_is_trained_or_lost(cut_off):
    root, again = cut_off
    before = sorted(states_of(root).rglob("*.safetensors"))
    with pytest.raises(TrainingError) as caught:
        again(learning_rate=4e-3, warmup=0.2)
    said = f"{caught.value} {caught.value.remedy}"
    assert "saved after update 4 of 9" in said
    assert "settings.learning_rate was 0.005 and is 0.004" in said and "settings.warmup was 0.1 and is 0.2" in said
    for choice in ("--resume", "--anew"):
        assert f"`harness pretrain {FAMILY} {choice}`" in said
    assert sorted(states_of(root).rglob("*.safetensors")) == before


def test_another_code_is_named_by_its_files(cut_off):
    _, again = cut_off
    # Code decides the key through the card's hash of it, which these tests leave out of the inputs.
    with pytest.raises(TrainingError, match=r"code of encoders/readme\.py"):
        again(code=CODE | {"encoders/readme.py": "2"}, clip=0.9)


def test_anew_begins_from_zero(cut_off, tmp_path_factory):
    root, again = cut_off
    assert interrupted.choose(root, FAMILY, [ARM], "anew")
    made = again(learning_rate=4e-3)
    afresh = trained("bert", settings("bert", learning_rate=4e-3), tmp_path_factory.mktemp("afresh"), code=CODE)
    assert torch.equal(weights_of(made), weights_of(afresh)) and list(made[1]["mixed"]) == []


def test_resume_goes_on_and_the_card_says_from_what(cut_off, tmp_path_factory):
    root, again = cut_off
    assert interrupted.choose(root, FAMILY, [ARM], "resume")
    made = again(learning_rate=4e-3)
    assert made[1]["mixed"] == [{"update": 4, "differs": {"settings.learning_rate": [5e-3, 4e-3]}}]
    whole = trained("bert", settings("bert", learning_rate=4e-3), tmp_path_factory.mktemp("whole"), code=CODE)
    assert not torch.equal(weights_of(made), weights_of(whole))
    # The choice was for that training alone.
    assert not (states_of(root) / interrupted.CHOICE).exists()


def test_the_same_training_goes_on_without_a_question(cut_off, tmp_path_factory):
    _, again = cut_off
    made = again()
    whole = trained("bert", settings("bert"), tmp_path_factory.mktemp("whole"), code=CODE)
    assert torch.equal(weights_of(made), weights_of(whole)) and list(made[1]["mixed"]) == []


@pytest.mark.parametrize("changes", [{"seed": 9}, {"length": 20}, {"steps": 12}, {"effective_batch": 4}])
def test_where_rows_would_be_others_it_cannot_be_gone_on_with(cut_off, changes):
    root, again = cut_off
    interrupted.choose(root, FAMILY, [ARM], "resume")
    with pytest.raises(TrainingError, match=f"because these changed: .*{next(iter(changes))}") as caught:
        again(**changes)
    assert "--anew" in caught.value.remedy


def test_states_of_an_unknown_origin_are_said_to_be_that(cut_off):
    root, again = cut_off
    next(states_of(root).glob("*.made_of.json")).unlink()
    with pytest.raises(TrainingError, match="The harness has no record of which ones"):
        again(clip=0.9)


def test_there_may_be_nothing_to_choose(tmp_path):
    assert interrupted.choose(tmp_path, FAMILY, [ARM], "anew") == []
    states_of(tmp_path).joinpath("without a state").mkdir(parents=True)
    interrupted.settle(states_of(tmp_path), "k" * 16, {"steps": 3}, leads=True)
    assert read_json(interrupted.origin_of(states_of(tmp_path) / ("k" * 16))) == {"steps": 3}


def torn(how, folder):
    for path in sorted(folder.glob("0*")):
        how(path)


TORN = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(b"\xff\xfe not a state"),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("how", TORN)
def test_a_torn_state_of_its_own_does_not_hide_another_trainings(how, cut_off):
    root, again = cut_off
    with pytest.raises(Killed):
        trained("bert", settings("bert", clip=0.9), root / "aside", observer=Kill(), code=CODE)
    mine = next(path for path in (root / "aside").glob("*") if path.is_dir() and path.name != "corpus")
    mine.rename(states_of(root) / mine.name)
    mine.with_name(f"{mine.name}.made_of.json").rename(states_of(root) / f"{mine.name}.made_of.json")
    torn(TORN[how], states_of(root) / mine.name)
    with pytest.raises(TrainingError) as caught:
        again(clip=0.9)
    said = str(caught.value)
    assert mine.name in said and "torn" in said
    assert "saved after update 4 of 9" in said and "settings.clip was" in said
    interrupted.choose(root, FAMILY, [ARM], "resume")
    assert again(clip=0.9)[1]["mixed"][0]["update"] == 4


@pytest.mark.parametrize("how", TORN)
def test_where_no_state_is_whole_nothing_begins_from_zero_without_a_word(how, cut_off):
    root, again = cut_off
    torn(TORN[how], next(path.parent for path in states_of(root).rglob("0*.safetensors")))
    with pytest.raises(TrainingError, match="all saved states of this training are damaged") as caught:
        again()
    assert "--anew" in caught.value.remedy
    interrupted.choose(root, FAMILY, [ARM], "resume")
    with pytest.raises(TrainingError, match=r"damaged.*cannot be resumed, because all of its saved states are damaged"):
        again(clip=0.9)
    interrupted.choose(root, FAMILY, [ARM], "anew")
    assert again()[1]["mixed"] == []
