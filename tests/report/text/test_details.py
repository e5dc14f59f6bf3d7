"""Slices, privacy and thresholds as tables: numbers of the scores file, and dashes where a cell is hidden."""

import fakes
import pytest

from harness.report.disclosure import loading
from harness.report.text import details
from harness.system import files

TASKS = ("nor_deid", "aismec")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("grid"), TASKS, ("nb_bert",))
    fakes.score(root, TASKS, ("nb_bert",))
    comparisons = loading.load(root, fakes.settings(TASKS, ("nb_bert",)).run, fakes.TASKS)
    stored = {task: files.read_json(root / "artifacts/scores" / task / "nb_bert.json") for task in TASKS}
    return comparisons, stored


def test_a_slice_is_the_mean_over_seeds_of_what_was_stored(found):
    comparisons, stored = found
    table = details.slice_table(comparisons[1:], "test")
    assert table.header == ("By", "Slice", "n", "NB-BERT, baseline", "NB-BERT, clinical", "Linear model, regression")
    row = next(row for row in table.rows if row[1] == "nynorsk")
    values = [s["score"] for s in stored["aismec"]["slices"] if s["value"] == "nynorsk" and s["arm"] == "clinical"]
    assert len(values) == 3 and row[2] == "10" and row[4] == f"{100 * sum(values) / 3:.1f}"


def test_quarters_stand_in_order_of_length_and_small_cells_are_not_shown(found):
    comparisons, _ = found
    table = details.slice_table(comparisons[:1], "test")
    names = [row[1] for row in table.rows if row[0] == "length of the text"]
    assert names == ["shortest quarter"]  # texts of one length are one cell
    rare = next(row for row in table.rows if row[1] == "rare note")
    hidden = [row for row in table.rows if row[2] == "–"]
    # Alike, whichever is the small one: a sign for it would tell the other.
    assert rare in hidden and len(hidden) == 2 and all(set(row[3:]) == {"–"} for row in hidden)


def test_the_share_of_leaking_documents_is_the_metric_of_that_name(found):
    comparisons, _ = found
    c = comparisons[0]
    for part in ("test", "holdout"):
        systems = [(one, arm) for one in (c, c.linear) for arm in one.arms]
        for row, (one, arm) in zip(details.leak_table([c], part).rows, systems, strict=True):
            assert row[3].split(" ±")[0] == f"{100 * one.mean(arm, 'document_leak_rate', part):.1f}"


def test_recall_by_label_is_that_of_the_scores_by_class(found):
    comparisons, _ = found
    c = comparisons[0]
    for shown, by_class in zip(details.label_table(c, "test").rows, c.mean_table("clinical"), strict=True):
        assert shown[5] == f"{100 * by_class['recall']:.1f}"


def test_tasks_without_spans_or_positive_label_have_no_such_tables(found):
    comparisons, _ = found
    assert details.privacy(comparisons[1:]) == () and details.thresholds(comparisons[:1]) == ()
    table = details.threshold_table(comparisons[1:])
    assert [row[1] for row in table.rows] == ["Baseline", "Clinical", "Regression"] and "±" in table.rows[0][2]
