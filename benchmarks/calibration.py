"""Check the intervals and verdicts of comparisons by simulating comparisons with a known true difference.

Usage: python benchmarks/calibration.py [--repeats 2000] [--only TEXT]

The simulated comparisons have the shapes of the five tasks (benchmarks/simulation.py). They go through
`harness.statistics`, the code of the report. It is counted how often a difference is claimed although there is none,
how often the interval contains the true difference, and how often a true difference is found. The same is counted for
other common procedures. Writes benchmarks/calibration.md, which takes one core a quarter of an hour. With --only, only
the settings with TEXT in their names are run, and the result is printed and not written.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import special, stats
from simulation import Classified, Kinds, Marked, luck, solve

from harness.metrics import named
from harness.statistics import families, paired, variance, verdicts
from harness.system.determinism import derived_seed

PAGE = Path(__file__).with_suffix(".md")
CHUNK = 50
SEEDS = (3, 5, 10)
CORRELATIONS = (-0.6, 0.0, 0.5, 0.9)
SPREADS = ((0, 0), (1.5, 1.5), (3, 3), (6, 6), (0, 6))
DELTAS = (2, 5, 10)
RARE, FOUR, EIGHT = (
    (0.85, 0.15), (0.34, 0.26, 0.22, 0.18), (0.2, 0.17, 0.13, 0.13, 0.13, 0.1, 0.075, 0.065),
)  # fmt: skip
SETTINGS = (
    Classified("binary F1, balanced, 228 pairs", 228, 2, (0.5, 0.5), 0.70, "binary_f1", paired=True),
    Classified("binary F1, 15 % positive, 93 rows", 93, 1, RARE, 0.60, "binary_f1"),
    Classified("macro-F1, 4 labels, 420 rows", 420, 1, FOUR, 0.35),
    Classified("macro-F1, 8 labels, 159 rows", 159, 1, EIGHT, 0.55),
    Marked("strict F1, 161 documents", 161, 7.5, 0.75),
    Classified("binary F1, balanced, 57 groups of 8", 57, 8, (0.5, 0.5), 0.70, "binary_f1"),
    Classified("binary F1, 15 % positive, 31 groups of 3", 31, 3, RARE, 0.60, "binary_f1"),
    Kinds(
        "binary F1, 8 groups of 10 hard, 16 easy",
        Classified("hard", 8, 10, (0.67, 0.33), 0.50, "binary_f1"),
        Classified("easy", 16, 10, (0.67, 0.33), 0.97, "binary_f1"),
        0.80,
    ),
    Kinds(
        "binary F1, 20 groups of 4 hard, 140 rows easy",
        Classified("hard", 20, 4, (0.67, 0.33), 0.50, "binary_f1"),
        Classified("easy", 140, 1, (0.67, 0.33), 0.97, "binary_f1"),
        0.80,
    ),
)
EDGES = (
    Classified("binary F1, 30 % positive, 17 rows", 17, 1, (0.7, 0.3), 0.60, "binary_f1"),
    Classified("binary F1, balanced, 10 groups of 10", 10, 10, (0.5, 0.5), 0.70, "binary_f1", group_sd=1.0),
    Marked("strict F1, 30 documents", 30, 7.5, 0.75),
    Marked("strict F1, 30 documents of very unequal length", 30, 7.5, 0.75, most=400, log_spread=1.8),
    Marked("strict F1, 100 documents of very unequal length", 100, 7.5, 0.75, most=400, log_spread=1.8),
    Classified("binary F1 of .94, 457 rows", 457, 1, (0.5, 0.5), 0.94, "binary_f1"),
)
METHODS = ("here", "apart", "documents", "seeds")
OTHERS = ("arms taken apart", "documents only", "paired t over seeds")


def procedures(reference: variance.Arm, clinical: variance.Arm) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The (variance, degrees of freedom) of the difference by each procedure in METHODS, by the procedure's name."""
    here = variance.components(variance.differences(reference, clinical))
    arms = [variance.components(arm) for arm in (reference, clinical)]
    k = here.n_runs
    apart = here.groups + np.maximum(0.0, sum(a.runs for a in arms) - sum(a.interaction for a in arms))
    below = here.groups**2 / here.groups_df + sum(a.runs**2 for a in arms) / (k - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = np.fmax(apart**2 / below, np.minimum(here.groups_df, k - 1))
    return {
        "here": (here.total, here.df),
        "apart": (apart, df),
        "documents": (here.groups, here.groups_df),
        "seeds": (here.runs, np.full(np.shape(here.runs), k - 1.0)),
    }


def cell(
    setting, seeds: int, delta: float, spreads: tuple[float, float], repeats: int, correlation: float = 0.0
) -> dict:
    """Rates over `repeats` simulated comparisons. `delta` and `spreads` are in points."""
    levels, deviations = solve(setting, (setting.base, setting.base + delta / 100), tuple(s / 100 for s in spreads))
    name = ("calibration", setting.name, str(seeds), str(delta), str(spreads), str(correlation))
    rng = np.random.default_rng(derived_seed(*name))
    score = named(setting.metric).score
    outside, alarms, widths = ({name: [] for name in METHODS} for _ in range(3))
    seen, mde = [], []
    for _ in range(repeats // CHUNK):
        drawn = setting.draw(rng, levels, luck(rng, CHUNK, seeds, deviations, correlation))
        arms = [variance.jackknife(c, score, setting.strata) for c in drawn]
        found = arms[1].mean - arms[0].mean
        for name, (var, df) in procedures(*arms).items():
            reach = stats.t.ppf(0.975, df) * np.sqrt(var)
            outside[name].append(np.abs(found - delta / 100) > reach)
            # If nothing at all differs, delta and reach are both 0 and nobody would call it a difference.
            alarms[name].append(np.abs(found) > reach)
            widths[name].append(reach)
        typical = variance.components(variance.differences(*arms)).unbiased()
        cut = stats.t.ppf(0.975, typical.df)
        mde.append(special.nctdtrinc(typical.df, 0.2, cut) * np.sqrt(typical.total))
        seen.append(np.mean([arm.scores.std(axis=-1, ddof=1).mean() for arm in arms]))
    return {
        "alarms": {name: float(np.mean(v)) for name, v in alarms.items()},
        "coverage": {name: 1 - float(np.mean(v)) for name, v in outside.items()},
        "widths": {name: 100 * float(np.mean(v)) for name, v in widths.items()},
        "seen": 100 * float(np.mean(seen)),
        "mde": 100 * float(np.mean(mde)),
    }


def null_table(settings, repeats: int) -> tuple[list[str], list[str]]:
    """The lines of the table with rates of false alarms, and sentences about the cells with a rate outside the aim."""
    lines = [
        "| setting | seeds | spread | SD seen | **here** | " + " | ".join(OTHERS) + " |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    outside, others = [], []
    for setting in settings:
        for seeds in SEEDS:
            for spreads in SPREADS:
                found = cell(setting, seeds, 0, spreads, repeats)
                rates = [found["alarms"][name] for name in METHODS]
                label = _spread(spreads)
                lines.append(
                    f"| {setting.name} | {seeds} | {label} | {found['seen']:.1f} | **{rates[0]:.3f}** | "
                    + " | ".join(f"{rate:.3f}" for rate in rates[1:]) + " |"
                )  # fmt: skip
                if not _in_aim(rates[0]):
                    outside.append((setting.name, seeds, label, rates[0]))
                others += [not _in_aim(rate) for rate in rates[1:]]
                print(lines[-1], file=sys.stderr, flush=True)
    cells = len(lines) - 2
    counted = ", ".join(f"{sum(others[i::3])} ({title})" for i, title in enumerate(OTHERS))
    return lines, [_outside(outside, cells, "2 to 6 %"), f"Outside the aim with the other procedures: {counted}."]


def correlated_table(settings, repeats: int) -> list[str]:
    """The lines of a table with false alarms and half widths, if one seed's effects on the two arms are correlated."""
    lines = [
        "| setting | seeds | spread | correlation | **here** | arms taken apart | ± here | ± apart |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for setting in settings:
        for seeds in SEEDS:
            for spread in (3, 7):
                for correlation in CORRELATIONS:
                    found = cell(setting, seeds, 0, (spread, spread), repeats, correlation)
                    alarms, widths = found["alarms"], found["widths"]
                    lines.append(
                        f"| {setting.name} | {seeds} | {spread} | {correlation} | **{alarms['here']:.3f}** | "
                        f"{alarms['apart']:.3f} | {widths['here']:.1f} | {widths['apart']:.1f} |"
                    )
                    print(lines[-1], file=sys.stderr, flush=True)
    return lines


def _in_aim(rate: float) -> bool:
    return 0.02 <= rate <= 0.06


def power_table(settings, repeats: int) -> tuple[list[str], list[tuple]]:
    """Coverage and power per true difference; the last column is what the report would print as mde."""
    lines = [
        "| setting | seeds | spread | " + " | ".join(f"{d}: coverage | {d}: found" for d in DELTAS) + " | mean mde |",
        "|:--|--:|--:|" + "--:|" * (2 * len(DELTAS) + 1),
    ]
    outside = []
    for setting in settings:
        for seeds in SEEDS:
            for spreads in ((0, 0), (3, 3)):
                shown = []
                for delta in DELTAS:
                    found = cell(setting, seeds, delta, spreads, repeats)
                    coverage = found["coverage"]["here"]
                    shown += [f"{coverage:.3f}", f"{found['alarms']['here']:.2f}"]
                    if not 0.94 <= coverage <= 0.98:
                        outside.append((setting.name, seeds, f"{_spread(spreads)}, difference {delta}", coverage))
                shown.append(f"{found['mde']:.1f}")
                lines.append(f"| {setting.name} | {seeds} | {_spread(spreads)} | " + " | ".join(shown) + " |")
                print(lines[-1], file=sys.stderr, flush=True)
    return lines, outside


def collapse_table(setting, repeats: int) -> list[str]:
    """The lines of a table with the coverage if some runs of the clinical arm always answer the positive label."""
    lines = ["| runs that learn nothing | seeds | coverage | coverage if it is seen |", "|--:|--:|--:|--:|"]
    levels, deviations = solve(setting, (setting.base,) * 2, (0.015,) * 2)
    score = named(setting.metric).score
    for share in (0.1, 0.3, 0.5):
        for seeds in SEEDS:
            rng = np.random.default_rng(derived_seed("collapse", str(share), seeds))
            held, mixed = [], []
            truth = share * (2 / 3 - setting.base)
            for _ in range(repeats // CHUNK):
                reference, clinical = setting.draw(rng, levels, luck(rng, CHUNK, seeds, deviations))
                nothing = rng.random((CHUNK, seeds)) < share
                positive = clinical[..., 0] + clinical[..., 2]
                always = np.stack([positive, setting.size - positive, np.zeros_like(positive)], axis=-1)
                clinical = np.where(nothing[..., None, None], always, clinical)
                runs = variance.differences(*(variance.jackknife(c, score) for c in (reference, clinical)))
                parts = variance.components(runs)
                held.append(np.abs(runs.mean - truth) <= stats.t.ppf(0.975, parts.df) * np.sqrt(parts.total))
                mixed.append(nothing.any(axis=1) & ~nothing.all(axis=1))
            held, mixed = np.concatenate(held), np.concatenate(mixed)
            lines.append(f"| {100 * share:.0f} % | {seeds} | {held.mean():.3f} | {held[mixed].mean():.3f} |")
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


def replicate_table(setting, repeats: int) -> list[str]:
    """Rates of false alarms between two equal procedures. Each pre-training run has luck of its own, the same in all
    its fine-tunings. Either arm has one pre-training with five seeds, three with two, or five with two."""
    lines = [
        "| effect of a pre-training run, points | 1 × 5 | 3 × 2 | 5 × 2 | ± at 1 × 5 | ± at 3 × 2 | ± at 5 × 2 |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    score = named(setting.metric).score
    for points in (0, 1, 2, 3):
        alarms, widths = [], []
        for number, each in ((1, 5), (3, 2), (5, 2)):
            levels, deviations = solve(setting, (setting.base,) * 2, (0.015,) * 2)
            _, of_replicate = solve(setting, (setting.base,) * 2, (points / 100,) * 2)
            rng = np.random.default_rng(derived_seed("replicates", str(points), number))
            which = np.arange(number * each) % number
            called, reached = [], []
            for _ in range(repeats // CHUNK):
                own = luck(rng, CHUNK, number * each, deviations)
                shared = luck(rng, CHUNK, number, of_replicate)
                drawn = setting.draw(rng, levels, [o + s[:, which] for o, s in zip(own, shared, strict=True)])
                runs = variance.differences(*(variance.jackknife(c, score) for c in drawn))
                parts = variance.components(variance.averaged(runs, which.tolist()) if number > 1 else runs)
                reach = stats.t.ppf(0.975, parts.df) * np.sqrt(parts.total)
                called.append(np.abs(runs.mean) > reach)
                reached.append(reach)
            alarms.append(f"{np.mean(called):.3f}")
            widths.append(f"{100 * np.mean(reached):.1f}")
        lines.append(f"| {points} | " + " | ".join([*alarms, *widths]) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def verdict_table(setting, repeats: int) -> list[str]:
    """Rates of verdicts for three families of five tasks, judged as in the report: how often a row is found whose true
    difference is the median `mde_holm` of such rows, and how often anything is called if nothing differs."""
    lines = [
        "| seeds | true difference, points | rows that differ | such a row found | its family found | "
        "any false alarm among rows | among families |",
        "|--:|--:|:--|--:|--:|--:|--:|",
    ]
    metric, settings = named(setting.metric), paired.Settings()
    for seeds in SEEDS:
        null = _judged(setting, metric, settings, seeds, 0.0, (), repeats // 5)
        delta = float(np.median(null["mde_holm"]))
        for where, said in (((), "none"), (range(5), "all five of one family"), (range(1), "one alone")):
            found = null if not where else _judged(setting, metric, settings, seeds, delta, tuple(where), repeats // 5)
            rates = [f"{found[key]:.2f}" if where else "" for key in ("row", "family")]
            rates += [f"{found[key]:.3f}" for key in ("false_rows", "false_families")]
            lines.append(f"| {seeds} | {100 * delta if where else 0:.1f} | {said} | " + " | ".join(rates) + " |")
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


def _judged(setting, metric, settings, seeds: int, delta: float, where: tuple[int, ...], repeats: int) -> dict:
    rng = np.random.default_rng(derived_seed("verdicts", setting.name, seeds, str(delta), str(where)))
    drawn = {}
    for true in {0.0, delta}:
        levels, deviations = solve(setting, (setting.base, setting.base + true), (0.015, 0.015))
        drawn[true] = (levels, deviations)
    rows, of_family, false_rows, false_families, mde = [], [], [], [], []
    for _ in range(repeats):
        estimates = []
        for place in range(15):
            levels, deviations = drawn[delta if place in where else 0.0]
            reference, clinical = setting.draw(rng, levels, luck(rng, 1, seeds, deviations))
            estimates.append(paired.compare(reference[0], clinical[0], metric, settings))
        joints = [families.joint(estimates[i : i + 5], [metric] * 5, settings) for i in (0, 5, 10)]
        above = verdicts.judge([j.estimate for j in joints], [j.metric for j in joints], 0.05)
        tested = [above[place // 5].verdict != "inconclusive" for place in range(15)]
        found = verdicts.judge(estimates, [metric] * 15, 0.05, tested)
        called = [judgement.verdict in ("better", "worse") for judgement in found]
        rows += [called[place] for place in where]
        of_family += [above[0].verdict in ("better", "worse")] if where else []
        false_rows.append(any(called[place] for place in range(15) if place not in where))
        false_families.append(any(a.verdict in ("better", "worse") for a in above[1 if where else 0 :]))
        mde += [judgement.mde_holm for judgement in found if judgement.mde_holm is not None]
    return {
        "row": float(np.mean(rows)) if rows else 0.0,
        "family": float(np.mean(of_family)) if of_family else 0.0,
        "false_rows": float(np.mean(false_rows)),
        "false_families": float(np.mean(false_families)),
        "mde_holm": mde,
    }


def bootstrap(arms: list[np.ndarray], score, draws: int, rng, strata: np.ndarray | None) -> np.ndarray:
    """[V_groups, V_interaction] of one comparison by a bootstrap with multinomial weights, which are shared by both
    arms and all seeds and drawn stratum by stratum."""
    groups = arms[0].shape[1]
    sizes = [groups] if strata is None else np.bincount(strata)
    weights = np.concatenate([rng.multinomial(n, np.full(n, 1 / n), size=draws) for n in sizes], axis=1).astype(float)
    drawn = []
    for runs in arms:
        k, _, width = runs.shape
        drawn.append(score((weights @ runs.transpose(1, 0, 2).reshape(groups, -1)).reshape(draws, k, width)))
    difference = drawn[1] - drawn[0]
    around = difference - difference.mean(axis=1, keepdims=True)
    return np.array([difference.mean(axis=1).var(), around.var(axis=0).sum() / (k * (k - 1))])


def bootstrap_table(settings, repeats: int, draws: int = 10_000) -> list[str]:
    """Jackknife against bootstrap for the variance over groups, on the same comparisons (5 seeds, spread 1.5)."""
    lines = [
        "| setting | V_groups | V_interaction | standard error | CPU-ms bootstrap | CPU-ms jackknife |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    for setting in settings:
        levels, deviations = solve(setting, (setting.base, setting.base), (0.015, 0.015))
        rng = np.random.default_rng(derived_seed("bootstrap", setting.name))
        score, ratios, spent = named(setting.metric).score, [], np.zeros(2)
        reference, clinical = setting.draw(rng, levels, luck(rng, repeats, 5, deviations))
        for pair in zip(reference, clinical, strict=True):
            started = time.process_time()
            drawn = bootstrap(list(pair), score, draws, rng, setting.strata)
            middle = time.process_time()
            parts = variance.components(
                variance.differences(*(variance.jackknife(c, score, setting.strata) for c in pair))
            )
            spent += (middle - started, time.process_time() - middle)
            total = drawn[0] + max(0.0, float(parts.runs) - drawn[1])
            ratios.append([parts.groups / drawn[0], parts.interaction / drawn[1], np.sqrt(parts.total / total)])
        low, middle, high = np.quantile(np.array(ratios, dtype=float), [0.05, 0.5, 0.95], axis=0)
        cells = [f"{m:.3f} ({a:.2f}–{b:.2f})" for a, m, b in zip(low, middle, high, strict=True)]
        times = [f"{1000 * t / repeats:.1f}" for t in spent]
        lines.append(f"| {setting.name} | " + " | ".join([*cells, *times]) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def _spread(spreads: tuple[float, float]) -> str:
    return f"{spreads[0]}" if spreads[0] == spreads[1] else f"{spreads[0]} / {spreads[1]}"


def _outside(found: list[tuple], cells: int, aim: str) -> str:
    if not found:
        return f"All {cells} cells lie within the aim of {aim}."
    named = "; ".join(f"{name}, {seeds} seeds, spread {spread}: {rate:.3f}" for name, seeds, spread, rate in found)
    return f"Outside the aim of {aim}: {len(found)} of {cells} cells ({named})."


def page(settings, edges, repeats: int) -> str:
    error = 100 * np.sqrt(0.05 * 0.95 / repeats)
    null, null_outside = null_table(settings, repeats)
    together = correlated_table(settings[:3], repeats)
    power, power_outside = power_table(settings, repeats // 2)
    edge, edge_outside = null_table(edges, repeats)
    stray = stats.norm.sf(0.01 / np.sqrt(0.05 * 0.95 / repeats))
    first = settings[0]
    return "\n".join([
        "# Calibration of the comparison", "",
        "How often are intervals and verdicts wrong, in simulated comparisons with a known true difference? Made by "
        f"`python benchmarks/calibration.py --repeats {repeats}`. A cell has {repeats:,} comparisons ({repeats // 2:,} "
        f"with a difference). So shares near 5 % have a standard error of {error:.1f} points. "
        "`benchmarks/simulation.py` draws them. *Spread* is the standard deviation over seeds, in points, on "
        "infinitely many documents (baseline / clinical if they differ). *SD seen* is that on the test set, which the "
        "sampling of its items increases. If groups are hard and easy, every test set has the same number of each "
        "kind. The kinds are strata, and the arms differ only in the hard groups.", "",
        "## No difference: how often is one claimed at 5 %?", "", *null, "",
        *null_outside,
        f"A cell with a true rate of 5 % is outside the aim by chance in {100 * stray:.0f} of 100 runs.", "",
        "- *here*: the harness, with differences run by run, and the variance components and degrees of freedom of "
        "`harness/statistics/variance.py`.",
        "- *arms taken apart*: the same with a separate spread over seeds for each arm, as if run k of one arm were "
        "unrelated to run k of the other.",
        "- *documents only*: test items are resampled, runs fixed, as in a bootstrap or permutation over documents.",
        "- *paired t over seeds*: runs are the sample and the test set is fixed. It is wrong if both arms' runs agree "
        "about the same few items.", "",
        "Three runs hardly determine the spread: all cells above under 2 % or over 7 % have three seeds.", "",
        "## What a seed does to both arms", "",
        "Again there is no difference. *Correlation* is that of the random effects of one seed on the two arms. *±* is "
        "half the mean width of the interval, in points. If the arms are taken apart, intervals of positively "
        "correlated arms are up to about twice as wide as needed. Those of negatively correlated arms are too narrow.",
        "", *together, "",
        "## A true difference of 2, 5 and 10 points: is it in the interval, is it found?", "", *power, "",
        _outside(power_outside, (len(power) - 2) * len(DELTAS), "94 to 98 %"),
        "The mde is the mean over the comparisons with a difference of 10 points. An interval ends where the score "
        "ends. This does not change the coverage: no true difference is beyond.", "",
        "## Families, tasks and verdicts as they are printed", "",
        f"Three families have five tasks, each a *{first.name}* with a spread of 1.5 points. The true "
        "difference is the median `mde_holm` of such rows. A row's verdict is adjusted for 15 comparisons and requires "
        "an answer of its family. If only one row differs, its family's mean changes by a fifth of that. So the family "
        "often has no answer, and the row is not tested.", "", *verdict_table(first, repeats), "",
        "## Replicates of pre-training", "",
        f"*{first.name}*: two equal procedures. Every pre-training run has its own random effect (first column: "
        "standard deviation). Other columns: pre-training × fine-tuning seeds of each arm. With one "
        "pre-training the verdict is about two checkpoints, which do differ. It says nothing about the procedure.", "",
        *replicate_table(first, repeats), "",
        "## Runs that learn nothing", "",
        f"*{first.name}*: some runs of the clinical arm always predict the positive label. Coverage is of the true "
        "mean over all runs. Last column: in comparisons in which some runs did so and others did not (the report "
        "names them).", "",
        *collapse_table(first, repeats), "",
        "## Beyond the five tasks", "", *edge, "",
        *edge_outside,
        "With very few groups and seeds the test is conservative. If one arm near the ceiling has a spread of 6 points "
        "and the other none, its scores are skewed (many runs near 1, few far below). No t quantile corrects this. "
        "Such an interval claims too much: look at the runs.", "",
        "## Jackknife and bootstrap", "",
        "Ratio jackknife / bootstrap (10,000 draws of the groups): median and 5–95 % over 40 comparisons. CPU time is "
        "per comparison. For the mean over tasks, `tests/statistics/test_families.py` compares the closed form with a "
        "joint bootstrap of runs and of every task's groups.", "", *bootstrap_table(settings, 40), "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--only", metavar="TEXT")
    options = parser.parse_args()
    if options.only is None:
        PAGE.write_text(page(SETTINGS, EDGES, options.repeats), encoding="utf-8")
        return
    chosen = [[s for s in group if options.only in s.name] for group in (SETTINGS, EDGES)]
    print(page(*chosen, options.repeats))


if __name__ == "__main__":
    main()
