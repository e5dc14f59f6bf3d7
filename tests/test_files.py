"""Files between stages: rows one at a time, and what is said of a file that is not as it should be."""

import errno
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from disks import mounted

from harness import files
from harness.errors import DataError, DiskError, MissingInputError
from harness.files import jsonl_rows, read_jsonl, write_jsonl

ROWS = [{"id": "1", "text": "en\u2028to\x85tre"}, {"id": "2", "text": "æøå"}]


def test_only_a_line_feed_ends_a_row(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    assert list(jsonl_rows(tmp_path / "a.jsonl")) == read_jsonl(tmp_path / "a.jsonl") == ROWS


@pytest.mark.parametrize(("line", "what"), [(b'{"id": \xff\n', "not UTF-8"), (b'{"id": \n', "not JSON")])
def test_a_bad_row_is_named_after_the_good_ones_were_read(line, what, tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    with open(tmp_path / "a.jsonl", "ab") as lines:
        lines.write(line)
    rows = jsonl_rows(tmp_path / "a.jsonl")
    assert [next(rows), next(rows)] == ROWS
    with pytest.raises(DataError, match=rf"a\.jsonl, line 3: {what}"):
        next(rows)


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(MissingInputError, match="harness corpus"):
        next(jsonl_rows(tmp_path / "none.jsonl", made_by="harness corpus"))


HOLDING = """
import sys, time
from pathlib import Path
from harness import files

folder = Path(sys.argv[1])
with files.atomic_folder(folder / "set") as aside, files._held(files._aside(folder / "file.json")) as handle:
    files.write_text(aside / "half.txt", "half")
    handle.write(b"half")
    handle.flush()
    (folder / "held").touch()
    time.sleep(600)
"""
REPLACING = """
import itertools, sys
from pathlib import Path
from harness import files

if sys.argv[2] == "no exchange":
    files._exchanged = lambda one, other: False
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


def scratch(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def test_scratch_copies_of_a_killed_process_go_when_the_next_one_writes_there(tmp_path, holding):
    assert len(scratch(tmp_path)) == 3
    files.write_text(tmp_path / "other.txt", "x")
    assert len(scratch(tmp_path)) == 3
    holding.kill()
    holding.wait()
    files.write_text(tmp_path / "other.txt", "x")
    assert scratch(tmp_path) == []


def test_a_living_process_keeps_its_scratch_copies_whatever_their_name_says(tmp_path, holding):
    """As one of another machine on a shared disk, or in another container, whose processes have their own numbers."""
    mine = files._host()
    for path in scratch(tmp_path):
        path.rename(path.with_name(path.name.replace(mine, "0" * 8)))
    with files.atomic_folder(tmp_path / "set"):
        pass
    files.write_text(tmp_path / "file.json", "{}")
    assert len(scratch(tmp_path)) == 3
    holding.kill()
    holding.wait()
    files.remove_abandoned(tmp_path)
    assert scratch(tmp_path) == []


def test_where_locks_are_not_shared_another_machine_keeps_its_copies_and_they_are_named(
    tmp_path, holding, monkeypatch, capsys
):
    holding.kill()
    holding.wait()
    for path in scratch(tmp_path):
        path.rename(path.with_name(path.name.replace(files._host(), "0" * 8)))
    monkeypatch.setattr(files, "_locks_are_local", lambda path: True)
    for _ in range(2):
        files.remove_abandoned(tmp_path)
    assert len(scratch(tmp_path)) == 3
    assert capsys.readouterr().err.count("is another machine's scratch copy") == 2


@pytest.mark.parametrize("alive", [True, False])
def test_where_there_are_no_locks_the_process_number_and_its_start_tell(alive, tmp_path, holding, monkeypatch):
    def none(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", none)
    if not alive:
        holding.kill()
        holding.wait()
    files.write_text(tmp_path / "other.txt", "x")
    assert len(scratch(tmp_path)) == (3 if alive else 0)


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
            files.remove_abandoned(tmp_path)
        found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "set").iterdir()}
        assert len(found) == 40 and len(set(found.values())) == 1
    files.remove_abandoned(tmp_path)
    assert scratch(tmp_path) == []


def test_an_interrupted_swap_of_two_names_is_undone(tmp_path):
    kill = "import os, pathlib; pathlib.Path.rename = lambda a, b: (os.rename(a, b), os.kill(os.getpid(), 9))\n"
    files.write_text(tmp_path / "set" / "a.txt", "old")
    done = subprocess.run([sys.executable, "-c", kill + REPLACING, str(tmp_path), "no exchange"], timeout=60)
    assert done.returncode == -signal.SIGKILL and not (tmp_path / "set").exists()
    files.remove_abandoned(tmp_path)
    assert (tmp_path / "set" / "a.txt").read_text(encoding="utf-8") == "old" and scratch(tmp_path) == []


def test_a_scratch_copy_gets_into_no_pin(tmp_path, repository):
    """DVC hashes all that lies in data/, but for what .dvcignore names."""
    (tmp_path / ".dvcignore").write_bytes((repository / ".dvcignore").read_bytes())
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm", "--force"], cwd=tmp_path, check=True)
    (tmp_path / ".dvcignore").write_bytes((repository / ".dvcignore").read_bytes())
    files.write_text(tmp_path / "data" / "set" / "a.txt", "a")
    with files.atomic_folder(tmp_path / "data" / "set") as aside, files._held(files._aside(tmp_path / "data" / "b")):
        files.write_text(aside / "a.txt", "new")
        subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "data"], cwd=tmp_path, check=True)
    assert "nfiles: 1\n" in (tmp_path / "data.dvc").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("size=64k", "No space left while writing {}."),
        ("size=64k,ro", "The file system is read-only while writing {}."),
    ],
)
def test_a_disk_that_takes_nothing_is_named_and_keeps_what_it_had(options, said, tmp_path):
    def fill(folder: Path) -> None:
        with files.atomic_folder(folder / "set") as aside:
            files.write_bytes(aside / "large", b"x" * 100_000)

    with mounted(tmp_path / "disk", options.removesuffix(",ro")) as disk:
        files.write_text(disk / "set" / "a.txt", "old")
        if options.endswith(",ro"):
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(DiskError) as caught:
            files.write_bytes(disk / "a.bin", b"x" * 100_000)
        assert caught.value.message == said.format(disk / "a.bin") and caught.value.remedy
        with pytest.raises(DiskError) as caught:
            fill(disk)
        assert said.split(" while")[0] in caught.value.message and ".partial" not in caught.value.message
        assert (disk / "set" / "a.txt").read_text(encoding="utf-8") == "old"
        assert [path.name for path in disk.iterdir()] == ["set"]


def test_a_mount_point_is_not_emptied_before_it_cannot_be_replaced(tmp_path):
    with mounted(tmp_path / "set", "size=64k") as disk:
        (disk / "a.txt").write_text("old", encoding="utf-8")
        with pytest.raises(DiskError, match=r"Device or resource busy: .*set"), files.atomic_folder(disk):
            pass
        assert (disk / "a.txt").read_text(encoding="utf-8") == "old"
    assert scratch(tmp_path) == []


def written_by_safetensors(path: Path) -> None:
    import numpy
    from safetensors.numpy import save_file

    save_file({"a": numpy.zeros(100_000)}, path)


def written_by_tokenizers(path: Path) -> None:
    import tokenizers

    vocabulary = {f"word{i}": i for i in range(20_000)}
    tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="word0")).save(str(path))


def written_by_arrow(path: Path) -> None:
    import pyarrow

    table = pyarrow.table({"a": list(range(100_000))})
    with pyarrow.ipc.new_stream(str(path), table.schema) as stream:
        stream.write_table(table)


@pytest.mark.parametrize(
    "write", [written_by_safetensors, written_by_tokenizers, written_by_arrow], ids=lambda write: write.__name__
)
def test_a_full_disk_is_told_whichever_library_met_it(write, tmp_path):
    with (
        mounted(tmp_path / "disk", "size=64k") as disk,
        pytest.raises(DiskError, match=r"No space left while writing .*/set"),
        files.atomic_folder(disk / "set") as aside,
    ):
        write(aside / "file")


def test_what_is_read_is_not_said_to_have_been_written(tmp_path):
    unreadable = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "elsewhere" / "given.csv"))
    with pytest.raises(PermissionError), files.atomic_folder(tmp_path / "here" / "set"):
        raise unreadable
    assert "given.csv" in files.disk_error(unreadable).message
    assert "given.csv" not in files.disk_error(unreadable, quiet=True).message
    assert files.disk_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
