"""A site's own files as a part of the corpus: added, recorded, read before anything is replaced."""

import json
import subprocess
import sys

import pytest

from harness import cli
from harness.data import sources
from harness.errors import DataError
from harness.plugins import placing
from harness.privacy import restricted
from harness.system import files

NOTES = [{"id": "n1", "text": "Pasienten har brystsmerter."}, {"id": "n2", "text": "Ingen feber."}]


@pytest.fixture
def root(tmp_path):
    """A repository with a generated corpus."""
    folder = tmp_path / "root" / "data" / "corpus"
    files.write_jsonl(folder / "general.jsonl", [{"id": "g1", "text": "Det regner i Bergen."}])
    listed = {"general.jsonl": files.sha256(folder / "general.jsonl")}
    sources.write_source(folder, dict.fromkeys(sources.KEYS, "") | {"kind": "synthetic", "files": listed, "note": "N."})
    return tmp_path / "root"


@pytest.fixture
def notes(tmp_path):
    files.write_jsonl(tmp_path / "secure" / "notes.jsonl", NOTES)
    return tmp_path / "secure" / "notes.jsonl"


def record(root):
    return sources.read_source(root / "data" / "corpus")


def test_restricted_notes_make_the_whole_corpus_restricted(root, notes):
    assert placing.put_corpus(root, notes, {"kind": "restricted"}) == ["notes.jsonl"]
    found = record(root)
    assert found["kind"] == "restricted" and found["note"] == "N."
    assert found["files"].keys() == {"general.jsonl", "notes.jsonl"}
    sources.verify(root / "data" / "corpus", found)
    assert files.read_jsonl(root / "data" / "corpus" / "notes.jsonl") == NOTES
    # It stays so, whatever is added later.
    placing.put_corpus(root, notes, {"kind": "public"})
    assert record(root)["kind"] == "restricted"


def test_a_public_corpus_keeps_the_kind_and_says_its_licence(root, notes):
    placing.put_corpus(root, notes, {"kind": "public", "licence": "CC0-1.0", "citation": "Hansen (2024)"})
    assert (record(root)["kind"], record(root)["note"]) == ("synthetic", "N. Hansen (2024); CC0-1.0.")


def test_the_first_corpus_of_a_repository_has_the_record_that_was_given(notes, tmp_path):
    placing.put_corpus(tmp_path / "new", notes, {"kind": "public", "licence": "CC0-1.0"})
    assert (record(tmp_path / "new")["kind"], record(tmp_path / "new")["licence"]) == ("public", "CC0-1.0")


def test_a_folder_is_added_whole_and_a_file_of_the_same_name_is_replaced(root, notes):
    placing.put_corpus(root, notes, {"kind": "public"})
    files.write_jsonl(notes, NOTES[:1])
    files.write_text(notes.parent / "more" / "letter.txt", "Kjære kollega")
    assert placing.put_corpus(root, notes.parent, {"kind": "public"}) == ["more-letter.txt", "notes.jsonl"]
    assert files.read_jsonl(root / "data" / "corpus" / "notes.jsonl") == NOTES[:1]
    sources.verify(root / "data" / "corpus", record(root))


@pytest.mark.parametrize("kind", ["public", "restricted"])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.jsonl", '{"id": "1", "text": "SECRET"}\n{"id": "2", "text"\n', "line 2"),
        ("notes.jsonl", '{"id": "1"}\n', "line 1"),
        ("notes.csv", "id,text\n1,SECRET\n", "is not one of .jsonl"),
        ("notes.parquet", "SECRET", ""),
        ("notes.jsonl.gz", "SECRET", "not a gzip archive"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_the_corpus_as_it_was(root, tmp_path, kind, name, content, said):
    before = files.sha256_files(root / "data")
    files.write_text(tmp_path / "secure" / name, content)
    with pytest.raises(DataError) as caught:
        placing.put_corpus(root, tmp_path / "secure" / name, {"kind": kind})
    told = str(caught.value)
    assert said in told and "SECRET" not in told and ".partial" not in told
    assert (name in told) is (kind == "public")
    assert files.sha256_files(root / "data") == before


def test_the_command_completes_the_data_pins_them_and_names_the_next_step(
    repository, notes, tmp_path, monkeypatch, capsys
):
    """In a fresh clone, where nothing is in place yet."""
    root = tmp_path / "clone"
    root.mkdir()
    for name in ("harness", "tasks", "pipeline"):
        (root / name).symlink_to(repository / name)
    for name in ("dvc.yaml", "params.yaml", "data.dvc", ".gitignore", ".dvcignore"):
        (root / name).write_bytes((repository / name).read_bytes())
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=root, check=True)
    monkeypatch.chdir(root)
    # Other tests have loaded torch already, which a portable run must not find.
    monkeypatch.setattr("harness.system.determinism.prepare_environment", lambda reproducible: None)
    assert cli.main(["data", "use", "corpus", str(notes)]) == 0
    said = capsys.readouterr().out
    assert "data.dvc pins it" in said and "clinical: [notes.jsonl]" in said and "dvc repro" in said
    assert restricted.names(root) == ["corpus"]
    pin = (root / "data.dvc").read_text(encoding="utf-8")
    assert "frozen: true" in pin and "push: false" in pin and "restricted: [corpus]" in pin
    assert {path.name for path in (root / "data").iterdir()} >= {"corpus", "medmqp", "aismec", "nor_deid"}
    assert json.loads((root / "data/corpus/source.json").read_text("utf-8"))["files"]["notes.jsonl"] == files.sha256(
        notes
    )
