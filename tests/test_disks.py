"""What a disk refuses: one line, whichever library met it, and what was there stays."""

import errno
import subprocess
from pathlib import Path

import pytest
from disks import mounted

from harness import files
from harness.disks import disk_error
from harness.errors import DiskError


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
    assert "given.csv" in disk_error(unreadable).message
    assert "given.csv" not in disk_error(unreadable, quiet=True).message
    assert disk_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
