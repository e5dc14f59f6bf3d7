"""Stored predictions are held against themselves and against the data, whatever their hash says."""

import time

import fakes
import pytest

from harness import heads
from harness.artifacts import predictions
from harness.errors import DataError, MissingInputError
from harness.system import files

MADE_BY = "harness finetune toy nb_bert"
SYNERGI, DEID = fakes.TASKS["synergi"], fakes.TASKS["nor_deid"]


def answer(number: int = 0, **changes) -> dict:
    """A row of eight labels, the second one predicted."""
    scores = [0.05, 0.65, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]
    line = {"id": f"r{number:03}", "part": "test", "group": f"g{number}", "gold": "fall", "prediction": "medication"}
    return {**line, "scores": scores} | changes


def document(number: int = 0, **changes) -> dict:
    spans = [[0, 4, "First_Name"], [5, 10, "Last_Name"], [12, 20, "Date"]]
    line = {"id": f"d{number:03}", "part": "test", "group": f"g{number}", "gold": spans[:2], "prediction": spans}
    return {**line, "length": 20} | changes


def stored(tmp_path, *lines):
    path = tmp_path / "clinical-seed1.jsonl"
    path.write_text("".join(files.canonical_json(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_honest_lines_are_returned_as_they_are(tmp_path):
    tied = answer(1, scores=[0.5, 0.5, 0, 0, 0, 0, 0, 0])
    third = answer(2, scores=[0.0, 1 / 3, 1 / 3, 1 / 3, 0.0, 0.0, 0.0, 0.0])
    rounded = answer(3, scores=[0.124999, 0.125001, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125002 - 0.000002])
    lines = [answer(), tied, third, rounded]
    path = stored(tmp_path, *lines)
    assert predictions.recorded_lines(path, files.sha256(path), SYNERGI, MADE_BY) == lines
    spans = [document(), document(1, gold=[], prediction=[])]
    path = stored(tmp_path, *spans)
    assert predictions.recorded_lines(path, files.sha256(path), DEID, MADE_BY) == spans


FALSE_ANSWERS = {
    "another label than the scores say": ({"prediction": "fall"}, "not the label with the highest score"),
    "scores exchanged": (
        {"scores": [0.65, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]}, "not the label with the highest score",
    ),
    "a little less than another": (
        {"scores": [0.5, 0.499999, 0.000001, 0, 0, 0, 0, 0]}, "not the label with the highest score",
    ),
    "too few scores": ({"scores": [0.2, 0.8]}, "one score for each of the 8 labels"),
    "a score too many": ({"scores": [0.0, 1.0, *[0.0] * 7]}, "one score for each of the 8 labels"),
    "scores that are no list": ({"scores": "high"}, "one score for each of the 8 labels"),
    "a score above 1": ({"scores": [-0.5, 1.5, 0, 0, 0, 0, 0, 0]}, "a score is not a probability"),
    "logits": ({"scores": [1.0, 3.0, -1, 0, 0, 0, 0, 0]}, "a score is not a probability"),
    "a score that is true": ({"scores": [False, True, 0, 0, 0, 0, 0, 0]}, "a score is not a probability"),
    "a score that is none": ({"scores": [None, 1.0, 0, 0, 0, 0, 0, 0]}, "a score is not a probability"),
    "scores of half a sum": ({"scores": [0.0, 0.5, 0, 0, 0, 0, 0, 0]}, "the scores do not add up to 1"),
    "an unknown prediction": ({"prediction": "HEMMELIG"}, "the prediction is not in the task's label list"),
    "an unknown gold": ({"gold": "HEMMELIG"}, "the gold is not in the task's label list"),
    "a prediction that is a number": ({"prediction": 1}, "the prediction is not in the task's label list"),
    "an id that is a number": ({"id": 7}, "its id, part or group is not a text"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), FALSE_ANSWERS.values(), ids=FALSE_ANSWERS)
def test_an_answer_that_contradicts_itself_is_refused_by_its_line(tmp_path, change, message):
    path = stored(tmp_path, answer(0), answer(1), answer(2) | change)
    with pytest.raises(DataError, match=f"line 3: .*{message}") as caught:
        predictions.recorded_lines(path, files.sha256(path), SYNERGI, MADE_BY)
    assert str(path) in caught.value.message and MADE_BY in caught.value.remedy
    assert "HEMMELIG" not in str(caught.value)


def test_a_score_that_is_not_a_number_is_refused(tmp_path):
    path = stored(tmp_path, answer())
    path.write_text(path.read_text().replace("0.65", "NaN"))
    with pytest.raises(DataError):
        predictions.recorded_lines(path, files.sha256(path), SYNERGI, MADE_BY)


FALSE_SPANS = {
    "beyond the text": ({"prediction": [[12, 21, "Date"]]}, "span 12–21 is empty or outside the text's 20 characters"),
    "before the text": ({"prediction": [[-1, 3, "Date"]]}, "span -1–3 is empty or outside"),
    "empty": ({"prediction": [[3, 3, "Date"]]}, "span 3–3 is empty"),
    "backwards": ({"prediction": [[5, 3, "Date"]]}, "span 5–3 is empty"),
    "not in order": ({"prediction": [[5, 9, "Date"], [0, 4, "Age"]]}, "spans are not in the order of the text"),
    "twice": ({"prediction": [[5, 9, "Date"], [5, 9, "Date"]]}, "span 5–9 occurs twice"),
    "an unknown label": ({"prediction": [[5, 9, "HEMMELIG"]]}, "span is not in the task's label list"),
    "half a character": ({"prediction": [[5, 9.5, "Date"]]}, r"not \[start, end, label\]"),
    "an object": ({"prediction": [{"start": 1, "end": 2, "label": "Date"}]}, r"not \[start, end, label\]"),
    "no list": ({"prediction": "Date"}, "the prediction is not a list of spans"),
    "gold beyond the text": ({"gold": [[12, 30, "Date"]]}, "gold span 12–30 is empty or outside"),
    "no length": ({"length": None}, "the length of the text is not a number"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), FALSE_SPANS.values(), ids=FALSE_SPANS)
def test_spans_that_cannot_stand_in_their_text_are_refused_by_their_line(tmp_path, change, message):
    path = stored(tmp_path, document(0), document(1) | change)
    with pytest.raises(DataError, match=f"line 2: .*{message}") as caught:
        predictions.recorded_lines(path, files.sha256(path), DEID, MADE_BY)
    assert "HEMMELIG" not in str(caught.value)


@pytest.mark.parametrize("key", ["id", "part", "group", "gold", "prediction", "scores"])
def test_what_a_line_lacks_is_named(tmp_path, key):
    line = answer()
    del line[key]
    path = stored(tmp_path, line)
    with pytest.raises(DataError, match=f"line 1: these keys are missing: {key}"):
        predictions.recorded_lines(path, files.sha256(path), SYNERGI, MADE_BY)


def test_many_faults_are_counted_and_the_first_shown(tmp_path):
    path = stored(tmp_path, *(answer(i, prediction="fall") for i in range(12)))
    with pytest.raises(DataError, match=r"has 12 line\(s\)") as caught:
        predictions.recorded_lines(path, files.sha256(path), SYNERGI, MADE_BY)
    assert len(caught.value.message.splitlines()) == 1 + predictions.SHOWN + 1


def test_another_file_and_a_missing_one(tmp_path):
    path = stored(tmp_path, answer())
    with pytest.raises(DataError, match=r"not the file that runs\.json records"):
        predictions.recorded_lines(path, "0" * 64, SYNERGI, MADE_BY)
    path.unlink()
    with pytest.raises(MissingInputError, match=MADE_BY):
        predictions.recorded_lines(path, "0" * 64, SYNERGI, MADE_BY)


# Against the data


def held(tmp_path, lines, parts, records, task=DEID):
    return predictions.held_against(tmp_path / "x.jsonl", lines, parts, records, task, MADE_BY)


def record(line: dict, **changes) -> dict:
    spans = [{"start": start, "end": end, "label": label} for start, end, label in reversed(line["gold"])]
    return {"id": line["id"], "group": line["group"], "text": "." * line["length"], "spans": spans} | changes


def test_rows_are_handed_back_by_part(tmp_path):
    lines = [document(0, part="validation"), document(1), document(2)]
    records = {line["id"]: record(line) for line in lines}
    found = held(tmp_path, lines, {"test": ["d002", "d001"], "validation": ["d000"], "holdout": []}, records)
    assert found == {"test": lines[1:], "validation": lines[:1], "holdout": []}


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        ([document(1)], {}, r"lacks 1 test row\(s\) of the split: d002"),
        ([document(1), document(2), document(3)], {}, r"has 1 test row\(s\) that are not in the split: d003"),
        ([document(1), document(2), document(2)], {}, "test rows occur twice: d002"),
        ([document(2), document(1)], {}, "not in the order of their ids; the first out of place is d001"),
        ([document(1), document(2, gold=[])], {}, r"gold of 1 test row\(s\).*d002"),
        ([document(1), document(2, group="g1")], {}, r"group of 1 test row\(s\).*d002"),
        ([document(1), document(2)], {"text": "." * 19}, r"length of 1 test text\(s\).*d002"),
        (
            [document(1), document(2, prediction=[[0, 4, "First_Name"], [0, 10, "Last_Name"]])],
            {},
            r"spans overlap in 1 test text\(s\).*d002",
        ),
        ([document(1), document(2), document(3, part="train")], {}, "whose part is not one of test: line 3"),
    ],
)
def test_rows_that_are_not_those_of_the_data_are_named(tmp_path, lines, changes, message):
    records = {f"d{i:03}": record(document(i)) for i in (1, 2)}
    records["d002"] |= changes
    with pytest.raises(DataError, match=message) as caught:
        held(tmp_path, lines, {"test": ["d001", "d002"]}, records)
    assert MADE_BY in caught.value.remedy


def test_two_tokens_may_each_hold_a_part_of_one_letter(tmp_path):
    spans = [[0, 2, "First_Name"], [1, 3, "Last_Name"], [12, 20, "Date"]]
    lines = [document(1, prediction=spans), document(2, prediction=spans)]
    records = {line["id"]: record(line) for line in lines}
    found = held(tmp_path, lines, {"test": ["d001", "d002"]}, records)
    assert [row["prediction"] for row in found["test"]] == [spans, spans]


def test_checking_costs_little_beside_reading(tmp_path):
    path = stored(tmp_path, *(answer(i) for i in range(20_000)))
    started = time.process_time()
    lines = files.read_jsonl(path)
    reading = time.process_time() - started
    head, labels = heads.of(SYNERGI), {label: i for i, label in enumerate(SYNERGI.labels)}
    started = time.process_time()
    assert not any(head.line_fault(line, labels) for line in lines)
    assert time.process_time() - started < 2 * reading
