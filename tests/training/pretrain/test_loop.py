"""Pre-training learns, repeats to the bit, goes on after a kill to the same bytes, and on two devices alike."""

import dataclasses
import errno
import multiprocessing
import os
import shutil
import signal
from functools import partial

import pytest
import torch
from tiny_training import ENGINE, RECIPES, InMemory, settings, sharded, trained

from harness.errors import ConfigError, TrainingError
from harness.params.config import Engine
from harness.training.common.distributed import joined
from harness.training.pretrain import arms, plan
from harness.training.pretrain.loop import STOPS, Observer
from harness.training.pretrain.shards import is_held_out

ARCHITECTURES = sorted(RECIPES)


def same(left: dict, right: dict) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


class Killed(BaseException):
    """Stands for the end of the process: nothing of the training's own handling may run."""


class Kill(Observer):
    def __init__(self, at: int):
        self.at = at

    def update(self, step, values):
        if step == self.at:
            raise Killed


@pytest.fixture(scope="module", params=ARCHITECTURES)
def undisturbed(request, tmp_path_factory):
    return request.param, *trained(request.param, settings(request.param), tmp_path_factory.mktemp("undisturbed"))


def test_it_repeats_to_the_bit_and_says_what_it_did(undisturbed, tmp_path):
    architecture, weights, result = undisturbed
    again, other = trained(architecture, settings(architecture), tmp_path)
    assert same(weights, again) and other == result
    assert result["steps"] == 9 and result["tokens_seen"] > 9 * 8 * 6
    assert [point["step"] for point in result["held_out"]["during"]] == [4, 8]


def test_what_comes_after_it_hears_signals_as_before(tmp_path):
    before = [signal.getsignal(number) for number in STOPS]
    trained("bert", settings("bert"), tmp_path)
    assert [signal.getsignal(number) for number in STOPS] == before


def test_documents_in_memory_give_the_bytes_of_memory_mapped_ones(undisturbed, tmp_path):
    architecture, weights, result = undisturbed

    def in_memory(given_documents, tokenizer, given, folder):
        corpus = sharded(given_documents, tokenizer, given, folder)
        free = [d for d in given_documents if not is_held_out(d["id"], 0)]
        plain = InMemory(free, tokenizer, by_sentence=given.recipe == "mlm_nsp")
        assert len(plain) == len(corpus.documents)
        return dataclasses.replace(corpus, documents=plain)

    plainly, other = trained(architecture, settings(architecture), tmp_path, corpus_of=in_memory)
    assert same(weights, plainly) and other == result


def test_held_out_loss_falls(undisturbed, tmp_path):
    architecture, _, result = undisturbed
    _, longer = trained(architecture, settings(architecture, steps=60, save_steps=0, evaluate_every=0), tmp_path)
    before, after = (longer["held_out"][side]["general"] for side in ("before", "after"))
    assert before == result["held_out"]["before"]["general"]
    assert after["loss"] < before["loss"] - 0.5 and after["accuracy"] > before["accuracy"]
    assert after["by_document_type"].keys() <= {"type 0", "type 1"}
    assert after["tokens"] == sum(part["tokens"] for part in after["by_document_type"].values())


@pytest.mark.parametrize("kills", [(1,), (3, 4, 5), (2, 7, 8)], ids=str)
def test_killed_anywhere_it_ends_with_the_same_bytes(undisturbed, tmp_path, kills):
    architecture, weights, result = undisturbed
    for at in kills:
        with pytest.raises(Killed):
            trained(architecture, settings(architecture), tmp_path, observer=Kill(at))
    after, other = trained(architecture, settings(architecture), tmp_path)
    assert same(weights, after) and other == result


def test_it_goes_on_where_a_part_of_the_model_is_not_trained(tmp_path):
    """BERT's pooler under plain masked LM."""
    given = settings("bert", recipe="mlm")
    weights, result = trained("bert", given, tmp_path / "whole")
    with pytest.raises(Killed):
        trained("bert", given, tmp_path / "killed", observer=Kill(5))
    after, other = trained("bert", given, tmp_path / "killed")
    assert same(weights, after) and other == result


