"""Starting a stage once per device of this machine, or as a batch job."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from harness.config import PretrainSettings
from harness.stopping import heard

SECONDS_TO_SAVE = 60.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def first_to_tell(rank: int, seconds: float = 10.0) -> None:
    """Let the leading process tell what went wrong: all meet the same error, and the launcher ends the others when
    the first one ends. One that is still there after `seconds` is alone with its error.
    """
    if rank:
        time.sleep(seconds)


def on_devices(devices: int, arguments: Sequence[str]) -> int | None:
    """Run `harness` with `arguments` once per device, through torchrun, and return its exit code.

    None where that is not needed: one device, or a process that a launcher has started already.
    """
    if devices == 1 or "WORLD_SIZE" in os.environ:
        return None
    command = [sys.executable, "-m", "harness.training.launcher", "--standalone", f"--nproc-per-node={devices}"]
    with heard(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        started = _start([*command, "-m", "harness", *arguments])
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            return started.wait()
        except KeyboardInterrupt:
            # It passes this on to the processes of all devices, and waits until they have saved and ended.
            started.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(SECONDS_TO_SAVE)
            raise
        finally:
            started.kill()
            started.wait()


def _start(command: Sequence[str]) -> subprocess.Popen:
    """The process, with signals held back from this one: one that came before it is known would leave it alone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        return subprocess.Popen(command, preexec_fn=partial(signal.pthread_sigmask, signal.SIG_SETMASK, before))
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise


def slurm_script(family: str, settings: PretrainSettings, gpus_per_node: int, hours: int) -> str:
    """The batch script of `harness pretrain FAMILY` on `engine.devices` GPUs, from the same parameters.

    Raises ConfigError where the arm is not built here or the devices do not fill whole nodes.
    """
    from harness.cluster import batch_plan
    from harness.errors import ConfigError
    from harness.slurm import Job, batch_script

    recipe, devices = settings.pretraining, settings.engine.devices
    if recipe is None or settings.source.source != "build" or devices % gpus_per_node:
        raise ConfigError(
            f"{family}: no batch job can be made for {devices} devices at {gpus_per_node} to a node.",
            remedy="The clinical arm must be built here, and engine.devices a multiple of --gpus-per-node.",
        )
    plan = batch_plan(recipe.effective_batch, recipe.device_batch, devices)
    nodes = devices // gpus_per_node
    return batch_script(Job(family, plan, nodes, gpus_per_node, cpus_per_gpu=8, memory_gb=240, hours=hours))
