"""A run that declares less than one before it: what it leaves out is no finding, and nothing of it is lost."""

import shutil

import pytest
from audit.asking import audit, findings

from harness.cli import main
from harness.pipeline.declared import read_yaml
from harness.system import files
from harness.testing import repository as finished


@pytest.fixture(scope="module")
def smaller(made_once, tmp_path_factory):
    """Of two tasks one is left, and of two seeds one."""
    root = shutil.copytree(made_once, tmp_path_factory.mktemp("finished") / "root", symlinks=True)
    finished.again(root, tasks=["aismec"], seeds=[1])
    return root


@pytest.fixture
def root(smaller, copied):
    return copied(smaller)


def test_a_smaller_run_passes_its_audit_and_is_told_what_was_not_followed(root, capsys, walked_once):
    left = {name for name in read_yaml(root / "dvc.lock")["stages"] if "medmqp" in name}
    assert {"validate@medmqp", "split@medmqp", "finetune@medmqp-norbert3", "score@medmqp"} <= left
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0
    followed = [check["name"] for check in checks if "medmqp" in check["name"] and check["subject"] != "MLflow"]
    assert followed == ["reports/splits/medmqp.json (its task is not in this run) as it was split"]
    main(["audit"])
    said = capsys.readouterr().out
    assert f"{len(left)} stages in dvc.lock that params.yaml does not declare" in said and "split@medmqp" in said


def test_its_frozen_splits_survive_and_nothing_else_of_what_it_leaves_out(root):
    assert (root / "reports" / "splits" / "medmqp.json").is_file()
    left = [path for path in (root / "reports").rglob("*medmqp*") if path.parent.name != "splits"]
    assert left == []
    for name in ("results.csv", "comparison.csv", "provenance.json", "README.md", "metrics.json"):
        assert "medmqp" not in (root / "reports" / name).read_text(encoding="utf-8"), name


def test_a_split_that_waits_for_its_task_is_held_against_the_stage_that_wrote_it(root, capsys):
    path = root / "reports" / "splits" / "medmqp.json"
    manifest = files.read_json(path)
    manifest["splits"][min(manifest["splits"])] = "test"
    files.write_json(path, manifest)
    code, checks = audit(capsys)
    (found,) = [check for check in findings(checks) if "reports/splits/medmqp.json" in check["name"]]
    assert code == 1 and found["remedy"] == "`git checkout -- reports/splits/medmqp.json`"


def test_what_it_leaves_out_may_not_stand_in_mlflow_as_current(root, capsys):
    from audit import tampering

    statement = (
        "DELETE FROM tags WHERE key = 'superseded' AND run_uuid IN (SELECT run_uuid FROM tags WHERE value = 'medmqp')"
    )
    tampering.stored(statement)(root)
    _, checks = audit(capsys)
    wrong = [check for check in findings(checks) if "medmqp" in check["name"] and check["found"] == "shown as current"]
    assert len(wrong) == 5 and {check["remedy"] for check in wrong} == {"`harness track`"}


def test_a_store_that_mirrors_earlier_results_is_told_once_each_and_filled_by_the_command_that_is_named(
    root, made_once, capsys
):
    """As where an older commit was checked out with its outputs: nothing was run, so nothing was tracked."""
    for name in ("mlflow.db", "mlartifacts"):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        copied = shutil.copytree if (made_once / name).is_dir() else shutil.copy
        copied(made_once / name, path)
    code, checks = audit(capsys)
    found = findings(checks)
    of_comparison = [check for check in found if check["subject"] == "aismec/norbert3"]
    assert code == 1 and len(of_comparison) == 1 and "fingerprint of the results" in of_comparison[0]["name"]
    assert {check["remedy"] for check in found} == {"`harness track`"}
    assert main(["track"]) == 0
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0


def test_a_pre_training_of_an_earlier_checkpoint_is_replaced_by_the_command_that_is_named(root, capsys):
    from audit import tampering

    tampering.stored(
        "UPDATE tags SET value = 'x' WHERE key = 'fingerprint' AND run_uuid IN (SELECT run_uuid FROM tags WHERE "
        "key = 'arm' AND value = 'clinical' INTERSECT SELECT run_uuid FROM tags WHERE key = 'level' AND value = "
        "'pre-training')"
    )(root)
    _, checks = audit(capsys)
    (found,) = [check for check in findings(checks) if check["subject"] == "checkpoints/norbert3"]
    assert "tags: fingerprint" in found["name"] and found["remedy"] == "`harness track`"
    assert main(["track"]) == 0
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0


@pytest.mark.extended
def test_the_larger_run_passes_again(root, capsys):
    finished.again(root, tasks=list(finished.TASKS), seeds=finished.SEEDS)
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0
    finished.again(root, tasks=["medmqp"], seeds=[2])
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0
