"""What stages depend on of a task's file: what they read of it, and nothing else."""

import ast
import os
import shutil
import subprocess
import sys

import pytest

from harness.pipeline import code, code_lists, task_lists
from harness.pipeline.code import PACKAGE

LISTS = sorted(task_lists.UNREAD)


@pytest.fixture
def file(repository, tmp_path):
    return shutil.copy(repository / "tasks" / "medmqp.py", tmp_path / "medmqp.py")


def lists(path, package=PACKAGE) -> dict[str, str]:
    source = code.Source(package)
    return {name: task_lists.listing(path, name, source) for name in LISTS}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('title="', 'title="Another: ', {"report"}),
        ('"group_accuracy")', '"group_accuracy", "mcc")', {"report", "score"}),
        ('("binary_f1", "accuracy",', '("accuracy", "binary_f1",', {"report", "score", "runs"}),
        ('version="1"', 'version="2"', {"report", "validate"}),
        ("groups=Groups(", "groups=Groups(near_duplicate=0.8, ", {"report", "validate", "split"}),
        ('TASK = Task(', '"""A remark."""\n\n# A comment.\nTASK = Task(', set()),
        ('name="medmqp"', 'name="another"', set(LISTS)),
    ],
)  # fmt: skip
def test_a_change_of_the_file_changes_the_lists_of_the_stages_that_read_it(file, old, new, changed):
    before, text = lists(file), file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = lists(file)
    assert {name for name in LISTS if before[name] != after[name]} == changed


@pytest.mark.parametrize("text", ["from somewhere import TASK\n", "TASK = make(title='a')\n", "TASK = Task(\n", "\0"])
def test_a_file_that_declares_its_task_in_another_way_counts_as_a_whole(tmp_path, text):
    path = tmp_path / "odd.py"
    path.write_text(text, encoding="utf-8")
    before = lists(path)
    path.write_text(text.replace("a", "b") + "x = 1\n", encoding="utf-8")
    assert all(before[name] != after for name, after in lists(path).items())


def test_a_run_depends_on_the_metric_that_leads_and_on_no_other(file, tmp_path):
    package = tmp_path / "harness"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    source = code.Source(package)
    before, stages = lists(file, package), {stage: code_lists.listing(stage, source) for stage in code_lists.stages()}
    assert "harness/metrics/rows.py" in before["runs"] and "spans.py" not in before["runs"]
    new = package / "metrics" / "another.py"
    text = "from harness.metrics.metric import Metric, share\n\n"
    new.write_text(text + 'mine = Metric("mine", "mine", ("rows",), lambda d: d.hits(), share)\n', encoding="utf-8")
    assert lists(file, package) == before
    source = code.Source(package)
    stale = {stage for stage, text in stages.items() if code_lists.listing(stage, source) != text}
    assert stale == {"score", "score_folds", "report", "track"} == set(code_lists.SCORING)
    led = file.read_text(encoding="utf-8").replace('metrics=("binary_f1"', 'metrics=("mine"')
    file.write_text(led, encoding="utf-8")
    assert "harness/metrics/another.py" in lists(file, package)["runs"]
    file.write_text(led.replace('("mine"', "(MINE"), encoding="utf-8")
    assert lists(file, package)["runs"].count("harness/metrics/") == 3


# In a process of its own: a stage sets up the process that it has to itself.
NOTING = """
import dataclasses, sys
from harness.plugins import registry
from harness.cli import main
from harness.task import Task

FIELDS, READ = {field.name for field in dataclasses.fields(Task)}, set()

class Noted(Task):
    def __getattribute__(self, name):
        if name in FIELDS:
            READ.add(name)
        return object.__getattribute__(self, name)

get = registry.get
registry.get = lambda *given: Noted(**{name: getattr(get(*given), name) for name in FIELDS})
for stage in sys.argv[1].split():
    for task in sys.argv[2].split():
        READ.clear()
        assert main([stage, task]) == 0
        print("READ", stage, task, *sorted(READ))
"""
STAGES, TASKS = ("validate", "split", "linear", "score"), ("medmqp", "aismec")


def test_a_stage_reads_no_field_that_its_list_leaves_out(made_once, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(made_once, root, ignore=shutil.ignore_patterns(".git", "mlartifacts", "mlflow.db", ".dvc"))
    done = subprocess.run(
        [sys.executable, "-c", NOTING, " ".join(STAGES), " ".join(TASKS)], cwd=root, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("READ ")]
    assert [(stage, task) for stage, task, *_ in read] == [(stage, task) for stage in STAGES for task in TASKS]
    for stage, task, *fields in read:
        left_out = set(task_lists.UNREAD[task_lists.READS[stage]])
        assert {"name", "labels"} & set(fields) and not left_out & set(fields), (stage, task)


@pytest.mark.parametrize("stage", ["finetune", "crossvalidate"])
def test_no_module_of_a_stage_that_trains_names_a_field_that_its_list_leaves_out(stage):
    """A task is called `task` everywhere, or `_task` of an object. The registry looks at all of a declaration."""
    found = set()
    for name in (name for name in code.code_files(f"harness.stages.{stage}") if name.endswith(".py")):
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            owner = getattr(node, "value", None)
            if (
                isinstance(node, ast.Attribute)
                and str(getattr(owner, "id", getattr(owner, "attr", ""))).strip("_") == "task"
            ):
                found.add((name, node.attr))
    assert ("statistics/task_metrics.py", "metrics") in found
    assert not {
        (name, field) for name, field in found if field in task_lists.UNREAD["runs"] and name != "plugins/registry.py"
    }
