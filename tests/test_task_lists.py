"""What stages depend on of a task's file: what they read of it, and nothing else."""

import dataclasses
import shutil

import pytest

from harness import registry, task_lists
from harness.cli import main
from harness.task import Task

FIELDS = {field.name for field in dataclasses.fields(Task)}
LISTS = sorted(task_lists.UNREAD)


@pytest.fixture
def file(repository, tmp_path):
    return shutil.copy(repository / "tasks" / "medmqp.py", tmp_path / "medmqp.py")


def lists(path) -> dict[str, str]:
    return {name: task_lists.listing(path, name) for name in LISTS}


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


class Read(Task):
    """A task that notes which of its fields are read."""

    def __getattribute__(self, name):
        if name in FIELDS:
            READ.add(name)
        return object.__getattribute__(self, name)


READ: set[str] = set()


@pytest.mark.parametrize("task", ["medmqp", "aismec"])
@pytest.mark.parametrize("stage", ["validate", "split", "classic", "score", "finetune"])
def test_a_stage_reads_no_field_that_its_list_leaves_out(stage, task, made_once, tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(made_once, root, ignore=shutil.ignore_patterns(".git", "mlartifacts", "mlflow.db", ".dvc"))
    monkeypatch.chdir(root)
    get = registry.get

    def noted(*arguments):
        found = get(*arguments)
        return Read(**{name: getattr(found, name) for name in FIELDS})

    monkeypatch.setattr(registry, "get", noted)
    if stage == "finetune":  # in this process, where its reading is seen
        monkeypatch.setattr("harness.training.pool.run_all", lambda jobs, work, **_: [work(jobs[0], lambda _: None)])
        shutil.rmtree(root / "artifacts" / "predictions" / task)
    READ.clear()
    try:
        main([stage, task, *(["nb_bert"] if stage == "finetune" else ())])
    except ValueError:
        assert stage == "finetune", "one run is no comparison"
    assert READ and not READ & set(task_lists.UNREAD[task_lists.READS[stage]])
