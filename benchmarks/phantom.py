"""Check that the effects that were planted in generated data are found, and no others, for several draws of the data.

Usage: python benchmarks/phantom.py [--draws 7:101 8:102 9:103] [--shuffled] [--folder DIR]

A draw is DATA_SEED:PRETRAINING_SEED. Each draw is a run of the whole profile `embedded` in a repository of its own in a
scratch folder, with other invented words, texts, splits and encoders. Every stage is run by the command that `dvc.yaml`
calls. With --shuffled, the clinical corpus has the same words and sentence frames, but a sentence says nothing about
the class of its words. So there is nothing to find. Prints Markdown: the verdicts and the mean difference by kind of
row and pair of arms, draw by draw.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = {"general": 0, "adaptation": 1000}  # added to a draw's pre-training seed


def prepared(root: Path, data_seed: int, training_seed: int, shuffled: bool) -> None:
    """Write a repository with the project's tasks, generated data of that seed, and the profile with other seeds."""
    from harness.data.synthetic import write
    from harness.params import profiles
    from harness.testing.parameters import changing

    for name in ("harness", "tasks", "dvc.yaml", "constraints.txt"):
        (root / name).symlink_to(ROOT / name)
    write.generate(root / "data", data_seed, shuffled=shuffled)
    with changing(root, profiles.text("embedded")) as params:
        params["generate"]["seed"] = data_seed
        for family in params["run"]["families"]:
            for recipe, place in PLACES.items():
                # Families share the settings of a recipe, but not its seed.
                own = dict(params["families"][family][recipe]) | {"seed": training_seed + place}
                params["families"][family][recipe] = own


def stages(tasks: tuple[str, ...], families: tuple[str, ...]) -> tuple[list, list[list], list]:
    """The commands before the families, those of each family, and those after them."""
    before = [[stage, task] for task in tasks for stage in ("validate", "split")] + [["corpus"]]
    own = [
        [["checkpoint", family], ["pretrain", family], *(["finetune", task, family] for task in tasks)]
        for family in families
    ]
    return before, own, [[stage, task] for task in tasks for stage in ("linear", "score")]


def measured(root: Path) -> tuple[list, dict, dict]:
    """The comparisons of a finished draw, their judgements, and those of its readings."""
    from harness.params import reading as params
    from harness.plugins import registry
    from harness.report.disclosure import loading
    from harness.report.model import judging

    everything = params.load(root / "params.yaml").everything()
    found = loading.load(root, everything.run, registry.load_all(root))
    return found, judging.judged(found, everything.statistics), judging.judged_readings(found, everything.statistics)


def run_stages(root: Path, wanted: list[list[str]]) -> None:
    for stage in wanted:
        print(f"{root.name}: harness {' '.join(stage)}", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "-m", "harness", *stage],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"harness {' '.join(stage)} failed in {root}:\n{done.stderr[-2000:]}")


def one(root: Path, data_seed: int, training_seed: int, shuffled: bool) -> tuple[list, dict, dict]:
    from harness.params import reading as params

    prepared(root, data_seed, training_seed, shuffled)
    run = params.load(root / "params.yaml").everything().run
    before, own, after = stages(run.tasks, run.families)
    run_stages(root, before)
    # In parallel, as `harness repro` runs them.
    with ThreadPoolExecutor(len(own)) as pool:
        list(pool.map(partial(run_stages, root), own))
    run_stages(root, after)
    return measured(root)


def rows(draw: str, found: list, judgements: dict, read: dict) -> Iterator[tuple[str, ...]]:
    """Verdicts and mean differences, over all rows and over the rows of each kind."""
    from harness.statistics.verdicts import VERDICTS

    groups: dict[tuple[str, str], list] = {}
    for c in found:
        for arm in c.others:
            estimate = c.estimates["test", arm]
            groups.setdefault(("all", f"clinical − {arm}"), []).append(
                (judgements[c.task, c.family, arm].verdict, estimate.delta)
            )
        for r in c.readings:
            key = (r.decided_by, f"{r.arm} − {r.against}")
            groups.setdefault(key, []).append((read[c.task, c.family, r].verdict, r.estimate.delta))
    for (kind, arms), of in groups.items():
        counts, deltas = Counter(verdict for verdict, _ in of), [100 * d for _, d in of]
        mean, absolute = math.fsum(deltas) / len(deltas), math.fsum(map(abs, deltas)) / len(deltas)
        yield (
            draw,
            kind,
            arms,
            *(str(counts[v]) for v in VERDICTS),
            f"{mean:+.1f}".replace("-", "−"),
            f"{absolute:.1f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", nargs="+", default=["7:101", "8:102", "9:103"], metavar="DATA:PRETRAINING")
    parser.add_argument("--shuffled", action="store_true", help="the clinical corpus teaches nothing of its words")
    parser.add_argument("--folder", type=Path, help="where the repositories go for a while; kept where it is named")
    options = parser.parse_args()
    from harness.statistics.verdicts import VERDICTS

    header = ("Draw", "Rows decided by", "Difference", *VERDICTS, "mean", "mean absolute")
    print("| " + " | ".join(header) + " |\n|---|---|---|" + "--:|" * (len(header) - 3), flush=True)
    for draw in options.draws:
        data_seed, training_seed = map(int, draw.split(":"))
        folder = Path(tempfile.mkdtemp(dir=options.folder, prefix=f"phantom-{data_seed}-"))
        try:
            for row in rows(draw, *one(folder, data_seed, training_seed, options.shuffled)):
                print("| " + " | ".join(row) + " |", flush=True)
        finally:
            if options.folder is None:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
