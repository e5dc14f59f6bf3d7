"""Ends that are branched from one training share its first updates to the bit, and part after them."""

from pathlib import Path

import pytest
import torch
from tiny_training import RECIPES, settings, trained

from harness.errors import TrainingError
from harness.training.pretrain import resume
from harness.training.pretrain.branching import Trunk
from harness.training.pretrain.loop import Observer

AT = 5  # of nine updates


class Killed(BaseException):
    """Stands for the end of the process."""


class Hearing(Observer):
    """Hears the updates and what the training is made of; ends it after update `kill`."""

    def __init__(self, kill: int | None = None):
        self.kill, self.steps, self.key = kill, [], ""

    def started(self, about):
        self.key = about.fingerprint

    def update(self, step, values):
        self.steps.append(step)
        if step == self.kill:
            raise Killed


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def states(folder: Path) -> dict[int, resume.State]:
    found = sorted(path for path in folder.rglob("*.json") if path.stem.isdigit())
    return {int(path.stem): resume.Store(path.parent.parent, path.parent.name).at(int(path.stem)) for path in found}


@pytest.fixture(scope="module", params=sorted(RECIPES))
def architecture(request):
    return request.param


@pytest.fixture(scope="module")
def first(architecture, tmp_path_factory):
    """(weights, result) of the first replicate, and the trunk that it leaves."""
    folder, heard, given = tmp_path_factory.mktemp("first"), Hearing(), settings(architecture, save_steps=0)
    weights, result = trained(architecture, given, folder, observer=heard, keeps=AT)
    return weights, result, Trunk(folder, heard.key, AT, given.seed)


@pytest.fixture
def end(architecture):
    """A function that trains one end of a trunk."""

    def end(folder: Path, trunk: Trunk, seed: int = 77, heard: Observer | None = None, **changes):
        return trained(architecture, settings(architecture, seed=seed, **changes), folder, observer=heard, trunk=trunk)

    return end


def test_keeping_the_trunk_changes_no_bit_of_the_first(first, architecture, tmp_path):
    weights, result, _ = first
    plainly, other = trained(architecture, settings(architecture, save_steps=0), tmp_path)
    assert same(weights, plainly) and other == result and not states(tmp_path)


def test_the_trunk_is_the_state_of_a_training_that_was_stopped_there(first, architecture, tmp_path):
    with pytest.raises(Killed):
        trained(architecture, settings(architecture, save_steps=AT), tmp_path, observer=Hearing(AT + 1))
    (stopped,) = states(tmp_path).values()
    trunk = first[2].state()
    assert same(trunk.tensors, stopped.tensors) and any(name.startswith("optimizer/") for name in trunk.tensors)
    assert {key: value for key, value in trunk.values.items() if key != "begun"} == {
        key: value for key, value in stopped.values.items() if key != "begun"
    }


def test_ends_begin_at_the_trunk_and_part_from_it(first, end, tmp_path, monkeypatch):
    weights, result, trunk = first
    restored, restore = [], resume.restore

    def restoring(model, optimizer, tensors):
        restore(model, optimizer, tensors)
        restored.append({name: tensor.clone() for name, tensor in resume.captured(model, optimizer).items()})

    monkeypatch.setattr(resume, "restore", restoring)
    heard = Hearing()
    one, of_one = end(tmp_path / "one", trunk, 77, heard)
    other, _ = end(tmp_path / "other", trunk, 78)
    assert heard.steps == list(range(AT + 1, 10)) and of_one["steps"] == 9
    assert len(restored) == 2 and all(same(tensors, trunk.state().tensors) for tensors in restored)
    assert not same(one, weights) and not same(one, other) and not same(other, weights)
    assert of_one["losses"][:AT] == result["losses"][:AT] and of_one["losses"][AT:] != result["losses"][AT:]
    assert of_one["held_out"]["before"] == result["held_out"]["before"] and of_one["mixed"] == []


def test_an_end_without_other_draws_is_the_first_replicate(first, end, tmp_path, monkeypatch):
    """What is handed over is all that a training depends on: with the trunk's own seed and order nothing parts."""
    weights, result, trunk = first
    state = trunk.state()
    monkeypatch.setattr(Trunk, "state", lambda _: resume.State(state.tensors, state.values | {"begun": None}))
    again, other = end(tmp_path, trunk, trunk.seed, save_steps=0)
    assert same(again, weights) and other == result


@pytest.mark.parametrize("kills", [(AT + 1,), (7, 9)], ids=str)
def test_an_end_that_was_interrupted_goes_on_to_the_same_bytes(first, end, tmp_path, kills):
    trunk = first[2]
    whole, result = end(tmp_path / "whole", trunk)
    for at in kills:
        with pytest.raises(Killed):
            end(tmp_path / "killed", trunk, heard=Hearing(at))
    heard = Hearing()
    after, other = end(tmp_path / "killed", trunk, heard=heard)
    assert same(whole, after) and other == result and heard.steps[0] == (AT + 1 if kills == (6,) else 9)


def test_an_interrupted_first_replicate_keeps_its_trunk(first, architecture, tmp_path):
    """Later states do not displace it, and where it is missing it is made before what comes after it."""
    weights, _, trunk = first
    given = settings(architecture, save_steps=1)
    with pytest.raises(Killed):
        trained(architecture, given, tmp_path, observer=Hearing(9), keeps=AT)
    assert list(states(tmp_path)) == [AT, 7, 8]
    heard = Hearing()
    after, _ = trained(architecture, given, tmp_path, observer=heard, keeps=AT)
    assert same(after, weights) and heard.steps == [9] and same(states(tmp_path)[AT].tensors, trunk.state().tensors)
    with pytest.raises(Killed):
        trained(architecture, given, tmp_path / "late", observer=Hearing(9))
    heard = Hearing()
    trained(architecture, given, tmp_path / "late", observer=heard, keeps=AT)
    assert heard.steps[0] == 1 and AT in states(tmp_path / "late")


@pytest.mark.parametrize("how", ["lost", "torn"])
def test_an_end_without_its_trunk_is_refused(first, end, tmp_path, how):
    trunk = first[2]
    (tensors,) = trunk.states.rglob(f"{AT:09}.safetensors")
    there = tensors.read_bytes()
    try:
        tensors.unlink() if how == "lost" else tensors.write_bytes(there[:-9])
        assert not trunk.is_there()
        with pytest.raises(
            TrainingError, match="after update 5, from which another encoder branches, is missing or damaged"
        ) as caught:
            end(tmp_path, trunk)
        assert caught.value.remedy
    finally:
        tensors.write_bytes(there)
