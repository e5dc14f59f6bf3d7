"""The committed tables of the default profile: what was planted is found, and what was not is not."""

import csv
import math
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAIRS = (("clinical", "baseline"), ("clinical", "control"), ("control", "baseline"))


def table(name):
    with open(ROOT / "reports" / name, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def readings():
    return table("readings.csv")


def of(readings, kind, pair):
    return [row for row in readings if (row["decided_by"], row["arm"], row["against"]) == (kind, *pair)]


def test_every_task_family_and_arm_is_compared():
    rows = table("comparison.csv")
    assert len(rows) == 30 and Counter(row["against"] for row in rows) == {"baseline": 15, "control": 15}


@pytest.mark.parametrize(("against", "least"), [("baseline", 12), ("control", 10)])
def test_the_planted_effect_is_found_on_whole_test_sets(against, least):
    verdicts = Counter(row["verdict"] for row in table("comparison.csv") if row["against"] == against)
    assert verdicts["better"] >= least and not verdicts["worse"]


def test_nothing_is_found_where_nothing_was_planted(readings):
    for pair in PAIRS[:2]:
        rows = of(readings, "everyday", pair)
        assert len(rows) == 15 and not {row["verdict"] for row in rows} & {"better", "worse"}
        assert math.fsum(abs(float(row["delta"])) for row in rows) / 15 < 0.03
    assert "better" not in {row["verdict"] for row in of(readings, "clinical", PAIRS[2])}


def test_no_cell_is_at_a_constant_answer_and_an_encoder_stands_beside_counted_words():
    constant, linear = {}, {}
    for row in table("simple_baselines.csv"):
        if row["primary"] == "true":
            cell = linear if row["system"] in ("linear_tagger", "logistic_regression") else constant
            cell[row["task"]] = max(cell.get(row["task"], 0.0), float(row["value"]))
    means = {}
    for row in table("results.csv"):
        if row["primary"] == "true":
            means.setdefault((row["task"], row["family"], row["arm"]), []).append(float(row["value"]))
    means = {key: sum(values) / len(values) for key, values in means.items()}
    assert len(means) == 45 and all(mean > constant[task] for (task, *_), mean in means.items())
    best = {task: max(mean for (of, *_), mean in means.items() if of == task) for task in constant}
    assert sum(best[task] >= linear[task] for task in linear) >= 3


@pytest.mark.parametrize("kind", ["clinical", "everyday"])
@pytest.mark.parametrize("pair", PAIRS, ids=" − ".join)
def test_the_page_on_results_says_what_the_tables_say(readings, kind, pair):
    rows = of(readings, kind, pair)
    verdicts = Counter(row["verdict"] for row in rows)
    deltas = [100 * float(row["delta"]) for row in rows]
    mean, absolute = math.fsum(deltas) / len(rows), math.fsum(map(abs, deltas)) / len(rows)
    cells = (f"{kind} words", " − ".join(pair), *(str(verdicts[v]) for v in ("better", "worse", "equivalent")))
    cells += (str(verdicts["inconclusive"]), f"{mean:+.1f}".replace("-", "−"), f"{absolute:.1f}")
    assert f"| {' | '.join(cells)} |" in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
