"""Slices, leaks and thresholds as the score stage stores them: right, and silent about small cells."""

import random

import fakes
import pytest

from harness.metrics.decided import rows, spans
from harness.statistics import further_scores

CALLS = fakes.TASKS["aismec"]
NOTES = fakes.TASKS["nor_deid"]


def records(n, **columns):
    return [
        {"id": f"r{i:02}", "text": "x" * (10 + i), **{name: values[i] for name, values in columns.items()}}
        for i in range(n)
    ]


def test_a_column_is_sliced_by_where_it_is_there_and_length_always():
    standard = ["bokmål"] * 15 + ["nynorsk"] * 4 + [None]
    found = further_scores.slicings(CALLS, records(20, written_standard=standard))
    assert list(found) == ["written_standard", "length"]
    assert found["written_standard"]["r19"] is None and found["length"]["r00"] == "shortest quarter"
    assert list(further_scores.slicings(CALLS, records(20))) == ["length"] and further_scores.slicings(CALLS, []) == {}


def test_length_counts_every_text_that_the_head_reads():
    choice = fakes.TASKS["medmcqa"]
    items = [{"id": f"r{i}", "question": "q" * 5, "options": ["o" * i, "o"]} for i in range(8)]
    quarters = further_scores.slicings(choice, items)["length"]
    assert quarters["r0"] == "shortest quarter" and quarters["r7"] == "longest quarter"


def test_slices_are_scored_by_id_and_small_cells_are_hidden():
    ids = [f"r{i:02}" for i in range(20)]
    gold = ("stroke", "other") * 10
    decisions = rows.Decisions(CALLS.labels, gold, ("stroke",) * 20, (), "stroke")
    values = {i: "nynorsk" if i in ("r00", "r02") else "bokmål" if n < 12 else "unknown" for n, i in enumerate(ids)}
    found = {row["value"]: row for row in further_scores.by_slice(CALLS, decisions, ids, {"written_standard": values})}
    assert found["nynorsk"] == {
        "by": "written_standard", "value": "nynorsk", "n": None, "score": None,
    }  # fmt: skip
    # Two rows would follow from the total, so the next smallest cell is hidden too, and said not to be small.
    assert found["unknown"]["n"] is None
    assert found["bokmål"]["n"] == 10 and found["bokmål"]["score"] == pytest.approx(2 * 4 / (2 * 4 + 6))
    backwards = further_scores.by_slice(
        CALLS,
        rows.Decisions(CALLS.labels, gold[::-1], ("stroke",) * 20, (), "stroke"),
        ids[::-1],
        {"written_standard": values},
    )
    assert {row["value"]: row for row in backwards} == found


def test_slices_of_a_part_that_cannot_be_measured_have_no_score():
    decisions = rows.Decisions(CALLS.labels, ("stroke", "other") * 10, ("stroke",) * 20, (), "stroke")
    ids = list(map(str, range(20)))
    divided = {"written_standard": {i: "bokmål" if int(i) < 10 else "nynorsk" for i in ids}}
    known = further_scores.by_slice(CALLS, decisions, ids, divided)
    unknown = further_scores.by_slice(CALLS, decisions, ids, divided, measured=False)
    assert [row["n"] for row in known] == [row["n"] for row in unknown] == [10, 10]
    assert all(row["score"] > 0 for row in known) and not any(row["score"] for row in unknown)
    assert [row["score"] for row in unknown] == [None, None]


def test_leaks_of_documents_characters_and_labels():
    def document(i, found):
        return spans.Document(f"d{i}", ((0, 4, "First_Name"), (6, 10, "Date")), found, 20)

    whole, half = ((0, 4, "Last_Name"), (6, 10, "Date")), ((0, 4, "First_Name"), (6, 8, "Date"))
    rare = spans.Document("rare", ((0, 2, "Age"),), ((0, 2, "Age"),), 20)
    decisions = spans.SpanDecisions(
        NOTES.labels,
        (*(document(i, whole) for i in range(3)), *(document(i, half) for i in range(3, 6)), rare,
         spans.Document("empty", (), (), 5)),
    )  # fmt: skip
    found = further_scores.leaks(decisions)
    assert (found["documents"], found["leaking"], found["leaked"], found["characters"]) == (7, 3, 6, 50)
    by_label = {row["label"]: row for row in found["by_label"]}
    assert by_label["First_Name"]["recall"] == 0.5 and by_label["First_Name"]["masked"] == 1.0
    assert by_label["Date"]["document_leak_rate"] == 0.5
    assert by_label["Age"] == {"label": "Age"}  # in one document


def test_a_threshold_is_moved_by_the_validation_part_alone():
    """F1 of the test lines at every threshold that validation could give, by brute force."""
    from sklearn.metrics import f1_score

    drawn = random.Random(5)
    lines = []
    for part, number in (("validation", 40), ("test", 60)):
        for i in range(number):
            positive, score = drawn.random() < 0.2, round(drawn.random(), 2)
            score = score / 2 + 0.2 * positive
            row = {"id": f"{part}{i}", "part": part, "scores": [score, 1 - score], "prediction": "other"}
            lines.append(row | {"gold": "stroke" if positive else "other"})
    at = CALLS.labels.index("stroke")
    of = {part: [line for line in lines if line["part"] == part] for part in ("validation", "test")}

    def f1(part: str, threshold: float) -> float:
        gold = [line["gold"] == "stroke" for line in of[part]]
        return f1_score(gold, [line["scores"][at] >= threshold for line in of[part]], zero_division=0)

    tried = sorted({line["scores"][at] for line in of["validation"]})
    best = max(tried, key=lambda threshold: (f1("validation", threshold), -threshold))
    found = further_scores.thresholds(CALLS, of["test"], validation=of["validation"])
    assert found["moved"] == pytest.approx(f1("test", best)) and f1("test", best) > f1("test", 0.5)
    assert "moved" not in further_scores.thresholds(CALLS, of["test"])


def test_thresholds_are_those_of_the_positive_label():
    lines = [
        {"gold": gold, "scores": [1 - p, p]}
        for gold, p in [("stroke", 0.9), ("stroke", 0.7), ("other", 0.4), ("other", 0.2)] * 3
    ]
    found = further_scores.thresholds(CALLS, lines)
    assert found["roc"]["auc"] == 1.0 and found["calibration"]["suppressed"] == 12
    assert further_scores.thresholds(fakes.TASKS["synergi"], lines) is None
    assert further_scores.thresholds(CALLS, [{"gold": "stroke"}]) is None


def test_the_kind_of_a_group_is_that_of_its_rows():
    groups = {"a": "g1", "b": "g1", "c": "g2", "d": "g3", "e": "g3"}
    values = dict(zip("abcde", ("clinical", "clinical", "everyday", "everyday", "clinical"), strict=True))
    assert further_scores.kinds_of_groups(groups, values) == {
        "g1": "clinical", "g2": "everyday", "g3": "clinical and everyday"
    }  # fmt: skip
