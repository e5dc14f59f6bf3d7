"""Commands that are killed at each of their changes to the disk in turn: at every rename, removal and new folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_DRIVER = """
import json, os, signal, sys

at, when, arguments = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
from harness import cli, swapping

done = 0

def counted(call):
    def instead(*given, **named):
        global done
        done += 1
        if done == at and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        mine = done
        try:
            return call(*given, **named)
        finally:
            if mine == at and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)
    return instead

for name in ("rename", "replace", "unlink", "remove", "rmdir", "mkdir"):
    setattr(os, name, counted(getattr(os, name)))
if sys.argv[4] == "no exchange":
    swapping._exchanged = lambda one, other: False
else:
    swapping._exchanged = counted(swapping._exchanged)
sys.exit(cli.main(arguments))
"""


def killed(
    root: Path, arguments: Sequence[str], *, when: str = "after", exchange: bool = True, step: int = 1
) -> Iterator[int]:
    """Run `harness` with these arguments in `root` again and again, killed at its first change, at the one `step`
    further on, and so on; yields the number after each, until a run has ended by itself."""
    at = 1
    while True:
        how = "exchange" if exchange else "no exchange"
        command = [sys.executable, "-c", _DRIVER, str(at), when, json.dumps(list(arguments)), how]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode != -9:
            assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
            return
        yield at
        at += step
