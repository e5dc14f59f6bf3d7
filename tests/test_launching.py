"""A stage is started once per device, and only by the process that a user started."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import running
from tiny_training import ENGINE, settings

from harness import launching
from harness.cli import main
from harness.commands import stages
from harness.config import Build, PretrainSettings
from harness.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    seen = []

    class Done:
        def __init__(self, command, **_):
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


def test_of_several_processes_with_one_error_the_leading_one_tells_it(tmp_path):
    """Two real processes that torchrun starts meet the same error of the user: it is said once, and nothing follows."""
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    command = [sys.executable, "-m", "harness.training.launcher", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, "-m", "harness", "pretrain", "nb_bert"], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr.splitlines() == ["harness: No params.yaml in this folder or above it.",
                                        "Change to the root of the harness's repository."]  # fmt: skip
    assert done.returncode == 1


@pytest.mark.parametrize(("rank", "said"), [(None, True), ("0", False), ("1", False)])
def test_ended_by_a_signal_a_process_says_so_unless_it_is_one_of_several(rank, said, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    ends = "cli.data._tasks = lambda _: os.kill(os.getpid(), signal.SIGTERM)"
    waits = f"import os, signal, sys\nfrom harness import cli\n{ends}\nsys.exit(cli.main(['tasks']))\n"
    done = subprocess.run(
        [sys.executable, "-c", waits], cwd=tmp_path, env=environment | ({"RANK": rank} if rank else {}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert ("stopped by SIGTERM" in done.stderr) == said


def test_the_code_of_the_process_that_failed_comes_back(tmp_path):
    (tmp_path / "fails.py").write_text("import sys\nsys.exit(75)\n", encoding="utf-8")
    command = [sys.executable, "-m", "harness.training.launcher", "--standalone", "--nproc-per-node=2"]
    command.append(str(tmp_path / "fails.py"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 75 and "Traceback" not in done.stderr


@pytest.mark.parametrize("stage", ["checkpoint", "pretrain"])
@pytest.mark.parametrize(("source", "devices"), [("build", 4), ("folder", 1)])
def test_only_what_is_trained_here_is_started_on_every_device(stage, source, devices, monkeypatch, tmp_path):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for was, now in (("portable", "fast"), ("devices: 1", "devices: 4"), ("device: cpu", "device: cuda"),
                     ("effective_batch: 64, device_batch: 64", "effective_batch: 64, device_batch: 16")):  # fmt: skip
        text = text.replace(was, now)
    if source == "folder":
        arm = "baseline" if stage == "checkpoint" else "clinical"
        text = text.replace(f"{arm}: {{source: build}}", f"{arm}: {{source: folder, path: there}}", 1)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(stages, "on_devices", lambda number, again: asked.append(number) or 0)
    assert main([stage, "nb_bert"]) == 0
    # The other families' batches cannot be divided over four devices, which is no matter of this command.
    assert asked == [devices]


def test_a_process_that_was_killed_is_told_of(monkeypatch, capsys):
    monkeypatch.setattr(launching.sys, "executable", "/bin/sh")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    start = launching._start
    monkeypatch.setattr(launching, "_start", lambda command: start(["/bin/sh", "-c", "exit 137"]))
    assert launching.on_devices(2, ["pretrain", "nb_bert"]) == 137
    assert "ended by SIGKILL from outside" in capsys.readouterr().err


def test_the_batch_script_is_that_of_the_parameters():
    engine = dataclasses.replace(ENGINE, device="cuda", devices=4)
    recipe = settings("bert", effective_batch=64, device_batch=8)
    given = PretrainSettings("bert", Build("build"), recipe, False, engine)
    script = launching.slurm_script("nb_bert", given, gpus_per_node=4, hours=12)
    assert "64 rows = 8 per device × 2 accumulated × 4 devices" in script and "#SBATCH --time=12:00:00" in script
    with pytest.raises(ConfigError, match="no batch job can be made for 4 devices at 3 to a node"):
        launching.slurm_script("nb_bert", given, gpus_per_node=3, hours=12)
