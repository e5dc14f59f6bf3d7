"""A comparison made again: same bytes, same predictions, or different by how much."""

import fakes
import pytest

from harness.audit import retraining
from harness.errors import DataError, MissingInputError
from harness.system import files

TASK = fakes.TASKS["medmqp"]


@pytest.fixture
def folders(tmp_path):
    made = [fakes.build(tmp_path / name, ("medmqp",), ("nb_bert",), (1, 2)) for name in ("before", "after")]
    return [root / "artifacts" / "predictions" / "medmqp" / "nb_bert" for root in made]


def change(folder, edit):
    path = folder / "clinical-seed2.jsonl"
    rows = files.read_jsonl(path)
    files.write_jsonl(path, edit(rows))


def outcomes(folders):
    return {run.name: run for run in retraining.compare(TASK, *folders)}


def test_the_same_files_are_the_same_bytes(folders):
    found = list(retraining.compare(TASK, *folders))
    assert [run.outcome for run in found] == [retraining.BYTES] * 4
    assert list(retraining.lines("medmqp/nb_bert", found))[-1] == "medmqp/nb_bert: same bytes in 4 of 4 runs"


def test_other_scores_behind_the_same_decisions_are_the_same_predictions(folders):
    def nudged(row: dict) -> dict:
        first, second = row["scores"]
        return row | {"scores": [first + 2e-7, second - 2e-7]}

    change(folders[1], lambda rows: [nudged(rows[0]), *rows[1:]])
    run = outcomes(folders)["clinical seed 2"]
    assert (run.outcome, run.detail) == (retraining.DECISIONS, "scores differ by at most 2.0e-07")
    assert outcomes(folders)["clinical seed 1"].outcome == retraining.BYTES


def test_other_decisions_are_counted_by_part_with_what_they_do_to_the_score(folders):
    def flip(rows):
        at = next(i for i, row in enumerate(rows) if row["part"] == "test")
        rows[at]["prediction"] = {"0": "1", "1": "0"}[rows[at]["prediction"]]
        rows[at]["scores"].reverse()
        return rows

    change(folders[1], flip)
    run = outcomes(folders)["clinical seed 2"]
    assert run.outcome == retraining.DIFFERENT
    assert run.detail.startswith("test: other answers to 1 of 40 rows, binary F1 0.") and "validation" not in run.detail
    before, now = run.detail.split("F1 ")[1].split(" before, ")
    assert before != now.split()[0]
    last = list(retraining.lines("medmqp/nb_bert", list(outcomes(folders).values())))[-1]
    assert last == "medmqp/nb_bert: same bytes in 3 of 4 runs, different in 1 of 4 runs"


def test_rows_that_are_gone_count(folders):
    change(folders[1], lambda rows: [row for row in rows if row["part"] != "test"])
    assert outcomes(folders)["clinical seed 2"].detail.startswith("test: other answers to 40 of 40 rows, binary F1 0.")


def test_a_run_that_was_not_made_again_is_named(folders):
    (folders[1] / "clinical-seed2.jsonl").unlink()
    with pytest.raises(MissingInputError, match="clinical-seed2"):
        outcomes(folders)


@pytest.mark.parametrize("of", [0, 1])
def test_a_recorded_answer_that_contradicts_its_scores_is_named(folders, of):
    def contradict(rows):
        rows[0]["scores"].reverse()
        return rows

    change(folders[of], contradict)
    with pytest.raises(DataError, match=r"clinical-seed2\.jsonl .*\n.*the prediction is not the label") as caught:
        outcomes(folders)
    assert "harness finetune medmqp nb_bert" in caught.value.remedy
    if of == 0:
        with pytest.raises(DataError, match="line 1: the prediction is not the label"):
            retraining.refuse_inconsistent(TASK, folders[0])
    else:
        retraining.refuse_inconsistent(TASK, folders[0])
