"""Hold intervals over pre-trainings and documents against the multi-bootstrap of Sellam et al. (2022).

Usage: python benchmarks/multibootstrap.py FOLDER

FOLDER is a finished run whose arms were pre-trained several times. The multi-bootstrap ("The MultiBERTs: BERT
Reproductions for Robustness Analysis", ICLR, section 3) draws pre-training seeds and test items with replacement, the
same for both arms, and takes the spread of the difference. Drawing R seeds with replacement shows a spread over seeds
that is too small by (R − 1)/R, which their paper leaves as it is for its 25 seeds; for five it is a tenth of the width,
so the table has both. What differs beside that: the harness takes from the spread over seeds the part that is sampling
of items, and a t quantile with the degrees of freedom of so few seeds. Nothing of the harness is imported. Writes
benchmarks/multibootstrap.md.
"""

import csv
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from recompute import KNOWN, counted, declared, lines_of, replicates_of, scored

PAGE = Path(__file__).with_suffix(".md")
DRAWS = 4000
HEAD = (
    "| task | family | against | difference | multi-bootstrap, standard error | with R/(R − 1) "
    "| harness, standard error | multi-bootstrap, 95 % | harness, 95 % |\n|:--|:--|:--|--:|--:|--:|--:|--:|--:|"
)


def drawn(root: Path, row: dict, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """Differences of the means [draws] over resampled seeds and groups, those with the groups held fixed, and R."""
    task, family = row["task"], row["family"]
    folder = root / "artifacts" / "predictions" / task / family
    runs = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    group_of = json.loads((root / "artifacts" / "splits" / task / "groups.json").read_text(encoding="utf-8"))["groups"]
    labels, positive = declared(root, task, runs)
    seeds, replicates = sorted({run["seed"] for run in runs["runs"]}), np.array(replicates_of(runs))
    arms = []
    for arm in (row["against"], "clinical"):
        files = ([x for x in lines_of(folder / f"{arm}-seed{seed}.jsonl") if x["part"] == "test"] for seed in seeds)
        tables = []
        for lines in files:
            order = {group: i for i, group in enumerate(sorted({group_of[line["id"]] for line in lines}))}
            tables.append(counted(lines, group_of, order, row["metric"], labels))
        arms.append(np.stack(tables))
    score = partial(scored, metric=row["metric"], positive=labels.index(positive) if positive in labels else 0)
    own, groups = sorted(set(replicates)), arms[0].shape[1]

    def difference(weights: np.ndarray) -> np.ndarray:
        """By replicate, for the weight of each group [draws, groups]: [draws, replicates]."""
        first, second = (
            np.stack([score((weights @ run.reshape(groups, -1)).reshape(-1, *run.shape[1:])) for run in arm], axis=1)
            for arm in arms
        )
        return np.stack([(second - first)[:, replicates == number].mean(axis=1) for number in own], axis=1)

    every = difference(rng.multinomial(groups, np.full(groups, 1 / groups), size=DRAWS).astype(float))
    chosen = rng.integers(len(own), size=(DRAWS, len(own)))
    (fixed,) = difference(np.ones((1, groups)))
    return np.take_along_axis(every, chosen, axis=1).mean(axis=1), fixed[chosen].mean(axis=1), len(own)


def lines(root: Path) -> Iterator[str]:
    rng = np.random.default_rng(11)
    for row in csv.DictReader((root / "reports" / "comparison.csv").open(encoding="utf-8", newline="")):
        if not row["delta"] or int(row["n_replicates"]) < 2 or row["metric"] not in KNOWN:
            continue
        stored = json.loads((root / "artifacts/scores" / row["task"] / f"{row['family']}.json").read_text())
        ((se, df),) = (
            (c["se"], c["df"]) for c in stored["comparisons"] if (c["part"], c["against"]) == ("test", row["against"])
        )
        both, seeds, number = drawn(root, row, rng)
        corrected = np.sqrt(both.var(ddof=1) + seeds.var(ddof=1) / (number - 1))
        low, high = np.quantile(both, [0.025, 0.975])
        yield (
            f"| `{row['task']}` | {row['family']} | {row['against']} | {100 * float(row['delta']):+.1f} "
            f"| {100 * both.std(ddof=1):.2f} | {100 * corrected:.2f} | {100 * se:.2f} (df {df:.1f}) "
            f"| {100 * low:+.1f} to {100 * high:+.1f} "
            f"| {100 * float(row['ci_low']):+.1f} to {100 * float(row['ci_high']):+.1f} |"
        ).replace("-", "−")


def main(root: Path) -> None:
    found = list(lines(root))
    words = (
        "# Beside the multi-bootstrap\n\nMade by `python benchmarks/multibootstrap.py FOLDER` on a finished run of "
        "profile `lab`: test split, points of 100. The standard errors are of the difference over pre-trainings and "
        "documents together; the multi-bootstrap's interval is the plain percentile one.\n\n"
    )
    PAGE.write_text(words + "\n".join([HEAD, *found]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
