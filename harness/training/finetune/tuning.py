"""Try the candidate recipes of `tune` in `params.yaml` on the validation part, and choose one for each arm.

All arms try the same candidates. Otherwise a difference between arms could come from recipes that fit one arm better.
An arm chooses once, with the encoder of its first pre-training run.
"""

from collections.abc import Sequence
from pathlib import Path

from harness.artifacts import runs
from harness.params.config import FinetuneSettings, Recipe
from harness.params.tune import Tune
from harness.statistics import tuning
from harness.training.finetune.inputs import Inputs
from harness.training.finetune.runs import SEARCHED, Job


def jobs(settings: FinetuneSettings, tune: Tune, inputs: Inputs, folder: Path) -> list[Job]:
    """The jobs that try the candidate recipes: one per arm, candidate and seed of `tune`. A job answers the validation
    part, and writes its predictions below `folder`."""
    return [
        Job(
            arm, seed, 1, inputs.checkpoints[arm], folder / runs.trial_file_name(arm, number, seed), recipe,
            ("validation",),
        )
        for arm in settings.arms
        for number, recipe in enumerate(settings.candidates)
        for seed in tune.seeds
    ]  # fmt: skip


def tried(candidates: Sequence[Recipe], jobs: list[Job], results: list[dict]) -> dict:
    """The section of `runs.json` about tuning: {"candidates": learning rate and updates of each, "trials": the results
    of all trial runs, "chosen": index of the chosen candidate by arm}. `jobs` and `results` have the same order."""
    number = {recipe: i for i, recipe in enumerate(candidates)}
    trials = [result | {"candidate": number[job.recipe]} for job, result in zip(jobs, results, strict=True)]
    scores = {
        arm: [
            [trial["best_selection"] for trial in trials if (trial["arm"], trial["candidate"]) == (arm, i)]
            for i in range(len(candidates))
        ]
        for arm in dict.fromkeys(job.arm for job in jobs)
    }
    return {
        "candidates": [{key: getattr(recipe, key) for key in SEARCHED} for recipe in candidates],
        "trials": [{key: value for key, value in trial.items() if key != "treatment"} for trial in trials],
        "chosen": {arm: tuning.chosen(of) for arm, of in scores.items()},
    }
