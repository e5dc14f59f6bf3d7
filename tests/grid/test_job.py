"""A job: the training as a process of its own, a note only of what was made from unchanged inputs."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.grid import job
from harness.grid.comparisons import Comparison, is_made

ONE = Comparison("medmqp", "nb_bert")
PREDICTIONS = Path("artifacts/predictions/medmqp/nb_bert/runs.json")


@pytest.fixture
def training(project, monkeypatch):
    """Lets a test say in Python what `harness finetune` does; gives what was started, as (arguments, environment)."""
    started = []

    def becomes(program: str):
        def run(command, **options):
            started.append((command[2:], options["env"]))
            return subprocess.CompletedProcess(command, subprocess.call([sys.executable, "-c", program], cwd=project))

        monkeypatch.setattr(job.subprocess, "run", run)
        return started

    return becomes


WRITES = f"open({str(PREDICTIONS)!r}, 'w').write('new')"


def test_what_was_made_is_noted_and_not_made_twice(project, training):
    started = training(WRITES)
    assert job.carry_out(str(project), "medmqp", "nb_bert", {"HARNESS_WORKERS": "1"}) == 0
    arguments, environment = started[0]
    assert arguments == ["harness", "finetune", "medmqp", "nb_bert"] and environment["HARNESS_WORKERS"] == "1"
    assert is_made(project, ONE) and (project / PREDICTIONS).read_text() == "new"
    assert job.carry_out(str(project), "medmqp", "nb_bert", {}) == 0 and len(started) == 1


def test_a_training_that_failed_leaves_no_note_and_its_code(project, training, capfd):
    training("raise SystemExit(3)")
    assert job.carry_out(str(project), "medmqp", "nb_bert", {}) == 3
    assert not is_made(project, ONE) and "medmqp/nb_bert ended with exit code 3" in capfd.readouterr().err


def test_one_that_was_killed_says_by_what(project, training, capfd):
    training(f"import os; os.kill(os.getpid(), {signal.SIGKILL.value})")
    assert job.carry_out(str(project), "medmqp", "nb_bert", {}) == -9
    assert "was killed by signal 9" in capfd.readouterr().err


def test_inputs_that_change_meanwhile_are_not_vouched_for(project, training, capfd):
    training(f"{WRITES}; open('pipeline/finetune.txt', 'a').write('edited')")
    assert job.carry_out(str(project), "medmqp", "nb_bert", {}) == job.CHANGED
    assert not is_made(project, ONE) and "changed during its training" in capfd.readouterr().err


def test_a_second_job_for_the_same_comparison_waits_for_the_first(tmp_path):
    entered = []

    def enter():
        with job.alone(tmp_path, ONE):
            entered.append(True)

    with job.alone(tmp_path, ONE):
        second = threading.Thread(target=enter)
        second.start()
        second.join(timeout=0.3)
        assert not entered
    second.join(timeout=5)
    assert entered
