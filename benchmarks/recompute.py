"""Recompute scores, differences, intervals and p-values of a finished run from the stored predictions alone.

    python benchmarks/recompute.py [FOLDER]

Nothing of the harness is imported. Scores are counted here in a few lines, and also computed by scikit-learn. Intervals
follow the published procedure with a *bootstrap* over groups, while the harness uses a jackknife. So the two agree
within Monte-Carlo error and not by construction. `artifacts`, `reports`, `tasks` and `params.yaml` below FOLDER (by
default, the current folder) are read. Prints a line per comparison, and exits with 1 if anything disagrees.
"""

import csv
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

LIBRARY = {
    "binary_f1": lambda g, p, labels, positive: f1_score(g, p, pos_label=positive, zero_division=0),
    "macro_f1": lambda g, p, labels, positive: f1_score(g, p, labels=labels, average="macro", zero_division=0),
    "micro_f1": lambda g, p, labels, positive: f1_score(g, p, labels=labels, average="micro", zero_division=0),
    "weighted_f1": lambda g, p, labels, positive: f1_score(g, p, labels=labels, average="weighted", zero_division=0),
    "accuracy": lambda g, p, labels, positive: accuracy_score(g, p),
    "mcc": lambda g, p, labels, positive: matthews_corrcoef(g, p),
}
KNOWN = (*LIBRARY, "strict_f1")
DRAWS = 2000
# Columns of `comparison.csv` that are empty if nothing can be measured.
EMPTY = ("reference", "clinical", "delta", "ci_low", "ci_high", "p_value", "p_holm", "mde", "mde_holm")
# A bootstrap of 2,000 draws has an error of 1.6 %. On few groups it also differs from a jackknife by some per cent.
TOLERANCE = 0.08
NEAR = 0.01  # the error of a bootstrap at the lower end of a skill


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def by_library(lines: list[dict], metric: str, labels: list[str], positive: str | None) -> float:
    """A score of test lines by scikit-learn. For spans, exact matches of (document, start, end, label) are counted."""
    if metric == "strict_f1":
        gold, found = (
            {(line["id"], *span) for line in lines for span in line[side]} for side in ("gold", "prediction")
        )
        return 2 * len(gold & found) / (len(gold) + len(found)) if gold or found else 0.0
    gold, found = ([line[side] for line in lines] for side in ("gold", "prediction"))
    return float(LIBRARY[metric](gold, found, labels, positive))


def counted(lines: list[dict], group_of: dict, order: dict, metric: str, labels: list[str]) -> np.ndarray:
    """Counts of gold label and answer by group: [groups, gold, answer].

    For spans it is [groups, 2, 2]: those both gold and predicted at [0, 0], the missed at [0, 1], the false at [1, 0].
    """
    size = 2 if metric == "strict_f1" else len(labels)
    table = np.zeros((len(order), size, size))
    for line in lines:
        row = order[group_of[line["id"]]]
        if metric == "strict_f1":
            gold, found = ({tuple(span) for span in line[side]} for side in ("gold", "prediction"))
            table[row] += [[len(gold & found), len(gold - found)], [len(found - gold), 0]]
        else:
            table[row, labels.index(line["gold"]), labels.index(line["prediction"])] += 1
    return table


def scored(sums: np.ndarray, metric: str, positive: int | None) -> np.ndarray:
    """The score of tables [..., gold, answer] of `counted`. A ratio without a denominator is 0."""
    hits, gold, said = np.diagonal(sums, axis1=-2, axis2=-1), sums.sum(axis=-1), sums.sum(axis=-2)
    every = gold.sum(axis=-1)
    if metric in ("micro_f1", "accuracy"):
        return ratio(hits.sum(axis=-1), every)
    if metric == "mcc":
        spread = (every**2 - (gold**2).sum(axis=-1)) * (every**2 - (said**2).sum(axis=-1))
        return ratio(hits.sum(axis=-1) * every - (gold * said).sum(axis=-1), np.sqrt(spread))
    f1 = ratio(2 * hits, gold + said)
    if metric == "weighted_f1":
        return ratio((f1 * gold).sum(axis=-1), every)
    return f1.mean(axis=-1) if metric == "macro_f1" else f1[..., positive]


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


