"""Make the batch script that pre-trains a family on a Slurm cluster, by filling the template `pretrain.sbatch`.

The script names no account, partition or path of a site. If a job is stopped before its end (by its time limit, or by a
job of higher priority), the training gets a signal in time, saves its state, and is queued again.

So a training must save its state after the current update and exit when SIGUSR1 or SIGTERM arrives. When the training
is started again, it must go on from the saved state. The launcher torchrun reports a failure whenever it got a signal.
So a training that gets the signal just as it finishes is queued again, too, and must then notice that it is done.
"""

import re
from importlib import resources

from harness.errors import ConfigError
from harness.params.batch_plan import batch_plan
from harness.params.config import BatchPlan, PretrainSettings

MOST_REQUEUES = 50
CPUS_PER_GPU, MEMORY_GB = 8, 240  # memory of a node
NOTICE = 600  # seconds before the time limit at which a training gets the signal to save its state
_TO_END = 60  # seconds of NOTICE that are left for the processes to end
# The address where the processes of several nodes find each other. One node needs none.
_RENDEZVOUS = """
nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes%%$'\\n'*}
port=$((20000 + SLURM_JOB_ID % 10000))
"""
_MEET = '--nnodes={} --rdzv-backend=c10d --rdzv-endpoint="$head:$port" --rdzv-id="$SLURM_JOB_ID"'


def slurm_script(family: str, settings: PretrainSettings, gpus_per_node: int, hours: int) -> str:
    """The batch script of `harness pretrain FAMILY` on `engine.devices` GPUs.

    `hours` is the time limit of one start of the job. Raises ConfigError if the family is not trained on GPUs here, or
    if the GPUs do not fill whole nodes.
    """
    recipe, devices = settings.pretraining, settings.engine.devices
    if not settings.trained:
        raise ConfigError(
            f"{family}: none of its arms is trained here, so it needs no batch job.",
            remedy=f"`harness pretrain {family}` imports its clinical arm, in one process.",
        )
    if recipe is None:
        raise ConfigError(
            f"{family}: there is no recipe for its pre-training.", remedy=f"Fill in families.{family}.adaptation."
        )
    if settings.engine.device == "cpu":
        raise ConfigError(
            "The batch script asks for GPUs, but engine.device is cpu.",
            remedy=f"Set engine.device: cuda, or run `harness pretrain {family}` without --slurm.",
        )
    for option, given in (("--gpus-per-node", gpus_per_node), ("--hours", hours)):
        if given < 1:
            raise ConfigError(f"{option} must be 1 or more, not {given}.", remedy=f"Correct {option}.")
    if devices % gpus_per_node:
        nodes = devices // gpus_per_node
        full = " or ".join(str(n * gpus_per_node) for n in (nodes, nodes + 1) if n)
        fitting = max(n for n in range(1, gpus_per_node) if devices % n == 0)
        raise ConfigError(
            f"{family}: {devices} devices do not fill whole nodes of {gpus_per_node} GPUs.",
            remedy=f"Choose --gpus-per-node {fitting}, or engine.devices {full}.",
        )
    return script(family, batch_plan(recipe.effective_batch, recipe.device_batch, devices), gpus_per_node, hours)


def script(family: str, plan: BatchPlan, gpus_per_node: int, hours: int) -> str:
    """The text of the batch script, to be submitted with `sbatch` from the root of the repository.

    `plan` has the number of GPUs and the rows per update. `hours` is the time limit of one start of the job. Raises
    ConfigError if the family's name is not safe in a shell.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", family):
        raise ConfigError(f"{family!r} is not the name of a family.", remedy="Use a name from params.yaml.")
    nodes = plan.devices // gpus_per_node
    values = {
        "family": family, "effective": plan.effective, "per_device": plan.per_device, "devices": plan.devices,
        "accumulation": plan.accumulation, "nodes": nodes, "gpus": gpus_per_node, "cpus": CPUS_PER_GPU * gpus_per_node,
        "memory": MEMORY_GB, "hours": hours, "notice": NOTICE, "shutdown": NOTICE - _TO_END,
        "requeues": MOST_REQUEUES, "starts": MOST_REQUEUES + 1,
        "rendezvous": _RENDEZVOUS if nodes > 1 else "",
        "launch": _MEET.format(nodes) if nodes > 1 else "--standalone",
    }  # fmt: skip
    text = resources.files(__package__).joinpath("pretrain.sbatch").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda name: str(values[name[1]]), text)
