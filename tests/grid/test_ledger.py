"""What DVC says is turned into what the grid does."""

import subprocess
import sys

import pytest

from harness.errors import HarnessError, MissingInputError
from harness.grid import ledger
from harness.grid.comparisons import chosen

ALL = chosen(["a", "b"], ["x"], [])


@pytest.fixture
def status(monkeypatch):
    def says(*stale: str) -> None:
        monkeypatch.setattr(ledger, "_status", lambda root, names: {name: [] for name in stale})

    return says


def test_what_dvc_calls_stale_is_to_be_made(status, tmp_path):
    status("finetune@b-x")
    assert ledger.stale(tmp_path, ALL) == ALL[1:]


def test_anything_stale_before_them_stops_the_grid_with_the_command(status, tmp_path):
    status("finetune@b-x", "split@b", "pretrain@x", "corpus", "data.dvc")
    with pytest.raises(MissingInputError) as caught:
        ledger.stale(tmp_path, ALL)
    assert "corpus, data.dvc, pretrain@x and 1 more" in caught.value.message
    assert "`dvc repro split pretrain`" in caught.value.remedy


def test_the_generator_does_not_matter_to_a_site_with_its_own_data(status, tmp_path):
    status("generate")
    with pytest.raises(MissingInputError):
        ledger.stale(tmp_path, ALL)
    (tmp_path / "data.dvc").write_text("frozen: true\nouts:\n- path: data\n")
    assert ledger.stale(tmp_path, ALL) == []


def test_only_what_a_job_vouches_for_is_entered(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(ledger, "_dvc", lambda root, *arguments: said.append(arguments) or "")
    monkeypatch.setattr(ledger, "is_made", lambda root, one: one.task == "a")
    monkeypatch.setattr(ledger, "is_locked", lambda root, one: True)
    assert ledger.record(tmp_path, ALL) == ALL[1:]
    assert said == [("--wait-for-lock", "commit", "--force", "--quiet", "finetune@a-x")]


def test_what_dvc_recorded_otherwise_is_taken_back(tmp_path, monkeypatch):
    """An input was edited between the note and the commit: the lock would call predictions up to date that are not."""
    lock = tmp_path / "dvc.lock"
    lock.write_text("before")
    monkeypatch.setattr(ledger, "_dvc", lambda root, *arguments: lock.write_text("after"))
    monkeypatch.setattr(ledger, "is_made", lambda root, one: True)
    monkeypatch.setattr(ledger, "is_locked", lambda root, one: one.task == "b")
    assert ledger.record(tmp_path, ALL) == ALL and lock.read_text() == "before"
    lock.unlink()
    assert ledger.record(tmp_path, ALL) == ALL and not lock.exists()
    assert ledger.record(tmp_path, ALL[1:]) == [] and lock.read_text() == "after"


def test_a_failure_of_dvc_is_told_in_its_own_words(tmp_path):
    with pytest.raises(HarnessError, match="dvc status failed: ERROR: you are not inside of a DVC repository"):
        ledger._status(tmp_path, ["finetune@a-x"])


def test_what_dvc_says_of_a_restricted_file_ends_before_its_name(tmp_path):
    """DVC names the file that it fails at, which may be called by a patient's name."""
    folder = tmp_path / "data" / "notes"
    folder.mkdir(parents=True)
    (folder / "Kari O'Hara.txt").symlink_to("/nowhere")
    (tmp_path / "dvc.yaml").write_text("stages: {notes: {cmd: 'true', deps: [data/notes]}}", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    with pytest.raises(HarnessError, match="Kari O'Hara"):
        ledger._status(tmp_path, ["notes"])
    (tmp_path / "data.dvc").write_text("outs: []\nmeta:\n  restricted: [calls, notes]\n", encoding="utf-8")
    with pytest.raises(HarnessError) as caught:
        ledger._status(tmp_path, ["notes"])
    assert caught.value.message.startswith("dvc status failed: ERROR: ")
    assert caught.value.message.endswith("/data/notes/…")