@dataclass(frozen=True)
class Parts:
    """The parts of one difference and of its variance. `differences` are those of the runs, or of the replicates if an
    arm was pre-trained several times. `groups` is the variance over groups, with `freedom` degrees of freedom.
    `interaction` is the part of the runs' spread that is sampling of items."""

    differences: np.ndarray
    groups: float
    freedom: float
    interaction: float
    n_groups: int


def parts_of(
    arms: list[np.ndarray],
    kinds: np.ndarray,
    score: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    replicates: list[int],
) -> Parts:
    """The parts of the difference (second arm − first), run by run, over bootstrap draws of the groups. A draw has as
    many groups of each of the `kinds` [groups] as the data. `arms` are two arrays [seeds, groups, gold, answer], and
    `score` is the score of their sums. If there are several `replicates` [seeds], a unit is the mean over the runs of
    one, as in the multi-bootstrap of Sellam et al. (2022); else it is a run."""
    groups = arms[0].shape[1]
    own = sorted(set(replicates)) if len(set(replicates)) > 1 else None
    units = np.array(replicates)[:, None] == np.array(own) if own else np.eye(len(replicates))
    units = units / units.sum(axis=0)
    seeds = units.shape[1]
    every = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]

    def scores(weights: np.ndarray) -> np.ndarray:
        """Differences [draws, units], with each group counted as often as its weight [draws, groups] says."""
        first, second = (
            np.stack([score((weights @ run.reshape(groups, -1)).reshape(-1, *run.shape[1:])) for run in arm], 1)
            for arm in arms
        )
        return (second - first) @ units

    weights = np.ones((DRAWS, groups))
    for own in every:
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=DRAWS)
    drawn = scores(weights)
    around = drawn - drawn.mean(axis=1, keepdims=True)
    interaction = float(around.var(axis=0, ddof=1).sum()) / (seeds * (seeds - 1))
    # The weight of a group: how the difference moves if the group counts a little more (the infinitesimal jackknife).
    # If few groups weigh much, there are few degrees of freedom, by the fourth moment of these weights.
    step = 1e-4
    pull = (scores(1 + step * np.eye(groups)) - scores(np.ones((1, groups)))).mean(axis=1) / step
    below, total = 0.0, 0.0
    for own in every:
        centred = pull[own] - pull[own].mean()
        variance, fourth = float((centred**2).sum()), float((centred**4).sum())
        spread = fourth - variance**2 / len(own)
        freedom = min(max(1.0, 2 * variance**2 / spread if spread > 0 else math.inf), max(1, len(own) - 1))
        below, total = below + variance**2 / freedom, total + variance
    freedom = total**2 / below if below > 0 else float(groups - len(every))
    (differences,) = scores(np.ones((1, groups)))
    return Parts(differences, float(drawn.mean(axis=1).var(ddof=1)), freedom, interaction, groups)


def error_of(parts: list[Parts], typical: Callable[[float], float] = lambda df: 1.0) -> tuple[float, float]:
    """(standard error, degrees of freedom) of the mean difference over tasks. `parts` has one entry per task. Each part
    of the variance is divided by `typical` of its degrees of freedom."""
    weight = 1 / len(parts)
    groups = [(weight**2 * max(p.groups, 1 / p.n_groups**2 if p.groups < 1e-18 else 0.0), p.freedom) for p in parts]
    groups = [(v / typical(df), df) for v, df in groups]
    runs = sum(weight * p.differences for p in parts)
    spread = (float(runs.var(ddof=1)) / len(runs) / typical(len(runs) - 1.0), len(runs) - 1.0)
    variance = sum(v for v, _ in groups) + max(0.0, spread[0] - sum(weight**2 * p.interaction for p in parts))
    below = sum(v**2 / df for v, df in [*groups, spread])
    return math.sqrt(variance), max(variance**2 / below, min(df for _, df in [*groups, spread]))


