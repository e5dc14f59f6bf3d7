"""The results for `dvc metrics` and `dvc plots`: numbers by name, and curves as small tables."""

import csv
import io

from harness.report.model.judging import NUMBERS, numbers
from harness.report.model.results import Comparison, four_decimals
from harness.statistics.verdicts import Judgement


def metrics(comparisons: list[Comparison], judgements: dict[tuple[str, str, str], Judgement]) -> dict:
    """The content of `metrics.json`, as {task: {family: numbers}}.

    The numbers are the mean primary score of every arm, under the name of the metric. Under `against_ARM` there is the
    difference between the clinical arm and each other arm, with its interval, p-values, detectable differences and
    verdict. Numbers have four decimals, as in the CSV files. Unknown numbers, such as an interval from one seed, are
    left out. If nothing can be measured, `unmeasured` says why. `judgements` are by (task, family, other arm).
    """
    found: dict[str, dict] = {}
    for c in comparisons:
        entry: dict = {c.primary: {} if c.withheld() else {arm: four_decimals(c.mean(arm)) for arm in c.arms}}
        for arm in c.others:
            judgement = judgements[c.task, c.family, arm]
            known = numbers(c.estimates["test", arm], judgement)
            # The first two are the means, which the entry has already.
            kept = {name: four_decimals(n) for name in NUMBERS[2:] if (n := known[name]) is not None}
            why = {"unmeasured": c.unmeasured()} if c.unmeasured() else {}
            entry[f"against_{arm}"] = kept | {"verdict": judgement.verdict} | why
        found.setdefault(c.task, {})[c.family] = entry
    return found


def curves(comparisons: list[Comparison]) -> dict[str, str]:
    """The learning curves of fine-tuning as CSV text, by file name. There is one file per task and encoder family, with
    a row per number of updates and a column per arm.

    The values are validation scores, averaged over seeds. A curve has only the points that every run of its arm has. A
    comparison without curves has no file.
    """
    found = {}
    for c in comparisons:
        points = {arm: c.learned(arm)[1] for arm in c.arms}
        steps = sorted(set().union(*points.values()))
        if steps:
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(["step", *c.arms])
            for step in steps:
                cells = [points[arm].get(step) for arm in c.arms]
                writer.writerow([step, *("" if cell is None else f"{cell:.4f}" for cell in cells)])
            found[f"{c.task}-{c.family}.csv"] = text.getvalue()
    return found
