"""Runs side by side: order kept, one thread each, errors brought home, the number of workers invisible."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import running, written
from tiny_training import environment

from harness.errors import DataError, TrainingError
from harness.system.progress import LineProgress, Progress
from harness.training.common.pool import run_all, workers_for


def draw(job, report):
    import torch

    report(job)
    torch.manual_seed(job)
    assert torch.get_num_threads() == 1
    return job, float((torch.randn(64, 64) @ torch.randn(64, 64)).sum())


def fail(job, report):
    if job == 2:
        raise DataError("job 2 broke", remedy="mend job 2")
    return job


def die(job, report):
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_come_in_job_order_and_do_not_depend_on_the_number_of_workers(monkeypatch):
    results = []
    for workers in ("1", "2", "3"):
        monkeypatch.setenv("HARNESS_WORKERS", workers)
        results.append(run_all([5, 1, 4, 2], draw, device="cpu", progress=Progress()))
    assert [job for job, _ in results[0]] == [5, 1, 4, 2]
    assert results[0] == results[1] == results[2]


def test_workers_that_are_started_afresh_give_the_same(monkeypatch):
    """As on a GPU, or where the platform cannot fork."""
    forked = run_all([5, 1], draw, device="cpu", progress=Progress())
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    assert run_all([5, 1], draw, device="cpu", progress=Progress()) == forked


def test_progress_hears_of_every_run():
    class Heard(Progress):
        last = [0, 0, 0]  # noqa: RUF012

        def update(self, run: int, steps: int) -> None:
            self.last[run] = steps

    run_all([7, 8, 9], draw, device="cpu", progress=Heard())
    assert Heard.last == [7, 8, 9]


def test_the_first_error_comes_home_with_its_remedy():
    with pytest.raises(DataError, match="job 2 broke") as caught:
        run_all([1, 2, 3], fail, device="cpu", progress=Progress())
    assert caught.value.remedy == "mend job 2"


def test_a_killed_worker_is_an_error_with_a_remedy():
    with pytest.raises(TrainingError, match="killed from outside"):
        run_all([1], die, device="cpu", progress=Progress())


def leave(job, report):
    sys.exit(0)


def leave_at_once(job, report):
    os._exit(3)


def close(job, report):
    raise GeneratorExit("a library's own end")


def test_a_run_that_would_end_its_process_does_not_end_the_command_as_if_all_were_done():
    with pytest.raises(RuntimeError, match="SystemExit: 0"):
        run_all([1, 2], leave, device="cpu", progress=Progress())
    with pytest.raises(RuntimeError, match="GeneratorExit: a library's own end"):
        run_all([1, 2], close, device="cpu", progress=Progress())


def test_a_worker_that_ended_by_itself_is_not_called_killed():
    with pytest.raises(TrainingError, match="ended by itself with exit code 3, before its run was done") as caught:
        run_all([1], leave_at_once, device="cpu", progress=Progress())
    assert "memory" not in caught.value.message


def test_workers_never_exceed_jobs(monkeypatch):
    monkeypatch.setenv("HARNESS_WORKERS", "64")
    assert workers_for(3, "cpu") == 3


def test_lines_in_a_log_are_few_and_say_how_far(capsys):
    progress = LineProgress("finetune x", ["a", "b"], steps=100)
    for step in range(1, 101):
        progress.update(0, step)
        progress.update(1, step)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "finetune x: 100 % of 200 updates, 2 of 2 runs done"


# What ends a program with long runs, what it says then, and its exit code.
ENDINGS = {
    "exception": ("ValueError: a library broke", 1),
    "nan": ("harness: test: the loss is nan at update 20000.\nLower the learning rate.\n", 1),
    "full disk": ("harness: No space left while writing ", 1),
    "unpicklable": ("of a class that no other process knows", 1),
    "memory": ("harness: No memory is left.\nFree memory, lower the batch, or set HARNESS_WORKERS=1", 1),
    "killed worker": ("harness: A training process was killed from outside", 1),
    "SIGINT": ("harness: interrupted", 130),
    "SIGINT to the group": ("harness: interrupted", 130),
    "SIGTERM": ("harness: stopped by SIGTERM", 143),
    "SIGTERM to the group": ("harness: stopped by SIGTERM", 143),
    "SIGHUP": ("harness: stopped by SIGHUP", 129),
}


# Each signal once, and each way to send one; each way in which a job fails, and two errors that a user can cause.
KIN = ("SIGINT", "SIGTERM to the group", "nan", "memory")


@pytest.mark.parametrize(
    "cause", [pytest.param(cause, marks=[pytest.mark.extended] if cause in KIN else []) for cause in ENDINGS]
)
def test_whatever_ends_long_runs_is_said_within_seconds_and_leaves_no_process(cause, tmp_path):
    """Each run reports two million updates, so that nothing which waits for a reader can end."""
    process = started(cause, tmp_path)
    try:
        workers = [written(tmp_path / f"{run}.pid", process) for run in (0, 1)]
        (tmp_path / "go").touch()
        send(cause, process, workers)
        said, code = process.communicate(timeout=30)[1], process.returncode
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    message, expected = ENDINGS[cause]
    assert message in said and code == expected, (code, said[-2000:])
    assert not [worker for worker in workers if running(worker)]
    assert not list(tmp_path.glob(".*")) and not (tmp_path / "predictions").exists()


def test_runs_end_with_a_program_that_had_no_time_to_end_them(tmp_path):
    process = started("SIGKILL", tmp_path)
    workers = [written(tmp_path / f"{run}.pid", process) for run in (0, 1)]
    process.kill()
    process.wait()
    soon = time.monotonic() + 30
    while time.monotonic() < soon and any(map(running, workers)):
        time.sleep(0.05)
    assert not [worker for worker in workers if running(worker)]


def started(cause: str, folder: Path) -> subprocess.Popen:
    """In a session of its own, with two workers."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[2] / "long_runs.py"), cause, str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment() | {"HARNESS_WORKERS": "2"},
        # Below `nohup` it would be deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