def middle(df: float) -> float:
    """The median of an estimated variance, divided by the true variance."""
    return float(stats.chi2.median(df)) / df


def interval(delta: float, se: float, df: float, level: float) -> tuple[float, float, float]:
    """Low end, high end and p-value. Scores from 0 to 1 differ by at most 1."""
    reach = stats.t.ppf((1 + level) / 2, df) * se
    return max(-1.0, delta - reach), min(1.0, delta + reach), 2 * stats.t.sf(abs(delta) / se, df)


def power(effect: float, se: float, df: float, alpha: float) -> float:
    """The probability that a two-sided t test at level `alpha` finds a true difference of `effect`."""
    cut = stats.t.ppf(1 - alpha / 2, df)
    return float(stats.nct.sf(cut, df, effect / se) + stats.nct.cdf(-cut, df, effect / se))


def skill(
    arms: list[np.ndarray], against: str, kinds: np.ndarray, metric: str, rng: np.random.Generator,
    replicates: list[int], level: float,
) -> float:  # fmt: skip
    """The higher one of the lower ends of the two arms' skill: MCC, or strict F1 of spans, which are 0 for a constant
    answer. A baseline was pre-trained once, whatever the clinical arm is."""
    score, lows = score_of("strict_f1" if metric == "strict_f1" else "mcc", [], None), []
    for arm, runs in zip((against, "clinical"), arms, strict=True):
        numbers = [1] * len(runs) if arm == "baseline" else replicates
        parts = parts_of([np.zeros_like(runs), runs], kinds, score, rng, numbers)
        se, df = error_of([parts])
        lows.append(interval(float(parts.differences.mean()), se, df, level)[0])
    return max(lows)


def kinds_of(root: Path, task: str, order: dict, group_of: dict) -> np.ndarray:
    """The kind of each group, as a number: what decides its rows. All are of one kind if a record does not say it, or
    if a kind has a single group."""
    found = [set() for _ in order]
    for record in lines_of(root / "artifacts" / "validated" / task / "records.jsonl"):
        if (group := group_of.get(record["id"])) in order:
            found[order[group]].add(record.get("decided_by"))
    names = [" and ".join(sorted(map(str, kinds))) for kinds in found]
    _, kinds, sizes = np.unique(names, return_inverse=True, return_counts=True)
    return kinds if sizes.min() > 1 and not any(None in kinds for kinds in found) else np.zeros(len(names), dtype=int)


def replicates_of(runs: dict) -> list[int]:
    """The number of the pre-training run behind each seed's encoder, in order of the seeds. A baseline has one."""
    of = {run["seed"]: run["replicate"] for run in runs["runs"] if run["arm"] != "baseline"}
    return [of[seed] for seed in sorted(of)]


