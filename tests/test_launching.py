"""A stage is started once per device, and only by the process that a user started."""

import dataclasses

import pytest
from tiny_training import ENGINE, settings

from harness import launching
from harness.config import Build, PretrainSettings
from harness.errors import ConfigError


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    seen = []

    class Done:
        returncode = 3

    monkeypatch.setattr(launching.subprocess, "run", lambda command: seen.append(command) or Done)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    return seen


def test_one_device_starts_nothing(commands):
    assert launching.on_devices(1, ["pretrain", "nb_bert"]) is None and commands == []


def test_several_go_through_torchrun_and_its_exit_code_comes_back(commands):
    assert launching.on_devices(2, ["pretrain", "nb_bert"]) == 3
    assert "--nproc-per-node=2" in commands[0] and commands[0][-2:] == ["pretrain", "nb_bert"]


def test_a_process_that_torchrun_started_starts_no_other(commands, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launching.on_devices(2, ["pretrain", "nb_bert"]) is None and commands == []


def test_the_batch_script_is_that_of_the_parameters():
    engine = dataclasses.replace(ENGINE, device="cuda", devices=4)
    recipe = settings("bert", effective_batch=64, device_batch=8)
    given = PretrainSettings("bert", Build("build"), recipe, False, engine)
    script = launching.slurm_script("nb_bert", given, gpus_per_node=4, hours=12)
    assert "64 rows = 8 per device × 2 accumulated × 4 devices" in script and "#SBATCH --time=12:00:00" in script
    with pytest.raises(ConfigError, match="no batch job can be made for 4 devices at 3 to a node"):
        launching.slurm_script("nb_bert", given, gpus_per_node=3, hours=12)
