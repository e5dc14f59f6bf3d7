"""What stages do by `params.yaml`, held against what they did."""

import dataclasses
from pathlib import Path

import pytest
import tiny_folds
from tiny_training import settings as recipe

from harness.artifacts import runs
from harness.data import perturbed
from harness.grid.rehearsal import counting
from harness.params.config import Build, FinetuneSettings, PretrainSettings
from harness.params.folds import Folds
from harness.params.robustness import Robustness
from harness.params.tune import Tune
from harness.plugins import registry
from harness.stages import crossvalidate, finetune
from harness.system.files import read_json, read_jsonl

REPOSITORY = Path(__file__).resolve().parents[3]
ARMS, SEEDS = ("baseline", "clinical"), (1, 2)
RECIPE = dataclasses.replace(tiny_folds.RECIPE, steps=5, evaluate_every=2)
ROBUST = Robustness(("lower_case", "misspelled"), 0.5, 1)
COMPARISON = FinetuneSettings("norbert3", ARMS, SEEDS, RECIPE, tiny_folds.ENGINE, robustness=ROBUST)
WRITTEN = f"artifacts/predictions/{tiny_folds.TASK}/{tiny_folds.FAMILY}"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return tiny_folds.project(REPOSITORY, tmp_path_factory.mktemp("counting") / "project")


def rows(root: Path) -> dict[str, int]:
    from harness.artifacts.parts import by_part
    from harness.heads import of

    parts, _ = by_part(root, tiny_folds.TASK)
    task = registry.get(root, tiny_folds.TASK)
    return {
        part: len(records) for part, records in (parts | perturbed.parts_of(of(task), parts["test"], ROBUST)).items()
    }


def carried_out(root: Path, settings: FinetuneSettings) -> dict:
    finetune.run(root, registry.get(root, tiny_folds.TASK), tiny_folds.FAMILY, settings)
    return read_json(root / WRITTEN / "runs.json")


def test_a_comparison_makes_the_updates_and_the_answers_that_are_counted(project):
    counted, made = counting.finetuning(COMPARISON, rows(project)), carried_out(project, COMPARISON)
    assert counted.runs == len(made["runs"]) == 4
    assert counted.updates == counted.most == sum(one["steps"] for one in made["runs"]) == 20
    validation = rows(project)["validation"]
    assert counted.validated == validation * sum(len(one["curve"]) for one in made["runs"])
    lines = sum(len(read_jsonl(project / WRITTEN / runs.file_name(arm, seed))) for arm in ARMS for seed in SEEDS)
    # The answers to the validation part are those of the update that was kept.
    assert counted.answered + 4 * validation == lines


def test_a_search_makes_trials_and_both_kinds_of_runs(project):
    tuned = dataclasses.replace(COMPARISON, tune=Tune((1.0, 2.0), (1.0, 2.0), (101,)))
    counted, made = counting.finetuning(tuned, rows(project)), carried_out(project, tuned)
    before = read_json(project / WRITTEN / "untuned" / "runs.json")
    trials, chosen = made["tuning"]["trials"], made["tuning"]["chosen"]
    declared = next(i for i, one in enumerate(tuned.candidates) if one == tuned.recipe)
    anew = [one for one in made["runs"] if chosen[one["arm"]] != declared]
    really = sum(one["steps"] for one in (*trials, *before["runs"], *anew))
    fixed = sum(one["steps"] for one in (*trials, *before["runs"]))
    assert fixed == sum(one.counts * one.updates for one in counted.trainings[:5])
    assert fixed <= really <= counted.most == fixed + 4 * 10
    # Three of four candidates are other recipes than the declared one, of 5, 10 and 10 updates.
    assert counted.updates == pytest.approx(fixed + 4 * (5 + 10 + 10) / 4)


def test_every_fold_of_every_repeat_is_counted(project):
    folds = Folds(3, 2, 0.2)
    settings = tiny_folds.settings(folds)
    counted = counting.cross_validation(settings, folds, rows(project))
    crossvalidate.run(project, registry.get(project, tiny_folds.TASK), tiny_folds.FAMILY, settings, folds)
    made = read_json(
        project / f"artifacts/predictions/cross-validation/{tiny_folds.TASK}/{tiny_folds.FAMILY}/runs.json"
    )
    assert counted.runs == len(made["runs"]) == 12
    assert counted.updates == sum(one["steps"] for one in made["runs"])


@pytest.mark.parametrize(("steps", "every", "times"), [(5, 2, 3), (4, 2, 2), (1, 5, 1), (6, 1, 6)])
def test_the_last_update_is_evaluated_and_none_twice(steps, every, times):
    assert counting.evaluations(steps, every) == times


def pretrained(**changes) -> list[counting.Pretrained]:
    adaptation = recipe("norbert3", steps=8, evaluate_every=4, save_steps=3)
    arms = ("baseline", "clinical", "control", "task")
    engine = tiny_folds.ENGINE
    settings = PretrainSettings("norbert3", Build("build"), adaptation, arms, 0.5, engine)
    return list(counting.pretraining(dataclasses.replace(settings, **changes), 8))


def test_every_arm_and_replicate_is_trained_and_the_baseline_is_not():
    made = pretrained(replicates=2)
    assert [one.encoder for one in made] == ["clinical", "control", "task", "clinical-2", "control-2", "task-2"]
    assert {one.updates for one in made} == {8}
    # Before, after update 4 and after; not after the last update once more.
    assert {one.measured for one in made} == {3}
    assert {one.saved for one in made} == {2}
    assert [one.parts for one in made[:3]] == [("general", "clinical"), ("general", "clinical"), (
        "general", "clinical", "task")]  # fmt: skip


def test_an_end_makes_what_its_trunk_has_not():
    made = pretrained(replicates=2, branched=0.75)
    assert [one.updates for one in made] == [8, 8, 8, 2, 2, 2]
    assert [one.branched for one in made] == [False] * 3 + [True] * 3
    assert made[3].measured == 2 and made[3].saved == 0


def test_what_is_imported_is_not_trained():
    from harness.params.config import Folder

    assert [one.encoder for one in pretrained(source=Folder("folder", "x"))] == ["control", "task"]
