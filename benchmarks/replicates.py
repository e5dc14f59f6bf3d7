"""Count how often two arms are called different that differ only in the seed of their pre-training.

Usage: python benchmarks/replicates.py [--encoders 12] [--seeds 3] [--folder DIR]

One family of the profile `embedded` and two tasks are run. The clinical arm is pre-trained `--encoders` times from one
baseline, and each encoder is fine-tuned with `--seeds` seeds. The encoders differ only by chance. So every difference
that is called is a false alarm about the procedure. Two kinds of arms are compared by the code of the report. In the
first kind, an arm is one encoder with all its seeds, and all pairs are compared. In the second kind, an arm is three
encoders with two seeds each, and random draws are compared. Writes benchmarks/replicates.md, which takes ten minutes on
two cores.
"""

import argparse
import itertools
import tempfile
from pathlib import Path

import numpy as np
from phantom import ROOT, prepared, run_stages

PAGE = Path(__file__).with_suffix(".md")
FAMILY, TASKS, DATA_SEED, TRAINING_SEED = "norbert3", ("medmqp", "aismec"), 2026, 1
DRAWS = 20


def build(root: Path, encoders: int, seeds: int) -> None:
    """Make a repository at `root`, and run its stages up to the predictions."""
    from harness.testing.parameters import changing

    prepared(root, DATA_SEED, TRAINING_SEED, shuffled=False)
    with changing(root) as params:
        params["run"].update(tasks=list(TASKS), families=[FAMILY], seeds=list(range(1, encoders * seeds + 1)))
        params["families"][FAMILY].update(control=False, replicates=encoders)
    run_stages(root, [[stage, task] for task in TASKS for stage in ("validate", "split")] + [["corpus"]])
    run_stages(root, [["checkpoint", FAMILY], ["pretrain", FAMILY], *(["finetune", task, FAMILY] for task in TASKS)])


def counts_of(root: Path, task: str) -> dict[int, list]:
    """Encoder → the counts by group of its runs on the test part, in order of their seeds."""
    from harness.artifacts import runs, split, validated
    from harness.metrics import primary
    from harness.plugins import registry
    from harness.statistics import task_metrics
    from harness.system import files

    declared, groups = registry.get(root, task), split.groups_of(root, task)
    records = {record["id"]: record for record in validated.records(root, task)}
    found: dict[int, list] = {}
    for run in runs.read(root, task, FAMILY).runs:
        if run.arm == "clinical":
            lines = files.read_jsonl(runs.folder_of(root, task, FAMILY) / run.file)
            lines = [{**line, "group": groups[line["id"]]} for line in lines if line["part"] == "test"]
            decisions = task_metrics.decisions(declared, lines, records)
            of = {line["id"]: line["group"] for line in lines}
            found.setdefault(run.replicate, []).append(primary(declared).count(decisions, of))
    return found


def compared(runs: dict[int, list], arms: tuple[tuple[int, ...], tuple[int, ...]], seeds: int):
    """The estimate of the second arm against the first. Each encoder counts with its first `seeds` runs."""
    from harness.metrics import named
    from harness.metrics.decided import counts
    from harness.statistics import paired

    reference, clinical = (
        counts.stack([runs[encoder][seed] for seed in range(seeds) for encoder in arm]) for arm in arms
    )
    metric = named(runs[arms[0][0]][0].metric)
    of_encoders = [at for _ in range(seeds) for at in range(len(arms[0]))]
    return paired.compare(reference, clinical, metric, paired.Settings(), replicates=of_encoders)


def page(root: Path, encoders: int, seeds: int) -> str:
    from harness.metrics import named
    from harness.statistics import families, paired
    from harness.system.determinism import derived_seed

    every = {task: counts_of(root, task) for task in TASKS}
    metrics = {task: named(runs[1][0].metric) for task, runs in every.items()}
    rng = np.random.default_rng(derived_seed("replicates"))
    ones = list(itertools.combinations(range(1, encoders + 1), 2))
    drawn = [rng.permutation(encoders)[:6] + 1 for _ in range(DRAWS)]
    threes = [(tuple(six[:3].tolist()), tuple(six[3:].tolist())) for six in drawn]
    designs = {
        f"one pre-training, {seeds} fine-tuning seeds": ([((a,), (b,)) for a, b in ones], seeds),
        "three pre-trainings, 2 fine-tuning seeds of each": (threes, 2),
    }
    lines = ["| an arm is | compared | task | pairs | p below .05 | mean absolute difference, points | mean ± |"]
    lines.append("|:--|:--|:--|--:|--:|--:|--:|")
    for said, (pairs, n) in designs.items():
        found = {task: [compared(runs, arms, n) for arms in pairs] for task, runs in every.items()}
        for task in TASKS:
            lines.append(_row(said, "one task", f"`{task}`", found[task]))
        settings, both = paired.Settings(), [metrics[task] for task in TASKS]
        joint = [families.joint(list(of), both, settings).estimate for of in zip(*found.values(), strict=True)]
        lines.append(_row(said, "mean over tasks", "both", joint))
    spread = {
        task: 100
        * float(np.std([np.mean([metrics[task].score(c.values.sum(0)) for c in of]) for of in runs.values()], ddof=1))
        for task, runs in every.items()
    }
    return "\n".join([
        "# Arms that differ only in the seed of their pre-training", "",
        f"Made by `python benchmarks/replicates.py --encoders {encoders} --seeds {seeds}`: profile `embedded`, "
        f"NorBERT3. The clinical arm was pre-trained {encoders} times from one baseline with other seeds. Each encoder "
        f"was fine-tuned with {seeds} seeds. Any difference found here is a false alarm about the procedure. With one "
        f"encoder per arm all {len(ones)} pairs are compared, with three {DRAWS} random draws of six. Pairs share "
        "encoders, so the shares are less precise than their number suggests. Compared runs have different "
        "fine-tuning seeds, so no effect of these cancels. *Mean ±* is half the width of the interval.", "",
        *lines, "",
        "Standard deviation over encoders of the mean of their runs: "
        + ", ".join(f"{value:.1f} points on `{task}`" for task, value in spread.items()) + ".", "",
    ])  # fmt: skip


def _row(said: str, what: str, task: str, found: list) -> str:
    p = np.array([e.p_value for e in found])
    size = 100 * float(np.mean([abs(e.delta) for e in found]))
    half = 50 * float(np.mean([e.ci_high - e.ci_low for e in found]))
    return f"| {said} | {what} | {task} | {len(p)} | {100 * float((p < 0.05).mean()):.0f} % | {size:.1f} | {half:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoders", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="a finished folder of an earlier call, or an empty one to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replicates-") as scratch:
        root = options.folder or Path(scratch)
        if not (root / "artifacts" / "predictions").is_dir():
            build(root, options.encoders, options.seeds)
        PAGE.write_text(page(root, options.encoders, options.seeds), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
