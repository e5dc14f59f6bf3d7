"""Find how long an encoder must be fine-tuned until validation stops rising, to check the declared recipes.

Usage: python benchmarks/learning.py FOLDER [--seeds 201 202] [--most 8] [--append]

FOLDER is a repository with finished checkpoints (`harness repro`). The baseline of every family is fine-tuned on every
task in its `params.yaml`: with half the declared number of updates, with that number, with twice that number and so on.
This ends when doubling raises the validation score by less than a point, or at `--most` times the declared number. The
seeds are not those of the report. Each length is a training of its own, with its own warm-up and decay. Writes the
table in benchmarks/learning.md.
"""

import argparse
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

PAGE = Path(__file__).with_suffix(".md")
RISE = 0.01  # a point of 100
INTRODUCTION = """# How long fine-tuning must be

Made by `python benchmarks/learning.py FOLDER` on finished runs: the baseline of every family, mean over seeds that are
not reported of the best validation score by the task's primary metric, in points. Where doubling raised it by less than
a point, no longer training was made. *Enough* is the first length after which doubling gives less than a point.
"""


def lengths(most: float) -> Iterator[float]:
    length = 0.5
    while length <= most:
        yield length
        length *= 2


def reached(task, family: str, settings, inputs, worker, length: float, seeds: list[int]) -> float:
    """The mean over seeds of the best validation score after `length` times the declared updates."""
    from harness.training.finetune.runs import Job, carry_out

    steps = max(1, round(settings.recipe.steps * length))
    recipe = dataclasses.replace(settings.recipe, steps=steps)
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            Job("baseline", seed, 1, inputs.checkpoints["baseline"], Path(folder) / f"{seed}", recipe, ("validation",))
            for seed in seeds
        ]
        title = f"learning {task.name} {family} × {length:g}"
        results = carry_out(title, f"{task.name}/{family}", list(map(str, seeds)), jobs, worker, settings)
    return fmean(result["best_validation"] for result in results)


def curve(root: Path, task, family: str, settings, seeds: list[int], most: float) -> dict[float, float]:
    """Length, as a multiple of the declared updates → the score that is reached."""
    from harness.statistics import selection
    from harness.training.finetune.inputs import read_inputs
    from harness.training.finetune.runs import Worker, encode_parts, prepare

    inputs = read_inputs(root, task, family, ("baseline",))
    prepare(task, settings, inputs)
    worker = Worker(
        root, task.name, settings, inputs.parts, encode_parts(task, settings.recipe, inputs), selection.judged
    )
    found: dict[float, float] = {}
    for length in lengths(most):
        found[length] = reached(task, family, settings, inputs, worker, length, seeds)
        if length > 1 and found[length] - found[length / 2] < RISE:
            break
    return found


def row(task: str, family: str, steps: int, found: dict[float, float], columns: list[float]) -> str:
    shown = [f"{100 * found[length]:.1f}" if length in found else "" for length in columns]
    enough = next((n for n in found if 2 * n in found and found[2 * n] - found[n] < RISE), None)
    said = f"{enough:g} ×" if enough else f"more than {max(found):g} ×"
    return f"| `{task}` | {family} | {steps} | {' | '.join(shown)} | {said} |"


def main() -> None:
    from harness.params.reading import load
    from harness.plugins import registry

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202])
    parser.add_argument("--most", type=float, default=8)
    parser.add_argument("--append", action="store_true", help="add the table to those that are there")
    options = parser.parse_args()
    root = options.folder.resolve()
    params = load(root / "params.yaml")
    run, columns = params.everything().run, list(lengths(options.most))
    rows = []
    for name in run.tasks:
        task = registry.get(root, name)
        for family in run.families:
            settings = dataclasses.replace(params.finetune(name, family), tune=None)
            found = curve(root, task, family, settings, options.seeds, options.most)
            rows.append(row(name, family, settings.recipe.steps, found, columns))
    head = ["| task | family | declared updates | " + " | ".join(f"× {n:g}" for n in columns) + " | enough |"]
    head.append("|:--|:--|--:|" + "--:|" * len(columns) + ":--|")
    before = PAGE.read_text(encoding="utf-8") if options.append else INTRODUCTION
    caption = f"\nProfile `{run.profile}`, {len(options.seeds)} seeds:\n\n"
    PAGE.write_text(before + caption + "\n".join([*head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
