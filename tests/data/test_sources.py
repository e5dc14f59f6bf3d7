"""Source records and public originals: pinned hashes, nothing half-written, nothing lost."""

import hashlib
import io
import json

import pytest
import samples

from harness.data import sources
from harness.errors import DataError
from harness.system import files
from harness.task import Groups, PublicFile, PublicSource, Task

CONTENT = {"one.txt": b"one\n", "two.txt": b"two\n"}


def task(contents=CONTENT, public=True):
    pinned = tuple(
        PublicFile(name, f"https://example.org/{name}", hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    return Task(
        name="demo",
        version="1",
        title="Demo",
        head="sequence",
        reader=lambda folder: None,
        schema=lambda: None,
        labels=("a",),
        groups=Groups(),
        metrics=("macro_f1",),
        licence="MIT",
        citation="Demo (2020)",
        public=PublicSource("https://example.org", "abc", pinned, "MIT", "English") if public else None,
    )


@pytest.fixture
def mirrored(tmp_path):
    for name, content in CONTENT.items():
        files.write_bytes(tmp_path / "mirror" / "demo" / name, content)
    return tmp_path / "mirror"


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_fetch_from_a_mirror_writes_files_and_record(tmp_path, mirrored):
    assert sources.fetch(tmp_path, [task()], mirrored) == [tmp_path / "data" / "demo"]
    folder = tmp_path / "data" / "demo"
    source = sources.read_source(folder)
    sources.verify(folder, source)
    assert set(source) == set(sources.KEYS)
    assert (source["kind"], source["revision"], source["licence"], source["citation"]) == (
        "public",
        "abc",
        "MIT",
        "Demo (2020)",
    )
    assert {name: (folder / name).read_bytes() for name in CONTENT} == CONTENT
    before = everything(tmp_path)
    sources.fetch(tmp_path, [task()], mirrored)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_wrong_or_missing_file_changes_nothing(tmp_path, mirrored, damage):
    samples.put(tmp_path, "medmqp", {"old.txt": b"old"})
    (tmp_path / "data" / "medmqp").rename(tmp_path / "data" / "demo")
    before = everything(tmp_path / "data")
    victim = mirrored / "demo" / "two.txt"
    victim.unlink() if damage == "missing" else victim.write_bytes(b"other")
    with pytest.raises(DataError, match=r"two\.txt"):
        sources.fetch(tmp_path, [task()], mirrored)
    assert everything(tmp_path / "data") == before


def test_offline_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    with pytest.raises(DataError, match=r"(?s)HARNESS_OFFLINE.*one\.txt into DIR/demo/"):
        sources.fetch(tmp_path, [task()])
    assert not (tmp_path / "data").exists()


def test_download_is_verified_and_failures_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("HARNESS_OFFLINE", raising=False)
    served = dict(CONTENT)

    def urlopen(url, timeout):
        name = url.rsplit("/", 1)[1]
        if name not in served:
            raise OSError("no route")
        return io.BytesIO(served[name])

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    sources.fetch(tmp_path, [task()])
    before = everything(tmp_path)
    served["one.txt"] = b"tampered"
    with pytest.raises(DataError, match=r"(?s)one\.txt.*pinned"):
        sources.fetch(tmp_path, [task()])
    del served["one.txt"]
    with pytest.raises(DataError, match=r"(?s)one\.txt.*--mirror"):
        sources.fetch(tmp_path, [task()])
    assert everything(tmp_path) == before


def test_a_restricted_task_cannot_be_fetched(tmp_path, mirrored):
    with pytest.raises(DataError, match="no public original"):
        sources.fetch(tmp_path, [task(public=False)], mirrored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "secret"}, "kind is 'secret'"),
        ({"kind": None}, "kind must be a text"),
        ({"files": {}}, "files is empty"),
        ({"files": []}, "files must be an object"),
        ({"files": {"../x": "0" * 64}}, "not a plain file name"),
        ({"files": {"x": "abc"}}, "not a SHA-256"),
        ({"more": ""}, "'more' is not known"),
        ({"licence": "MIT\n# Heading"}, "licence contains a line break"),
        ({"citation": "\x1b[31mred"}, r"citation contains the control character U\+001B"),
        ({"address": "a\u2028b"}, "address contains a line break"),
        ({"language": "nb\t"}, r"language contains the control character U\+0009"),
        ({"note": "one\n\ntwo\x07"}, r"note contains the control character U\+0007"),
    ],
)
def test_a_bad_record_is_refused_on_reading_and_writing(tmp_path, change, message):
    folder = samples.put(tmp_path, "medmqp")
    record = json.loads((folder / "source.json").read_text(encoding="utf-8")) | change
    with pytest.raises(DataError, match=message):
        sources.write_source(folder, record)
    files.write_json(folder / "source.json", record)
    with pytest.raises(DataError, match=message):
        sources.read_source(folder)


def test_the_corpus_is_added_and_nothing_lost(tmp_path, monkeypatch):
    content = b"a corpus"
    corpus = sources.PublicCorpus(
        "norec.jsonl.gz",
        "corpora/norec.gz",
        hashlib.sha256(content).hexdigest(),
        "CC BY-NC 4.0",
        "Norwegian",
        "V. (2018)",
    )
    monkeypatch.setitem(sources.CORPORA, "norec", corpus)
    with pytest.raises(DataError, match="not in a mirror"):
        sources.fetch_corpus(tmp_path, ["norec"], None)
    files.write_bytes(tmp_path / "shared" / "corpora" / "norec.gz", content)
    mirror = tmp_path / "shared" / "datasets"
    mirror.mkdir()

    sources.fetch_corpus(tmp_path / "new", ["norec"], mirror)
    assert sources.read_source(tmp_path / "new" / "data" / "corpus")["kind"] == "public"

    samples.put(tmp_path, "synergi")
    (tmp_path / "data" / "synergi").rename(tmp_path / "data" / "corpus")
    folder = tmp_path / "data" / "corpus"
    for _ in range(2):
        sources.fetch_corpus(tmp_path, ["norec"], mirror)
    source = sources.read_source(folder)
    sources.verify(folder, source)
    assert set(source["files"]) == {"incidents.jsonl", "norec.jsonl.gz"}
    assert source["kind"] == "synthetic" and source["note"].count("CC BY-NC 4.0") == 1


def test_the_corpus_must_be_the_pinned_one(tmp_path):
    files.write_bytes(tmp_path / "corpora" / "norec_train_12k.jsonl.gz", b"other")
    with pytest.raises(DataError, match="pinned"):
        sources.fetch_corpus(tmp_path, ["norec"], tmp_path)
    with pytest.raises(DataError, match="no public corpus"):
        sources.fetch_corpus(tmp_path, ["other"], tmp_path)
    assert not (tmp_path / "data").exists()


def test_the_real_corpus(tmp_path, mirror):
    if not (mirror.parent / sources.CORPORA["norec"].mirrored).is_file():
        pytest.skip("the mirror holds no corpora")
    sources.fetch_corpus(tmp_path, ["norec"], mirror)
    folder = tmp_path / "data" / "corpus"
    source = sources.read_source(folder)
    sources.verify(folder, source)
    assert source["kind"] == "public" and sorted(source["files"]) == ["norec.jsonl.gz"]
