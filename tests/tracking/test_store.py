"""A database that MLflow cannot use is found out at once, and the command that helps is named."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import fakes
import pytest

from harness.errors import DataError
from harness.stages import track
from harness.tracking import backend, live, read, serve, store, sync
from harness.training.pretrain.loop import About

TASKS, FAMILIES, SEEDS = ("medmqp",), ("nb_bert",), (1, 2)
SETTINGS = fakes.settings(TASKS, FAMILIES, SEEDS)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    root = fakes.build(tmp_path_factory.mktemp("store"), TASKS, FAMILIES, SEEDS, rows=20)
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        sync.record(root, SETTINGS, fakes.TASKS)
    return root


@pytest.fixture
def root(recorded, tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return shutil.copytree(recorded, tmp_path / "root")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def tear(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:40960] = b"\xff" * 36864
    path.write_bytes(bytes(content))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def version(path: Path, number: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", [number])
    database.close()


def newer(path: Path) -> None:
    version(path, "f0f0f0f0f0f0")


def older(path: Path) -> None:
    version(path, "0a8213491aaa")


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("/no/such/place.db")


def without_runs(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE runs")


def without_a_column(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE runs DROP COLUMN end_time")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def without_version(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM alembic_version")
        database.commit()


DAMAGES = {truncate: "is damaged", garbage: "is damaged (file is not a database)", tear: "is damaged",
           folder: "cannot be opened", link_to_nothing: "is a link to a file that does not exist",
           without_runs: "is damaged (no table runs)", without_a_column: "is damaged (no column end_time of runs)",
           pipe: "cannot be opened", without_version: "is damaged (no schema version)",
           newer: "was written by a newer MLflow (schema f0f0f0f0f0f0)",
           older: "was written by an older MLflow (schema 0a8213491aaa)"}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_cannot_be_used_is_named_within_seconds_with_what_helps(damage, root, capsys):
    damage(root / backend.DATABASE)
    said = f"MLflow's database {root / backend.DATABASE} {DAMAGES[damage]}"
    began = time.monotonic()
    for ask in (lambda: read.read(root), lambda: serve.serve(root, 5999)):
        with pytest.raises(DataError) as caught:
            ask()
        assert said in caught.value.message and "`harness track --rebuild`" in caught.value.remedy
    track.run(root, SETTINGS, fakes.TASKS)
    live.Live(root, "embedded", "nb_bert", "clinical").started(About("test", "0" * 64, 9, 10, 1))
    told = capsys.readouterr().err
    assert told.count(said) == 2 and told.count("`harness track --rebuild`") == 2 and "again later" not in told
    assert "The training continues without MLflow." in told
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "damage",
    [newer, folder, link_to_nothing, pipe],  # of files any is as good as another
    ids=lambda damage: damage.__name__,
)
def test_the_command_that_is_named_helps(damage, root, capsys):
    damage(root / backend.DATABASE)
    track.run(root, SETTINGS, fakes.TASKS, rebuild=True)
    assert "warning" not in capsys.readouterr().err
    assert {run.name for run in read.read(root)} >= {"medmqp/nb_bert"}


def test_a_store_of_the_users_own_is_not_rebuilt_but_moved(root, tmp_path, monkeypatch):
    own = tmp_path / "own.db"
    garbage(own)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own}")
    with pytest.raises(DataError) as caught:
        read.read(root)
    assert caught.value.remedy == f"Move {own} away, then run `harness track`."


def held(path: Path, how: str) -> sqlite3.Connection:
    """Another process's hold on the database, as a browser of databases or a stuck server has it."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(f"BEGIN {how}")
    return other


def test_a_sound_store_is_read_also_while_another_process_writes(root):
    with contextlib.closing(held(root / backend.DATABASE, "IMMEDIATE")):
        assert read.read(root)


@pytest.mark.parametrize(("how", "ask"), [("EXCLUSIVE", "read"), ("EXCLUSIVE", "track"), ("IMMEDIATE", "track")])
def test_a_store_that_another_process_holds_is_not_tried_for_minutes(how, ask, root, monkeypatch, capsys):
    monkeypatch.setattr(store, "PATIENCE", 0.5)
    shutil.copy(root / backend.DATABASE, root / "before.db")
    began = time.monotonic()
    with contextlib.closing(held(root / backend.DATABASE, how)):
        if ask == "read":
            with pytest.raises(DataError) as caught:
                read.read(root)
            said = str(caught.value)
        else:
            track.run(root, SETTINGS, fakes.TASKS)
            live.Live(root, "embedded", "nb_bert", "clinical").started(About("test", "0" * 64, 9, 10, 1))
            said = capsys.readouterr().err
            assert said.count("is locked") == 2
    path = root / backend.DATABASE
    assert time.monotonic() - began < 20
    assert f"MLflow's database {path} is locked: another process has held it for 0.5 seconds" in said
    assert f"End that process (`fuser {path}` names it), then run `harness track`." in said
    assert "--rebuild" not in said and path.read_bytes() == (root / "before.db").read_bytes()


def test_a_lock_that_is_let_go_in_time_is_waited_for(root):
    other = sqlite3.connect(root / backend.DATABASE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(1.0, other.rollback).start()
    assert read.read(root)


def test_a_store_on_a_disk_for_reading_is_read(root, tmp_path):
    from disks import mounted

    with mounted(tmp_path / "disk", "size=60m") as disk:
        copy = shutil.copytree(root, disk / "root")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert read.read(copy)
        with pytest.raises(DataError, match="cannot be written") as caught:
            store.refuse_unusable(f"sqlite:///{copy / backend.DATABASE}", writes=True)
        assert "write permission for the file" in caught.value.remedy


@pytest.mark.parametrize("content", [None, b""])
def test_a_store_that_is_not_there_yet_is_no_damage(content, tmp_path):
    if content is not None:
        (tmp_path / "mlflow.db").write_bytes(content)
    assert store.refuse_unusable(f"sqlite:///{tmp_path / 'mlflow.db'}") is None


def test_a_store_may_be_named_from_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store.refuse_unusable("sqlite:///mlflow.db")
    garbage(tmp_path / "mlflow.db")
    with pytest.raises(DataError, match="is damaged"):
        store.refuse_unusable("sqlite:///mlflow.db")


def test_a_store_in_a_folder_that_is_missing_is_not_tried_for_a_minute(tmp_path):
    with pytest.raises(DataError, match="its folder is missing") as caught:
        store.refuse_unusable(f"sqlite:///{tmp_path / 'none' / 'mlflow.db'}")
    assert "Make that folder" in caught.value.remedy
