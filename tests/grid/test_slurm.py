"""The batch script: sound shell, the numbers it was given, and what it does when the job is stopped.

Slurm is not needed: stand-ins for `srun` and `scontrol` on the PATH write down what they are asked.
"""

import os
import shutil
import signal
import subprocess
import time

import pytest

from harness.errors import ConfigError
from harness.grid.slurm import MOST_REQUEUES, script
from harness.params.batch_plan import batch_plan

ONE_NODE = script("nb_bert", batch_plan(64, 8, 4), gpus_per_node=4, hours=48)
TWO_NODES = script("norbert3", batch_plan(256, 16, 8), gpus_per_node=4, hours=48)


def directives(text: str) -> dict[str, str]:
    lines = [line.removeprefix("#SBATCH --") for line in text.splitlines() if line.startswith("#SBATCH --")]
    return dict(line.partition("=")[::2] for line in lines)


@pytest.mark.parametrize("job", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
def test_it_is_sound_shell(job, tmp_path):
    path = tmp_path / "job.sh"
    path.write_text(job)
    checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stderr == ""
    if shutil.which("shellcheck"):
        linted = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True)
        assert linted.returncode == 0, linted.stdout


def test_the_directives_are_the_settings():
    assert directives(ONE_NODE) == {
        "job-name": "pretrain-nb_bert", "output": "pretrain-nb_bert-%j.log", "open-mode": "append", "nodes": "1",
        "ntasks-per-node": "1", "gpus-per-node": "4", "cpus-per-task": "32", "mem": "240G", "time": "48:00:00",
        "requeue": "", "signal": "B:USR1@600",
    }  # fmt: skip


def test_directives_stand_before_the_first_command():
    """Slurm stops reading them there."""
    lines = ONE_NODE.splitlines()
    first = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    assert all(i < first for i, line in enumerate(lines) if line.startswith("#SBATCH"))


def test_it_names_no_account_partition_or_place():
    for job in (ONE_NODE, TWO_NODES):
        assert not {"account", "partition", "qos", "chdir"} & directives(job).keys()
        assert "/home" not in job and "/work" not in job


@pytest.mark.parametrize("family", ["nb_bert; rm -rf .", "Nb"])
def test_a_name_that_is_no_word_of_a_shell_is_refused(family):
    with pytest.raises(ConfigError, match="not the name of a family"):
        script(family, batch_plan(64, 8, 4), gpus_per_node=4, hours=48)


SRUN = """#!/usr/bin/env bash
echo "srun $*" >> "$LOG"
env | grep -E '^(HF_HUB_OFFLINE|OMP_NUM_THREADS|SRUN_CPUS_PER_TASK)=' >> "$LOG"
trap 'echo "got USR1" >> "$LOG"; sleep 0.2; exit 75' USR1
echo started >> "$LOG"
[ "$WORK" = done ] && exit 0
[ "$WORK" = broken ] && exit 3
while true; do sleep 0.05; done
"""
SCONTROL = """#!/usr/bin/env bash
if [ "$1 $2" = "show hostnames" ]; then printf 'node7\\nnode8\\n'; else echo "scontrol $*" >> "$LOG"; fi
"""


@pytest.fixture
def site(tmp_path):
    """A folder to submit from, and stand-ins for Slurm's commands."""
    (tmp_path / "bin").mkdir()
    for name, content in (("srun", SRUN), ("scontrol", SCONTROL)):
        path = tmp_path / "bin" / name
        path.write_text(content)
        path.chmod(0o755)
    (tmp_path / "params.yaml").write_text("run: {}\n")
    return tmp_path


def start(site, job: str, work: str, **environment: str) -> subprocess.Popen:
    (site / "job.sh").write_text(job)
    variables = {
        "PATH": f"{site / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(site / "log"),
        "WORK": work,
        "SLURM_SUBMIT_DIR": str(site),
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": "node[7-8]",
        **environment,
    }
    return subprocess.Popen(
        ["bash", str(site / "job.sh")], env=variables, cwd="/", text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def log(site) -> list[str]:
    return (site / "log").read_text().splitlines() if (site / "log").exists() else []


def wait_until_started(site) -> None:
    for _ in range(200):
        if "started" in log(site):
            return
        time.sleep(0.05)
    raise AssertionError(log(site))


def test_a_job_that_ends_is_not_queued_again(site):
    process = start(site, ONE_NODE, "done")
    assert process.wait(timeout=20) == 0
    command = log(site)[0]
    # The harness's own launcher: torchrun by itself adds its report to what a process has said already.
    launcher = "python -m harness.training.common.launcher"
    assert command.startswith(f"srun --kill-on-bad-exit=1 {launcher} --standalone --nproc-per-node=4 ")
    assert command.endswith("-m harness pretrain nb_bert")
    assert "HF_HUB_OFFLINE=1" in log(site) and "SRUN_CPUS_PER_TASK=32" in log(site)
    assert not [line for line in log(site) if line.startswith("scontrol")]


def test_a_job_that_breaks_reports_its_status_and_is_not_queued_again(site):
    process = start(site, ONE_NODE, "broken")
    assert process.wait(timeout=20) == 3
    assert not [line for line in log(site) if line.startswith("scontrol")]


def test_a_job_that_is_told_to_stop_lets_the_run_store_its_state_and_is_queued_again(site):
    process = start(site, ONE_NODE, "long")
    wait_until_started(site)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(timeout=20) == 75
    assert log(site)[-2:] == ["got USR1", "scontrol requeue 4711"]


def test_a_job_that_never_gets_on_is_given_up(site):
    process = start(site, ONE_NODE, "long", SLURM_RESTART_COUNT=str(MOST_REQUEUES))
    wait_until_started(site)
    process.send_signal(signal.SIGUSR1)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 75 and "not queued again" in output
    assert not [line for line in log(site) if line.startswith("scontrol")]


def test_a_job_that_slurm_takes_down_waits_for_the_run_and_leaves_queueing_to_slurm(site):
    process = start(site, ONE_NODE, "long")
    wait_until_started(site)
    process.terminate()
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGUSR1)
    assert process.wait(timeout=20) == 75


def test_several_nodes_meet_at_the_first(site):
    assert start(site, TWO_NODES, "done").wait(timeout=20) == 0
    assert (
        "--nnodes=2 --rdzv-backend=c10d --rdzv-endpoint=node7:24711 --rdzv-id=4711 --nproc-per-node=4" in log(site)[0]
    )


def test_outside_the_repository_it_says_where_to_submit_from(site):
    (site / "params.yaml").unlink()
    process = start(site, ONE_NODE, "done")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2 and "submit from the root" in output and not log(site)
