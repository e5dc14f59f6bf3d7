"""Decide whether the jobs of `harness grid` run on this machine or on Slurm, and how many cores and GPUs each job
gets."""

import os
import shutil
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError
from harness.grid.comparisons import Comparison, is_made
from harness.grid.executors import Local, Resources, Slurm, batch_script
from harness.system.determinism import available_cpus


class TooFewGpus(ConfigError):
    """This machine has fewer GPUs than the jobs ask for."""


@dataclass(frozen=True)
class Plan:
    """The resources of the jobs of a grid, and whether the jobs run on Slurm or on this machine.

    `devices` are the GPUs of this machine that jobs may use, by the names that CUDA_VISIBLE_DEVICES takes. `devices` is
    empty on Slurm and on a CPU.
    """

    slurm: bool
    resources: Resources
    devices: tuple[str, ...] = ()

    def executor(self, root: Path) -> Local | Slurm:
        return Slurm(root, self.resources) if self.slurm else Local(root, self.resources, self.devices)


def on_slurm(options: Namespace) -> bool:
    """Whether the jobs of the grid run on Slurm."""
    return options.on == "slurm" or (options.on is None and shutil.which("sbatch") is not None)


def plan(options: Namespace, device: str, jobs: int) -> Plan:
    """The plan for `jobs` jobs on `device` ("cpu" or "cuda"), by the `options` of `harness grid`.

    Raises ConfigError if a number is too low or does not fit `device` or this machine, or if Slurm is asked for and is
    not installed.
    """
    for name in ("at_once", "cpus", "gpus", "hours", "memory_gb"):
        least = 0 if name == "gpus" else 1
        if getattr(options, name) is not None and getattr(options, name) < least:
            flag = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{flag} must be {least} or more.", remedy=f"Correct {flag}.")
    gpus = options.gpus if options.gpus is not None else int(device == "cuda")
    if (gpus > 0) != (device == "cuda"):
        raise ConfigError(
            f"--gpus is {gpus}, but engine.device is {device}.",
            remedy="Leave --gpus out, or change engine.device in params.yaml.",
        )
    if slurm := on_slurm(options):
        if not options.dry_run and shutil.which("sbatch") is None:
            raise ConfigError(
                "The command sbatch is not on this machine.",
                remedy="Run `harness grid` on a cluster's login node, or with `--on local`.",
            )
        at_once, cpus = options.at_once or max(1, jobs), options.cpus or 8
        devices: tuple[str, ...] = ()
    else:
        devices = _devices() if gpus else ()
        if gpus > len(devices):
            raise TooFewGpus(
                f"A job asks for {gpus} GPUs, but this machine has {len(devices)}.", remedy="Lower --gpus."
            )
        room = len(devices) // gpus if gpus else available_cpus()
        at_once = options.at_once or max(1, min(jobs, room))
        if gpus and at_once > room:
            raise TooFewGpus(
                f"--at-once is {at_once}, but the GPUs suffice for {room} jobs.", remedy="Lower --at-once."
            )
        cpus = options.cpus or max(1, available_cpus() // at_once)
    asked = dict(_pair(text) for text in options.sbatch)
    resources = Resources(at_once, cpus, gpus, options.memory_gb, options.hours, options.partition, asked)
    return Plan(slurm, resources, devices)


def described(root: Path, plan: Plan, wanted: Sequence[Comparison], stale: Sequence[Comparison]) -> list[str]:
    """The lines that describe a grid to the user: every `wanted` comparison with its state, then how the jobs would
    run.

    `stale` are the comparisons that `dvc repro` would fine-tune again. For Slurm, the last line is the whole batch
    script.
    """
    made = {comparison for comparison in stale if is_made(root, comparison)}
    todo = [comparison for comparison in stale if comparison not in made]
    width = max(len(comparison.name) for comparison in wanted)
    lines = []
    for comparison in wanted:
        state = "made by an earlier grid" if comparison in made else "to run" if comparison in stale else "up to date"
        lines.append(f"{comparison.name:{width}}  {state}")
    resources = plan.resources
    number, what = (resources.gpus, "GPU") if resources.gpus else (resources.cpus, "core")
    share = f"{number} {what}" + "s" * (number > 1)
    if not plan.slurm:
        return [*lines, f"{len(todo)} jobs on this machine, {min(resources.at_once, len(todo))} at once, {share} each."]
    lines.append(f"{len(todo)} jobs as one array:")
    return [*lines, batch_script(root, resources, len(todo))] if todo else lines


def _devices() -> tuple[str, ...]:
    """The names of the GPUs that this process may use: those in CUDA_VISIBLE_DEVICES, or all if that is not set."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return tuple(name.strip() for name in given.split(",") if name.strip())
    import torch

    return tuple(str(number) for number in range(torch.cuda.device_count()))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.lstrip("-").partition("=")
    if not key or not equals:
        raise ConfigError(f"--sbatch {text!r} is not KEY=VALUE.", remedy="For example: --sbatch account=p123")
    return key, value
