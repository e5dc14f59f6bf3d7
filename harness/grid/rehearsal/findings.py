"""Find, before anything is trained, what would fail after hours: too long rows, too little memory or disk, bad Slurm
options."""

import difflib
import re
import shutil
import subprocess
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.errors import ConfigError
from harness.grid import planning
from harness.grid.executors import batch_script
from harness.grid.rehearsal.finding import Finding
from harness.grid.rehearsal.sizes import GB, Shape, training_memory
from harness.grid.slurm import slurm_script
from harness.params.config import Engine, Pretraining
from harness.params.reading import ParamsFile

# The long options of sbatch (Slurm 24.05).
_SBATCH = """
account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint container contiguous
core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency distribution error
exclude exclusive export export-file extra extra-node-info get-user-env gid gpu-bind gpu-freq gpus gpus-per-node
gpus-per-socket gpus-per-task gres gres-flags hint hold ignore-pbs input job-name kill-on-invalid-dep licenses
mail-type mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nice no-kill no-requeue nodefile
nodelist nodes ntasks ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket open-mode output overcommit
oversubscribe parsable partition power prefer priority profile propagate qos quiet reboot requeue reservation
resv-ports segment signal sockets-per-node spread-job switches test-only thread-spec threads-per-core time time-min
tmp tres-bind tres-per-task uid use-min-nodes verbose wait wait-all-nodes wckey wrap
"""
SBATCH = frozenset(_SBATCH.split())


