"""Commands that are killed at each of their changes to the disk in turn: at every rename, removal, new folder, new
file and change of a mode, their own and those of the DVC that they start, which is killed with them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# Read by every Python that the command starts: changes of all of them are counted in one file.
_COUNTING = """
import builtins, fcntl, io, os, signal

at, when, counter = int(os.environ["KILLED_AT"]), os.environ["KILLED_WHEN"], os.environ["KILLED_COUNTER"]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
opened, locked, wrote = os.open, fcntl.flock, os.write

def count():
    handle = opened(counter, os.O_WRONLY | os.O_APPEND)
    try:
        locked(handle, fcntl.LOCK_EX)
        wrote(handle, b".")
        return os.fstat(handle).st_size
    finally:
        os.close(handle)

def counted(call, changes=lambda *given, **named: True):
    def instead(*given, **named):
        if not changes(*given, **named):
            return call(*given, **named)
        mine = count()
        if mine == at and when == "before":
            os.killpg(0, signal.SIGKILL)
        try:
            return call(*given, **named)
        finally:
            if mine == at and when == "after":
                os.killpg(0, signal.SIGKILL)
    return instead

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
from harness import cli, swapping

if sys.argv[2] == "no exchange":
    swapping._exchanged = lambda one, other: False
else:
    swapping._exchanged = sitecustomize.counted(swapping._exchanged)
sys.exit(cli.main(json.loads(sys.argv[1])))
"""


def killed(
    root: Path, arguments: Sequence[str], *, when: str = "after", exchange: bool = True, step: int = 1
) -> Iterator[int]:
    """Run `harness` with these arguments in `root` again and again, killed at its first change, at the one `step`
    further on, and so on; yields the number after each, until a run has ended by itself."""
    at = 1
    while kill(root, arguments, at, when=when, exchange=exchange):
        yield at
        at += step


def kill(root: Path, arguments: Sequence[str], at: int, *, when: str = "after", exchange: bool = True) -> bool:
    """Run it once; was it killed at its change number `at`? What ends by itself before has to end well."""
    with tempfile.TemporaryDirectory() as aside:
        counter = Path(aside) / "counter"
        counter.touch()
        (Path(aside) / "sitecustomize.py").write_text(_COUNTING, encoding="utf-8")
        command = [sys.executable, "-c", _DRIVER, json.dumps(list(arguments)), "" if exchange else "no exchange"]
        environment = {
            **os.environ,
            "PYTHONPATH": f"{aside}{os.pathsep}{root}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILLED_AT": str(at),
            "KILLED_WHEN": when,
            "KILLED_COUNTER": str(counter),
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, **pipes) as process:
            out, err = process.communicate(timeout=300)
    if process.returncode == -9:
        _wait_for_group(process.pid)
        return True
    assert process.returncode == 0, out[-1000:] + err[-3000:]
    return False


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
