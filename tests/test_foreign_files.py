"""Nothing executes code from a checkpoint or a data set, unpacks without end, or reads outside its folder."""

import gzip
import json
import time
import zipfile

import pytest
import samples

from harness.data import arrow, sources, tabular
from harness.data.corpus_files import corpus_files, read_documents
from harness.errors import CheckpointError, ConfigError, DataError
from harness.params.reading import parse


def bomb(levels: int, merge: bool) -> str:
    """YAML of `levels` lines whose values double with each."""
    lines = ["a0: &a0 {k: lol}"]
    for i in range(levels):
        twice = f"[*a{i}, *a{i}]"
        lines.append(f"a{i + 1}: &a{i + 1} " + (f"{{<<: {twice}}}" if merge else twice))
    return "\n".join(lines)


@pytest.mark.parametrize("merge", [False, True])
def test_a_yaml_bomb_is_refused_before_it_goes_off(merge, tmp_path):
    from harness.encoders.readme_header import stated_header

    start = time.process_time()
    with pytest.raises(ConfigError, match="its aliases expand to more than"):
        parse(bomb(40, merge))
    (tmp_path / "README.md").write_text(f"---\nlicense: mit\n{bomb(40, merge)}\n---\n# x\n", encoding="utf-8")
    assert stated_header(tmp_path) == {"licence": None, "language": None}
    assert time.process_time() - start < 5


def test_yaml_tags_build_nothing(tmp_path):
    from harness.encoders.readme_header import stated_header

    sang = tmp_path / "sang"
    call = f"!!python/object/apply:pathlib.Path.touch [{sang}]"
    with pytest.raises(ConfigError, match=r"params\.yaml, line 1: not valid YAML"):
        parse(f"run: {call}\n")
    (tmp_path / "README.md").write_text(f"---\nlicense: {call}\n---\n", encoding="utf-8")
    assert stated_header(tmp_path) == {"licence": None, "language": None}
    assert not sang.exists()


def test_ordinary_aliases_are_no_bomb(tmp_path):
    from harness.encoders.readme_header import stated_header
    from harness.params.profiles import text

    parse(text("embedded")).everything()
    (tmp_path / "README.md").write_text("---\nlicense: &l mit\nlicense_name: *l\n---\n", encoding="utf-8")
    assert stated_header(tmp_path)["licence"]["name"] == "mit"


def test_a_gzip_bomb_ends_after_its_first_part(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.data.corpus_files.UNPACKED", 1 << 20)
    line = json.dumps({"id": "x", "text": "a" * 1000}).encode() + b"\n"
    with gzip.open(tmp_path / "c.jsonl.gz", "wb") as handle:
        for _ in range(8):
            handle.write(line * 1000)
    assert (tmp_path / "c.jsonl.gz").stat().st_size < 1 << 20
    read = 0
    with pytest.raises(DataError, match=r"c\.jsonl\.gz, line \d+: unpacks to more than 100 times"):
        for _ in read_documents(tmp_path / "c.jsonl.gz"):
            read += 1
    assert read < 4_000


def test_a_parquet_bomb_is_refused_by_what_its_footer_says(tmp_path, monkeypatch):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(
        pyarrow.table({"id": ["x"] * 10_000, "text": ["a" * 1000] * 10_000}),
        tmp_path / "d.parquet",
        use_dictionary=False,
        compression="zstd",
    )
    for module in ("arrow", "corpus_files"):
        monkeypatch.setattr(f"harness.data.{module}.UNPACKED", 1 << 20)
    with pytest.raises(DataError, match=r"d\.parquet unpacks to 10,000 rows"):
        list(arrow.arrow_rows(tmp_path / "d.parquet"))
    with pytest.raises(DataError, match=r"d\.parquet: unpacks to more than 100 times"):
        list(read_documents(tmp_path / "d.parquet"))


def test_endless_nesting_is_no_traceback(tmp_path):
    (tmp_path / "c.jsonl").write_text("[" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"c\.jsonl, line 1: not JSON \(nested too deep\)"):
        list(read_documents(tmp_path / "c.jsonl"))


def test_packed_weights_are_not_opened(tmp_path):
    from harness.encoders.weights import read_weights

    with zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (50 << 20))
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin unpacks to more than 4 times"):
        read_weights(tmp_path, ["pytorch_model.bin"])


@pytest.mark.parametrize("way", ["link", "link to a folder", "..", "absolute"])
def test_a_corpus_stays_in_its_folder(tmp_path, way):
    folder, outside = tmp_path / "corpus", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "c.jsonl").write_text('{"id": "1", "text": "SECRET"}\n', encoding="utf-8")
    name = {"..": "../outside/c.jsonl", "absolute": str(outside / "c.jsonl")}.get(way, "c.jsonl")
    if way == "link":
        (folder / "c.jsonl").symlink_to(outside / "c.jsonl")
    if way == "link to a folder":
        name = "more"
        (folder / "more").symlink_to(outside)
    with pytest.raises(DataError, match="leads out of"):
        corpus_files(folder, name)


def test_a_data_file_is_no_link_to_somewhere_else(tmp_path):
    folder = samples.put(tmp_path, "medmqp")
    (tmp_path / "elsewhere.csv").write_bytes((folder / "mqp.csv").read_bytes())
    source = sources.read_source(folder)
    (folder / "mqp.csv").unlink()
    (folder / "mqp.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(DataError, match=r"mqp\.csv leads out of its folder"):
        sources.verify(folder, source)
    # A cache that DVC shares may link.
    cached = tmp_path / "cache" / "files" / "md5" / "ab" / "cdef"
    cached.parent.mkdir(parents=True)
    (tmp_path / "elsewhere.csv").rename(cached)
    (folder / "mqp.csv").unlink()
    (folder / "mqp.csv").symlink_to(cached)
    sources.verify(folder, source)


def test_code_that_lies_among_data_is_never_run(tmp_path):
    """A loading script, a pickle and a path configuration beside the tables of a Hugging Face data set."""
    import pickle

    import pyarrow
    from pyarrow import parquet

    class Sings:
        def __reduce__(self):
            return (open, (str(tmp_path / "sang"), "w"))

    folder = tmp_path / "set"
    folder.mkdir()
    parquet.write_table(pyarrow.table({"text": ["a b", "c d"], "label": ["0", "1"]}), folder / "train.parquet")
    for name in ("set.py", "conftest.py", "sitecustomize.py", "x.pth"):
        (folder / name).write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'sang')!r}).touch()\n")
    (folder / "cache.pkl").write_bytes(pickle.dumps(Sings()))
    (folder / "dataset_infos.json").write_text('{"builder_name": "set", "trust_remote_code": true}')
    reading = tabular.dataset(columns={"text": "text", "label": "label"})(folder)
    assert len(reading.records) == 2 and not (tmp_path / "sang").exists()