def positions(params: ParamsFile, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Yield a finding for each row length in `params.yaml` that is above an encoder's maximum.

    `shapes` has the sizes by family.
    """
    everything = params.everything()
    for family, shape in shapes.items():
        if shape.positions is None:
            continue
        asked = {f"tasks.{task}.max_length": everything.tasks[task].max_length for task in everything.run.tasks}
        for key, recipe in recipes(params, family).items():
            asked[f"families.{family}.{key}.length"] = recipe.length
        for key, length in asked.items():
            if length > shape.positions:
                message = f"{key} is {length} tokens, and {family} reads at most {shape.positions}."
                yield Finding(_stage_of(key, family), message, f"Set {key} to {shape.positions} or less.")


def _stage_of(key: str, family: str) -> str:
    section, name, *_ = key.split(".")
    stage = "checkpoint" if key.endswith("general.length") else "pretrain"
    return f"finetune {name} {family}" if section == "tasks" else f"{stage} {family}"


def recipes(params: ParamsFile, family: str) -> dict[str, Pretraining]:
    """The pre-training recipes that this run uses for a family, by their key in `params.yaml` ("general",
    "adaptation")."""
    one = params.everything().families[family]
    found = {}
    if one.general is not None and one.baseline.source == "build":
        found["general"] = one.general
    if one.adaptation is not None and params.pretrain(family).trained:
        found["adaptation"] = one.adaptation
    return found


@dataclass(frozen=True)
class Room:
    """The `memory` in bytes that the processes of a stage share. `whose` names the machine or device in messages.

    `at_once(jobs)` is the number of processes that run at the same time if the stage has `jobs` trainings.
    """

    memory: int
    whose: str
    at_once: Callable[[int], int]


def memory(params: ParamsFile, shapes: Mapping[str, Shape], texts: Mapping[str, int], room: Room) -> Iterator[Finding]:
    """Yield a finding for each batch that needs more memory than `room` has, by an estimate.

    `shapes` has the sizes of the encoder by family. `texts` has the number of texts in a row by task, such as one per
    option of a question.
    """
    everything = params.everything()
    for family, shape in shapes.items():
        settings = params.pretrain(family)
        for key, recipe in recipes(params, family).items():
            stage, jobs = ("checkpoint", 1) if key == "general" else ("pretrain", len(settings.trained))
            estimate = partial(_estimate, shape, everything.engine, recipe.length, guesses=True)
            at = f"families.{family}.{key}.device_batch"
            yield from _too_large(f"{stage} {family}", at, recipe.device_batch, estimate, room, jobs)
        for task in everything.run.tasks:
            of = params.finetune(task, family)
            one, long = alone(everything.engine), of.recipe.max_length
            estimate = partial(_estimate, shape, one, long, guesses=False, texts=texts.get(task, 1))
            stage, jobs = f"finetune {task} {family}", len(of.arms) * len(of.seeds)
            yield from _too_large(stage, f"tasks.{task}.batch", of.recipe.batch, estimate, room, jobs)


def _estimate(shape: Shape, engine: Engine, width: int, rows: int, *, guesses: bool, texts: int = 1) -> float:
    return training_memory(shape, engine, rows * texts, width, guesses=guesses)


def alone(engine: Engine) -> Engine:
    """The engine of one fine-tuning run, which uses one device and neither sharding nor recomputation."""
    return replace(engine, devices=1, sharding="ddp", recompute=False)


def _too_large(
    stage: str, key: str, rows: int, estimate: Callable[[int], float], room: Room, jobs: int
) -> Iterator[Finding]:
    processes = room.at_once(jobs)
    if (needed := estimate(rows)) * processes <= room.memory:
        return
    fitting = next((n for n in range(rows - 1, 0, -1) if estimate(n) * processes <= room.memory), 0)
    each = f" in each of {processes} processes" if processes > 1 else ""
    message = (
        f"{key} is {rows} rows, which need about {needed / GB:.0f} GB{each} (an estimate); {room.whose} has "
        f"{room.memory / GB:.0f} GB."
    )
    fewer = ", or fewer processes (HARNESS_WORKERS=1)" if processes > 1 else ""
    less = f"Set {key} to {fitting} or less{fewer}" if fitting else f"Not one row fits: take more memory{fewer}"
    yield Finding(stage, message, f"{less}. If the run is on another machine, give its memory by --device-memory-gb.")


def space(needed: int, free: int, largest: Mapping[str, int]) -> Iterator[Finding]:
    """Yield a finding if `needed` bytes will be written and fewer are `free`.

    `largest` has the bytes that each stage writes.
    """
    if needed <= free:
        return
    named = ", ".join(f"{name} {size / GB:.1f} GB" for name, size in sorted(largest.items(), key=lambda x: -x[1])[:3])
    yield Finding(
        "disk",
        f"About {needed / GB:.1f} GB will be written, and {free / GB:.1f} GB are free (most: {named}).",
        "Free space, work on a larger disk, or set `dvc config cache.type hardlink,symlink`, which halves this.",
    )


def slurm(root: Path, params: ParamsFile, options: Namespace) -> Iterator[Finding]:
    """Yield findings for options that Slurm or `harness grid` would refuse. Slurm is asked if it is installed here."""
    engine = params.everything().engine
    jobs = len(params.everything().run.tasks) * len(params.everything().run.families)
    for text in options.sbatch:
        key = text.lstrip("-").partition("=")[0]
        if key and key not in SBATCH:
            close = difflib.get_close_matches(key, SBATCH, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            yield Finding("grid", f"sbatch has no option {key!r}.{hint}", f"Correct --sbatch {text}.")
    try:
        plan = planning.plan(Namespace(**vars(options) | {"dry_run": True}), engine.device, jobs)
    except planning.TooFewGpus:
        return  # the run may be on another machine
    except ConfigError as error:
        yield Finding("grid", error.message, error.remedy)
        return
    if not plan.slurm:
        return
    if fault := _refused(batch_script(root, plan.resources, jobs)):
        yield Finding("grid", f"Slurm would refuse the job: {fault}", "Correct the options of `harness grid`.")
    for family in params.everything().run.families:
        settings = params.pretrain(family)
        if not settings.trained or engine.device != "cuda":
            continue
        try:
            script = slurm_script(family, settings, options.gpus_per_node, options.hours)
        except ConfigError as error:
            yield Finding(f"pretrain {family}", error.message, error.remedy)
            continue
        if fault := _refused(script):
            remedy = f"Correct the options of `harness pretrain {family} --slurm`."
            yield Finding(f"pretrain {family}", f"Slurm would refuse the job: {fault}", remedy)


def _refused(script: str) -> str:
    """Slurm's reason to refuse a batch script, which is not run. Empty if Slurm accepts it or is not here."""
    if shutil.which("sbatch") is None:
        return ""
    asked = subprocess.run(["sbatch", "--test-only"], input=script, capture_output=True, text=True)
    said = re.sub(r"^(sbatch|allocation failure): (error: )?", "", asked.stderr.strip().splitlines()[-1:][0]
                  if asked.stderr.strip() else "no reason")  # fmt: skip
    return said if asked.returncode else ""
