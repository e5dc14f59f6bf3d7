"""Start the jobs of `harness grid`, as processes of this machine (`Local`) or as one array of a Slurm cluster
(`Slurm`).

Both classes use submitit. Both start jobs, say which jobs are over, and know the log file of each job.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.grid.comparisons import FOLDER, Comparison
from harness.grid.job import carry_out
from harness.system.files import read_json, write_json

_A_YEAR = 60 * 24 * 365


@dataclass(frozen=True)
class Resources:
    """The resources of one job, and the number of jobs that run at once.

    Only Slurm uses `memory_gb`, the time limit `hours`, `partition` (None: the cluster's own choice) and `sbatch`, the
    values of further options of sbatch by option name.
    """

    at_once: int
    cpus: int
    gpus: int
    memory_gb: int
    hours: int
    partition: str | None
    sbatch: dict[str, str]


@dataclass(frozen=True)
class Started:
    """A job that was started for a comparison, with its id in the executor and its log file."""

    comparison: Comparison
    id: str
    log: Path


class Local:
    """Runs jobs as processes of this machine, `resources.at_once` jobs at a time.

    Each job gets its share of the cores, or GPUs of its own. `devices` are the GPUs, by the names that
    CUDA_VISIBLE_DEVICES takes. If jobs run on the CPU, `devices` is empty.
    """

    poll_seconds = 0.5

    def __init__(self, root: Path, resources: Resources, devices: Sequence[str]):
        import submitit

        self._root, self._resources = root, resources
        self._executor = submitit.LocalExecutor(root / FOLDER / "logs")
        # submitit's default time limit is five minutes.
        self._executor.update_parameters(timeout_min=_A_YEAR, stderr_to_stdout=True)
        self._jobs: dict[str, tuple] = {}
        size = max(1, resources.gpus)
        self._free = [",".join(devices[i : i + size]) for i in range(0, resources.at_once * size, size)]

    def running(self, comparisons: Sequence[Comparison]) -> list[Started]:
        return []

    def start(self, waiting: Sequence[Comparison]) -> list[Started]:
        """Start as many of the `waiting` comparisons as there are free places, first ones first.

        Returns the started jobs.
        """
        started = []
        for comparison in waiting[: len(self._free)]:
            share = self._free.pop()
            given = {"HARNESS_WORKERS": str(self._resources.cpus), "CUDA_VISIBLE_DEVICES": share}
            with _errors_into(self._root / FOLDER / "logs" / "local.log"):
                job = self._executor.submit(carry_out, str(self._root), comparison.task, comparison.family, given)
            self._jobs[job.job_id] = (job, share)
            started.append(Started(comparison, job.job_id, job.paths.stdout))
        return started

    def over(self, started: Sequence[Started]) -> list[Started]:
        ended = [one for one in started if self._jobs[one.id][0].done()]
        self._free += [self._jobs.pop(one.id)[1] for one in ended]
        return ended

    def stop(self, started: Sequence[Started]) -> str:
        """End the running jobs. Returns the end of a sentence that tells the user so."""
        for one in started:
            self._jobs[one.id][0].cancel()
        for one in started:
            self._jobs[one.id][0].wait()
        return "its jobs were stopped. `harness grid` continues with what is missing."


class Slurm:
    """Runs jobs as one array of a Slurm cluster. The repository must be on a file system that all nodes share.

    The ids of the jobs are kept in a file. So if `harness grid` is interrupted, its next call finds the jobs that go on
    in Slurm.
    """

    poll_seconds = 5.0

    def __init__(self, root: Path, resources: Resources):
        import submitit

        self._root, self._resources = root, resources
        self._executor = submitit.SlurmExecutor(root / FOLDER / "logs")
        self._executor.update_parameters(**parameters(resources))
        self._written = root / FOLDER / "slurm.json"
        self._missed: set[str] = set()

    def running(self, comparisons: Sequence[Comparison]) -> list[Started]:
        """The jobs that an earlier `harness grid` submitted for these comparisons and that still wait or run in
        Slurm."""
        known = read_json(self._written) if self._written.is_file() else {}
        found = [Started(one, known[one.name], self._log(known[one.name])) for one in comparisons if one.name in known]
        alive = _in_queue(found)
        return [one for one in found if one.id in alive]

    def start(self, waiting: Sequence[Comparison]) -> list[Started]:
        """Submit all `waiting` comparisons as one array.

        Returns the started jobs. Raises HarnessError if Slurm refuses the array.
        """
        given = {"HARNESS_WORKERS": str(self._resources.cpus)}
        columns = [[str(self._root), one.task, one.family, given] for one in waiting]
        try:
            jobs = self._executor.map_array(carry_out, *zip(*columns, strict=True)) if waiting else []
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise HarnessError(
                f"Slurm refused the jobs: {said}", remedy="Correct the options of `harness grid`."
            ) from None
        started = [Started(one, job.job_id, self._log(job.job_id)) for one, job in zip(waiting, jobs, strict=True)]
        known = read_json(self._written) if self._written.is_file() else {}
        write_json(self._written, known | {one.comparison.name: one.id for one in started})
        return started

    def over(self, started: Sequence[Started]) -> list[Started]:
        """The jobs that have ended: they were missing from Slurm's queue at this call and at the call before.

        A job counts as ended only at the second call, because files that another node wrote become visible late.
        """
        alive = _in_queue(started)
        missing = {one.id for one in started} - alive
        ended = [one for one in started if one.id in missing & self._missed]
        self._missed = missing
        return ended

    def stop(self, started: Sequence[Started]) -> str:
        arrays = sorted({one.id.split("_")[0] for one in started})
        return (
            f"job {' '.join(arrays)} continues in Slurm (`scancel {' '.join(arrays)}` ends it). `harness grid` finds "
            "this job again, and takes over the comparisons that are done by then."
        )

    def _log(self, job: str) -> Path:
        return self._root / FOLDER / "logs" / f"{job}_0_log.out"


@contextlib.contextmanager
def _errors_into(file: Path) -> Iterator[None]:
    """Send the standard error of processes that are started in the block to `file`.

    If a job is interrupted, submitit's supervisor prints a traceback, which would reach the user's terminal.
    """
    kept = os.dup(2)
    try:
        with open(file, "ab") as handle:
            os.dup2(handle.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def parameters(resources: Resources) -> dict:
    """The settings of submitit's Slurm executor, by name, for jobs with these resources."""
    chosen = {
        "job_name": "harness-grid",
        "time": 60 * resources.hours,
        "nodes": 1,
        "ntasks_per_node": 1,
        "cpus_per_task": resources.cpus,
        "mem": f"{resources.memory_gb}GB",
        "array_parallelism": resources.at_once,
        "stderr_to_stdout": True,
        # srun does not inherit this option from sbatch.
        "srun_args": [f"--cpus-per-task={resources.cpus}"],
        "additional_parameters": dict(resources.sbatch),
    }
    if resources.gpus:
        chosen["gpus_per_node"] = resources.gpus
    if resources.partition:
        chosen["partition"] = resources.partition
    return chosen


def batch_script(root: Path, resources: Resources, jobs: int) -> str:
    """The text of the script that `Slurm.start` would give to sbatch for `jobs` jobs. Slurm need not be installed."""
    import shlex
    import sys

    # submitit has no public function that makes a script without submitting it.
    from submitit.slurm.slurm import _make_sbatch_string

    folder = root / FOLDER / "logs"
    command = f"{shlex.quote(sys.executable)} -u -m submitit.core._submit {shlex.quote(str(folder))}"
    return _make_sbatch_string(command, folder, map_count=jobs if jobs > 1 else None, **parameters(resources))


def _in_queue(jobs: Sequence[Started]) -> set[str]:
    """The ids of those `jobs` that wait or run in Slurm. If Slurm does not answer, returns the ids of all `jobs`.

    Asks squeue, because a cluster without accounting has no sacct.
    """
    if not jobs:
        return set()
    arrays = ",".join(sorted({one.id.split("_")[0] for one in jobs}))
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    asked = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if asked.returncode != 0 and not re.search("invalid job id", asked.stderr, re.IGNORECASE):
        return {one.id for one in jobs}
    return set(asked.stdout.split())
