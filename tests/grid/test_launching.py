"""A stage is started once per device, and only by the process that a user started."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import running
from tiny_training import ENGINE, settings

from harness import cli
from harness.cli import main
from harness.commands import stages
from harness.errors import ConfigError
from harness.grid import launching, ledger, slurm
from harness.params.config import Build, Folder, PretrainSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    seen = []

    class Done:
        def __init__(self, command, **_):
            seen.append(command)

        def wait(self, timeout=None) -> int:
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
    monkeypatch.setattr(launching, "_launcher", lambda devices: [str(launcher)])
    monkeypatch.delenv("WORLD_SIZE", raising=False)

    def interrupt() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        # The kernel chooses a thread while the one that starts the processes blocks signals.
        signal.pthread_kill(threading.get_ident(), number)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        launching.on_devices(2, ["pretrain", "nb_bert"])
    assert (tmp_path / "saved").exists()
    assert not running(int((tmp_path / "started").read_text(encoding="utf-8")))


def test_a_signal_that_another_thread_takes_during_the_start_leaves_no_process_behind(tmp_path, monkeypatch):
    """Python handles it in the main thread, although this thread blocks signals, in the middle of the start."""
    seen, begun, sent = [], threading.Event(), threading.Event()

    def interrupt() -> None:
        begun.wait(30)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        sent.set()

    class Slow(subprocess.Popen):
        def __init__(self, *given, **options):
            super().__init__(*given, **options)
            seen.append(self.pid)
            begun.set()
            while not sent.is_set():
                time.sleep(0.01)

    monkeypatch.setattr(launching, "_launcher", lambda devices: [sys.executable, "-c", "import time; time.sleep(99)"])
    monkeypatch.setattr(launching.subprocess, "Popen", Slow)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    thread = threading.Thread(target=interrupt)
    thread.start()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(KeyboardInterrupt):
        launching.on_devices(2, ["pretrain", "nb_bert"])
    thread.join()
    assert not running(seen[0]) and signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked


def test_of_several_processes_with_one_error_the_leading_one_tells_it(tmp_path):
    """Two real processes that torchrun starts meet the same error of the user: it is said once, and nothing follows."""
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    command = [sys.executable, "-m", "harness.training.common.launcher", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, "-m", "harness", "pretrain", "nb_bert"], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr.splitlines() == ["harness: No params.yaml in this folder or above it.",
                                        "Change to the root of the harness's repository."]  # fmt: skip
    assert done.returncode == 1


def together(folder, work: str) -> subprocess.CompletedProcess:
    """Two real processes that torchrun starts, in which `harness tasks` does `work` as soon as both are there."""
    program = f"""
import os, pathlib, sys, time
from harness import cli
from harness.errors import DataError

def tasks(_):
    rank, here = int(os.environ["RANK"]), pathlib.Path({str(folder)!r})
    (here / f"there-{{rank}}").touch()
    while len(list(here.glob("there-*"))) < 2:
        time.sleep(0.01)
    {work}

cli.data._tasks = tasks
sys.exit(cli.main(["tasks"]))
"""
    (folder / "program.py").write_text(program, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    return subprocess.run(
        [sys.executable, "-m", "harness.training.common.launcher", "--standalone", "--nproc-per-node=2",
         str(folder / "program.py")], cwd=folder, env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("raise DataError('The data are wrong.', remedy='Fix them.')", "harness: The data are wrong."),
        ("raise OSError(28, 'No space left on device', 'big')", "harness: No space left while writing big."),
        ("1 / 0", "Traceback (most recent call last)"),
    ],
    ids=["the user's", "the disk's", "a programming error"],
)
def test_whatever_goes_wrong_is_told_by_one_of_several_processes(work, said, tmp_path):
    done = together(tmp_path, work)
    assert done.returncode == 1 and done.stderr.count(said) == 1, done.stderr


def test_an_error_that_only_another_process_meets_is_told_by_that_one(tmp_path):
    done = together(tmp_path, "1 / 0 if rank else time.sleep(60)")
    assert done.returncode == 1 and done.stderr.count("ZeroDivisionError") == 1, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("error", ["DataError('a', remedy='b')", "OSError(28, 'c')", "ZeroDivisionError()"])
def test_ended_while_it_waits_for_another_to_tell_a_process_says_nothing(number, error, tmp_path):
    program = f"""