def test_rows_that_another_process_makes_ahead_end_with_the_same_bytes_after_kills_too(tmp_path, monkeypatch):
    monkeypatch.setattr(arms, "Plan", partial(arms.Plan, block_documents=17))
    weights, result = trained("bert", settings("bert"), tmp_path / "ahead")
    for at in (3, 6):
        with pytest.raises(Killed):
            trained("bert", settings("bert"), tmp_path / "killed", observer=Kill(at))
        assert not multiprocessing.active_children()
    after, other = trained("bert", settings("bert"), tmp_path / "killed")
    assert same(weights, after) and other == result
    monkeypatch.setattr(plan, "made_ahead", lambda work, jobs: (work(job) for job in jobs))
    here, other = trained("bert", settings("bert"), tmp_path / "here")
    assert same(weights, here) and other == result and not multiprocessing.active_children()


def test_a_torn_state_is_passed_over_for_the_one_before_it(undisturbed, tmp_path, capsys):
    architecture, weights, _ = undisturbed
    with pytest.raises(Killed):
        trained(architecture, settings(architecture), tmp_path, observer=Kill(7))
    older, newest = sorted(tmp_path.rglob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-100])
    after, _ = trained(architecture, settings(architecture), tmp_path)
    assert same(weights, after) and older.stem == "000000004"
    assert f"after update {int(newest.stem)} is damaged" in capsys.readouterr().err


def test_a_full_disk_ends_with_the_last_state_intact(tmp_path, monkeypatch):
    sync = os.fsync

    def full(descriptor: int) -> None:
        if "000000006" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"No space left while writing .*") as caught:
        trained("modernbert", settings("modernbert"), tmp_path)
    assert "could not be saved: " in caught.value.message
    assert caught.value.remedy.endswith("The training resumes from the newest saved state.")
    assert {path.stem for path in tmp_path.rglob("*.safetensors")} == {"000000002", "000000004"}
    assert not list(tmp_path.rglob("*.partial"))


def test_a_loss_that_is_no_number_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"test: the loss is .* at update \d+ of 9"):
        trained("bert", settings("bert", learning_rate=1e30, clip=1e30, save_steps=0), tmp_path)


def test_a_wrong_number_of_processes_is_refused():
    engine: Engine = dataclasses.replace(ENGINE, devices=4)
    with pytest.raises(ConfigError, match=r"1 processes were started, but engine\.devices is"), joined(engine, "test"):
        pass


class Losses(Observer):
    def __init__(self):
        self.found: list[float] = []

    def update(self, step, values):
        self.found.append(values["loss"])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_recomputing_activations_changes_no_loss(architecture, tmp_path):
    plain, recomputed = Losses(), Losses()
    trained(architecture, settings(architecture), tmp_path / "plain", observer=plain)
    engine = dataclasses.replace(ENGINE, recompute=True)
    trained(architecture, settings(architecture), tmp_path / "recomputed", engine, observer=recomputed)
    assert recomputed.found == pytest.approx(plain.found, abs=1e-5) and len(plain.found) == 9


@pytest.mark.extended
@pytest.mark.skipif(not (shutil.which("c++") or shutil.which("g++")), reason="compiling needs a C++ compiler")
def test_a_compiled_model_learns_the_same(tmp_path):
    # Without dropout: compiled code draws other numbers.
    given = settings("modernbert", steps=2, evaluate_every=0, save_steps=0)
    plain, compiled, engine = Losses(), Losses(), dataclasses.replace(ENGINE, compile=True)
    trained("modernbert", given, tmp_path / "plain", observer=plain, dropout=0.0)
    trained("modernbert", given, tmp_path / "compiled", engine, observer=compiled, dropout=0.0)
    assert compiled.found == pytest.approx(plain.found, abs=1e-4) and len(plain.found) == 2


@pytest.mark.parametrize(
    "architecture",
    ["norbert3", *(pytest.param(name, marks=pytest.mark.extended) for name in ARCHITECTURES if name != "norbert3")],
)
def test_bf16_rounds_the_arithmetic_and_keeps_the_weights(architecture, tmp_path):
    """Autocast over fp32 master weights: losses near those of fp32, but not the same."""
    plain, rounded = Losses(), Losses()
    trained(architecture, settings(architecture), tmp_path / "plain", observer=plain)
    engine = dataclasses.replace(ENGINE, precision="bf16")
    weights, result = trained(architecture, settings(architecture), tmp_path / "bf16", engine, observer=rounded)
    assert rounded.found == pytest.approx(plain.found, abs=0.05) and rounded.found != plain.found
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float32}
    again, other = trained(architecture, settings(architecture), tmp_path / "again", engine)
    assert same(weights, again) and other == result
