"""Data and their pin are replaced together: killed at any moment, all is as it was, or all is new."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import samples
from killing import kill, stops

from harness.data import sources
from harness.errors import DataError
from harness.pipeline import dvc_lock
from harness.privacy import restricted
from harness.system import files, scratch

REMOTE = "# The hospital's own\n['remote \"store\"']\n    url = /store\n"


@pytest.fixture(scope="module")
def made(repository, tmp_path_factory) -> Path:
    """A repository with data in place, pinned: a generated corpus, and calls."""
    root = tmp_path_factory.mktemp("made") / "root"
    for name in ("harness", "pipeline", "tasks"):
        shutil.copytree(repository / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", "params.yaml"):
        shutil.copy(repository / name, root / name)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=root, check=True)
    # DVC must not start processes of its own that outlive it, as it does to report its use.
    for name in (".dvcignore", ".dvc/config", "data.dvc"):
        shutil.copy(repository / name, root / name)
    (root / ".dvc" / "config.local").write_text(REMOTE, encoding="utf-8")
    for name in ("corpus", "aismec"):
        files.write_text(root / "data" / name / "old.txt", "old")
        listed = {"old.txt": hashlib.sha256(b"old").hexdigest()}
        record = dict.fromkeys(sources.KEYS, "") | {"kind": "synthetic", "files": listed}
        sources.write_source(root / "data" / name, record)
    files.write_jsonl(root.parent / "given" / "calls.jsonl", samples.calls())
    return root


@pytest.fixture
def root(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path / "root", symlinks=True)
    return tmp_path / "root"


def state(root: Path) -> dict[str, str]:
    """All that lies in data/ but scratch copies, and the pin."""
    hashes = files.sha256_files(root / "data")
    found = {name: value for name, value in hashes.items() if ".partial" not in name}
    return found | {name: files.sha256(root / name) for name in ("data.dvc", "params.yaml") if (root / name).exists()}


def scratch_copies(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.rglob("*.partial")]


USE = ("data", "use", "aismec", "../given")


def settled_at_every_change(root: Path, arguments: Sequence[str], *, exchange: bool = True) -> int:
    """Killed at any change, the next command finds the old data and pin or the new. Returns the number of the first
    change that has to be undone."""
    before, straight, seen = state(root), [], []
    for stopped in stops(root, arguments, exchange=exchange):
        straight.append(state(stopped))
        scratch.sweep(stopped)
        dvc_lock.repair(stopped)
        assert scratch_copies(stopped) == [] and list(stopped.rglob("*.tmp")) == []
        assert (stopped / ".dvc" / "config.local").read_text(encoding="utf-8").startswith(REMOTE)
        seen.append(state(stopped))
    after = state(root)
    new = [found == after for found in seen]
    assert after != before and all(found in (before, after) for found in seen) and new == sorted(new)
    return next(at for at, found in enumerate(straight, start=1) if found not in (before, after))


@pytest.mark.parametrize("exchange", [True, pytest.param(False, marks=pytest.mark.extended)])
def test_a_kill_at_any_change_of_data_use_leaves_the_old_data_and_pin_or_the_new(exchange, made, root):
    shutil.copytree(made.parent / "given", root.parent / "given")
    before, half_done = state(root), settled_at_every_change(root, USE, exchange=exchange)
    after = state(root)
    assert restricted.names(root) == ["aismec"]
    pin = (root / "data.dvc").read_text(encoding="utf-8")
    assert "push: false" in pin and "restricted: [aismec]" in pin and "nfiles: 4" in pin
    # What is lost is put back by what the message says.
    shutil.rmtree(root / "data" / "aismec")
    with pytest.raises(DataError) as caught:
        sources.read_source(root / "data" / "aismec")
    command = caught.value.remedy.split("`")[1]
    assert command == "dvc checkout data.dvc"
    subprocess.run([sys.executable, "-m", *command.split()], cwd=root, check=True, capture_output=True)
    assert state(root) == after
    # What is really killed, and what a user does next, which may be killed, too.
    shutil.copytree(made, root.parent / "again" / "root", symlinks=True)
    shutil.copytree(made.parent / "given", root.parent / "again" / "given")
    other = root.parent / "again" / "root"
    assert kill(other, USE, half_done, exchange=exchange) and state(other) not in (before, after)
    for stopped in stops(other, ["tasks"], exchange=exchange):
        scratch.sweep(stopped)
        assert state(stopped) == before and scratch_copies(stopped) == []
    assert state(other) == before and scratch_copies(other) == []


def test_data_that_are_lost_before_any_were_pinned_are_generated(tmp_path, repository):
    shutil.copy(repository / "data.dvc", tmp_path / "data.dvc")
    with pytest.raises(DataError) as caught:
        sources.read_source(tmp_path / "data" / "aismec")
    assert caught.value.remedy.startswith("Run `dvc repro` for generated data")


@pytest.mark.extended
def test_a_kill_at_any_change_of_data_fetch_leaves_the_old_data_and_pin_or_the_new(made, root, mirror):
    for name in ("medmcqa", "medmqp", "nor_deid", "synergi"):  # which would be generated first
        shutil.copytree(made / "data" / "aismec", root / "data" / name)
    settled_at_every_change(root, ("data", "fetch", "medmqp", "nor_deid", "--mirror", str(mirror)))
    assert "restricted" not in (root / "data.dvc").read_text(encoding="utf-8")


def test_where_the_pin_cannot_be_made_the_data_are_as_they_were(root, made):
    """DVC refuses: its folder is gone."""
    shutil.copytree(made.parent / "given", root.parent / "given")
    before = state(root)
    shutil.rmtree(root / ".dvc")
    done = subprocess.run([sys.executable, "-m", "harness", *USE], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and "data/ could not be pinned and was not changed" in done.stderr
    assert state(root) == before and scratch_copies(root) == []


def test_restricted_data_are_pinned_in_a_folder_of_any_name(made, tmp_path):
    """DVC's own command writes no letter into its settings that is not English."""
    root = tmp_path / "på sykehuset" / "root"
    shutil.copytree(made, root, symlinks=True)
    shutil.copytree(made.parent / "given", root.parent / "given")
    done = subprocess.run([sys.executable, "-m", "harness", *USE], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list((root / ".dvc" / "cache" / "site").rglob("*.db"))
    assert (root / ".dvc" / "config.local").read_text(encoding="utf-8").startswith(REMOTE)


def test_settings_of_dvc_that_cannot_be_read_are_named_and_nothing_is_changed(made, root):
    shutil.copytree(made.parent / "given", root.parent / "given")
    (root / ".dvc" / "config.local").write_text("[core", encoding="utf-8")
    before = state(root)
    done = subprocess.run([sys.executable, "-m", "harness", *USE], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and "config.local cannot be read" in done.stderr
    assert state(root) == before and scratch_copies(root) == []
