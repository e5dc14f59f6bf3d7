"""What a job gets, and what the batch script of the array says."""

import shutil
import subprocess
from argparse import Namespace

import pytest

from harness.errors import ConfigError
from harness.grid import planning
from harness.grid.comparisons import chosen
from harness.grid.executors import batch_script

NOTHING_ASKED = {
    "on": "local", "dry_run": False, "at_once": None, "cpus": None, "gpus": None, "hours": 24, "memory_gb": 32,
    "partition": None, "sbatch": [],
}  # fmt: skip


def plan(device="cpu", jobs=15, **asked) -> planning.Plan:
    return planning.plan(Namespace(**NOTHING_ASKED | asked), device, jobs)


@pytest.fixture
def machine(monkeypatch):
    def has(cores: int, gpus: str = "") -> None:
        monkeypatch.setattr(planning, "available_cpus", lambda: cores)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)

    return has


@pytest.mark.parametrize(
    ("cores", "jobs", "at_once", "each"), [(2, 15, 2, 1), (64, 15, 15, 4), (8, 1, 1, 8), (1, 3, 1, 1)]
)
def test_the_cores_are_divided_over_as_many_jobs_as_there_are(machine, cores, jobs, at_once, each):
    machine(cores)
    resources = plan(jobs=jobs).resources
    assert (resources.at_once, resources.cpus, resources.gpus) == (at_once, each, 0)


def test_fewer_jobs_at_once_have_more_cores_each(machine):
    machine(64)
    assert plan(at_once=4).resources.cpus == 16


def test_each_gpu_takes_a_job_of_its_own(machine):
    machine(32, "GPU-a1,GPU-b2,GPU-c3,GPU-d4")
    made = plan("cuda")
    assert (made.resources.at_once, made.resources.gpus, made.devices[0]) == (4, 1, "GPU-a1")
    assert plan("cuda", gpus=2).resources.at_once == 2


@pytest.mark.parametrize(
    ("asked", "device", "said"),
    [
        ({"at_once": 0}, "cpu", "--at-once must be 1 or more"),
        ({"memory_gb": -3}, "cpu", "--memory-gb must be 1 or more"),
        ({"gpus": 1}, "cpu", "--gpus is 1, but engine.device is cpu"),
        ({"gpus": 0}, "cuda", "--gpus is 0, but engine.device is cuda"),
        ({"gpus": 3}, "cuda", "A job asks for 3 GPUs, but this machine has 2"),
        ({"at_once": 3}, "cuda", "--at-once is 3, but the GPUs suffice for 2"),
        ({"sbatch": ["account"]}, "cpu", "--sbatch 'account' is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(machine, asked, device, said):
    machine(8, "0,1")
    with pytest.raises(ConfigError) as caught:
        plan(device, **asked)
    assert said in caught.value.message


def test_slurm_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(planning.shutil, "which", lambda name: "/usr/bin/sbatch")
    assert plan(on=None).slurm and not plan(on="local").slurm
    monkeypatch.setattr(planning.shutil, "which", lambda name: None)
    assert not plan(on=None).slurm and plan(on="slurm", dry_run=True).slurm
    with pytest.raises(ConfigError, match="sbatch is not on this machine"):
        plan(on="slurm")


def test_the_batch_script_is_what_was_asked_for(tmp_path):
    asked = {"at_once": 4, "cpus": 12, "hours": 6, "partition": "gpu", "sbatch": ["account=p1", "--qos=long"]}
    text = batch_script(tmp_path, plan("cuda", on="slurm", dry_run=True, **asked).resources, 15)
    for directive in (
        "array=0-14%4", "cpus-per-task=12", "gpus-per-node=1", "time=360", "mem=32GB", "partition=gpu", "account=p1",
        "qos=long", "nodes=1", "ntasks-per-node=1",
    ):  # fmt: skip
        assert f"#SBATCH --{directive}\n" in text
    assert "srun" in text and " --cpus-per-task=12 " in text
    assert "gpus" not in batch_script(tmp_path, plan(on="slurm", dry_run=True).resources, 15)
    (tmp_path / "job.sh").write_text(text)
    assert subprocess.run(["bash", "-n", tmp_path / "job.sh"], capture_output=True).returncode == 0
    if shutil.which("shellcheck"):
        assert subprocess.run(["shellcheck", tmp_path / "job.sh"], capture_output=True).returncode == 0


def test_a_dry_run_says_of_each_comparison_what_would_happen(machine, tmp_path, monkeypatch):
    machine(2)
    wanted = chosen(["a", "b"], ["x", "y"], [])
    monkeypatch.setattr(planning, "is_made", lambda root, comparison: comparison.name == "a/y")
    assert planning.described(tmp_path, plan(), wanted, wanted[1:]) == [
        "a/x  up to date",
        "a/y  made by an earlier grid",
        "b/x  to run",
        "b/y  to run",
        "2 jobs on this machine, 2 at once, 1 core each.",
    ]
