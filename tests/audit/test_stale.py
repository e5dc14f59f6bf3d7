"""Scores and a report that somebody makes by hand of stale results: said, and why, and not under `dvc repro`."""

from pathlib import Path

import pytest

from harness import cli
from harness.audit import stale
from harness.params.reading import load
from harness.plugins import registry
from harness.system import files
from harness.testing import repository as finished
from harness.testing.parameters import changing

TASK, FAMILY = "medmqp", finished.FAMILY
NAME = f"{TASK}/{FAMILY}"


def warning(root: Path, capsys, *, scored: bool = True) -> str:
    params = load(root / "params.yaml")
    tasks = registry.chosen(root, finished.TASKS)
    capsys.readouterr()
    stale.warn(root, params, tasks, [FAMILY], scored=scored)
    return capsys.readouterr().err


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_checkpoint(root: Path) -> None:
    folder = root / "artifacts" / "checkpoints" / FAMILY / "clinical"
    (folder / "model.safetensors").write_bytes(b"other weights")


def edit_prediction(root: Path) -> None:
    path = root / "artifacts" / "predictions" / NAME / "clinical-seed1.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")


def edit_split(root: Path) -> None:
    path = root / "reports" / "splits" / f"{TASK}.json"
    content = files.read_json(path)
    files.write_json(path, content | {"note": "edited"})


def edit_records(root: Path) -> None:
    path = root / "artifacts" / "validated" / TASK / "records.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")


def edit_data(root: Path) -> None:
    path = root / "data" / TASK / "source.json"
    source = files.read_json(path)
    files.write_json(path, source | {"files": dict.fromkeys(source["files"], "0" * 64)})


def edit_recipe(root: Path) -> None:
    with changing(root) as params:
        params["tasks"][TASK]["steps"] += 1


def edit_seeds(root: Path) -> None:
    with changing(root) as params:
        params["run"]["seeds"] = [1, 2, 3]


def edit_code(root: Path) -> None:
    path = root / "harness" / "training" / "finetune" / "loop.py"
    path.write_bytes(path.read_bytes() + b"EDITED = 1\n")


def edit_scores(root: Path) -> None:
    path = root / "artifacts" / "scores" / TASK / f"{FAMILY}.json"
    scores = files.read_json(path)
    scores["inputs"]["predictions"] = dict.fromkeys(scores["inputs"]["predictions"], "0" * 64)
    files.write_json(path, scores)


EDITS = {
    edit_checkpoint: "the checkpoint of arm clinical is not the one that was fine-tuned",
    edit_prediction: "the file with the predictions of arm clinical, seed 1 has changed or is missing",
    edit_split: "its predictions were made with a different split",
    edit_records: "its predictions were made from different records",
    edit_data: "the files in data/ are not those that were validated",
    edit_recipe: "its predictions were made with a different recipe",
    edit_seeds: "there are no predictions of arm baseline, seed 3",
    edit_code: "the code that made its predictions has changed (pipeline/finetune.txt)",
    edit_scores: "its scores were computed from different predictions",
}


def test_nothing_is_said_of_a_run_as_the_pipeline_leaves_it(root, capsys):
    assert warning(root, capsys) == "" and warning(root, capsys, scored=False) == ""


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_what_is_stale_is_named_with_its_reason(edit, root, capsys):
    edit(root)
    told = warning(root, capsys)
    assert told.startswith("harness: warning: the report is made of results that are stale:\n")
    assert f"  {NAME}: {EDITS[edit]}" in told.splitlines() and "`dvc repro`" in told


def test_the_warning_stands_before_a_report_that_is_written_all_the_same(root, capsys):
    edit_checkpoint(root)
    before = (root / "reports" / "README.md").read_bytes()
    for command in (["report"], ["score", TASK, FAMILY]):
        assert cli.main(command) == 0
        assert capsys.readouterr().err.count(f"{NAME}: the checkpoint of arm clinical") == 1
    assert (root / "reports" / "README.md").read_bytes() == before
