"""Scratch copies: gone with their process, kept with it, and never half in the place of their target."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from disks import mounted

from harness.errors import DiskError
from harness.system import files, scratch

HOLDING = """
import sys, time
from pathlib import Path
from harness.system import files, scratch

folder = Path(sys.argv[1])
with files.atomic_folder(folder / "set") as aside, scratch.held(scratch.scratch_of(folder / "file.json")) as handle:
    files.write_text(aside / "half.txt", "half")
    handle.write(b"half")
    handle.flush()
    (folder / "held").touch()
    time.sleep(600)
"""
REPLACING = """
import itertools, sys
from pathlib import Path
from harness.system import files, swapping

if sys.argv[2] == "no exchange":
    swapping._exchanged = lambda one, other: False
target = Path(sys.argv[1]) / "set"
for n in itertools.count():
    with files.atomic_folder(target) as aside:
        for i in range(40):
            (aside / f"{i}.txt").write_text(str(n))
    print(n, flush=True)
"""


@pytest.fixture
def holding(tmp_path):
    """A process in the middle of writing a folder and a file of `tmp_path`."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(tmp_path)])
    soon = time.monotonic() + 30
    while not (tmp_path / "held").exists():
        assert time.monotonic() < soon and process.poll() is None
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()


def copies(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def test_scratch_copies_of_a_killed_process_go_when_the_next_one_writes_there(tmp_path, holding):
    assert len(copies(tmp_path)) == 3
    files.write_text(tmp_path / "other.txt", "x")
    assert len(copies(tmp_path)) == 3
    holding.kill()
    holding.wait()
    files.write_text(tmp_path / "other.txt", "x")
    assert copies(tmp_path) == []


def test_a_living_process_keeps_its_scratch_copies_whatever_their_name_says(tmp_path, holding):
    """As one of another machine on a shared disk, or in another container, whose processes have their own numbers."""
    mine = scratch._host()
    for path in copies(tmp_path):
        path.rename(path.with_name(path.name.replace(mine, "0" * 8)))
    with files.atomic_folder(tmp_path / "set"):
        pass
    files.write_text(tmp_path / "file.json", "{}")
    assert len(copies(tmp_path)) == 3
    holding.kill()
    holding.wait()
    scratch.remove_abandoned(tmp_path)
    assert copies(tmp_path) == []


def test_where_locks_are_not_shared_another_machine_keeps_its_copies_and_they_are_named(
    tmp_path, holding, monkeypatch, capsys
):
    holding.kill()
    holding.wait()
    for path in copies(tmp_path):
        path.rename(path.with_name(path.name.replace(scratch._host(), "0" * 8)))
    monkeypatch.setattr(scratch, "_locks_are_local", lambda path: True)
    for _ in range(2):
        scratch.remove_abandoned(tmp_path)
    assert len(copies(tmp_path)) == 3
    assert capsys.readouterr().err.count("is another machine's scratch copy") == 2


@pytest.mark.parametrize("alive", [True, False])
def test_where_there_are_no_locks_the_process_number_and_its_start_tell(alive, tmp_path, holding, monkeypatch):
    def none(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(scratch.fcntl, "flock", none)
    if not alive:
        holding.kill()
        holding.wait()
    files.write_text(tmp_path / "other.txt", "x")
    assert len(copies(tmp_path)) == (3 if alive else 0)


@pytest.mark.parametrize("how", ["exchange", "no exchange"])
def test_a_folder_is_the_old_or_the_new_one_whenever_its_writer_is_killed(how, tmp_path):
    """Where a file system cannot exchange two names, whoever looks after the killed process puts the old one back."""
    chance = random.Random(5)
    for _ in range(12):
        arguments = [sys.executable, "-c", REPLACING, str(tmp_path), how]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.communicate()
        if how == "no exchange":
            scratch.remove_abandoned(tmp_path)
        found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "set").iterdir()}
        assert len(found) == 40 and len(set(found.values())) == 1
    scratch.remove_abandoned(tmp_path)
    assert copies(tmp_path) == []