import os, sys, threading
from harness import cli
from harness.errors import DataError

def tasks(_):
    threading.Timer(0.5, os.kill, (os.getpid(), {int(number)})).start()
    raise {error}

cli.data._tasks = tasks
sys.exit(cli.main(["tasks"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=os.environ | {"RANK": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (128 + number, "")


def test_interrupted_before_the_command_begins_or_while_an_error_is_told_there_is_no_traceback(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    for name in ("_confidential", "first_to_tell"):
        with monkeypatch.context() as patched:
            patched.setattr(cli, name, interrupted)
            patched.setattr(cli.data, "_tasks", lambda _: 1 / 0)
            assert cli.main(["tasks"]) == 130
        assert "harness: interrupted" in capsys.readouterr().err


def test_a_launcher_that_is_told_to_stop_adds_no_report_of_its_own(tmp_path):
    (tmp_path / "waits.py").write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'started')!r}).touch()\ntime.sleep(60)\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "harness.training.common.launcher", "--standalone", "--nproc-per-node=1"]
    launcher = subprocess.Popen([*command, str(tmp_path / "waits.py")], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "started").exists():
        assert launcher.poll() is None
        time.sleep(0.05)
    launcher.terminate()
    _, said = launcher.communicate(timeout=60)
    assert launcher.returncode == 128 + signal.SIGTERM and "Traceback" not in said


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
    command = [sys.executable, "-m", "harness.training.common.launcher", "--standalone", "--nproc-per-node=2"]
    command.append(str(tmp_path / "fails.py"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 75 and "Traceback" not in done.stderr


@pytest.mark.parametrize("stage", ["checkpoint", "pretrain"])
@pytest.mark.parametrize(("source", "devices"), [("build", 4), ("folder", 1)])
def test_only_what_is_trained_here_is_started_on_every_device(stage, source, devices, monkeypatch, tmp_path):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for was, now in (("portable", "fast"), ("devices: 1", "devices: 4"), ("device: cpu", "device: cuda"),
                     ("control: true", "control: false")):  # fmt: skip
        text = text.replace(was, now)
    text = text.replace("effective_batch: 32, device_batch: 32", "effective_batch: 32, device_batch: 8", 1)
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


OTHERS = [
    ("cooldown: 0.3", "cooldown: 1.3", "families.modernbert.general.cooldown"),
    ("margin: 0.02", "margin: 2", "statistics.margin"),
    ("overlap_n: 13", "overlap_n: 0", "corpus.overlap_n"),
    (" batch: 12,", " batch: 0,", "tasks.medmcqa.batch"),
]


@pytest.mark.parametrize(("was", "now", "path"), OTHERS, ids=[path for _, _, path in OTHERS])
def test_what_a_command_does_not_use_does_not_stop_it(was, now, path, monkeypatch, tmp_path, capsys):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("portable", "fast")
    assert was in text
    (tmp_path / "params.yaml").write_text(text.replace(was, now), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages, "on_devices", lambda number, again: 0)
    for stage in ("checkpoint", "pretrain"):
        assert main([stage, "nb_bert"]) == 0, capsys.readouterr().err
    # What looks at everything names it, and so does what uses it.
    assert main(["check"]) == 1 and path in capsys.readouterr().err
    uses = {"families": ["checkpoint", "modernbert"], "statistics": ["report"], "corpus": ["corpus"]}
    if using := uses.get(path.split(".")[0]):
        assert main(using) == 1 and path in capsys.readouterr().err


@pytest.mark.parametrize(("was", "now", "path"), OTHERS, ids=[path for _, _, path in OTHERS])
def test_a_grid_asks_for_what_its_comparisons_use(was, now, path, monkeypatch, tmp_path, capsys):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("portable", "fast")
    (tmp_path / "params.yaml").write_text(text.replace(was, now), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger, "stale", lambda root, wanted: wanted)
    assert main(["grid", "medmqp/nb_bert", "--on", "local", "--dry-run"]) == 0, capsys.readouterr().err
    assert "1 jobs on this machine" in capsys.readouterr().out
    if path.startswith(("families", "tasks")):
        user = {"families": "medmqp/modernbert", "tasks": "medmcqa/nb_bert"}[path.split(".")[0]]
        assert main(["grid", user, "--on", "local", "--dry-run"]) == 1 and path in capsys.readouterr().err


@pytest.mark.parametrize(("was", "now", "path"), OTHERS[::3], ids=[path for _, _, path in OTHERS[::3]])
def test_what_another_comparison_would_use_does_not_stop_one_from_being_reproduced(
    was, now, path, monkeypatch, tmp_path, capsys
):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("portable", "fast")
    (tmp_path / "params.yaml").write_text(text.replace(was, now), encoding="utf-8")
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks")
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "medmqp/nb_bert"]) == 1
    assert path not in (said := capsys.readouterr().err) and "runs.json is missing" in said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_process_that_was_killed_is_told_of_once(number, tmp_path):
    done = together(tmp_path, f"os.kill(os.getpid(), {int(number)}) if rank else time.sleep(60)")
    assert done.returncode == 128 + number
    assert done.stderr.count(f"ended by {number.name} from outside") == len(done.stderr.splitlines()) - 1 == 1


ON_GPUS = dataclasses.replace(ENGINE, device="cuda", devices=4)
ARMS = ("baseline", "clinical")
BUILT = PretrainSettings(
    "bert", Build("build"), settings("bert", effective_batch=64, device_batch=8), ARMS, 0.0, ON_GPUS
)
IMPORTED = Folder("folder", "there")


def test_the_batch_script_is_that_of_the_parameters():
    script = slurm.slurm_script("nb_bert", BUILT, gpus_per_node=4, hours=12)
    assert "64 rows = 8 per device × 2 accumulated × 4 devices" in script and "#SBATCH --time=12:00:00" in script


@pytest.mark.parametrize("arm", ["control", "task"])
def test_an_arm_beside_the_clinical_one_is_trained_by_a_batch_job_where_that_is_imported(arm):
    given = dataclasses.replace(BUILT, source=IMPORTED, arms=(*ARMS, arm))
    assert "-m harness pretrain nb_bert &" in slurm.slurm_script("nb_bert", given, gpus_per_node=2, hours=12)


@pytest.mark.parametrize(
    ("changes", "gpus", "said", "remedy"),
    [
        ({"source": IMPORTED}, 4, "nb_bert: none of its arms is trained here", "`harness pretrain nb_bert` imports"),
        ({"pretraining": None}, 4, "no recipe", "families.nb_bert.adaptation"),
        ({"engine": ENGINE}, 1, "engine.device is cpu", "engine.device: cuda"),
        ({}, 3, "4 devices do not fill whole nodes of 3 GPUs", "--gpus-per-node 2, or engine.devices 3 or 6"),
        ({}, 8, "4 devices do not fill whole nodes of 8 GPUs", "--gpus-per-node 4, or engine.devices 8"),
        ({}, 0, "--gpus-per-node must be 1 or more, not 0", "--gpus-per-node"),
        ({}, -4, "--gpus-per-node must be 1 or more, not -4", "--gpus-per-node"),
    ],
    ids=["imported", "no recipe", "a CPU", "half a node", "a larger node", "none to a node", "fewer than none"],
)
def test_each_cause_that_makes_no_batch_job_has_its_own_remedy(changes, gpus, said, remedy):
    with pytest.raises(ConfigError) as error:
        slurm.slurm_script("nb_bert", dataclasses.replace(BUILT, **changes), gpus_per_node=gpus, hours=12)
    assert said in error.value.message and remedy in error.value.remedy


def test_a_batch_job_without_time_is_refused():
    with pytest.raises(ConfigError, match="--hours must be 1 or more, not 0"):
        slurm.slurm_script("nb_bert", BUILT, gpus_per_node=4, hours=0)
