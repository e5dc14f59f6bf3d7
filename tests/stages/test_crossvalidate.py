"""Stages `crossvalidate` and `score_folds`: a miniature trained for real, scored, reported, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
from sklearn.metrics import f1_score
from tiny_folds import FAMILY, TASK, project, settings

from harness.artifacts import split
from harness.artifacts.scores import FoldScores
from harness.errors import DataError, MissingInputError
from harness.params.folds import Folds
from harness.plugins import registry
from harness.stages import score_folds
from harness.system import files

FOLDS = Folds(number=3, repeats=2, validation=0.2)


@pytest.fixture(scope="module")
def trained(repository, tmp_path_factory) -> Path:
    """A repository in which one comparison was cross-validated, with two arms that are the same checkpoint."""
    from harness.stages import crossvalidate

    root = project(repository, tmp_path_factory.mktemp("folds"))
    crossvalidate.run(root, registry.get(root, TASK), FAMILY, settings(FOLDS), FOLDS)
    return root


@pytest.fixture
def copied(trained, tmp_path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def predictions(root: Path) -> Path:
    return root / "artifacts" / "predictions" / "cross-validation" / TASK / FAMILY


def scored(root: Path, folds: Folds = FOLDS) -> dict:
    from harness.params.config import ScoreSettings, Statistics

    given = ScoreSettings((FAMILY,), folds.seeds, Statistics(0.95, 0.02, "control"))
    score_folds.run(root, registry.get(root, TASK), FAMILY, given, folds)
    return files.read_json(root / "artifacts" / "scores" / "cross-validation" / TASK / f"{FAMILY}.json")


def test_every_pooled_row_is_tested_once_per_repeat_by_each_arm_and_never_with_its_group_in_training(trained):
    splits = files.read_json(trained / "reports" / "splits" / f"{TASK}.json")["splits"]
    groups = split.groups_of(trained, TASK)
    pooled = sorted(i for i, part in splits.items() if part != "excluded")
    for repeat in FOLDS.seeds:
        for arm in ("baseline", "clinical"):
            tested = []
            for fold in range(1, FOLDS.number + 1):
                lines = files.read_jsonl(predictions(trained) / f"repeat{repeat}-fold{fold}-{arm}.jsonl")
                parts = {line["id"]: line["part"] for line in lines}
                seen = {groups[i] for i in pooled if i not in parts}
                assert not seen & {groups[i] for i in parts}
                assert set(parts.values()) == {"test", "validation"}
                tested += [i for i, part in parts.items() if part == "test"]
            assert sorted(tested) == pooled


def test_the_files_of_the_fixed_split_are_left_alone(trained):
    above = trained / "artifacts" / "predictions"
    assert [path.name for path in above.iterdir()] == ["cross-validation"]
    assert len(list(predictions(trained).iterdir())) == 1 + 2 * FOLDS.number * FOLDS.repeats


def test_the_same_checkpoint_twice_gives_the_same_predictions_and_no_difference(trained):
    for path in predictions(trained).glob("*-baseline.jsonl"):
        assert path.read_bytes() == path.with_name(path.name.replace("baseline", "clinical")).read_bytes()
    (row,) = scored(trained)["comparisons"]
    assert row["delta"] == 0 and row["p_value"] == 1 and row["ci_low"] < 0 < row["ci_high"]


def test_scores_are_those_of_the_stored_predictions(trained):
    found = scored(trained)
    for run in found["runs"]:
        name = f"repeat{run['repeat']}-fold{run['fold']}-{run['arm']}.jsonl"
        lines = [line for line in files.read_jsonl(predictions(trained) / name) if line["part"] == "test"]
        gold, predicted = ([line[key] for line in lines] for key in ("gold", "prediction"))
        expected = f1_score(gold, predicted, pos_label="stroke", zero_division=0)
        assert run["scores"]["binary_f1"] == pytest.approx(expected)
    lines = []
    for fold in range(1, FOLDS.number + 1):
        lines += files.read_jsonl(predictions(trained) / f"repeat2-fold{fold}-clinical.jsonl")
    tested = [line for line in lines if line["part"] == "test"]
    value = f1_score(
        [line["gold"] for line in tested], [line["prediction"] for line in tested], pos_label="stroke", zero_division=0
    )
    (pooled,) = [p for p in found["pooled"] if (p["arm"], p["repeat"]) == ("clinical", 2)]
    assert pooled["scores"]["binary_f1"] == pytest.approx(value)


@pytest.fixture(scope="module")
def rare(repository, tmp_path_factory) -> Path:
    """Four calls about a stroke in five folds: a fold without one has an F1 of 0 whoever answers."""
    from harness.stages import crossvalidate

    root = project(repository, tmp_path_factory.mktemp("rare"), strokes=(0, 10, 20, 29))
    folds = Folds(number=5, repeats=1, validation=0.2)
    crossvalidate.run(root, registry.get(root, TASK), FAMILY, settings(folds), folds)
    return root


def test_a_fold_that_cannot_be_measured_is_no_fold_with_a_score_of_0(rare):
    from harness.report.text import exploratory

    found = scored(rare, Folds(number=5, repeats=1, validation=0.2))
    for run in found["runs"]:
        lines = files.read_jsonl(predictions(rare) / f"repeat1-fold{run['fold']}-{run['arm']}.jsonl")
        without = not any(line["gold"] == "stroke" for line in lines if line["part"] == "test")
        assert (run["unmeasured"] == "no row of the test part has the label stroke") == without
    left_out = {run["fold"] for run in found["runs"] if run["unmeasured"]}
    assert 0 < len(left_out) < 4
    (row,) = found["comparisons"]
    assert row["df"] == 5 - len(left_out) - 1
    shown = exploratory.read(FoldScores.of(**found), "Calls")
    assert all(len(scores) == 5 - len(left_out) for scores in shown.by_fold.values())
    *_, words = exploratory.blocks([shown], 0.95)
    assert "cannot be measured" in words.text and "the label stroke" in words.text


def test_a_metric_of_another_scale_is_not_called_points(trained):
    from harness.report.text import exploratory

    found = scored(trained)
    captions = {
        primary: exploratory.table(
            [exploratory.read(FoldScores.of(**found | {"primary": primary}), "Calls")], 0.95
        ).caption
        for primary in ("binary_f1", "mcc")
    }
    assert "points of 100, mean" in captions["binary_f1"]
    assert "points of 100 (MCC on its own scale), mean" in captions["mcc"]


def test_a_second_run_gives_the_same_bytes(trained, copied, repository):
    from harness.stages import crossvalidate

    crossvalidate.run(copied, registry.get(copied, TASK), FAMILY, settings(FOLDS), FOLDS)
    for path in predictions(trained).iterdir():
        assert path.read_bytes() == (predictions(copied) / path.name).read_bytes(), path.name


def test_a_prediction_file_that_was_edited_is_refused(copied):
    path = predictions(copied) / "repeat1-fold2-clinical.jsonl"
    path.write_text(path.read_text().replace('"prediction": "other"', '"prediction": "stroke"', 1) + "\n")
    with pytest.raises(DataError, match=r"repeat1-fold2-clinical\.jsonl is not the file that runs.json records"):
        scored(copied)


def test_an_answer_against_its_scores_is_refused_whatever_its_hash(copied):
    path = predictions(copied) / "repeat1-fold2-clinical.jsonl"
    lines = files.read_jsonl(path)
    row = next(line for line in lines if line["scores"][0] != line["scores"][1])
    row["scores"].reverse()
    files.write_jsonl(path, lines)
    recorded = files.read_json(predictions(copied) / "runs.json")
    for run in recorded["runs"]:
        if (run["repeat"], run["fold"], run["arm"]) == (1, 2, "clinical"):
            run["predictions"] = files.sha256(path)
    files.write_json(predictions(copied) / "runs.json", recorded)
    with pytest.raises(DataError, match=r"repeat1-fold2-clinical\.jsonl .*\n.*not the label with the highest score"):
        scored(copied)


def test_a_missing_file_names_the_command(copied):
    (predictions(copied) / "repeat1-fold1-baseline.jsonl").unlink()
    with pytest.raises(MissingInputError) as caught:
        scored(copied)
    assert f"harness crossvalidate {TASK} {FAMILY}" in caught.value.remedy


@pytest.mark.parametrize("folds", [Folds(4, 2, 0.2), Folds(3, 1, 0.2), Folds(3, 2, 0.25)])
def test_other_folds_than_those_that_were_made_are_refused(copied, folds):
    with pytest.raises(DataError, match=r"has folds that differ from params\.yaml"):
        scored(copied, folds)


def test_a_file_put_in_the_place_of_another_fold_is_refused(copied):
    """With its hash forged, too: the rows are not those of the fold."""
    one, other = (predictions(copied) / f"repeat1-fold{fold}-clinical.jsonl" for fold in (1, 2))
    one.write_bytes(other.read_bytes())
    recorded = json.loads((predictions(copied) / "runs.json").read_text())
    for run in recorded["runs"]:
        if (run["repeat"], run["fold"], run["arm"]) == (1, 1, "clinical"):
            run["predictions"] = files.sha256(one)
    files.write_json(predictions(copied) / "runs.json", recorded)
    with pytest.raises(DataError, match=r"repeat1-fold1-clinical\.jsonl.* row\(s\)"):
        scored(copied)
