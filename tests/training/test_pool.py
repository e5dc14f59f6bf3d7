"""Runs side by side: order kept, one thread each, errors brought home, the number of workers invisible."""

import os
import signal

import pytest

from harness.errors import DataError, TrainingError
from harness.progress import LineProgress, Progress
from harness.training.pool import run_all, workers_for


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


def test_the_first_error_comes_home_with_its_remedy():
    with pytest.raises(DataError, match="job 2 broke") as caught:
        run_all([1, 2, 3], fail, device="cpu", progress=Progress())
    assert caught.value.remedy == "mend job 2"


def test_a_killed_worker_is_an_error_with_a_remedy():
    with pytest.raises(TrainingError, match="killed from outside"):
        run_all([1], die, device="cpu", progress=Progress())


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
