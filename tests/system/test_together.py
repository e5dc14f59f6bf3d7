"""What is replaced together: put back where it fails, and by whoever comes next where it was killed."""

import subprocess
import sys
import time

import pytest

from harness.errors import DiskError
from harness.system import files, together

TOGETHER = """
import sys, time
from pathlib import Path
from harness.system import together

folder = Path(sys.argv[1])
with together.together(folder, folder / "pin"):
    (folder / "held").touch()
    time.sleep(600)
"""


def test_two_that_write_one_file_do_not_undo_each_other(tmp_path):
    """As `dvc add`, which goes on where only the command that started it was killed: what it began is not settled."""
    files.write_text(tmp_path / "pin", "old")
    process = subprocess.Popen([sys.executable, "-c", TOGETHER, str(tmp_path)])
    soon = time.monotonic() + 30
    while not (tmp_path / "held").exists():
        assert time.monotonic() < soon and process.poll() is None
        time.sleep(0.02)
    with pytest.raises(DiskError, match="is still writing") as caught, together.together(tmp_path, tmp_path / "pin"):
        pass
    (journal,) = tmp_path.glob(".pin.*.undo.partial")
    assert f"`fuser {journal}`" in caught.value.remedy
    with together.together(tmp_path, tmp_path / "other"):  # another file is nobody else's business
        pass
    process.kill()
    process.wait()
    with together.together(tmp_path, tmp_path / "pin"):
        files.write_text(tmp_path / "pin", "new")
    assert not list(tmp_path.glob(".*")) and (tmp_path / "pin").read_text() == "new"


@pytest.mark.parametrize("empty", [True, False])
def test_folders_that_were_made_for_what_fails_go_with_it(empty, tmp_path):
    """But for one in which something lies by then."""
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "a" / "b" / "set"
    with pytest.raises(ValueError), together.together(tmp_path) as within, files.atomic_folder(target, within) as aside:
        files.write_text(aside / "a.txt", "a")
        if not empty:
            files.write_text(target.parent.parent / "mine.txt", "x")
        raise ValueError
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert found == ["there"] + ([] if empty else ["there/a", "there/a/mine.txt"])


def test_so_do_those_of_a_folder_alone(tmp_path):
    with pytest.raises(ValueError), files.atomic_folder(tmp_path / "a" / "b" / "set"):
        raise ValueError
    assert list(tmp_path.iterdir()) == []
    with files.atomic_folder(tmp_path / "a" / "b" / "set"):
        pass
    assert (tmp_path / "a" / "b" / "set").is_dir()
