"""Try the candidates of `params.yaml`'s `tune` on validation, the same number for every arm, and choose one for each.

Both arms must be given the same chance to find a good recipe: otherwise a difference between them can be one of
recipes that suit one of them. An arm chooses once, by its first pre-training run.
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
    """A run per arm, candidate and seed, whose answers to the validation part are kept in `folder`."""
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
    """What `runs.json` says of it: the candidates, the results of all trials and the candidate of each arm."""
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
