"""A DVC that was killed while it wrote its list of readers and writers stops no later command."""

import fcntl
import subprocess
import sys

import pytest

from harness import dvc_lock


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
    dvc_lock.mend(root)
    assert added(root).returncode == 0


def test_a_whole_list_and_one_that_is_being_written_stay(root):
    path = root / ".dvc" / "tmp" / "rwlock"
    path.write_text("{}", encoding="utf-8")
    dvc_lock.mend(root)
    assert path.read_text(encoding="utf-8") == "{}"
    path.write_text("", encoding="utf-8")
    with open(path.with_name("rwlock.lock"), "ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        dvc_lock.mend(root)
        assert path.is_file()


def test_where_dvc_has_not_been_there_is_nothing_to_mend(tmp_path):
    dvc_lock.mend(tmp_path)
    assert list(tmp_path.iterdir()) == []
