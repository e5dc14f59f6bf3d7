"""`harness data fetch`: originals in place of generated data, everything else completed, pinned and frozen."""

import shutil
import subprocess
import sys

import pytest

from harness.errors import DataError
from harness.params import profiles, reading
from harness.stages import fetch
from harness.system.files import read_json, sha256


@pytest.fixture
def project(tmp_path, repository):
    shutil.copytree(repository / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    (tmp_path / "data.dvc").write_text("deps:\n- path: artifacts/generated\nouts:\n- path: data\n", encoding="utf-8")
    return tmp_path


def test_originals_are_put_in_place_pinned_and_frozen(project, mirror):
    settings = reading.parse(profiles.text("embedded")).everything()
    fetch.run(project, settings, ["medmqp"], mirror)
    source = read_json(project / "data" / "medmqp" / "source.json")
    assert source["kind"] == "public"
    placed = sha256(project / "data" / "medmqp" / "mqp.csv")
    assert placed == source["files"]["mqp.csv"] == sha256(mirror / "medmqp" / "mqp.csv")
    assert read_json(project / "data" / "aismec" / "source.json")["kind"] == "synthetic"
    pin = (project / "data.dvc").read_text(encoding="utf-8")
    assert "frozen: true" in pin and ".dir" in pin
    # On a fresh clone nothing has been generated yet, so the pin must not depend on it.
    assert "deps:" not in pin
    command = [sys.executable, "-m", "dvc", "repro", "data.dvc"]
    status = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert status.returncode == 0, status.stderr
    assert read_json(project / "data" / "medmqp" / "source.json") == source


def test_a_task_without_a_public_original_is_refused_before_anything_is_written(project, tmp_path):
    settings = reading.parse(profiles.text("embedded")).everything()
    with pytest.raises(DataError, match="aismec has no public original"):
        fetch.run(project, settings, ["aismec"], tmp_path)
    assert not (project / "data").exists()
