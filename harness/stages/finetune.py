"""Stage `finetune`: fine-tune every arm and seed of one comparison and store its predictions.

It ends with predictions and computes no test score: scoring is a stage of its own, so that a number
can be recomputed years later from what is stored here.
"""

from dataclasses import replace
from pathlib import Path

from harness import heads
from harness.artifacts import runs
from harness.data import perturbed
from harness.params.config import FinetuneSettings
from harness.privacy import restricted
from harness.system.files import atomic_folder
from harness.task import Task
from harness.training.finetune.inputs import read_inputs
from harness.training.finetune.runs import Job, Worker, carry_out, describe, encode_parts, prepare


def run(root: Path, task: Task, family: str, settings: FinetuneSettings) -> None:
    """Write `artifacts/predictions/<task>/<family>/`: one file per arm and seed, and `runs.json`."""
    inputs = read_inputs(root, task, family, settings.encoders)
    again = perturbed.parts_of(heads.of(task), inputs.parts.get("test", []), settings.robustness)
    inputs = replace(inputs, parts=inputs.parts | again)
    target = runs.folder_of(root, task.name, family)

    from harness.statistics import selection, task_metrics

    # Before processes are forked: what they all import, and what could go wrong in each of them.
    task_metrics.functions(task)
    prepare(task, settings, inputs)
    with atomic_folder(target) as folder:
        jobs = [
            Job(
                arm,
                seed,
                settings.replicate(arm, seed),
                inputs.checkpoints[settings.encoder(arm, seed)],
                folder / runs.file_name(arm, seed),
            )
            for seed in settings.seeds
            for arm in settings.arms
        ]
        encoded = encode_parts(task, settings.recipe, inputs)
        worker = Worker(root, task.name, settings, inputs.parts, encoded, selection.judged)
        title, name = f"finetune {task.name} {family}", f"{task.name}/{family}"
        results = carry_out(title, name, [f"{job.arm} {job.seed}" for job in jobs], jobs, worker, settings)
        described = describe(task, family, settings, inputs, results)
        made = runs.Runs.of(**described, selection=selection.RULE, robustness=settings.robustness.told())
        made.write(folder / "runs.json", hidden=restricted.by_card(root, task.name))
