"""The commands of README, CONTRIBUTING and docs/, run in the order of their page in a finished repository."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import FENCE, PAGES, ids

from harness.testing.repository import FAMILY, TASKS

# The comparisons that pages name are those of the default run; the finished repository has others.
NAMED = {"medmqp/nb_bert": f"{TASKS[0]}/{FAMILY}", "nor_deid/nb_bert": f"{TASKS[1]}/{FAMILY}", "nb_bert": FAMILY}
# What is not run here, by the beginning of the command, and the test that runs it or the reason.
ELSEWHERE = {
    "make": "sets up an environment",
    "git checkout data.dvc": "data.dvc is committed here as it is",
    "python benchmarks/": "tests/test_recompute.py; the others take minutes",
    "benchmarks/gpu.sh": "needs a GPU",
    "dvc repro": "tests/test_end_to_end.py",
    "HF_HUB_OFFLINE=0": "needs the network",
    "harness repro": "tests/commands/test_repro.py",
    "harness reproduce": "tests/test_end_to_end.py: the predictions here are random",
    "harness grid --partition": "needs Slurm; tests/grid/test_slurm.py",
    "harness grid": "tests/test_end_to_end.py",
    "harness new-task": "tests/plugins/test_walkthrough.py and test_packages.py",
    "harness check triage": "tests/plugins/test_walkthrough.py",
    "harness data use": "tests/plugins/test_walkthrough.py and tests/privacy/test_restricted.py",
    "harness data fetch": "tests/stages/test_fetch.py",
    "harness translate": "tests/commands/test_translate.py",
    "harness checkpoint elsewhere": "tests/encoders/test_other_checkpoints.py",
    "harness pretrain": "tests/stages/test_pretrain.py",
    "harness ui": "tests/tracking/test_serve.py",
    "harness rehearse": "tests/grid/rehearsal/test_rehearsing.py",
    "harness export": "tests/privacy/test_restricted.py: nothing is restricted here",
}  # fmt: skip
HERE = ("harness grid --dry-run", "harness rehearse --check")


def lines(page: Path) -> list[str]:
    """The commands of a page, in its order."""
    blocks = "\n".join(FENCE.findall(page.read_text(encoding="utf-8")))
    found = (line.partition("#")[0].strip() for line in blocks.splitlines())
    starts = ("harness ", "dvc ", "make ", "python ", "git ", "benchmarks/gpu.sh ", "HF_HUB_OFFLINE=0 ")
    return [line for line in found if line.startswith(starts)]


def run_here(command: str) -> bool:
    return command in HERE or not command.startswith(tuple(ELSEWHERE))


def test_what_is_not_run_here_is_on_a_page_and_its_test_is_there(repository):
    on_pages = [line for page in PAGES for line in lines(page)]
    for start, where in ELSEWHERE.items():
        assert any(line.startswith(start) for line in on_pages), start
        for file in (word.rstrip(":;,") for word in where.split() if word.startswith("tests/")):
            assert (repository / file).is_file(), file
    assert set(HERE) <= set(on_pages)


@pytest.mark.extended  # each is also run by the tests of its subject
@pytest.mark.parametrize("page", [p for p in PAGES if any(map(run_here, lines(p)))], ids=ids)
def test_they_end_well(page, made_once, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(made_once, root, symlinks=True)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    for line in filter(run_here, lines(page)):
        words = [NAMED.get(word, word) for word in shlex.split(line)]
        done = subprocess.run([sys.executable, "-m", *words], cwd=root, env=environment, text=True, capture_output=True)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
