"""Who holds every table of a report, and knows the rules, tries all that would give them (`tests/attacker.py`)."""

import csv
import io

import attacker
import fakes
import pytest

from harness.stages import report
from harness.system import files

FAMILIES, SEEDS = ("nb_bert",), (1, 2)


def site(root, task, rows):
    fakes.build(root, (task,), FAMILIES, SEEDS, kind="restricted", rows=rows)
    fakes.score(root, (task,), FAMILIES, SEEDS)
    report.run(root, fakes.settings((task,), FAMILIES, SEEDS), fakes.TASKS)
    return root / "reports"


@pytest.mark.parametrize(("task", "rows"), [("aismec", 12), ("aismec", 22), ("synergi", 22)])
def test_the_tables_of_a_small_restricted_test_part_tell_no_count_under_five(tmp_path, task, rows):
    labels = len(fakes.TASKS[task].labels)
    seen = attacker.read(site(tmp_path, task, rows), task, labels, len(SEEDS))
    assert seen.rows == rows and seen.differences
    left = attacker.possible(seen)
    assert len(left) > 8 and attacker.tight(left) == {}


def test_the_same_attack_on_exact_scores_of_every_seed_succeeds():
    """22 rows, nine of them positive; (hits, false alarms) of seven runs. .9 is 9/10, .9412 is 16/17."""
    seen = attacker.Seen(22, 2)
    for run, (hit, false) in enumerate([(9, 2), (8, 1), (7, 3), (8, 0), (9, 1), (8, 2), (8, 0)]):
        score = 2 * hit / (hit + false + 9)
        seen.means["nb_bert"][str(run)] = (1, (score - 5e-5, score + 5e-5))
    left = attacker.possible(seen)
    assert left["", "", "gold"] == {9} and left["nb_bert", "0", "missed"] == {0}
    assert left["nb_bert", "0", "invented"] == {2} and attacker.tight(left)


def test_the_attack_on_eight_labels_keeps_what_is_true_and_finds_what_follows():
    """A perfect score leaves no miss."""
    seen = attacker.Seen(22, 8)
    seen.means["nb_bert"]["clinical"] = (1, (0.9995, 1.0005))
    left = attacker.possible(seen)
    assert left["nb_bert", "clinical", "missed"] == {0} and left["", "", "gold"] == set(range(1, 16))
    assert attacker.tight(left)
    gold, called, found = [4, 4, 3, 3, 2, 2, 2, 2], [5, 3, 4, 2, 2, 2, 2, 2], [4, 3, 3, 2, 2, 2, 2, 2]
    score = sum(2 * f / (g + c) for g, c, f in zip(gold, called, found, strict=True)) / 8
    seen.means["nb_bert"]["clinical"] = (1, (score - 5e-4, score + 5e-4))
    left = attacker.possible(seen)
    assert set(called) <= left["nb_bert", "clinical", "called"] and {0, 1} <= left["nb_bert", "clinical", "missed"]


def test_the_report_still_says_which_arm_is_better_by_how_much_and_how_sure(tmp_path):
    reports = site(tmp_path, "aismec", 40)
    (row,) = csv.DictReader(io.StringIO((reports / "comparison.csv").read_text(encoding="utf-8")))
    assert row["verdict"] and row["delta"] and row["ci_low"] and row["ci_high"] and row["p_value"]
    exact = files.read_json(tmp_path / "artifacts" / "scores" / "aismec" / "nb_bert.json")["comparisons"][0]
    assert float(row["ci_low"]) <= exact["ci_low"] + 1e-9 and float(row["ci_high"]) >= exact["ci_high"] - 1e-9
