"""Start a pre-training stage as several processes on this machine, one process per GPU."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from harness.system.stopping import heard

SECONDS_TO_SAVE = 60.0
LOOK_SECONDS = 1.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def first_to_tell(rank: int, seconds: float = 10.0) -> None:
    """Wait `seconds` unless `rank` is 0, so that only the leading one of several processes prints an error.

    All processes of a training meet the same error, and the launcher ends the others when the first one ends. A process
    that still lives after `seconds` is the only one with its error.
    """
    if rank:
        time.sleep(seconds)


def on_devices(devices: int, arguments: Sequence[str]) -> int | None:
    """Run `harness` with `arguments` in one process per device, through torchrun. Returns torchrun's exit code.

    Runs nothing and returns None if there is one device, or if a launcher has already started this process.
    """
    if devices == 1 or "WORLD_SIZE" in os.environ:
        return None
    command = [sys.executable, "-m", "harness.training.common.launcher", "--standalone", f"--nproc-per-node={devices}"]
    with heard(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        started = _start([*command, "-m", "harness", *arguments])
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            while True:
                # If another thread took a signal, Python raises it in this thread as soon as the wait is over.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return started.wait(LOOK_SECONDS)
        except KeyboardInterrupt:
            # torchrun passes the signal on to its processes, and waits until they have saved their state and ended.
            started.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(SECONDS_TO_SAVE)
            raise
        finally:
            started.kill()
            started.wait()


def _start(command: Sequence[str]) -> subprocess.Popen:
    """Start a process while signals are blocked, because a signal during the start would leave the process behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        return subprocess.Popen(command, preexec_fn=partial(signal.pthread_sigmask, signal.SIG_SETMASK, before))
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
