"""What a comparison is made of, and the note that says so: as exact as DVC's own lock."""

import subprocess
import sys

import pytest

from harness.errors import ConfigError
from harness.grid import comparisons
from harness.grid.comparisons import Comparison, chosen, inputs, is_locked, is_made, write_note
from harness.pipeline.declared import read_yaml

ONE = Comparison("medmqp", "nb_bert")


def test_every_task_meets_every_family_in_the_order_of_the_parameters():
    names = [one.name for one in chosen(["b", "a"], ["y", "x"], [])]
    assert names == ["b/y", "b/x", "a/y", "a/x"]
    assert [one.stage for one in chosen(["b", "a"], ["y", "x"], ["a/y"])] == ["finetune@a-y"]


def test_a_name_that_is_none_of_them_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no comparison 'medmpq/nb_bert'\. Did you mean 'medmqp/nb_bert'"):
        chosen(["medmqp"], ["nb_bert", "norbert3"], ["medmpq/nb_bert"])


def test_a_note_holds_as_long_as_nothing_that_it_names_changes(project):
    assert not is_made(project, ONE)
    write_note(project, ONE, inputs(project, ONE))
    assert is_made(project, ONE)


@pytest.mark.parametrize(
    "file",
    [
        "artifacts/validated/medmqp/records.jsonl", "reports/splits/medmqp.json", "pipeline/tasks/medmqp/runs.txt",
        "artifacts/checkpoints/nb_bert/clinical/config.json", "pipeline/finetune.txt",
        "artifacts/predictions/medmqp/nb_bert/runs.json",
    ],
)  # fmt: skip
def test_a_changed_or_missing_file_ends_it(project, file):
    write_note(project, ONE, inputs(project, ONE))
    path = project / file
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    assert not is_made(project, ONE)
    path.write_bytes(before)
    assert is_made(project, ONE)
    path.unlink()
    assert not is_made(project, ONE)


def test_a_parameter_of_the_stage_ends_it_and_another_does_not(project):
    write_note(project, ONE, inputs(project, ONE))
    text = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(text.replace("generate:\n  seed: 2026", "generate:\n  seed: 1"))
    assert is_made(project, ONE)
    (project / "params.yaml").write_text(text.replace("seeds: [1, 2, 3, 4, 5]", "seeds: [1, 2]"))
    assert not is_made(project, ONE)


def test_a_note_says_what_dvc_writes_into_its_lock(project):
    """Hashed by DVC itself, so that neither the templates nor the folders' hashes can drift apart."""
    write_note(project, ONE, inputs(project, ONE))
    for command in (["init", "--no-scm", "--quiet"], ["commit", "--force", "--quiet", ONE.stage]):
        subprocess.run([sys.executable, "-m", "dvc", *command], cwd=project, check=True, capture_output=True)
    assert is_locked(project, ONE)
    lock = project / "dvc.lock"
    assert list(read_yaml(lock)["stages"]) == [ONE.stage]
    lock.write_text(lock.read_text().replace("harness finetune medmqp nb_bert", "harness finetune medmqp norbert3"))
    assert not is_locked(project, ONE)


def test_notes_and_locks_lie_below_the_outputs_that_git_ignores(project):
    assert comparisons.note_file(project, ONE).relative_to(project).parts[:2] == ("artifacts", "grid")
