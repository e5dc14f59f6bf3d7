"""Compare intervals over pre-trainings and documents with the multi-bootstrap of Sellam et al. (2022).

Usage: python benchmarks/multibootstrap.py FOLDER

FOLDER is a finished run whose arms were pre-trained several times. The multi-bootstrap ("The MultiBERTs: BERT
Reproductions for Robustness Analysis", ICLR, section 3) draws pre-training seeds and test items with replacement, the
same for both arms, and takes the spread of the difference. It differs from the harness in two ways:

- R seeds drawn with replacement show (R − 1)/R of the variance over seeds. The paper, with 25 seeds, does not correct
  this.
- V_interaction, the part of the variance that is specific to one seed and one item, is in the variance over items, in
  the variance over seeds, and in the variance of drawing both. So a bootstrap of both counts V_interaction about three
  times (Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 386-411: no bootstrap of a crossed
  design is exact). The harness counts it once.

The first table shows by simulation (simulation.py) which of the two procedures is right if the truth is known. The
second table has the run's standard errors by the harness and by the multi-bootstrap. It also has what the
multi-bootstrap must be by the harness's own components: V_groups + V_runs (R − 1)/R + V_interaction (R − 1)/R. The
counts of the run are made without the code of the harness. Writes benchmarks/multibootstrap.md.
"""

import csv
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from recompute import KNOWN, counted, lines_of, order_of, replicates_of, score_of, stored
from scipy import stats
from simulation import Marked, luck, solve

from harness.metrics import named
from harness.statistics import variance

PAGE = Path(__file__).with_suffix(".md")
DRAWS = 4000
TABLE = (
    "| task | family | against | difference | multi-bootstrap, standard error | by the components "
    "| harness, standard error | multi-bootstrap, 95 % | harness, 95 % |\n|:--|:--|:--|--:|--:|--:|--:|--:|--:|"
)
KNOWN_TRUTH = (
    "| spread over pre-trainings, points | pre-trainings | true standard error | multi-bootstrap | harness "
    "| intervals that hold the truth: multi-bootstrap | harness |\n|--:|--:|--:|--:|--:|--:|--:|"
)
SETTING = Marked("strict F1, 161 documents", 161, 7.5, 0.75)
SIMULATED, SIMULATED_DRAWS = 600, 400


