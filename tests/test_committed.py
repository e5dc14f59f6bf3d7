"""The committed lock, pin and reports belong to the committed code and parameters.

Nothing is run here: the hashes that `dvc.lock` recorded are compared with the files as they are, and each
stage's inputs with the outputs of the stage before it. When one of these fails, run `dvc repro` and commit
`dvc.lock`, `data.dvc` and `reports/`.
"""

import subprocess
from pathlib import Path

import pytest

from harness.pipeline.declared import read_yaml, stages, value_at
from harness.pipeline.hashes import Hashes

ROOT = Path(__file__).resolve().parent.parent
LOCK = read_yaml(ROOT / "dvc.lock")["stages"] if (ROOT / "dvc.lock").is_file() else {}
HASHES = Hashes()


def tracked(folder: str) -> list[str]:
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in listed if (ROOT / path).is_file())


def in_git(path: str) -> bool:
    return path.split("/")[0] in ("harness", "tasks", "reports")


def test_the_lock_holds_exactly_the_stages_of_the_pipeline():
    assert set(LOCK) == set(stages(ROOT, read_yaml(ROOT / "params.yaml")))


@pytest.mark.parametrize("name", sorted(LOCK))
def test_code_and_reports_are_those_the_lock_was_made_with(name):
    for kind in ("deps", "outs"):
        for entry in LOCK[name].get(kind, []):
            path = entry["path"]
            if not in_git(path) or path == "reports/splits":
                continue
            now = HASHES.dvc(ROOT / path)
            assert now and now["md5"] == entry["md5"], (
                f"{path} is not what stage {name} was run with: run `dvc repro` and commit"
            )


@pytest.mark.parametrize("name", sorted(LOCK))
def test_parameters_are_those_the_lock_was_made_with(name):
    params = read_yaml(ROOT / "params.yaml")
    for path, recorded in LOCK[name].get("params", {}).get("params.yaml", {}).items():
        assert value_at(params, path) == recorded, (
            f"{path} changed since stage {name} was run: run `dvc repro` and commit"
        )


def test_each_stage_was_run_on_what_the_stage_before_it_wrote():
    pin = read_yaml(ROOT / "data.dvc")
    made = {out["path"]: out["md5"] for stage in LOCK.values() for out in stage.get("outs", [])}
    assert pin["deps"][0]["md5"] == made["artifacts/generated"] == pin["outs"][0]["md5"]
    for name, stage in LOCK.items():
        for dep in stage.get("deps", []):
            if dep["path"] in made:
                assert dep["md5"] == made[dep["path"]], f"stage {name} read another {dep['path']}"


def test_every_file_in_reports_is_an_output_of_the_pipeline():
    outs = {out["path"] for stage in LOCK.values() for out in stage.get("outs", [])}
    for path in tracked("reports"):
        assert path in outs or str(Path(path).parent) in outs, f"{path} is a leftover: no stage writes it"
