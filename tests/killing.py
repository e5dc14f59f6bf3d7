"""Commands that are killed at each of their changes to the disk in turn: at every rename, removal, new folder, new
file and change of a mode, their own and those of the DVC that they start, which is killed with them.

`kill` starts the command and kills it. `stops` runs it once and copies the disk at every change, as a kill there would
leave it: that is so much faster that no change need be left out.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

UNWRITTEN = ("harness", "pipeline", ".git")

# Read by every Python that the command starts: changes of all of them are counted in one file.
_COUNTING = """
import builtins, fcntl, io, os, signal, threading

at, when, counter = int(os.environ["KILLED_AT"]), os.environ["KILLED_WHEN"], os.environ["KILLED_COUNTER"]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
opened, locked, wrote, own = os.open, fcntl.flock, os.write, threading.local()

def counted(call, changes=lambda *given, **named: True):
    def instead(*given, **named):
        if getattr(own, "inside", False) or not changes(*given, **named):
            return call(*given, **named)
        own.inside, handle = True, opened(counter, os.O_WRONLY | os.O_APPEND)
        try:
            locked(handle, fcntl.LOCK_EX)
            wrote(handle, b".")
            mine = os.fstat(handle).st_size
            if mine == at and when == "before":
                os.killpg(0, signal.SIGKILL)
            if when != "always":  # nothing else changes while it is looked at, in no other process either
                locked(handle, fcntl.LOCK_UN)
            try:
                return call(*given, **named)
            finally:
                if mine == at and when == "after":
                    os.killpg(0, signal.SIGKILL)
                if mine % at == 0 and when == "always":
                    look()
        finally:
            os.close(handle)
            own.inside = False
    return instead

def look():
    for name, way, use in (("ask", os.O_WRONLY, lambda pipe: wrote(pipe, b".")),
                           ("answer", os.O_RDONLY, lambda pipe: os.read(pipe, 1))):
        pipe = opened(os.path.join(os.path.dirname(counter), name), way)
        use(pipe)
        os.close(pipe)

def to_write(file, mode="r", *_, **__):
    return not isinstance(file, int) and bool(set("wxa+") & set(mode)) and os.path.abspath(file) != os.devnull

for name in ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link", "symlink", "chmod", "fchmod"):
    setattr(os, name, counted(getattr(os, name)))
os.open = counted(os.open, lambda path, flags, *_, **__: flags & WRITING)
io.open = builtins.open = counted(open, to_write)
"""
_DRIVER = """
import json, sys
import sitecustomize
from harness import cli
from harness.system import swapping

if sys.argv[2] == "no exchange":
    swapping._exchanged = lambda one, other: False
else:
    swapping._exchanged = sitecustomize.counted(swapping._exchanged)
sys.exit(cli.main(json.loads(sys.argv[1])))
"""


def kill(root: Path, arguments: Sequence[str], at: int, *, when: str = "after", exchange: bool = True) -> bool:
    """Run it once; was it killed at its change number `at`? What ends by itself before has to end well."""
    with _started(root, arguments, at, when, exchange) as (process, aside):
        process.wait(timeout=300)
        if process.returncode == -9:
            _wait_for_group(process.pid)
            return True
        _has_ended_well(process, aside)
    return False


def stops(
    root: Path, arguments: Sequence[str], *, exchange: bool = True, step: int = 1, unwritten: Sequence[str] = UNWRITTEN
) -> Iterator[Path]:
    """Run it once, and hold it at every `step`th of its changes: yields, each time, a copy of `root`, and of all that
    lies beside it, as they were then. The copy goes when the next one is asked for; in it, what the command leaves
    `unwritten` (paths below `root`) is a link."""
    with _started(root, arguments, step, "always", exchange) as (process, aside):
        ask, answer = (os.open(aside / name, os.O_RDWR) for name in ("ask", "answer"))
        try:
            while _asked(process, ask):
                with tempfile.TemporaryDirectory(dir=root.parent.parent) as copies:
                    yield _copied(root, Path(copies) / root.parent.name, unwritten)
                os.write(answer, b".")
        finally:
            os.close(ask)
            os.close(answer)
        _has_ended_well(process, aside)


@contextlib.contextmanager
def _started(root: Path, arguments: Sequence[str], at: int, when: str, exchange: bool) -> Iterator[tuple]:
    """The process that runs it, and a folder with what it says; killed with all that it started, where the block ends
    before it does."""
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        (aside / "counter").touch()
        for name in ("ask", "answer"):
            os.mkfifo(aside / name)
        (aside / "sitecustomize.py").write_text(_COUNTING, encoding="utf-8")
        command = [sys.executable, "-c", _DRIVER, json.dumps(list(arguments)), "" if exchange else "no exchange"]
        environment = {
            **os.environ,
            "PYTHONPATH": f"{aside}{os.pathsep}{root}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILLED_AT": str(at),
            "KILLED_WHEN": when,
            "KILLED_COUNTER": str(aside / "counter"),
        }
        with open(aside / "said", "wb") as said:
            process = subprocess.Popen(
                command, cwd=root, env=environment, start_new_session=True, stdout=said, stderr=said
            )
        try:
            yield process, aside
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                _wait_for_group(process.pid)


def _has_ended_well(process: subprocess.Popen, aside: Path) -> None:
    said = (aside / "said").read_text(encoding="utf-8", errors="replace")
    assert process.wait() == 0, said[-3000:]


def _asked(process: subprocess.Popen, ask: int) -> bool:
    """Does it wait to be looked at? No, once it has ended."""
    while not select.select([ask], [], [], 0.02)[0]:
        if process.poll() is not None:
            return False
    return os.read(ask, 1) == b"."


def _copied(root: Path, copy: Path, unwritten: Sequence[str]) -> Path:
    """`root` in a copy of the folder that it lies in. Every journal names the copies of what it named, as it does by
    their inodes."""
    place, linked = root.parent, {root / name for name in unwritten}

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name) in linked]

    shutil.copytree(place, copy, symlinks=True, ignore=left_out)
    for path in linked:
        (copy / path.relative_to(place)).symlink_to(path)
    for journal in copy.rglob("*.undo.partial"):
        lines = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
        named = {line["inode"]: 0 for line in lines if "inode" in line}
        for path in place.rglob("*") if named else ():
            if (inode := os.lstat(path).st_ino) in named:
                named[inode] = os.lstat(copy / path.relative_to(place)).st_ino
        lines = [line | ({"inode": named[line["inode"]]} if "inode" in line else {}) for line in lines]
        journal.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    return copy / root.name


def _wait_for_group(group: int) -> None:
    """Until the others that were killed with it are gone, too: DVC takes the number of one that nobody has asked for
    its end for a process that still runs."""
    while any(_is_of(stat, group) for stat in Path("/proc").glob("[0-9]*/stat")):
        time.sleep(0.05)


def _is_of(stat: Path, group: int) -> bool:
    try:
        _, _, of, *_ = stat.read_text(encoding="utf-8").rpartition(") ")[2].split()
    except OSError:
        return False
    return int(of) == group
