"""The table of what was planted and what was found."""

import csv
import io
from dataclasses import replace

import fakes

from harness.report.disclosure import loading
from harness.report.model import judging
from harness.report.model.document import Table
from harness.report.model.stored import Reading
from harness.report.render import tables
from harness.report.text import content, planted
from harness.statistics.paired import Estimate


def estimate(reference, clinical, p_value):
    delta = clinical - reference
    known = {"reference": reference, "clinical": clinical, "delta": delta, "ci_low": delta - 0.1}
    known |= {"ci_high": delta + 0.1, "p_value": p_value, "n_groups": 18, "n_seeds": 3}
    known = dict.fromkeys(Estimate.__dataclass_fields__) | known
    return Estimate(**known)


READINGS = (
    Reading("clinical", "clinical", "baseline", 72, estimate(0.1, 0.8, 1e-9)),
    Reading("clinical", "clinical", "control", 72, estimate(0.12, 0.8, 1e-9)),
    Reading("clinical", "control", "baseline", 72, estimate(0.1, 0.12, 0.7)),
    Reading("everyday", "clinical", "baseline", 82, estimate(0.98, 0.97, 0.6)),
)


def comparisons(tmp_path, readings=READINGS):
    root = fakes.build(tmp_path, tasks=("synergi",), families=("nb_bert",))
    settings = fakes.settings(tasks=("synergi",), families=("nb_bert",))
    for task in ("synergi",):
        fakes.score(root, tasks=(task,), families=("nb_bert",))
    found = loading.load(root, settings.run, fakes.TASKS)
    return [replace(c, readings=readings) for c in found], settings.statistics


def test_the_first_table_says_what_was_planted_and_what_was_found(tmp_path):
    found, statistics = comparisons(tmp_path)
    judged = judging.judged_readings(found, statistics)
    cards = {"synergi": {"source": {"planted": {"clinical": [0.125, 0.86875], "everyday": [1.0, 1.0]}}}}
    (said,) = planted.counted(found, judged)
    table, _ = planted.blocks(found, judged, cards, 0.95)
    sentences = " ".join(said.items)
    assert "decided by clinical words, clinical against baseline: of 1 comparison 1 better" in sentences
    assert "control against baseline: of 1 comparison 1 inconclusive" in sentences
    assert "decided by everyday words, clinical against baseline: of 1 comparison 1 inconclusive" in sentences
    assert "mean absolute difference 1.0 points" in sentences
    assert isinstance(table, Table)
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    assert [row["Rows decided by"] for row in rows] == ["clinical words (72 rows)", "everyday words (82 rows)"]
    assert rows[0]["Planted"] == "12 → 87 %" and rows[1]["Planted"] == "100 → 100 %"
    assert (rows[0]["Baseline"], rows[0]["Control"], rows[0]["Clinical"]) == ("10.0", "12.0", "80.0")
    assert rows[0]["Against baseline"] == "▲\u00a0better +70.0 (+60.0 to +80.0)"
    assert rows[1]["Against control"] == "–"


def test_scores_of_another_scale_or_direction_are_no_points_of_the_others(tmp_path):
    """A mean over F1 and MCC is a mean of nothing, and a fall of what should fall is an improvement."""
    (f1,), _ = comparisons(tmp_path, readings=(READINGS[0], READINGS[3]))
    mcc = replace(f1, task="by_mcc", primary="mcc")
    lower = replace(READINGS[0], estimate=estimate(0.9, 0.3, 1e-9))
    leaks = replace(f1, task="leaks", primary="document_leak_rate", readings=(lower,))
    judged = judging.judged_readings([f1, mcc, leaks], fakes.settings().statistics)
    clinical, everyday = planted.found([f1, mcc, leaks], judged)
    assert clinical.endswith("mean improvement +65.0 points and mean difference +0.700 in MCC.")
    assert everyday.endswith("mean absolute difference 1.0 points and mean absolute difference 0.010 in MCC.")
    *_, words = planted.blocks([f1, mcc, leaks], judged, {}, 0.95)
    assert "On `leaks` lower is better" in words.text


def test_readings_are_a_family_of_tests_of_their_own(tmp_path):
    found, statistics = comparisons(tmp_path)
    alone = judging.judged([replace(c, readings=()) for c in found], statistics)
    assert judging.judged(found, statistics) == alone
    judged = judging.judged_readings(found, statistics)
    assert judged["synergi", "nb_bert", READINGS[0]].p_holm == 4e-9, "adjusted for all four"
    assert judged["synergi", "nb_bert", READINGS[2]].p_holm == 1.0


def test_where_nothing_says_what_decides_a_row_there_is_no_table_and_no_row(tmp_path):
    found, statistics = comparisons(tmp_path, readings=())
    judged = judging.judged_readings(found, statistics)
    assert planted.counted(found, judged) == planted.blocks(found, judged, {}, 0.95) == ()
    assert tables.readings_csv(found, {}).splitlines() == [",".join(tables.READINGS)]
    assert "pipeline works" in content.notice(found)


def test_the_file_has_a_row_for_each_reading(tmp_path):
    found, statistics = comparisons(tmp_path)
    rows = list(csv.DictReader(io.StringIO(tables.readings_csv(found, judging.judged_readings(found, statistics)))))
    assert [(row["decided_by"], row["arm"], row["against"], row["n_test"]) for row in rows] == [
        (r.decided_by, r.arm, r.against, str(r.n)) for r in READINGS
    ]
    assert rows[0]["delta"] == "0.7000" and rows[0]["verdict"] == "better"
    assert "planted effect" in content.notice(found)
