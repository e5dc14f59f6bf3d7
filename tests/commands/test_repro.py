"""`harness repro`: what is asked of DVC, in which order, and how it ends."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from harness.commands.repro import own
from harness.params import profiles

FAMILIES = ("nb_bert", "norbert3", "modernbert")
TASKS = ("medmcqa", "medmqp", "nor_deid", "aismec", "synergi")
DVC = """
import os, sys, time
asked = " ".join(sys.argv[1:])
with open("calls.txt", "a") as log:
    log.write(f"begins {asked}\\n")
if asked == "status -q":
    sys.exit(int(os.environ["STALE"]))
if os.environ.get("FAILS", "no stage") in asked:
    sys.exit("ERROR: failed to reproduce: disk full")
if "-s" in sys.argv:
    with open("pids.txt", "a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(float(os.environ.get("SLEEPS", "1")))
print("said by", asked.split()[-1], "\\x1b[2J")
with open("calls.txt", "a") as log:
    log.write(f"ends {asked}\\n")
"""


@pytest.fixture
def project(tmp_path, repository):
    (tmp_path / "params.yaml").write_text(profiles.text("embedded"), encoding="utf-8")
    (tmp_path / "dvc").mkdir()
    (tmp_path / "dvc" / "__init__.py").touch()
    (tmp_path / "dvc" / "__main__.py").write_text(DVC)
    return tmp_path


def call(project, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "harness", "repro"], cwd=project, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def beside(*stages):
    return f"--wait-for-lock repro -s {' '.join(stages)}"


def of(family):
    return beside(*own(TASKS, family))


SPLITS = [
    beside("validate@medmqp", "split@medmqp", "validate@aismec", "split@aismec"),
    beside("validate@nor_deid", "split@nor_deid", "validate@synergi", "split@synergi"),
]
TEXTS = [beside("corpus"), beside(*(f"linear@{task}" for task in TASKS))]
SCORES = [beside(*(f"score@{task}" for task in of_half)) for of_half in (TASKS[::2], TASKS[1::2])]
PAGES = [beside("report"), beside("track")]


def test_families_run_side_by_side_between_what_they_share(project):
    done = call(project)
    out, _ = done.communicate(timeout=60)
    assert done.returncode == 0 and "said by finetune@synergi-norbert3 \\x1b[2J\n" in out
    log = (project / "calls.txt").read_text().splitlines()
    assert log[:2] == ["begins repro split@medmcqa", "ends repro split@medmcqa"]
    at = 2
    for chains in (SPLITS, TEXTS, [*map(of, FAMILIES)], SCORES, PAGES):
        begun, ended = log[at : at + len(chains)], log[at + len(chains) : at + 2 * len(chains)]
        assert sorted(begun) == sorted(f"begins {one}" for one in chains), "all have begun before one ends"
        assert sorted(ended) == sorted(f"ends {one}" for one in chains)
        at += 2 * len(chains)
    assert log[at:] == ["begins repro", "ends repro"]


def test_the_page_waits_for_a_cross_validation(project):
    file = project / "params.yaml"
    file.write_text(file.read_text().replace("cross_validation: {tasks: []", "cross_validation: {tasks: [medmqp]"))
    done = call(project, SLEEPS="0")
    done.communicate(timeout=60)
    log = (project / "calls.txt").read_text().splitlines()
    assert done.returncode == 0 and log[-1] == "ends repro"
    assert {f"begins {one}" for one in SCORES} <= set(log) and not {f"begins {one}" for one in PAGES} & set(log)


@pytest.mark.parametrize("stale", [0, 1])
def test_where_all_is_there_dvc_is_asked_once(project, stale):
    (project / "artifacts").mkdir()
    done = call(project, STALE=str(stale))
    out, _ = done.communicate(timeout=60)
    assert done.returncode == 0 and (out == "Data and pipelines are up to date.\n") == (not stale)
    log = (project / "calls.txt").read_text().splitlines()
    assert log[0] == "begins status -q" and (log[-1] == "ends repro") == bool(stale) and (len(log) == 1) != bool(stale)


def test_a_family_that_fails_ends_the_run_with_its_message(project):
    done = call(project, FAILS="checkpoint@norbert3")
    out, _ = done.communicate(timeout=60)
    assert done.returncode == 1 and "disk full" in out
    log = (project / "calls.txt").read_text().splitlines()
    assert {line for line in log if line.startswith("ends")} == {
        "ends repro split@medmcqa", *(f"ends {one}" for one in SPLITS + TEXTS),
        f"ends {of('nb_bert')}", f"ends {of('modernbert')}",
    }  # fmt: skip
    assert "begins repro" not in log


def test_on_a_gpu_dvc_runs_alone(project):
    file = project / "params.yaml"
    file.write_text(
        file.read_text().replace("device: cpu", "device: cuda").replace("reproducible: portable", "reproducible: fast")
    )
    done = call(project)
    _, error = done.communicate(timeout=60)
    assert done.returncode == 0, error
    assert (project / "calls.txt").read_text().splitlines() == ["begins repro", "ends repro"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interruption_ends_what_was_started(project, number):
    running = call(project, SLEEPS="100")
    pids, deadline = project / "pids.txt", time.monotonic() + 30
    while not (pids.is_file() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(number)
    running.communicate(timeout=30)
    assert running.returncode == 128 + number
    for pid in map(int, pids.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_restricted_file_that_dvc_names_is_not_named(project):
    """The same with DVC itself: it fails at a link that leads nowhere."""
    shutil.rmtree(project / "dvc")
    (project / "data" / "notes").mkdir(parents=True)
    (project / "data" / "notes" / "Kari Nordmann.txt").symlink_to("/nowhere")
    stages = "stages: {split: {foreach: [medmcqa], do: {cmd: 'true', deps: [data/notes]}}}"
    (project / "dvc.yaml").write_text(stages, encoding="utf-8")
    (project / "data.dvc").write_text("outs:\n- path: data\nmeta:\n  restricted: [aismec, notes]\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=project, check=True)
    running = call(project)
    out, error = running.communicate(timeout=120)
    assert running.returncode == 1 and "ERROR: failed to reproduce" in out and "/data/notes/…\n" in out
    assert "Kari" not in out + error
