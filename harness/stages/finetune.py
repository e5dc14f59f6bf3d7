"""Stage `finetune`: fine-tune every arm and seed of one comparison and store its predictions.

The stage computes no test score. Scoring is a stage of its own, so that a number can be recomputed years later from the
stored predictions.
"""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

from harness import heads
from harness.artifacts import runs
from harness.data import perturbed
from harness.params.config import FinetuneSettings, Recipe
from harness.privacy import restricted
from harness.system.files import atomic_folder
from harness.task import Task
from harness.training.finetune import finished, tuning
from harness.training.finetune.inputs import Inputs, read_inputs
from harness.training.finetune.runs import Job, Worker, carry_out, describe, encode_parts, prepare


def run(root: Path, task: Task, family: str, settings: FinetuneSettings) -> None:
    """Write `artifacts/predictions/<task>/<family>/`: one prediction file per arm and seed, and their record
    `runs.json`.

    If `tune` is set, every arm first searches for its recipe on the validation part (files in `tuning/`), and the files
    above are of runs with this recipe. The runs with the recipe that `params.yaml` declares are then in `untuned/`,
    with a `runs.json` of their own.
    """
    inputs = read_inputs(root, task, family, settings.encoders)
    again = perturbed.parts_of(heads.of(task), inputs.parts.get("test", []), settings.robustness)
    inputs = replace(inputs, parts=inputs.parts | again)
    target = runs.folder_of(root, task.name, family)

    from harness.statistics import selection, task_metrics

    # Before processes are forked: imports that they share, and checks that would fail in each of them.
    task_metrics.functions(task)
    prepare(task, settings, inputs)
    hidden = restricted.by_card(root, task.name)
    made_of = {"inputs": inputs.hashes, "settings": asdict(settings)}
    with finished.kept(root, f"{task.name}/{family}", task, made_of, __name__) as done, atomic_folder(target) as folder:
        encoded = encode_parts(task, settings.recipe, inputs)
        worker = finished.Resumable(Worker(root, task.name, settings, inputs.parts, encoded, selection.judged), done)

        def results(title: str, jobs: list[Job]) -> list[dict]:
            names = [f"{job.arm} {job.seed}" for job in jobs]
            title = f"{title} {task.name} {family}"
            return carry_out(title, f"{task.name}/{family}", names, jobs, worker, settings) if jobs else []

        def write(place: Path, made: list[dict], tuned: dict | None = None) -> None:
            described = describe(task, family, settings, inputs, made)
            told = {"selection": selection.RULE, "robustness": settings.robustness.as_recorded(), "tuning": tuned}
            runs.Runs.of(**described, **told).write(place / "runs.json", hidden=hidden)

        declared = dict.fromkeys(settings.arms, settings.recipe)
        if settings.tune is None:
            write(folder, results("finetune", _jobs(settings, inputs, folder, declared)))
            return
        for name in ("tuning", runs.Runs.UNTUNED):
            (folder / name).mkdir()
        candidates = settings.candidates
        trials = tuning.jobs(settings, settings.tune, inputs, folder)
        tuned = tuning.tried(candidates, trials, results("tune", trials))
        chosen = {arm: candidates[number] for arm, number in tuned["chosen"].items()}
        before = _jobs(settings, inputs, folder / runs.Runs.UNTUNED, declared)
        after = _jobs(settings, inputs, folder, chosen)
        # An arm that chose the declared recipe is not fine-tuned again, because the same run has the same result.
        anew = [job for job in after if job.recipe != settings.recipe]
        made = dict(zip([*before, *anew], results("finetune", [*before, *anew]), strict=True))
        for old, new in zip(before, after, strict=True):
            if new not in made:
                shutil.copyfile(old.file, new.file)
                made[new] = made[old]
        write(folder / runs.Runs.UNTUNED, [made[job] for job in before])
        write(folder, [made[job] for job in after], tuned)


def _jobs(settings: FinetuneSettings, inputs: Inputs, folder: Path, recipes: dict[str, Recipe]) -> list[Job]:
    """One job per seed and arm, with the recipe of the arm."""
    return [
        Job(
            arm,
            seed,
            settings.replicate(arm, seed),
            inputs.checkpoints[settings.encoder(arm, seed)],
            folder / runs.file_name(arm, seed),
            recipes[arm],
        )
        for seed in settings.seeds
        for arm in settings.arms
    ]
