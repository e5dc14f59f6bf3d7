"""What a disk refuses: one line, whichever library met it, and what was there stays."""

import errno
import subprocess
from pathlib import Path

import pytest
from disks import mounted

from harness.errors import DiskError
from harness.system import disks, files
from harness.system.disks import disk_error


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
    assert disk_error(unreadable, shown=lambda path: None).message == "Permission denied."
    assert disk_error(OSError(errno.EACCES, "Permission denied", 7)).message == "Permission denied."
    assert disk_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None


def as_told(error: OSError | DiskError) -> DiskError:
    """What the command line makes of it."""
    return error if isinstance(error, DiskError) else disk_error(error)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EIO, "The disk cannot be read or written"),
        (errno.ESTALE, "The network share no longer has this file"),
        (errno.EMFILE, "Too many files are open"),
        (errno.ENAMETOOLONG, "The name is too long"),
        (errno.ELOOP, "Links lead in a circle"),
        (errno.EDQUOT, "The disk quota is used up while writing"),
    ],
)
@pytest.mark.parametrize("call", ["os.replace", "os.mkdir", "os.fsync", "builtins.open"])
def test_whatever_call_the_disk_refuses_is_one_line_with_a_remedy(call, number, said, tmp_path, monkeypatch):
    def refused(*given, **named):
        raise OSError(number, "system's words", str(tmp_path / "set" / "a"))

    def write() -> None:
        with files.atomic_folder(tmp_path / "set") as aside:
            files.write_text(aside / "a", "a")

    monkeypatch.setattr(call, refused)
    with pytest.raises((DiskError, OSError)) as caught:
        write()
    told = as_told(caught.value)
    assert told.message.startswith(said) and told.remedy and "\n" not in told.message
    monkeypatch.undo()
    assert not [path for path in tmp_path.rglob("*") if ".partial" in path.name]


@pytest.mark.parametrize("place", ["artifacts", "artifacts/validated", "artifacts/validated/a"])
def test_a_file_where_a_folder_belongs_is_named(place, tmp_path):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("a file", encoding="utf-8")
    with pytest.raises((DiskError, OSError)) as caught:
        files.write_text(tmp_path / "artifacts" / "validated" / "a" / "b", "b")
    assert as_told(caught.value).message == f"There is a file in place of a folder: {tmp_path / place}."


def test_a_folder_where_a_file_belongs_is_named(tmp_path):
    (tmp_path / "params.yaml").mkdir()
    with pytest.raises((DiskError, OSError)) as caught:
        files.write_text(tmp_path / "params.yaml", "a")
    assert as_told(caught.value).message == f"There is a folder in place of a file: {tmp_path / 'params.yaml'}."


@pytest.mark.parametrize(
    ("source", "kind", "shared"),
    [("server:/export", "nfs4", True), ("//server/calls", "cifs", True), ("https://server/dav", "fuse", True),
     ("kari@server:/home", "fuse.sshfs", True), ("gvfsd-fuse", "fuse.gvfsd-fuse", True), ("tag", "virtiofs", True),
     ("server:/volume", "fuse", True), ("/dev/sda1", "ext4", False), ("tmpfs", "tmpfs", False),
     ("pool/data", "zfs", False), ("/dev/fuse", "fuse.encfs", False), ("/dev/mapper/a-b", "xfs", False)],
)  # fmt: skip
def test_a_share_is_known_by_its_type_or_by_the_machine_it_names(source, kind, shared, tmp_path, monkeypatch):
    place = tmp_path / "to the\tshare"
    written = str(place).replace(" ", "\\040").replace("\t", "\\011")
    mounts = f"overlay / overlay rw 0 0\n{source} {written} {kind} rw,local_lock=none 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: mounts)
    assert disks.share_of(place / "mlflow.db") == (str(place) if shared else None)
    assert disks.mount_of(place / "mlflow.db")[1:] == (str(place), kind, {"rw", "local_lock=none"})
    assert disks.share_of(tmp_path) is None