def lost_of(sums: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The loss of score by a perturbation. `sums` are tables [..., original or perturbed texts, gold, answer]."""
    return score(sums[:, 0]) - score(sums[:, 1])


def stored(root: Path, task: str, family: str) -> tuple[Path, dict, dict, list[str], str | None]:
    """The folder of a comparison's predictions, its runs, the group of each id, the labels that the runs recorded, and
    the positive one in the task's file."""
    folder, groups = root / "artifacts" / "predictions" / task / family, root / "artifacts" / "splits" / task
    runs = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    group_of = json.loads((groups / "groups.json").read_text(encoding="utf-8"))["groups"]
    found = re.search(r'positive="([^"]+)"', (root / "tasks" / f"{task}.py").read_text(encoding="utf-8"))
    return folder, runs, group_of, runs["labels"], found and found.group(1)


def order_of(lines: list[dict], group_of: dict) -> dict:
    """The index of each group that occurs in `lines`, by the group's name, in sorted order."""
    return {group: i for i, group in enumerate(sorted({group_of[line["id"]] for line in lines}))}


def score_of(metric: str, labels: list[str], positive: str | None) -> partial:
    return partial(scored, metric=metric, positive=labels.index(positive) if positive in labels else 0)


def adjusted(values: list[float]) -> list[float]:
    """Holm's step-down p-values, in the order of `values`."""
    found, largest = [0.0] * len(values), 0.0
    for rank, i in enumerate(sorted(range(len(values)), key=lambda i: values[i])):
        largest = max(largest, min(1.0, (len(values) - rank) * values[i]))
        found[i] = largest
    return found


def without(root: Path, row: dict, printed: dict) -> str:
    """The line of a row without a difference. It agrees if gold lacks the needed label and nothing is printed."""
    task, metric = row["task"], row["metric"]
    *_, positive = stored(root, task, row["family"])
    splits = json.loads((root / "reports" / "splits" / f"{task}.json").read_text(encoding="utf-8"))["splits"]
    records = lines_of(root / "artifacts" / "validated" / task / "records.jsonl")
    held = {part: set() for part in ("train", "test")}
    for record in records:
        if (part := splits.get(record["id"])) in held:
            held[part] |= {span["label"] for span in record["spans"]} if "spans" in record else {record["label"]}
    wrong = [f"{name} is {row[name]}" for name in EMPTY if row[name]]
    wrong += [f"{metric} of {arm} seed {seed} is {value}" for (arm, seed), value in printed.items() if value]
    if row["verdict"] != "inconclusive":
        wrong.append(f"the verdict is {row['verdict']}")
    shared = held["train"] & held["test"]
    one_label = metric == "macro_f1" and "spans" not in records[0] and len(held["train"]) == 1
    if (positive in shared if metric == "binary_f1" else shared) and not one_label:
        wrong.append(f"{metric} can be measured")
    head = f"{task}/{row['family']} against {row['against']}"
    return f"DIFFERS {head}: {'; '.join(wrong)}" if wrong else f"agrees  {head}: {metric} cannot be measured"


def recompute(root: Path) -> list[str]:
    """One line per row of `comparison.csv`, `summary.csv` and `robustness.csv`, with DIFFERS if it disagrees."""
    given = re.search(r"statistics:[^#]*?level: *([0-9.]+)", (root / "params.yaml").read_text(encoding="utf-8"))
    level = float(given.group(1))
    rows = list(csv.DictReader((root / "reports" / "comparison.csv").open(encoding="utf-8", newline="")))
    results = defaultdict(dict)
    for row in csv.DictReader((root / "reports" / "results.csv").open(encoding="utf-8", newline="")):
        if row["primary"] == "true":
            results[row["task"], row["family"]][row["arm"], int(row["seed"])] = row["value"]
    said, rng = [], np.random.default_rng(7)
    measured = [row for row in rows if row["delta"]]
    said += [without(root, row, results[row["task"], row["family"]]) for row in rows if not row["delta"]]
    families = defaultdict(list)
    for row, holm in zip(measured, adjusted([float(row["p_value"]) for row in measured]), strict=True):
        task, family, arms = row["task"], row["family"], (row["against"], "clinical")
        if row["metric"] not in KNOWN:
            said.append(
                f"DIFFERS {task}/{family}: {row['metric']} is none of {', '.join(KNOWN)}, which are counted here"
            )
            continue
        folder, runs, group_of, labels, positive = stored(root, task, family)
        scores = json.loads((root / "artifacts" / "scores" / task / f"{family}.json").read_text(encoding="utf-8"))
        exact = {
            (m["arm"], m["seed"]): m["value"]
            for m in scores["metrics"]
            if (m["part"], m["metric"]) == ("test", row["metric"])
        }
        counts, means, wrong = [], [], []
        for arm in arms:
            of_arm, values = [], []
            for seed in sorted(seed for a, seed in results[task, family] if a == arm):
                lines = [line for line in lines_of(folder / f"{arm}-seed{seed}.jsonl") if line["part"] == "test"]
                order = order_of(lines, group_of)
                value = by_library(lines, row["metric"], labels, positive)
                values.append(value)
                of_arm.append(counted(lines, group_of, order, row["metric"], labels))
                if abs(value - exact[arm, seed]) > 1e-12 or f"{value:.4f}" != results[task, family][arm, seed]:
                    wrong.append(f"{row['metric']} of {arm} seed {seed}: {value:.12f}, stored {exact[arm, seed]:.12f}")
            counts.append(np.stack(of_arm))
            means.append(math.fsum(values) / len(values))
        score = score_of(row["metric"], labels, positive)
        replicates = replicates_of(runs)
        parts = parts_of(counts, kinds_of(root, task, order, group_of), score, rng, replicates)
        se, df = error_of([parts])
        known = skill(
            counts, row["against"], kinds_of(root, task, order, group_of), row["metric"], rng, replicates, level
        )
        families[family, row["against"]].append((row, means, parts, se, df, known))
        if row["verdict"] != "inconclusive" and known < -NEAR:
            wrong.append(f"the verdict is {row['verdict']}, and neither arm is known to beat a constant answer")
        if len(set(replicates)) != int(row["n_replicates"]):
            wrong.append(f"{row['n_replicates']} replicates, counted {len(set(replicates))}")
        wrong += differing(row, means, [parts], holm, len(measured), level)
        said.append(line_of(f"{task}/{family} against {row['against']}", row, wrong))
    return [*said, *summaries(root, families, level), *robust(root, level, rng)]


def differing(row: dict, means: list[float], parts: list[Parts], holm: float, tests: int, level: float) -> list[str]:
    """The disagreements of a printed row, in words. `means` are those of the reference and of the clinical arm."""
    wrong, delta = [], means[1] - means[0]
    (se, df), typical = error_of(parts), error_of(parts, middle)
    low, high, p = interval(delta, se, df, level)
    for name, value in (("reference", means[0]), ("clinical", means[1]), ("delta", delta)):
        if abs(value - float(row[name])) > 5.1e-5:
            wrong.append(f"{name}: {value:.6f}, printed {row[name]}")
    width, printed = high - low, float(row["ci_high"]) - float(row["ci_low"])
    if abs(width / printed - 1) > TOLERANCE:
        wrong.append(f"width of the interval: {width:.4f}, printed {printed:.4f}")
    if abs(p - float(row["p_value"])) > 0.02:
        wrong.append(f"p: {p:.4f}, printed {row['p_value']}")
    if abs(holm - float(row["p_holm"])) > 1e-4 * tests:
        wrong.append(f"p after Holm: {holm:.4f}, printed {row['p_holm']}")
    for name, alpha in (("mde", 1 - level), ("mde_holm", (1 - level) / tests)):
        if row[name] and abs(power(float(row[name]), *typical, alpha) - 0.8) > 0.1:
            wrong.append(f"{name} {row[name]} is found {power(float(row[name]), *typical, alpha):.2f} of the time")
    claimed = row["verdict"] in ("better", "worse")
    if claimed and (float(row["p_holm"]) >= 1 - level or (float(row["delta"]) > 0) is (row["verdict"] == "worse")):
        wrong.append(f"the verdict is {row['verdict']}")
    return wrong


def summaries(root: Path, families: dict, level: float) -> Iterator[str]:
    """A line for each row of `summary.csv`: the mean over the tasks that are counted here."""
    rows = list(csv.DictReader((root / "reports" / "summary.csv").open(encoding="utf-8", newline="")))
    for primary in ("true", "false"):
        own = [row for row in rows if row["primary"] == primary and row["delta"]]
        for row, holm in zip(own, adjusted([float(row["p_value"]) for row in own]), strict=True):
            key = (row["family"], row["against"])
            # MCC is not on the scale from 0 to 1, so no mean of such scores has it.
            found = [of for of in families[key] if of[0]["metric"] != "mcc"] or families[key]
            wrong = []
            if len(found) != int(row["n_tasks"]):
                wrong.append(f"{row['n_tasks']} tasks, counted {len(found)}")
            else:
                means = [math.fsum(of[1][side] for of in found) / len(found) for side in (0, 1)]
                wrong += differing(row, means, [of[2] for of in found], holm, len(own), level)
                sure = [stats.t.cdf((of[1][1] - of[1][0]) / of[3], of[4]) for of in found]
                if abs(float(np.mean(sure)) - float(row["improved"])) > 0.02:
                    wrong.append(f"improved: {np.mean(sure):.4f}, printed {row['improved']}")
            tested = {of[0]["verdict"] for of in families[key]}
            if row["verdict"] != "inconclusive" and all(of[5] < -NEAR for of in found):
                wrong.append(f"the verdict is {row['verdict']}, and no task is known to be learnt")
            if row["verdict"] == "inconclusive" and tested - {"inconclusive"}:
                wrong.append("a task has a verdict although its family is inconclusive")
            yield line_of(f"{row['family']} against {row['against']}, mean over {row['n_tasks']} tasks", row, wrong)


def robust(root: Path, level: float, rng: np.random.Generator) -> Iterator[str]:
    """A line for each row of `robustness.csv` that has numbers: scores on the perturbed test texts, losses against the
    texts as they are, and the difference of two arms' losses, which is at most 2."""
    for row in csv.DictReader((root / "reports" / "robustness.csv").open(encoding="utf-8", newline="")):
        task, family, metric = row["task"], row["family"], row["metric"]
        if not row["delta"] or metric not in KNOWN:
            continue
        folder, runs, group_of, labels, positive = stored(root, task, family)
        tables, scores, lost = [], [], []
        for arm in (row["against"], "clinical"):
            of_arm, values = [], []
            for path in sorted(folder.glob(f"{arm}-seed*.jsonl"), key=lambda path: int(path.stem.split("-seed")[1])):
                every = lines_of(path)
                both = [[x for x in every if x["part"] == part] for part in ("test", f"test {row['kind']}")]
                order = order_of(both[0], group_of)
                of_arm.append(np.stack([counted(of, group_of, order, metric, labels) for of in both], axis=1))
                values.append([by_library(of, metric, labels, positive) for of in both])
            tables.append(np.stack(of_arm))
            scores.append(float(np.mean(values, axis=0)[1]))
            lost.append(float(np.mean(values, axis=0) @ [1, -1]))
        kinds = kinds_of(root, task, order, group_of)
        losses = partial(lost_of, score=score_of(metric, labels, positive))
        parts = parts_of(tables, kinds, losses, rng, replicates_of(runs))
        low, high, p = interval((lost[1] - lost[0]) / 2, error_of([parts])[0] / 2, error_of([parts])[1], level)
        found = {"reference": scores[0], "clinical": scores[1], "reference_loss": lost[0], "clinical_loss": lost[1]}
        found["delta"] = lost[1] - lost[0]
        wrong = [f"{k}: {v:.6f}, printed {row[k]}" for k, v in found.items() if abs(v - float(row[k])) > 5.1e-5]
        # No interval is printed if the perturbation changes no count of either arm.
        if row["ci_low"]:
            width, printed = 2 * (high - low), float(row["ci_high"]) - float(row["ci_low"])
            if abs(width / printed - 1) > TOLERANCE and abs(width - printed) > 5e-4:
                wrong.append(f"width of the interval: {width:.4f}, printed {printed:.4f}")
            # The largest effect of the tolerance of the width on p.
            if abs(p - float(row["p_value"])) > 0.04:
                wrong.append(f"p: {p:.4f}, printed {row['p_value']}")
        yield line_of(f"{task}/{family} {row['kind']} against {row['against']}", row, wrong)


def line_of(head: str, row: dict, wrong: list[str]) -> str:
    shown = f"{row['delta']} [{row['ci_low']}, {row['ci_high']}] p {row['p_value']}"
    return f"DIFFERS {head}: {'; '.join(wrong)}" if wrong else f"agrees  {head}: {shown}"


if __name__ == "__main__":
    found = recompute(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
    print(*found, sep="\n")
    sys.exit(any(line.startswith("DIFFERS") for line in found) or not found)
