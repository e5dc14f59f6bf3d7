"""Who holds every table of a report, and knows the rules, tries all confusion matrices that would give them."""

import csv
import io
import itertools
import re

import fakes
import pytest

from harness import files
from harness.stages import report

TASK, FAMILIES, SEEDS = "aismec", ("nb_bert",), (1, 2)
WIDTH, MINIMUM = 5, 5


def site(root, rows):
    fakes.build(root, (TASK,), FAMILIES, SEEDS, kind="restricted", rows=rows)
    fakes.score(root, (TASK,), FAMILIES, SEEDS)
    report.run(root, fakes.settings((TASK,), FAMILIES, SEEDS), fakes.TASKS)
    return root / "reports"


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def ranges(reports):
    """(runs in the mean, lowest, highest) of every F1 that is published, by whose it is."""
    said = re.search(r"rounded to (\d+) points?", (reports / "README.md").read_text(encoding="utf-8"))
    found = {}
    for name, whose in (("results.csv", ("arm", "seed")), ("classic.csv", ("system",))):
        for row in table((reports / name).read_text(encoding="utf-8")):
            if (
                row["metric"] == "binary_f1"
                and row["value"]
                and row.get("system") not in ("majority", "always_positive")
            ):
                mean = name == "results.csv" and not row["seed"]
                half = int(said[1]) / 200 if said else 0.5 * 10.0 ** -len(row["value"].split(".")[1])
                value = float(row["value"])
                found[tuple(row[key] for key in whose)] = (len(SEEDS) if mean else 1, value - half, value + half)
    return found


def confined(n, found):
    """Positives, and hits, false alarms and misses of each, that some matrices of all runs together would publish."""
    left = {"positives": set()}
    for positives in range(n + 1):
        tables = list(itertools.product(range(positives + 1), range(n - positives + 1)))
        scores = {(hit, false): 2 * hit / (hit + false + positives) if hit else 0.0 for hit, false in tables}
        every, here = sorted(set(scores.values())), {}
        for whose, (runs, low, high) in found.items():
            others = {0.0}
            for _ in range(runs - 1):
                others = {a + b for a in others for b in every}
            fits = [
                (hit, false)
                for (hit, false), score in scores.items()
                if any(runs * low - 1e-9 <= score + other <= runs * high + 1e-9 for other in others)
            ]
            here[whose] = fits
        if all(here.values()):
            left["positives"].add(positives)
            for whose, fits in here.items():
                left.setdefault((whose, "hits"), set()).update(hit for hit, _ in fits)
                left.setdefault((whose, "false alarms"), set()).update(false for _, false in fits)
                left.setdefault((whose, "misses"), set()).update(positives - hit for hit, _ in fits)
    return left


@pytest.mark.parametrize("rows", [12, 22])
def test_the_tables_of_a_small_restricted_test_part_tell_no_count_under_five(tmp_path, rows):
    left = confined(rows, ranges(site(tmp_path, rows)))
    tight = {
        str(what): sorted(values)
        for what, values in left.items()
        if min(values) < MINIMUM and (len(values) < WIDTH or max(values) < MINIMUM)
    }
    assert tight == {}


def test_the_report_still_says_which_arm_is_better_by_how_much_and_how_sure(tmp_path):
    (row,) = table((site(tmp_path, 40) / "comparison.csv").read_text(encoding="utf-8"))
    assert row["verdict"] and row["delta"] and row["ci_low"] and row["ci_high"] and row["p_value"]
    exact = files.read_json(tmp_path / "artifacts" / "scores" / TASK / "nb_bert.json")["comparisons"][0]
    assert float(row["ci_low"]) <= exact["ci_low"] + 1e-9 and float(row["ci_high"]) >= exact["ci_high"] - 1e-9
