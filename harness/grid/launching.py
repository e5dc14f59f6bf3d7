"""Start a stage once per device of this machine, or as a Slurm job."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from harness.errors import ConfigError
from harness.params.config import PretrainSettings
from harness.system.stopping import heard

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
    command = [sys.executable, "-m", "harness.training.common.launcher", "--standalone", f"--nproc-per-node={devices}"]
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

    Raises ConfigError where nothing is trained on GPUs here, or the devices do not fill whole nodes.
    """
    from harness.grid.slurm import Job, batch_script
    from harness.params.batch_plan import batch_plan

    recipe, devices = settings.pretraining, settings.engine.devices
    if not (settings.source.source == "build" or settings.control):
        raise ConfigError(
            f"{family}: nothing of it is trained here, so there is no batch job to make.",
            remedy=f"`harness pretrain {family}` imports its clinical arm, in one process.",
        )
    if recipe is None:
        raise ConfigError(f"{family}: there is no recipe to train by.", remedy=f"Fill in families.{family}.adaptation.")
    if settings.engine.device == "cpu":
        raise ConfigError(
            "The batch script asks for GPUs, but engine.device is cpu.",
            remedy=f"Set engine.device: cuda, or run `harness pretrain {family}` without --slurm.",
        )
    if gpus_per_node < 1:
        raise ConfigError(f"--gpus-per-node must be 1 or more, not {gpus_per_node}.", remedy="Correct --gpus-per-node.")
    if devices % gpus_per_node:
        nodes = devices // gpus_per_node
        full = " or ".join(str(n * gpus_per_node) for n in (nodes, nodes + 1) if n)
        fitting = max(n for n in range(1, gpus_per_node) if devices % n == 0)
        raise ConfigError(
            f"{family}: {devices} devices do not fill whole nodes of {gpus_per_node} GPUs.",
            remedy=f"Choose --gpus-per-node {fitting}, or engine.devices {full}.",
        )
    plan = batch_plan(recipe.effective_batch, recipe.device_batch, devices)
    nodes = devices // gpus_per_node
    return batch_script(Job(family, plan, nodes, gpus_per_node, cpus_per_gpu=8, memory_gb=240, hours=hours))