def send(cause: str, process: subprocess.Popen, workers: list[int]) -> None:
    if cause == "killed worker":
        os.kill(workers[1], signal.SIGKILL)
    elif cause.startswith("SIG"):
        name, _, rest = cause.partition(" ")
        (os.killpg if rest else os.kill)(process.pid, signal.Signals[name])


STOPPED_AS_IT_BEGINS = """
import os, signal, sys
from harness.errors import TrainingError
from harness.system.parallel import made_ahead, ordered
from harness.system.progress import Progress
from harness.system.stopping import Stopped, heard
from harness.training.common.pool import run_all

forked = os.fork

def fork():
    process = forked()
    if process == 0:
        os.kill(os.getpid(), signal.SIGTERM)  # the very first moment of a worker
    return process

def double(job, report=None):
    return job

os.fork = fork
with heard(signal.SIGTERM):
    try:
        if sys.argv[1] == "pool":
            run_all([1, 2], double, device="cpu", progress=Progress())
        elif sys.argv[1] == "ordered":
            list(ordered(double, [1, 2], 2))
        else:
            assert list(made_ahead(double, [1, 2])) == [1, 2]
        print("all done")
    except Exception as error:
        print(type(error).__name__)
    except Stopped:
        print("stopped")
"""


@pytest.mark.parametrize(
    ("how", "said"), [("pool", "TrainingError"), ("ordered", "HarnessError"), ("ahead", "all done")]
)
def test_a_worker_that_is_stopped_as_it_begins_does_not_go_on_as_its_parent(how, said):
    """Forked, it still has its parent's handlers: it would tell of the end a second time, and clean up after both."""
    done = subprocess.run([sys.executable, "-c", STOPPED_AS_IT_BEGINS, how], capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:-1] == [said], done.stdout + done.stderr
