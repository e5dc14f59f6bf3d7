"""Pre-training in processes of their own: several at once, told to stop, and on a disk that is full."""

import dataclasses
import json
import re
import resource
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from tiny_training import ENGINE, RECIPES, command, environment, settings, trained

from harness.params import profiles
from harness.params.reading import parse
from harness.training.pretrain.loop import TRY_AGAIN

COMPILES = pytest.mark.skipif(not (shutil.which("c++") or shutil.which("g++")), reason="compiling needs a C++ compiler")
PLAIN = {"evaluate_every": 0, "save_steps": 0}


def run(arguments: list[str], **options) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, capture_output=True, text=True, env=environment(), timeout=240, **options)


def result_of(folder) -> dict:
    return json.loads((folder / "result").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("architecture", "sharding"),
    [
        ("bert", "ddp"),
        *(pytest.param(name, "ddp", marks=pytest.mark.extended) for name in sorted(RECIPES.keys() - {"bert"})),
        ("norbert3", "fsdp"),
        *(pytest.param(name, "fsdp", marks=pytest.mark.extended) for name in sorted(RECIPES.keys() - {"norbert3"})),
    ],
)
def test_two_processes_make_the_losses_of_one_with_twice_the_accumulation(architecture, sharding, tmp_path):
    """Up to rounding, replicated and sharded, and both processes measure and keep the whole model."""
    changes = PLAIN | {"evaluate_every": 4}
    done = run(command(architecture, tmp_path, processes=2, settings=changes, devices=2, sharding=sharding))
    assert done.returncode == 0, done.stderr[-2000:]
    two = result_of(tmp_path)
    weights, one = trained(architecture, settings(architecture, **changes), tmp_path / "one")
    assert two["tokens_seen"] == one["tokens_seen"]
    for a, b in zip(one["losses"], two["losses"], strict=True):
        assert a["step"] == b["step"] and abs(a["loss"] - b["loss"]) <= 2e-4
    for a, b in zip(one["held_out"]["during"], two["held_out"]["during"], strict=True):
        assert abs(a["general"]["loss"] - b["general"]["loss"]) <= 2e-4
    found = load_file(tmp_path / "result.safetensors")
    assert found.keys() == weights.keys()
    assert all((found[name] - weights[name]).abs().max() < 1e-3 for name in weights)


@pytest.mark.extended
@pytest.mark.parametrize(
    ("architecture", "engine"),
    [
        ("bert", {"recompute": True, "sharding": "fsdp"}),
        ("norbert3", {}),
        ("modernbert", {"recompute": True}),
        pytest.param("norbert3", {"compile": True}, marks=COMPILES),
    ],
    ids=str,
)
def test_the_engine_of_the_published_setting_on_four_processes(architecture, engine, tmp_path):
    """Profile `paper` but for the GPU: four devices, bf16, and each of its options switched on once."""
    given = parse(profiles.text("paper")).everything().engine
    engine = {"devices": given.devices, "precision": given.precision, "sharding": given.sharding} | engine
    changes = PLAIN | {"device_batch": 2, "steps": 4}
    done = run(command(architecture, tmp_path, processes=4, settings=changes, **engine))
    assert engine["devices"] == 4 and done.returncode == 0, done.stderr[-2000:]
    alone = dataclasses.replace(ENGINE, precision=engine["precision"])
    weights, one = trained(architecture, settings(architecture, **changes), tmp_path / "one", alone)
    four = result_of(tmp_path)
    assert four["tokens_seen"] == one["tokens_seen"]
    for a, b in zip(one["losses"], four["losses"], strict=True):
        assert abs(a["loss"] - b["loss"]) <= 0.02  # what bf16 rounds
    assert load_file(tmp_path / "result.safetensors").keys() == weights.keys()


@pytest.mark.parametrize("told", [signal.SIGTERM, pytest.param(signal.SIGUSR1, marks=pytest.mark.extended)])
def test_stopped_by_any_signal_a_restart_ends_with_the_same_bytes(tmp_path, told):
    """SIGUSR1 and SIGTERM, which batch systems send, make it save and end with 75; SIGKILL leaves it no time."""
    long = {"steps": 200, "evaluate_every": 100, "save_steps": 35}
    arguments = command("norbert3", tmp_path, settings=long)
    for number in (told, signal.SIGKILL):
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment())
        for line in process.stderr:
            if "of 200 updates" in line:
                process.send_signal(number)
                break
        said = process.stderr.read()
        if number == signal.SIGKILL:
            assert process.wait(60) == -number
        else:
            assert process.wait(60) == TRY_AGAIN == 75
            step = re.search(r"stopped by a signal; saved after update (\d+) of 200", said)[1]
            assert list(tmp_path.rglob(f"{int(step):09}.safetensors"))
        assert not (tmp_path / "result").exists()
    assert run(arguments).returncode == 0
    weights, result = trained("norbert3", settings("norbert3", **long), tmp_path / "undisturbed")
    assert result_of(tmp_path) == result
    found = load_file(tmp_path / "result.safetensors")
    assert found.keys() == weights.keys() and all(torch.equal(found[name], weights[name]) for name in weights)


def test_a_disk_without_room_ends_with_a_clear_error_and_nothing_torn(tmp_path):
    """A limit on the size of files stands for it: the first state does not fit."""
    trained("norbert3", settings("norbert3", save_steps=2), tmp_path / "first")  # leaves its last two states
    states = sorted(tmp_path.rglob("0*.safetensors"))
    room = states[0].stat().st_size - 1000

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = run(command("norbert3", tmp_path / "second", settings={"save_steps": 2}), preexec_fn=limited)
    assert done.returncode != 0
    assert "TrainingError" in done.stderr and "could not be saved: " in done.stderr
    assert "The largest size of a file is reached while writing" in done.stderr
    assert "Raise that limit (`ulimit -f`), then run it again." in done.stderr
    assert "The training resumes from the newest saved state." in done.stderr
    assert not [path for path in (tmp_path / "second").rglob("*") if "0000" in path.name and path.suffix != ".arrow"]


MANY = """
import dataclasses
from tiny_training import ENGINE
from harness.training.common.distributed import joined

for number in range(12):
    with joined(dataclasses.replace(ENGINE, devices=2), f"family/clinical-{number}") as world:
        assert world.total([world.rank + 1.0]) == [3.0]
"""


def test_processes_meet_again_for_each_training(tmp_path):
    """One that is early does not look for the others where they were in the training before."""
    (tmp_path / "many.py").write_text(MANY, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = run([*launcher, str(tmp_path / "many.py")])
    assert done.returncode == 0, done.stderr[-2000:]
