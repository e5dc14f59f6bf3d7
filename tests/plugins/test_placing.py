"""A site's own files as the data of a task: flat, recorded, checked before anything is replaced."""

import pytest

from harness import files
from harness.data import sources
from harness.errors import DataError
from harness.plugins import checking, creating, placing

SOURCE = {"kind": "restricted", "licence": "internal"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    return tmp_path


def test_files_are_copied_recorded_and_pass_the_check(root, tmp_path):
    given = tmp_path / "sample.csv"
    rows = (root / "data" / "triage" / "sample.csv").read_text(encoding="utf-8").splitlines()
    given.write_text("\n".join(rows[:11]) + "\n", encoding="utf-8")
    folder = placing.place(root, "triage", given, SOURCE)
    source = sources.read_source(folder)
    assert (source["kind"], source["licence"], source["address"]) == ("restricted", "internal", "")
    assert source["files"] == {"sample.csv": files.sha256(given)}
    assert checking.findings(root, "triage") == []


def test_what_is_wrong_leaves_the_data_that_were_there(root, tmp_path):
    before = {path.name: path.read_bytes() for path in (root / "data" / "triage").iterdir()}
    given = tmp_path / "sample.csv"
    given.write_text("id,group,text,label\n1,g,SECRET\n2,g,SECRET,maybe\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        placing.place(root, "triage", given, SOURCE)
    assert "triage: " in str(caught.value) and "line 2" in str(caught.value)
    # The data are restricted: the user knows which file was given, and nobody else has to.
    assert "sample.csv" not in str(caught.value)
    assert "SECRET" not in str(caught.value) and ".partial" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in (root / "data" / "triage").iterdir()} == before
    assert [path.name for path in (root / "data").iterdir()] == ["triage"]


def test_folders_below_come_flat_and_hidden_files_not(root, tmp_path):
    creating.create(root, "notes", "tokens", "tags")
    given = tmp_path / "given"
    for name in ("a/x.txt", "b/x.txt", "y.txt", ".git/z.txt", "source.json"):
        files.write_text(given / name, "<Name>Kari</Name> bor i <Place>Os</Place>.")
    folder = placing.place(root, "notes", given, SOURCE)
    assert sorted(sources.read_source(folder)["files"]) == ["a-x.txt", "b-x.txt", "y.txt"]


@pytest.mark.parametrize("fault", ["missing", "holds no file", "is a link", "would overwrite"])
def test_what_cannot_be_put_in_place(root, tmp_path, fault):
    given = tmp_path / "given"
    if fault != "missing":
        given.mkdir()
    if fault == "is a link":
        (given / "a").symlink_to("/etc/hosts")
    if fault == "would overwrite":
        files.write_text(given / "a-b.csv", "x")
        files.write_text(given / "a" / "b.csv", "x")
    with pytest.raises(DataError, match=fault):
        placing.place(root, "triage", given, SOURCE)


def test_a_folder_that_is_not_whole_is_not_pinned(root):
    (root / "data.dvc").write_text("deps: []\n", encoding="utf-8")
    assert not placing.pin(root)
    assert (root / "data.dvc").read_text(encoding="utf-8") == "deps: []\n"
