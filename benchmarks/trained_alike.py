"""Train the baseline of a finished run again with transformers' `Trainer`, by the same recipe, and compare scores.

Usage: python benchmarks/trained_alike.py FOLDER TASK FAMILY [--seeds 1 2 3 4 5]

FOLDER is a repository with the scores of the comparison (`harness score TASK FAMILY`). For the harness, the stored
scores of the baseline's runs are taken. `Trainer` starts from the same checkpoint and gets the same rows, lengths,
batch, updates, learning rate, schedule, decay and clipping. It initialises its heads and orders its rows by itself, and
pads dynamically. It keeps its last weights, while the harness keeps those with the best validation score. Each run is a
process of its own with one thread. Prints a row of benchmarks/trained_alike.md.
"""

import argparse
import json
import statistics
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("task")
    parser.add_argument("family")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    root = options.folder.resolve()
    if options.one is not None:
        print(json.dumps(by_trainer(root, options.task, options.family, options.one)))
        return
    from measuring import in_process

    ours = stored(root, options.task, options.family, options.seeds)
    theirs = [in_process(__file__, root, options.task, options.family, "--one", seed) for seed in options.seeds]
    print("| task | family | seeds | harness | Trainer |\n|:--|:--|--:|--:|--:|")
    print(f"| `{options.task}` | {options.family} | {len(ours)} | {spread(ours)} | {spread(theirs)} |")


def stored(root: Path, task: str, family: str, seeds: list[int]) -> list[float]:
    """The primary test scores of the baseline's runs with `seeds`."""
    from harness.artifacts import scores

    made = scores.read(root, task, family)
    found = {
        row.seed: row.value
        for row in made.metrics
        if (row.arm, row.part, row.metric) == ("baseline", "test", made.primary)
    }
    return [found[seed] for seed in seeds]


def by_trainer(root: Path, name: str, family: str, seed: int) -> float:
    """The primary test score of a run by `Trainer`."""
    from harness.system.determinism import prepare_environment, prepare_torch

    prepare_environment("fast")
    import torch

    prepare_torch(threads=1, device="cpu")
    import finetuning

    from harness import heads
    from harness.encoders import families
    from harness.params.reading import load
    from harness.plugins import registry
    from harness.training.finetune.inputs import read_inputs

    task, settings = registry.get(root, name), load(root / "params.yaml").finetune(name, family)
    inputs, recipe = read_inputs(root, task, family, ("baseline",)), settings.recipe
    folder = inputs.checkpoints["baseline"]
    tokenizer = families.load_tokenizer(folder)
    examples = finetuning.encoded(task, inputs.parts, tokenizer, recipe.max_length, recipe.stride)
    torch.manual_seed(seed)
    model = families.load_head(
        folder, settings.architecture, heads.of(task), task.labels, settings.engine.attention, recipe.dropout
    )
    rows, _ = finetuning.with_trainer("dynamic", model, examples, tokenizer, settings, seed)
    return finetuning.score(task, inputs.parts["test"], examples["test"], rows)


def spread(values: list[float]) -> str:
    """The mean ± standard deviation of scores, as text in points of 100."""
    sd = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.fmean(values):.1f}{sd}"


if __name__ == "__main__":
    main()
