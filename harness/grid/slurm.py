"""The batch script that pre-trains a family on a Slurm cluster.

Text from settings, nothing else: no account, partition or path of any site. Where a job is stopped
before its end (its time limit, or a job of higher priority), the run is told in time, stores its
state and is queued again.

What the run has to do for that: on SIGUSR1 or SIGTERM store its state after the current update and
exit; started again, go on from that state. The launcher, which is torchrun, reports a failure whenever it
was signalled, so a run that reaches its end in that moment is queued again too, and has to find itself done.
"""

import re
from dataclasses import dataclass

from harness.errors import ConfigError
from harness.params.config import BatchPlan

MOST_REQUEUES = 50


@dataclass(frozen=True)
class Job:
    """One pre-training job. `memory_gb` is per node, `hours` the time limit of one start.

    `notice` is how many seconds before that limit the run is told to store its state.
    """

    family: str
    plan: BatchPlan
    nodes: int
    gpus_per_node: int
    cpus_per_gpu: int
    memory_gb: int
    hours: int
    notice: int = 600


def batch_script(job: Job) -> str:
    """The script for `sbatch`, to be submitted from the root of the repository.

    Raises ConfigError when the plan's devices are not the job's, or a number makes no sense.
    """
    _check(job)
    plan = job.plan
    return f"""#!/usr/bin/env bash
# Pre-training of {job.family}: an update sees {plan.effective} rows = {plan.per_device} per device × \
{plan.accumulation} accumulated × {plan.devices} devices.
#
# Submit it from the root of the repository, with whatever your site asks for as options of sbatch:
#   sbatch --account=ACCOUNT --partition=PARTITION [--constraint=FEATURE] THIS_FILE
# When it has ended, `dvc commit --force pretrain@{job.family}` records the result and `dvc repro` goes on.
#
#SBATCH --job-name=pretrain-{job.family}
#SBATCH --output=pretrain-{job.family}-%j.log
#SBATCH --open-mode=append
#SBATCH --nodes={job.nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node={job.gpus_per_node}
#SBATCH --cpus-per-task={job.cpus_per_gpu * job.gpus_per_node}
#SBATCH --mem={job.memory_gb}G
#SBATCH --time={job.hours}:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@{job.notice}

set -euo pipefail
cd "${{SLURM_SUBMIT_DIR:?submit this file with sbatch}}"
if [ ! -f params.yaml ]; then
    echo "No params.yaml in $PWD: submit from the root of the repository." >&2
    exit 2
fi
if [ -f .venv/bin/activate ]; then
    # shellcheck disable=SC1091
    . .venv/bin/activate
fi

# Compute nodes need no network, and nothing is to be sent from them.
export HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 MLFLOW_DISABLE_TELEMETRY=true
export OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
# srun does not inherit it from sbatch.
export SRUN_CPUS_PER_TASK="${{SLURM_CPUS_PER_TASK:-{job.cpus_per_gpu * job.gpus_per_node}}}"
{_rendezvous(job)}
# USR1 reaches this shell alone; it goes on to srun, from there to torchrun, and from there to every worker.
# TERM comes when Slurm takes the job down: it tells the workers itself, and this shell only waits for them.
stopped=0 interrupted=0 step=""
pass_on() {{
    stopped=1 interrupted=1
    if [ -n "$step" ]; then kill -USR1 "$step" 2>/dev/null || true; fi
}}
trap pass_on USR1
trap 'interrupted=1' TERM

srun --kill-on-bad-exit=1 python -m harness.training.common.launcher \\
    {_launch(job)} \\
    --nproc-per-node={job.gpus_per_node} \\
    --signals-to-handle=SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1 \\
    --shutdown-timeout={job.notice - 60} \\
    -m harness pretrain {job.family} &
step=$!

# A signal ends `wait` before the step has ended; 127 says that its status was fetched already.
status=127
while true; do
    interrupted=0 code=0
    wait "$step" || code=$?
    if [ "$code" = 127 ]; then break; fi
    status=$code
    if [ "$interrupted" = 0 ]; then break; fi
done

if [ "$stopped" = 1 ] && [ "$status" != 0 ]; then
    if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {MOST_REQUEUES} ]; then
        echo "Stopped before its end: queued again."
        scontrol requeue "$SLURM_JOB_ID"
    else
        echo "Stopped before its end {MOST_REQUEUES + 1} times: not queued again." >&2
    fi
fi
exit "$status"
"""


def _check(job: Job) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", job.family):
        raise ConfigError(f"{job.family!r} is not the name of a family.", remedy="Use a name from params.yaml.")
    for name in ("nodes", "gpus_per_node", "cpus_per_gpu", "memory_gb", "hours"):
        if getattr(job, name) < 1:
            raise ConfigError(f"{name} must be 1 or more, not {getattr(job, name)}.", remedy=f"Correct {name}.")
    if not 120 <= job.notice < 3600 * job.hours:
        raise ConfigError(
            f"notice must be at least 120 seconds and within the time limit, not {job.notice}.",
            remedy="Leave the run some minutes to store its state.",
        )
    devices = job.nodes * job.gpus_per_node
    if devices != job.plan.devices:
        raise ConfigError(
            f"The batch is planned for {job.plan.devices} devices, the job has {job.nodes} × {job.gpus_per_node}.",
            remedy=f"Plan the batch for {devices} devices, or change nodes or gpus_per_node.",
        )


def _rendezvous(job: Job) -> str:
    """Where the workers of several nodes find one another; one node needs no place."""
    if job.nodes == 1:
        return ""
    return """
nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes%%$'\\n'*}
port=$((20000 + SLURM_JOB_ID % 10000))
"""


def _launch(job: Job) -> str:
    if job.nodes == 1:
        return "--standalone"
    return f'--nnodes={job.nodes} --rdzv-backend=c10d --rdzv-endpoint="$head:$port" --rdzv-id="$SLURM_JOB_ID"'