def test_an_interrupted_swap_of_two_names_is_undone(tmp_path):
    kill = "import os, pathlib; pathlib.Path.rename = lambda a, b: (os.rename(a, b), os.kill(os.getpid(), 9))\n"
    files.write_text(tmp_path / "set" / "a.txt", "old")
    done = subprocess.run([sys.executable, "-c", kill + REPLACING, str(tmp_path), "no exchange"], timeout=60)
    assert done.returncode == -signal.SIGKILL and not (tmp_path / "set").exists()
    scratch.remove_abandoned(tmp_path)
    assert (tmp_path / "set" / "a.txt").read_text(encoding="utf-8") == "old" and copies(tmp_path) == []


def test_a_scratch_copy_gets_into_no_pin(tmp_path, repository):
    """DVC hashes all that lies in data/, but for what .dvcignore names."""
    (tmp_path / ".dvcignore").write_bytes((repository / ".dvcignore").read_bytes())
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm", "--force"], cwd=tmp_path, check=True)
    (tmp_path / ".dvcignore").write_bytes((repository / ".dvcignore").read_bytes())
    files.write_text(tmp_path / "data" / "set" / "a.txt", "a")
    with (
        files.atomic_folder(tmp_path / "data" / "set") as aside,
        scratch.held(scratch.scratch_of(tmp_path / "data" / "b")),
    ):
        files.write_text(aside / "a.txt", "new")
        subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "data"], cwd=tmp_path, check=True)
    assert "nfiles: 1\n" in (tmp_path / "data.dvc").read_text(encoding="utf-8")


def test_a_mount_point_is_not_emptied_before_it_cannot_be_replaced(tmp_path):
    with mounted(tmp_path / "set", "size=64k") as disk:
        (disk / "a.txt").write_text("old", encoding="utf-8")
        with pytest.raises(DiskError, match=r"Device or resource busy: .*set"), files.atomic_folder(disk):
            pass
        assert (disk / "a.txt").read_text(encoding="utf-8") == "old"
    assert copies(tmp_path) == []


@pytest.mark.parametrize("share", [None, "/mnt"])
def test_copies_of_an_older_naming_go_once_their_process_has_ended(share, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "share_of", lambda path: share)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    artifacts = tmp_path / "artifacts" / "splits"
    (artifacts / "medmqp").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    left = {name: artifacts / f".{name}.{ended.pid}.partial" for name in ("medmqp", "aismec")}
    living = artifacts / f".medmqp.{os.getpid()}.partial"
    for folder in (*left.values(), living):
        folder.mkdir()
        (folder / "groups.json").write_text("{}", encoding="utf-8")
    (tmp_path / "data" / "source.json").write_text("{}", encoding="utf-8")
    (tmp_path / "data" / f".source.json.{ended.pid}.partial").write_text("{", encoding="utf-8")
    assert scratch.is_scratch(living.name)
    scratch.sweep(tmp_path)
    # On a share the number may be that of another machine's process.
    assert left["medmqp"].exists() == bool(share)
    for path in sorted(tmp_path.rglob("*")):
        os.utime(path, (0, 0))
    scratch.sweep(tmp_path)
    assert not left["medmqp"].exists() and not list((tmp_path / "data").glob(".*"))
    # What is nowhere else stays.
    assert living.exists() and left["aismec"].exists()


@pytest.mark.parametrize("place", ["", "data", ".dvc", "tasks", "tests/tasks/notes", "mlartifacts/1/abc/artifacts",
                                   "artifacts/scores/aismec", "reports/figures"])  # fmt: skip
def test_what_a_killed_command_left_goes_wherever_commands_write(place, tmp_path, holding):
    holding.kill()
    holding.wait()
    (tmp_path / "root" / place).mkdir(parents=True)
    for path in copies(tmp_path):
        path.rename(tmp_path / "root" / place / path.name)
    scratch.sweep(tmp_path / "root")
    assert copies(tmp_path / "root" / place) == []
