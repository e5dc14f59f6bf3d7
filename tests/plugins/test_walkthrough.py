"""docs/add-a-task.md: every command of it tried, in order, with the declaration changed as it says."""

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness.heads import HEADS
from harness.plugins import examples
from harness.system.files import read_json
from harness.testing.parameters import changing


def blocks(repository, language):
    page = (repository / "docs" / "add-a-task.md").read_text(encoding="utf-8")
    section = page.split("## Take a task from an installed package")[0]
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return [text for kind, text in fenced if kind == language]


@pytest.fixture
def project(tmp_path, repository):
    for name in ("params.yaml", "dvc.yaml", "data.dvc"):
        shutil.copy(repository / name, tmp_path / name)
    shutil.copytree(repository / "pipeline", tmp_path / "pipeline")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "harness").symlink_to(repository / "harness")
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    (tmp_path / "data" / "corpus" / "general.jsonl").write_text("{}\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    with (tmp_path / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(row["text"], "rød" if row["label"] == "yes" else "grønn") for row in examples.rows(HEADS["sequence"])]
        csv.writer(file, delimiter=";").writerows([("tekst", "hastegrad"), *rows])
    return tmp_path


def declared_as_shown(project, snippet):
    """The file with each line of the page in place of what the template has for it."""
    path = project / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    shown = snippet.splitlines()
    labels, reader, positive = (
        next(line for line in shown if line.startswith(start)) for start in ("LABELS", "    reader=", "    positive=")
    )
    text = re.sub(r"^LABELS = .*$", labels, text, flags=re.MULTILINE)
    text = re.sub(r"^    reader=.*?^    \),$", reader, text, flags=re.MULTILINE | re.DOTALL)
    path.write_text(re.sub(r"^    positive=.*$", positive, text, flags=re.MULTILINE), encoding="utf-8")


def add_parameters(project, printed):
    added = YAML(typ="safe").load(printed[printed.index("run:\n") :])
    with changing(project) as values:
        values["run"].update(added["run"])
        values["tasks"].update(added["tasks"])


def test_from_a_new_task_to_splits_of_ones_own_data(project, repository):
    (snippet,) = blocks(repository, "python")
    commands = [line for block in blocks(repository, "") for line in block.splitlines()]
    assert [shlex.split(line)[1] for line in commands] == ["new-task", "check", "data", "check", "repro"]

    # DVC starts `harness` by its name, from the environment that the tests run in.
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(repository)}

    def run(*command):
        result = subprocess.run(
            [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    for line in commands[:-1]:
        if line.startswith("harness data use"):
            declared_as_shown(project, snippet)
        said = run(*shlex.split(line))
        if line.startswith("harness new-task"):
            add_parameters(project, said)
    # The whole of `dvc repro` is tried elsewhere; here, that the pipeline knows the new task's stages.
    run("dvc", "repro", "--single-item", "validate@triage", "split@triage")
    card = read_json(project / "artifacts" / "validated" / "triage" / "card.json")
    assert (card["rows"], card["kind"], card["labels"]) == (24, "restricted", {"grønn": 12, "rød": 12})
    assert len(read_json(project / "reports" / "splits" / "triage.json")["splits"]) == 24
    assert "frozen: true" in (project / "data.dvc").read_text(encoding="utf-8")
