"""The loop from the first job to the last, with an executor that a test drives by hand."""

import subprocess
from pathlib import Path

import pytest

from harness.errors import TrainingError
from harness.grid import executors, ledger, running
from harness.grid.comparisons import chosen
from harness.grid.executors import Resources, Slurm, Started

EVERY = chosen(["a", "b"], ["x", "y"], [])


class OneByOne:
    """Two jobs at a time; each round ends the one that was started last."""

    poll_seconds = 0

    def __init__(self, root: Path, before: int = 0):
        self.root, self.before, self.most, self.now, self.started = root, before, 0, 0, []

    def _job(self, comparison) -> Started:
        return Started(comparison, comparison.name, self.root / comparison.stage)

    def running(self, comparisons):
        self.now = self.before
        return [self._job(one) for one in comparisons[: self.before]]

    def start(self, waiting):
        new = [self._job(one) for one in waiting[: 2 - self.now]]
        self.started += [one.comparison for one in new]
        self.now += len(new)
        self.most = max(self.most, self.now)
        return new

    def over(self, started):
        self.now -= 1
        return started[-1:]

    def stop(self, started):
        return f"{len(started)} stopped"


@pytest.fixture
def recorded(monkeypatch):
    """What was entered in the lock; those of task b are refused."""
    entered = []

    def record(root, comparisons):
        refused = [one for one in comparisons if one.task == "b"]
        entered.extend(one for one in comparisons if one not in refused)
        return refused

    monkeypatch.setattr(ledger, "record", record)
    return entered


def test_each_is_entered_when_it_is_over_and_no_more_run_than_there_is_room_for(tmp_path, recorded):
    executor, said = OneByOne(tmp_path), []
    running.run(tmp_path, EVERY[:2], executor, said.append)
    assert executor.most == 2 and sorted(one.name for one in recorded) == ["a/x", "a/y"]
    assert said[-1] == "a/x: done (2 of 2)"


def test_the_failed_are_named_with_their_last_words_and_log_and_the_rest_is_kept(tmp_path, recorded):
    (tmp_path / "finetune@b-x").write_text("submitit INFO\nharness: Training diverged.\nLower the rate.\n")
    with pytest.raises(TrainingError) as caught:
        running.run(tmp_path, EVERY, OneByOne(tmp_path), lambda line: None)
    assert sorted(one.name for one in recorded) == ["a/x", "a/y"]
    assert caught.value.message.splitlines()[0] == "2 of 4 comparisons were not made:"
    assert "  b/x: Training diverged. Log: finetune@b-x" in caught.value.message
    assert "  b/y: the job printed nothing. Log: finetune@b-y" in caught.value.message


def test_jobs_of_an_earlier_grid_are_awaited_and_not_started_again(tmp_path, recorded):
    executor = OneByOne(tmp_path, before=1)
    running.run(tmp_path, EVERY[:2], executor, lambda line: None)
    assert executor.started == EVERY[1:2] and len(recorded) == 2


def test_an_interruption_says_what_becomes_of_the_jobs(tmp_path, recorded, monkeypatch):
    executor, said = OneByOne(tmp_path), []
    monkeypatch.setattr(executor, "over", lambda started: exec("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        running.run(tmp_path, EVERY, executor, said.append)
    assert said[-1] == "harness: interrupted; 2 stopped"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("harness: The loss is not a number.\n\nharness: the training of a/x ended with exit code 1.\n", "The loss is"),
        ("harness: the training of a/x was killed by signal 9.\n", "the training of a/x was killed by signal 9."),
        ("submitit INFO (2026-11-24) - Exiting after successful completion\n", "its inputs or its predictions have"),
        ("slurmstepd: error: Detected 1 oom_kill event\n\n", "slurmstepd: error: Detected 1 oom_kill"),
    ],
)
def test_the_last_words_are_the_cause(tmp_path, log, words):
    (tmp_path / "log").write_text(log)
    assert running.last_words(tmp_path / "log").startswith(words)


@pytest.fixture
def queue(monkeypatch):
    """What squeue answers."""
    answer = {}

    def run(command, **options):
        assert command[0] == "squeue"
        return subprocess.CompletedProcess(command, **answer)

    monkeypatch.setattr(executors.subprocess, "run", run)

    def says(stdout="", stderr="", returncode=0):
        answer.update(stdout=stdout, stderr=stderr, returncode=returncode)

    return says


def test_a_slurm_job_is_over_when_it_was_missed_twice(queue, tmp_path, monkeypatch):
    monkeypatch.setattr("submitit.SlurmExecutor.affinity", classmethod(lambda cls: 2))
    slurm = Slurm(tmp_path, Resources(2, 1, 0, 1, 1, None, {}))
    jobs = [Started(one, f"7_{number}", tmp_path) for number, one in enumerate(EVERY)]
    queue("7_0\n7_3\n")
    assert slurm.over(jobs) == []
    assert slurm.over(jobs) == jobs[1:3]
    queue(stderr="slurm_load_jobs error: Unable to contact slurm controller", returncode=1)
    assert slurm.over(jobs) == [] and slurm.over(jobs) == []
    queue(stderr="slurm_load_jobs error: Invalid job id specified", returncode=1)
    assert slurm.over(jobs) == [] and slurm.over(jobs) == jobs