def resampled(arms: list[np.ndarray], own: np.ndarray, score, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Differences of the means [draws] over resampled replicates and groups, the same for both arms.

    An arm is [runs, groups, counts]; `own` [runs] is the replicate of each run.
    """
    groups, replicates = arms[0].shape[1], sorted(set(own))
    weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(float)
    first, second = (
        np.stack([score((weights @ run.reshape(groups, -1)).reshape(-1, *run.shape[1:])) for run in arm], axis=1)
        for arm in arms
    )
    by_replicate = np.stack([(second - first)[:, own == number].mean(axis=1) for number in replicates], axis=1)
    chosen = rng.integers(len(replicates), size=(draws, len(replicates)))
    return np.take_along_axis(by_replicate, chosen, axis=1).mean(axis=1)


def simulated() -> Iterator[str]:
    """Yield one table line for each spread over pre-trainings and number of pre-trainings. The true difference is 0."""
    score = named(SETTING.metric).score
    for points in (0, 1.5, 3):
        levels, deviations = solve(SETTING, (SETTING.base,) * 2, (points / 100,) * 2)
        for number in (5, 25):
            rng = np.random.default_rng([12, int(10 * points), number])
            found = []
            for _ in range(SIMULATED):
                first, second = (arm[0] for arm in SETTING.draw(rng, levels, luck(rng, 1, number, deviations)))
                draws = resampled([first, second], np.arange(number), score, SIMULATED_DRAWS, rng)
                here = variance.components(
                    variance.differences(*(variance.jackknife(arm, score) for arm in (first, second)))
                )
                delta = score(second.sum(axis=-2)).mean() - score(first.sum(axis=-2)).mean()
                low, high = np.quantile(draws, [0.025, 0.975])
                width = stats.t.ppf(0.975, here.df) * np.sqrt(here.total)
                found.append((delta, draws.var(ddof=1), here.total, low <= 0 <= high, abs(delta) <= width))
            delta, theirs, ours, held, kept = np.array(found, dtype=float).T
            errors = (delta.std(ddof=1), np.sqrt(theirs.mean()), np.sqrt(ours.mean()))
            yield (
                f"| {points:g} | {number} | "
                + " | ".join(f"{100 * error:.2f}" for error in errors)
                + f" | {held.mean():.1%} | {kept.mean():.1%} |"
            )


def counts_of(root: Path, row: dict) -> tuple[list[np.ndarray], np.ndarray, partial]:
    """Both arms [runs, groups, ...], the replicate of each run and the score, for a row of comparison.csv."""
    folder, runs, group_of, labels, positive = stored(root, row["task"], row["family"])
    seeds, arms = sorted({run["seed"] for run in runs["runs"]}), []
    for arm in (row["against"], "clinical"):
        files = ([x for x in lines_of(folder / f"{arm}-seed{seed}.jsonl") if x["part"] == "test"] for seed in seeds)
        tables = []
        for lines in files:
            tables.append(counted(lines, group_of, order_of(lines, group_of), row["metric"], labels))
        arms.append(np.stack(tables))
    return arms, np.array(replicates_of(runs)), score_of(row["metric"], labels, positive)


def lines(root: Path) -> Iterator[str]:
    """Yield one table line for each comparison of the run in which the arms have several replicates."""
    rng = np.random.default_rng(11)
    for row in csv.DictReader((root / "reports" / "comparison.csv").open(encoding="utf-8", newline="")):
        if not row["delta"] or int(row["n_replicates"]) < 2 or row["metric"] not in KNOWN:
            continue
        scores = json.loads((root / "artifacts/scores" / row["task"] / f"{row['family']}.json").read_text())
        (ours,) = (c for c in scores["comparisons"] if (c["part"], c["against"]) == ("test", row["against"]))
        number = ours["n_replicates"]
        over_seeds = np.var(ours["differences"], ddof=1) / number
        components = ours["groups_variance"] + (over_seeds + ours["interaction"]) * (number - 1) / number
        draws = resampled(*counts_of(root, row), DRAWS, rng)
        low, high = np.quantile(draws, [0.025, 0.975])
        yield (
            f"| `{row['task']}` | {row['family']} | {row['against']} | {100 * float(row['delta']):+.1f} "
            f"| {100 * draws.std(ddof=1):.2f} | {100 * np.sqrt(components):.2f} "
            f"| {100 * ours['se']:.2f} (df {ours['df']:.1f}) "
            f"| {100 * low:+.1f} to {100 * high:+.1f} "
            f"| {100 * float(row['ci_low']):+.1f} to {100 * float(row['ci_high']):+.1f} |"
        ).replace("-", "−")


def main(root: Path) -> None:
    words = (
        "# Standard errors: the harness and the multi-bootstrap",
        "Made by `python benchmarks/multibootstrap.py FOLDER`. Points of 100. The standard errors are of "
        "the difference, over pre-trainings and documents together. The multi-bootstrap's interval is the percentile "
        "interval.",
        "## If the truth is known",
        f"{SIMULATED} simulated comparisons per line, {SETTING.name} of about {SETTING.mean:g} entities, no difference "
        "between the arms. The true standard error is the spread of the differences themselves. The multi-bootstrap "
        "counts the interaction of pre-training and document about three times (Owen 2007, *The pigeonhole "
        "bootstrap*). So with few pre-trainings, its standard error is too large if most of the chance is in "
        "documents, and its interval is too narrow if it is in pre-trainings.",
        "\n".join([KNOWN_TRUTH, *simulated()]),
        "## A run of profile `lab`",
        "Test part. *By the components*: the multi-bootstrap that follows from the harness's stored components, "
        "V_groups + (V_runs + V_interaction)(R − 1)/R.",
        "\n".join([TABLE, *lines(root)]),
    )
    PAGE.write_text("\n\n".join(words) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
