"""Start a pre-training stage as several processes on this machine, one process per GPU."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from harness.system.stopping import heard, held_back

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
    started: subprocess.Popen | None = None
    with heard(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        try:
            with held_back(*_ENDING) as deliver:
                started = subprocess.Popen([*_launcher(devices), "-m", "harness", *arguments])
            deliver()
            while True:
                # If another thread took a signal, Python raises it in this thread as soon as the wait is over.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return started.wait(LOOK_SECONDS)
        except KeyboardInterrupt:
            # torchrun passes the signal on to its processes, and waits until they have saved their state and ended.
            if started is not None:
                started.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    started.wait(SECONDS_TO_SAVE)
            raise
        finally:
            if started is not None:
                started.kill()
                started.wait()


def _launcher(devices: int) -> list[str]:
    module = "harness.training.common.launcher"
    return [sys.executable, "-m", module, "--standalone", f"--nproc-per-node={devices}"]
