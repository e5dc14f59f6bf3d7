"""Corpus files of every kind, as documents; what is wrong is named with file and line."""

import gzip
import json
from datetime import date

import pytest

from harness.data import corpus_files
from harness.data.corpus_files import chunks, read_documents
from harness.errors import DataError, MissingInputError

NOTE = {"id": "1", "document_type": "epikrise", "written_standard": "nynorsk", "date": "2020-01-01", "text": "x"}


def test_reading_both_formats(tmp_path):
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(
        b'\xef\xbb\xbf{"id":"1","document_type":"epikrise","written_standard":"nynorsk","date":"2020-01-01","text":"x"}\r\n\n'
    )
    with gzip.open(packed, "wb") as handle:
        for i, language in enumerate(["nb", "nn"]):
            line = {"id": f"n{i}", "language": language, "text": "en\u2028to"}
            handle.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    assert list(read_documents(plain)) == [
        {"id": "1", "document_type": "epikrise", "written_standard": "nynorsk", "date": "2020-01-01", "text": "x"}
    ]
    assert [(d["document_type"], d["written_standard"], d["text"]) for d in read_documents(packed)] == [
        ("review", "bokmål", "en\u2028to"),
        ("review", "nynorsk", "en\u2028to"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id":"1","text":"x"}\n{"id":"2",', "line 2: not JSON"),
        (b'{"id":"1","text":"\xff"}', "line 1: not UTF-8"),
        (b'{"id":"1"}', "line 1: 'text' is missing or not a string"),
        (b'{"id":1,"text":"x"}', "line 1: 'id' is missing or not a string"),
        (b'["a"]', "line 1: 'id' is missing or not a string"),
    ],
)
def test_bad_lines_are_named(tmp_path, content, message):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"bad.jsonl, {message}"):
        list(read_documents(path))


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(MissingInputError, match="gone"):
        list(read_documents(tmp_path / "gone.jsonl"))
    (tmp_path / "no.jsonl.gz").write_bytes(b"no archive")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"id":"1","text":"x"}\n' * 1000)[:-20])
    for name in ("no", "cut"):
        with pytest.raises(DataError, match="not a gzip archive, or damaged"):
            list(read_documents(tmp_path / f"{name}.jsonl.gz"))


def parquet(path, **columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path, row_group_size=2)


def test_parquet(tmp_path, monkeypatch):
    parquet(
        tmp_path / "a.parquet",
        text=["x", "y", "z"],
        id=["1", "2", "3"],
        document_type=["epikrise", None, ""],
        written_standard=["nynorsk", None, ""],
        date=[date(2020, 1, 1), None, None],
        other=[1, 2, 3],
    )
    monkeypatch.setattr(corpus_files, "CHUNK", 1)
    unknown = {"document_type": "unknown", "written_standard": "", "date": ""}
    assert list(read_documents(tmp_path / "a.parquet")) == [
        NOTE,
        {"id": "2", "text": "y"} | unknown,
        {"id": "3", "text": "z"} | unknown,
    ]


def test_bad_parquet_is_named(tmp_path):
    parquet(tmp_path / "null.parquet", id=["1", "2", "3"], text=["x", "y", None])
    with pytest.raises(DataError, match=r"null\.parquet, row 3: 'text' is missing or not a string"):
        list(read_documents(tmp_path / "null.parquet"))
    parquet(tmp_path / "other.parquet", id=["1"], body=["x"])
    with pytest.raises(DataError, match=r"other\.parquet: no column 'text'"):
        list(read_documents(tmp_path / "other.parquet"))
    (tmp_path / "no.parquet").write_bytes(b"no parquet file")
    with pytest.raises(DataError, match=r"no\.parquet: not a Parquet file, or damaged"):
        list(read_documents(tmp_path / "no.parquet"))


@pytest.fixture
def folder(tmp_path):
    """A folder of all kinds of files."""
    below = tmp_path / "records"
    (below / "b" / "c").mkdir(parents=True)
    (below / "b" / "c" / "two.txt").write_text("to\n")
    (below / "b" / "one.txt").write_text("\ufeffen")
    (below / "a.jsonl").write_text('{"id": "a", "text": "x"}\n')
    (below / "z.jsonl.gz").write_bytes(gzip.compress(b'{"id": "z", "text": "x"}\n'))
    (below / ".DS_Store").write_bytes(b"hidden")
    parquet(below / "m.parquet", id=["m"], text=["x"])
    return tmp_path


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_folder_is_read_in_the_order_of_its_paths_whatever_the_chunks(folder, monkeypatch, size):
    monkeypatch.setattr(corpus_files, "CHUNK", size)
    files = corpus_files.corpus_files(folder, "records")
    found = list(chunks(folder, files))
    ids = [document["id"] for chunk in found for document in chunk.documents()]
    assert ids == ["a", "records/b/c/two.txt", "records/b/one.txt", "m", "z"]
    assert sum(chunk.size for chunk in found) == sum(file.stat().st_size for file in files)


def test_what_is_no_corpus_file_is_refused(folder):
    (folder / "records" / "notes.docx").write_bytes(b"")
    with pytest.raises(DataError, match=r"notes\.docx is not one of \.jsonl"):
        corpus_files.corpus_files(folder, "records")
    (folder / "empty").mkdir()
    with pytest.raises(MissingInputError, match="has no files"):
        corpus_files.corpus_files(folder, "empty")


def test_a_text_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "old.txt").write_bytes("blåbær".encode("latin-1"))
    with pytest.raises(DataError, match=r"old\.txt: not UTF-8 \(byte 2\)"):
        list(read_documents(tmp_path / "old.txt"))


def test_a_file_without_line_ends_is_refused_before_it_fills_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_files, "LONGEST_LINE", 50)
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "x"}\n' + '{"id": "b", "text": "' + 50 * "x" + '"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: longer"):
        list(read_documents(tmp_path / "a.jsonl"))


def test_half_a_surrogate_pair_is_refused_outside_the_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "\\ud800", "text": "x"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 1: an invalid Unicode"):
        list(read_documents(tmp_path / "a.jsonl"))
