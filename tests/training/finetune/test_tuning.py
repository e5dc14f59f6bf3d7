"""Tuned arms: all try the same recipes, and each is fine-tuned by its best; the declared one is kept beside."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from tiny_folds import FAMILY, TASK, project, settings

from harness.artifacts import runs, scores
from harness.audit import runs as audited
from harness.audit import stale
from harness.errors import DataError
from harness.params.config import ScoreSettings, Statistics
from harness.params.folds import Folds
from harness.params.tune import Tune
from harness.pipeline.hashes import Hashes
from harness.plugins import registry
from harness.report.model import results
from harness.report.text import tuning as section
from harness.stages import finetune, score
from harness.system import files

SEEDS = (1, 2)
TUNE = Tune(learning_rates=(1.0, 0.25), lengths=(1.0, 2.0), seeds=(9,))
DECLARED = dataclasses.replace(settings(Folds(2, len(SEEDS), 0.2)), tune=None)
STATISTICS = Statistics(0.95, 0.02, "control")


@pytest.fixture(scope="module")
def tuned(repository, tmp_path_factory) -> Path:
    """A repository with one tuned comparison. Its baseline is an encoder of other weights, so that the arms differ."""
    import torch
    from tiny_encoders import ENCODER, TEXTS

    from harness.encoders import families, tokenizers

    root = project(repository, tmp_path_factory.mktemp("tuned"))
    torch.manual_seed(11)
    tokenizer = tokenizers.build("norbert3", TEXTS, ENCODER.vocabulary)
    other = families.new_masked_lm("norbert3", ENCODER, tokenizer, "sdpa")
    families.save(other, tokenizer, root / "artifacts" / "checkpoints" / FAMILY / "baseline")
    finetune.run(root, registry.get(root, TASK), FAMILY, dataclasses.replace(DECLARED, tune=TUNE))
    return root


@pytest.fixture
def copied(tuned, tmp_path) -> Path:
    return Path(shutil.copytree(tuned, tmp_path / "copy"))


def predictions(root: Path) -> Path:
    return runs.folder_of(root, TASK, FAMILY)


def scored(root: Path) -> scores.Scores:
    score.run(root, registry.get(root, TASK), FAMILY, ScoreSettings((FAMILY,), SEEDS, STATISTICS))
    return scores.read(root, TASK, FAMILY)


def follow(root: Path) -> list[str]:
    """The names of the findings of the audit."""
    given = dataclasses.replace(DECLARED, tune=TUNE)
    found = audited.checks(root, registry.get(root, TASK), FAMILY, given, Hashes())
    return [link.name for link in found if link.state != "holds" and "librar" not in link.name]


def test_every_arm_has_the_same_budget_and_takes_the_best_of_it(tuned):
    tuning = runs.read(tuned, TASK, FAMILY).tuning
    wanted = [(candidate.learning_rate, candidate.steps) for candidate in tuning.candidates]
    assert wanted == [(0.0015, 6), (0.006, 6), (0.0015, 12), (0.006, 12)]
    for arm in ("baseline", "clinical"):
        of_arm = {trial.candidate: trial for trial in tuning.trials if trial.arm == arm}
        assert sorted(of_arm) == [0, 1, 2, 3] and {trial.seed for trial in of_arm.values()} == {9}
        best = max(of_arm.values(), key=lambda trial: (trial.best_selection, -trial.candidate))
        assert tuning.chosen[arm] == best.candidate
        steps = {run.steps for run in runs.read(tuned, TASK, FAMILY).runs if run.arm == arm}
        assert steps == {tuning.candidates[best.candidate].steps}


def test_a_trial_answers_the_validation_part_alone(tuned):
    for trial in runs.read(tuned, TASK, FAMILY).tuning.trials:
        assert {line["part"] for line in files.read_jsonl(predictions(tuned) / trial.file)} == {"validation"}


def test_runs_are_those_of_the_chosen_recipe_and_the_untuned_those_of_the_declared_one(tuned, tmp_path):
    """Fine-tuned once more without tuning, by either recipe: the same bytes."""
    tuning = runs.read(tuned, TASK, FAMILY).tuning
    root = Path(shutil.copytree(tuned, tmp_path / "again"))
    for arm in ("baseline", "clinical"):
        chosen = tuning.candidates[tuning.chosen[arm]].plain()
        recipe = dataclasses.replace(DECLARED.recipe, **chosen)
        for given, folder in ((DECLARED.recipe, predictions(tuned) / "untuned"), (recipe, predictions(tuned))):
            finetune.run(root, registry.get(root, TASK), FAMILY, dataclasses.replace(DECLARED, recipe=given))
            for seed in SEEDS:
                name = runs.file_name(arm, seed)
                assert (predictions(root) / name).read_bytes() == (folder / name).read_bytes()


def test_the_scores_hold_both_comparisons_and_the_expected_best(tuned, copied):
    made = scored(copied)
    shutil.copytree(predictions(copied) / "untuned", copied / "declared")
    shutil.rmtree(predictions(copied))
    shutil.move(copied / "declared", predictions(copied))
    plain = scored(copied)
    assert plain.tuning is None and [dict(row) for row in made.tuning.untuned] == [dict(r) for r in plain.comparisons]
    trials = runs.read(tuned, TASK, FAMILY).tuning.trials
    for arm, expected in made.tuning.expected.items():
        of_arm = [trial.best_selection for trial in trials if trial.arm == arm]
        assert expected[0] == pytest.approx(sum(of_arm) / 4) and max(of_arm) >= expected[-1] >= expected[0]


def test_a_trial_that_scored_otherwise_than_its_answers_say_is_refused(copied):
    path = predictions(copied) / "runs.json"
    made = files.read_json(path)
    made["tuning"]["trials"][0]["best_selection"] = 0.987654
    files.write_json(path, made)
    with pytest.raises(DataError, match=r"tuning/baseline-candidate0-seed9\.jsonl has a validation score of 0\.987654"):
        scored(copied)


def test_the_audit_follows_the_search(copied):
    assert follow(copied) == []
    path = predictions(copied) / "runs.json"
    made = files.read_json(path)
    made["tuning"]["chosen"]["clinical"] = (made["tuning"]["chosen"]["clinical"] + 1) % 4
    made["tuning"]["candidates"][1]["steps"] += 1
    files.write_json(path, made)
    (predictions(copied) / "untuned" / runs.file_name("clinical", 1)).write_text("", encoding="utf-8")
    (predictions(copied) / "tuning" / "stray.jsonl").write_text("", encoding="utf-8")
    found = follow(copied)
    for name in (
        "predictions clinical-seed1.jsonl", "candidates that were tried", "candidate of clinical, by its trials",
        "files that no trial wrote",
    ):  # fmt: skip
        assert any(name in one for one in found), (name, found)


def test_scores_of_tuned_runs_are_not_taken_for_stale(copied):
    scored(copied)
    assert list(stale._scores(copied, TASK, FAMILY)) == []
    path = predictions(copied) / "runs.json"
    made = files.read_json(path)
    made["tuning"]["trials"][0]["predictions"] = "0" * 64
    files.write_json(path, made)
    assert list(stale._scores(copied, TASK, FAMILY)) == ["its scores were computed from different predictions"]


def test_the_report_shows_both_and_what_was_chosen(copied):
    comparison = results.read(scored(copied), "Calls", SEEDS)
    told = str(section.blocks([comparison], STATISTICS))
    assert "4 recipes" in told and "*As declared* is" in told
    for arm in comparison.arms:
        chosen = comparison.tuned.candidates[comparison.tuned.chosen[arm]]
        assert f"'{chosen.learning_rate:g}', '{chosen.steps}'" in told
    untuned = dataclasses.replace(comparison, tuned=None)
    assert section.blocks([untuned], STATISTICS) == ()
