"""A comparison that is killed keeps the runs that were finished, and nothing of them stays once it has ended."""

import dataclasses
import json
import os
from pathlib import Path

import pytest
from tiny_folds import FAMILY, TASK, project, settings

from harness.artifacts import runs
from harness.errors import TrainingError
from harness.params.folds import Folds
from harness.params.tune import Tune
from harness.plugins import registry
from harness.stages import crossvalidate, finetune
from harness.system.files import sha256_tree
from harness.training.finetune import finished, loop

FOLDS = Folds(2, 2, 0.2)
DECLARED = dataclasses.replace(settings(FOLDS), tune=None)
TUNED = dataclasses.replace(DECLARED, tune=Tune(learning_rates=(1.0, 0.25), lengths=(1.0,), seeds=(9,)))


def trained(root: Path, given) -> None:
    finetune.run(root, registry.get(root, TASK), FAMILY, given)


def dealt(root: Path, given) -> None:
    crossvalidate.run(root, registry.get(root, TASK), FAMILY, given, FOLDS)


@pytest.mark.parametrize(
    ("stage", "given", "place", "count"),
    [(trained, TUNED, TASK, 12), (dealt, DECLARED, f"cross-validation/{TASK}", 8)],
)
def test_after_a_kill_only_what_is_missing_is_trained_and_the_bytes_are_the_same(
    stage, given, place, count, repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("HARNESS_WORKERS", "1")
    root = project(repository, tmp_path)
    once = project(repository, tmp_path / "once")
    stage(once, given)
    done = tmp_path / "done"
    really = loop.train

    def counted(*args, **kwargs):
        # Runs are carried out in processes of their own.
        with done.open("a") as file:
            file.write("x")
        if kwargs["name"].endswith(fails):
            os._exit(9)
        return really(*args, **kwargs)

    monkeypatch.setattr(loop, "train", counted)
    fails = "arm clinical, seed 2" if stage is trained else ("arm clinical, seed " + str(_seed(once)))
    with pytest.raises(TrainingError, match="exit code 9"):
        stage(root, given)
    before = len(done.read_text())
    assert before > 1
    fails = "no run"
    stage(root, given)
    # The one that failed is the only one that was begun twice.
    assert len(done.read_text()) == _begun(once, place) + 1 and _begun(once, place) <= count
    folder = runs.folder_of(root, place, FAMILY)
    assert sha256_tree(folder) == sha256_tree(runs.folder_of(once, place, FAMILY))
    assert not list((root / "artifacts" / finished.FOLDER).rglob("*.json*"))


def _seed(root: Path) -> int:
    made = json.loads((runs.folder_of(root, f"cross-validation/{TASK}", FAMILY) / "runs.json").read_text())
    return max(run["seed"] for run in made["runs"] if run["arm"] == "clinical")


def _begun(root: Path, place: str) -> int:
    folder = runs.folder_of(root, place, FAMILY)
    made = json.loads((folder / "runs.json").read_text())
    untuned = folder / "untuned" / "runs.json"
    if not untuned.exists():
        return len(made["runs"])
    other = {json.dumps(run, sort_keys=True) for run in json.loads(untuned.read_text())["runs"]}
    return len(made["tuning"]["trials"]) + len(other | {json.dumps(run, sort_keys=True) for run in made["runs"]})


@pytest.mark.parametrize("change", ["settings", "the declaration", "a stored answer"])
def test_what_was_finished_by_other_settings_or_is_torn_is_trained_again(change, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_WORKERS", "1")
    root = project(repository, tmp_path)
    really = loop.train

    def ends(*args, **kwargs):
        if kwargs["name"].endswith("arm clinical, seed 2"):
            os._exit(9)
        return really(*args, **kwargs)

    monkeypatch.setattr(loop, "train", ends)
    with pytest.raises(TrainingError):
        trained(root, DECLARED)
    monkeypatch.undo()
    given = DECLARED
    if change == "settings":
        given = dataclasses.replace(DECLARED, recipe=dataclasses.replace(DECLARED.recipe, learning_rate=1e-3))
    else:
        for answers in (root / "artifacts" / finished.FOLDER).rglob("*.jsonl"):
            answers.write_text(answers.read_text()[:-20])
    task = registry.get(root, TASK)
    if change == "the declaration":
        task = dataclasses.replace(task, labels=task.labels[::-1])
    once = project(repository, tmp_path / "once")
    for place in (root, once):
        finetune.run(place, task, FAMILY, given)
    assert sha256_tree(runs.folder_of(root, TASK, FAMILY)) == sha256_tree(runs.folder_of(once, TASK, FAMILY))
