"""A DVC that was killed while it wrote its list of readers and writers stops no later command, and what it was about
to put in its place does not stay."""

import fcntl
import json
import subprocess
import sys

import pytest

from harness.pipeline import dvc_lock


@pytest.fixture
def root(tmp_path):
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.txt").write_text("a", encoding="utf-8")
    assert added(tmp_path).returncode == 0
    return tmp_path


def added(root):
    return subprocess.run([sys.executable, "-m", "dvc", "add", "data"], cwd=root, capture_output=True, text=True)


@pytest.mark.parametrize("torn", ["", '{"data": {"wri'])
def test_a_torn_list_is_removed_and_dvc_works_again(root, torn):
    path = root / ".dvc" / "tmp" / "rwlock"
    path.write_text(torn, encoding="utf-8")
    assert "JSON structure is corrupted" in added(root).stderr
    dvc_lock.repair(root)
    assert added(root).returncode == 0


def test_a_whole_list_and_one_that_is_being_written_stay(root):
    path = root / ".dvc" / "tmp" / "rwlock"
    path.write_text("{}", encoding="utf-8")
    dvc_lock.repair(root)
    assert path.read_text(encoding="utf-8") == "{}"
    path.write_text("", encoding="utf-8")
    with open(path.with_name("rwlock.lock"), "ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        dvc_lock.repair(root)
        assert path.is_file()


def test_where_dvc_has_not_been_there_is_nothing_to_mend(tmp_path):
    dvc_lock.repair(tmp_path)
    assert list(tmp_path.iterdir()) == []


COPIES = ("data/.o43-QQ2gqCoMGPmyROexiw.tmp", "artifacts/scores/a.json.WDlpJkgSDcaZobhuNAdRIw.tmp",
          ".dvc/cache/files/md5/1e/703fcf0bcf1ba35eeea7bd27b48797.dir.uIduNHthtDYw6jRbLUgQtA.tmp")  # fmt: skip


def copies(root):
    for name in COPIES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a", encoding="utf-8")
    (root / "data" / ".mine.tmp").write_text("a", encoding="utf-8")


def experiment(root, where):
    noted = root / ".dvc" / "tmp" / "exps" / "run" / "abc" / "abc.run"
    noted.parent.mkdir(parents=True)
    noted.write_text(json.dumps({"location": where, "status": 1}), encoding="utf-8")


def test_copies_that_a_killed_dvc_was_about_to_put_in_place_go(root):
    copies(root)
    experiment(root, "workspace")  # which `dvc exp save` leaves
    dvc_lock.repair(root)
    assert [name for name in COPIES if (root / name).exists()] == [] and (root / "data" / ".mine.tmp").is_file()
    assert added(root).returncode == 0


@pytest.mark.parametrize("at_work", ["locked", "linked", "elsewhere"])
def test_copies_of_a_dvc_that_is_at_work_stay(at_work, root):
    copies(root)
    lock = root / ".dvc" / "tmp" / "lock"
    if at_work == "linked":
        (root / ".dvc" / "tmp" / "claim").hardlink_to(lock)
    if at_work == "elsewhere":
        experiment(root, "dvc-task")
    with open(lock, "r+") as held:
        if at_work == "locked":
            fcntl.flock(held, fcntl.LOCK_EX)
        dvc_lock.repair(root)
    assert all((root / name).is_file() for name in COPIES)
