"""A stage is started once per device, and only by the process that a user started."""

import dataclasses
import os
import signal
import threading
import time

import pytest
from processes import running
from tiny_training import ENGINE, settings

from harness import launching
from harness.config import Build, PretrainSettings
from harness.errors import ConfigError


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    seen = []

    class Done:
        def __init__(self, command):
            seen.append(command)

        def wait(self) -> int:
            return 3

        def kill(self) -> None:
            pass

    monkeypatch.setattr(launching.subprocess, "Popen", Done)
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT], ids=lambda number: number.name)
def test_told_to_stop_it_lets_the_processes_of_all_devices_save_and_leaves_none(number, tmp_path, monkeypatch):
    launcher = tmp_path / "launcher"
    launcher.write_text(
        "#!/bin/sh\n"
        f"trap 'sleep 1; touch {tmp_path}/saved; exit 1' TERM\n"
        f"echo $$ > {tmp_path}/started\n"
        "while true; do sleep .1; done\n",
        encoding="utf-8",
    )
    launcher.chmod(0o755)
    monkeypatch.setattr(launching.sys, "executable", str(launcher))
    monkeypatch.delenv("WORLD_SIZE", raising=False)

    def interrupt() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        launching.on_devices(2, ["pretrain", "nb_bert"])
    assert (tmp_path / "saved").exists()
    assert not running(int((tmp_path / "started").read_text(encoding="utf-8")))


def test_the_batch_script_is_that_of_the_parameters():
    engine = dataclasses.replace(ENGINE, device="cuda", devices=4)
    recipe = settings("bert", effective_batch=64, device_batch=8)
    given = PretrainSettings("bert", Build("build"), recipe, False, engine)
    script = launching.slurm_script("nb_bert", given, gpus_per_node=4, hours=12)
    assert "64 rows = 8 per device × 2 accumulated × 4 devices" in script and "#SBATCH --time=12:00:00" in script
    with pytest.raises(ConfigError, match="no batch job can be made for 4 devices at 3 to a node"):
        launching.slurm_script("nb_bert", given, gpus_per_node=3, hours=12)
