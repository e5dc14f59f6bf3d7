"""The stages that make checkpoints: a baseline, its clinical arm, and the arms beside it that got as much training."""

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_training
from processes import children, running
from tiny_encoders import ENCODER
from tiny_training import ENGINE, documents, settings, write_parts

from harness.artifacts.checkpoint import FORMAT, place
from harness.encoders import families
from harness.errors import CheckpointError, DataError, TrainingError
from harness.heads import HEADS
from harness.params import replicates
from harness.params.config import Build, CheckpointSettings, Folder, PretrainSettings
from harness.pipeline.code import code_files
from harness.stages import checkpoint, pretrain
from harness.system.files import read_json, sha256, sha256_tree
from harness.training.pretrain import arms, interrupted, resume
from harness.training.pretrain.loop import Observer

FAMILY, ARCHITECTURE = "small", "norbert3"
RECIPE = settings(ARCHITECTURE, steps=4, save_steps=2, evaluate_every=2)
BASELINE = CheckpointSettings(ARCHITECTURE, Build("build"), ENCODER, RECIPE, ENGINE)
WEIGHTS = "model.safetensors"
ARMS = ("baseline", "clinical", "control", "task")
TRAINED = PretrainSettings(ARCHITECTURE, Build("build"), dataclasses.replace(RECIPE, seed=2), ARMS, 0.0, ENGINE)
ALONE = dataclasses.replace(TRAINED, arms=ARMS[:2])
CONTROLLED = dataclasses.replace(TRAINED, arms=ARMS[:3])


def corpora(root: Path) -> Path:
    """What the stage `corpus` leaves behind: corpora that differ, and their card."""
    return write_parts(root, {"general": documents(40), "clinical": documents(60)[20:], "task": documents(90)[60:]})


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    root = corpora(tmp_path_factory.mktemp("built"))
    checkpoint.run(root, FAMILY, BASELINE)
    pretrain.run(root, FAMILY, TRAINED)
    return root / "artifacts" / "checkpoints" / FAMILY


def test_arms_differ_in_their_corpus_and_in_nothing_else(built):
    cards = {arm: read_json(built / arm / "harness.json") for arm in ARMS}
    assert {arm: card["trained_on"] for arm, card in cards.items()} == {
        "baseline": ["general"], "clinical": ["clinical"], "control": ["general"], "task": ["clinical", "task"]
    }  # fmt: skip
    for key in ("recipe", "engine", "batch", "steps", "parent", "encoder", "code", "parameters"):
        assert cards["clinical"][key] == cards["control"][key] == cards["task"][key], key
    assert cards["clinical"]["parent"]["tree"] == sha256_tree(built / "baseline")
    assert cards["clinical"]["batch"] == {"per_device": 4, "accumulation": 2, "devices": 1, "effective": 8}
    weights = {sha256(built / arm / "model.safetensors") for arm in cards}
    assert len(weights) == 4 and len({sha256(built / arm / "tokenizer.json") for arm in cards}) == 1


def test_the_task_arm_reads_its_texts_and_no_other_arm_does(built, tmp_path):
    """Another part of training texts changes that arm alone, to the byte of the others' cards."""
    cards = {arm: read_json(built / arm / "harness.json") for arm in ARMS}
    for arm, card in cards.items():
        parts = {"general", "clinical", "task"} if arm == "task" else {"general", "clinical"}
        assert set(card["corpus"]) == set(card["held_out"]["before"]) == set(card["held_out"]["after"]) == parts, arm
    page = (built / "task" / "README.md").read_text(encoding="utf-8")
    assert "on the training texts of tasks that it is compared on" in page
    used = [line.split("|")[1:3] for line in page.splitlines() if "training and held out" in line]
    assert [name.strip() for name, _ in used] == ["clinical", "task"]
    root = corpora(tmp_path)
    write_parts(root, {"general": documents(40), "clinical": documents(60)[20:], "task": documents(120)[80:]})
    checkpoint.run(root, FAMILY, BASELINE)
    pretrain.run(root, FAMILY, TRAINED)
    again = root / "artifacts" / "checkpoints" / FAMILY
    assert {arm for arm in ARMS if sha256_tree(again / arm) != sha256_tree(built / arm)} == {"task"}


def test_a_task_arm_without_texts_would_be_the_clinical_one_and_is_refused(built, tmp_path):
    root = corpora(tmp_path)
    write_parts(root, {"general": documents(40), "clinical": documents(60)[20:], "task": []})
    checkpoint.run(root, FAMILY, BASELINE)
    with pytest.raises(TrainingError, match="nothing is left of the corpus part task") as caught:
        pretrain.run(root, FAMILY, TRAINED)
    assert "families.small.task: false" in caught.value.remedy
    pretrain.run(root, FAMILY, CONTROLLED)


def test_replicates_go_on_from_the_same_baseline_with_other_seeds_and_leave_the_first_as_it_is(built, tmp_path):
    root = corpora(tmp_path)
    folder = root / "artifacts" / "checkpoints" / FAMILY
    shutil.copytree(built, folder)
    pretrain.run(root, FAMILY, dataclasses.replace(TRAINED, replicates=3))
    names = [replicates.named(arm, n) for n in (1, 2, 3) for arm in ARMS[1:]]
    places = {name: place(root, FAMILY, name) for name in names}
    cards = {name: read_json(path / "harness.json") for name, path in places.items()}
    assert len({sha256(path / WEIGHTS) for path in places.values()}) == 9
    assert all(sha256(places[arm] / WEIGHTS) == sha256(built / arm / WEIGHTS) for arm in ARMS[1:])
    assert {name: card["arm"] for name, card in cards.items()} == dict(zip(names, names, strict=True))
    assert len({card["parent"]["tree"] for card in cards.values()}) == 1
    seeds = {name: card["recipe"]["parameters"].pop("seed") for name, card in cards.items()}
    assert seeds["clinical-2"] == seeds["control-2"] == seeds["task-2"] and len(set(seeds.values())) == 3
    assert all(card["recipe"] == cards["clinical"]["recipe"] for card in cards.values())
    assert all(card["trained_on"] == cards[replicates.arm_of(name)]["trained_on"] for name, card in cards.items())
    pretrain.run(root, FAMILY, dataclasses.replace(TRAINED, replicates=2))
    assert {path.name for path in (folder / "replicates").iterdir() if path.is_dir()} == {
        "clinical-2", "control-2", "task-2"
    }  # fmt: skip


def test_with_replay_the_arms_read_general_text_too_and_the_control_is_the_same(built, tmp_path):
    root = corpora(tmp_path)
    shutil.copytree(built, root / "artifacts" / "checkpoints" / FAMILY)
    pretrain.run(root, FAMILY, dataclasses.replace(TRAINED, replay=0.5))
    mixed = root / "artifacts" / "checkpoints" / FAMILY
    cards = {arm: read_json(mixed / arm / "harness.json") for arm in ARMS[1:]}
    assert {arm: card["replay"] for arm, card in cards.items()} == {"clinical": 0.5, "control": 0.0, "task": 0.5}
    for arm in ("clinical", "task"):
        assert "50 % of the training text" in (mixed / arm / "README.md").read_text(encoding="utf-8")
    moved = {arm for arm in cards if sha256(mixed / arm / WEIGHTS) != sha256(built / arm / WEIGHTS)}
    assert moved == {"clinical", "task"}


def test_every_arm_opens_for_fine_tuning_and_has_a_readme(built):
    for arm in ARMS:
        assert families.load_head(built / arm, ARCHITECTURE, HEADS["sequence"], ("a", "b"), "sdpa", 0.0)
        assert (built / arm / "README.md").read_text(encoding="utf-8").startswith("---\n")


def test_no_state_is_left_behind(built):
    assert not list((built.parent.parent / "states").rglob("*.safetensors"))


def test_the_same_bytes_again(built, tmp_path):
    root = corpora(tmp_path)
    checkpoint.run(root, FAMILY, BASELINE)
    pretrain.run(root, FAMILY, TRAINED)
    for arm in ARMS:
        assert sha256_tree(root / "artifacts" / "checkpoints" / FAMILY / arm) == sha256_tree(built / arm)


def test_a_finished_arm_is_found_done_and_one_of_other_inputs_is_trained_again(built, tmp_path, capsys, monkeypatch):
    """As where a batch system queues a job again that had just ended; DVC removes outputs before it runs a stage."""
    root = tmp_path / "again"
    shutil.copytree(built.parents[2], root)
    folder = root / "artifacts" / "checkpoints" / FAMILY
    trained = []
    monkeypatch.setattr(arms, "train_arm", lambda *a, name, **k: trained.append(name))
    checkpoint.run(root, FAMILY, BASELINE)
    pretrain.run(root, FAMILY, ALONE)
    assert not trained and capsys.readouterr().err.count("exists already, made from these inputs") == 2
    assert sha256_tree(folder / "clinical") == sha256_tree(built / "clinical")
    monkeypatch.undo()
    longer = dataclasses.replace(ALONE, pretraining=dataclasses.replace(RECIPE, seed=3))
    pretrain.run(root, FAMILY, longer)
    assert sha256_tree(folder / "clinical") != sha256_tree(built / "clinical")


def test_an_encoder_that_was_finished_before_a_kill_is_not_trained_again(built, tmp_path, monkeypatch):
    """DVC removes what a stage has written before it runs the stage again."""
    root = corpora(tmp_path)
    checkpoints = root / "artifacts" / "checkpoints" / FAMILY
    shutil.copytree(built / "baseline", checkpoints / "baseline")
    monkeypatch.setenv("HARNESS_WORKERS", "1")
    really, begun = arms.train_arm, tmp_path / "begun"

    def noted(*args, name, **kwargs):
        with begun.open("a") as file:
            print(name, file=file)
        if name.endswith(dies):
            os._exit(9)
        return really(*args, name=name, **kwargs)

    monkeypatch.setattr(arms, "train_arm", noted)
    dies = "task"
    with pytest.raises(TrainingError, match="exit code 9"):
        pretrain.run(root, FAMILY, TRAINED)
    for folder in ("clinical", "control", "task", "replicates"):
        shutil.rmtree(checkpoints / folder, ignore_errors=True)
    dies = "none of them"
    pretrain.run(root, FAMILY, TRAINED)
    assert [line.split()[-1] for line in begun.read_text().splitlines()] == ["clinical", "control", "task", "task"]
    for arm in ARMS:
        assert sha256_tree(checkpoints / arm) == sha256_tree(built / arm)
    assert not list((root / "artifacts" / "states").rglob("*.safetensors"))
    # What was finished is kept until then, and no longer: a stage that is forced to run trains anew.
    shutil.rmtree(checkpoints / "clinical")
    pretrain.run(root, FAMILY, TRAINED)
    assert begun.read_text().splitlines()[-1].endswith("clinical")


SIDE_BY_SIDE = """
import dataclasses, sys
from pathlib import Path
import test_pretrain
from harness import cli
from harness.commands import stages
from harness.stages import pretrain

root, steps = Path(sys.argv[1]), int(sys.argv[2])
recipe = dataclasses.replace(test_pretrain.RECIPE, steps=steps, save_steps=0, evaluate_every=0)
settings = dataclasses.replace(test_pretrain.CONTROLLED, pretraining=recipe)
stages._pretrain = lambda options: pretrain.run(root, test_pretrain.FAMILY, settings)
sys.exit(cli.main(["pretrain", "small"]))
"""


@pytest.mark.parametrize(
    "ending",
    ["SIGTERM", *(pytest.param(kin, marks=pytest.mark.extended) for kin in ("SIGUSR1", "SIGINT", "a killed arm"))],
)
def test_two_arms_side_by_side_save_what_they_have_when_they_must_end(ending, built, tmp_path):
    """Only the parent is signalled; an arm whose partner is lost is not trained to its end before that is said."""
    root = tmp_path / "root"
    shutil.copytree(built.parents[2], root)
    for arm in ("clinical", "control"):
        shutil.rmtree(root / "artifacts" / "checkpoints" / FAMILY / arm)
    environment = tiny_training.environment() | {"HARNESS_WORKERS": "2"}
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    command = [sys.executable, "-c", SIDE_BY_SIDE, str(root), "600"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    said = ""
    try:
        for line in process.stderr:
            said += line
            if all(f"pretrain small {arm}: 60 of" in said for arm in ("clinical", "control")):
                break
        arms_at_work = children(process.pid)
        if ending == "a killed arm":
            os.kill(arms_at_work[0], signal.SIGKILL)
        else:
            process.send_signal(signal.Signals[ending])
        said += process.communicate(timeout=60)[1]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    lost = ending == "a killed arm"
    assert process.returncode == (1 if lost else 130 if ending == "SIGINT" else 75), said
    assert (
        said.count("stopped by a signal; saved after update")
        == len(list((root / "artifacts" / "states" / FAMILY).rglob("*.safetensors")))
        == (1 if lost else 2)
    ), said
    assert ("harness: A training process was killed from outside by SIGKILL" in said) == lost
    assert not [arm for arm in arms_at_work if running(arm)]


def test_an_observer_hears_of_each_arm_and_changes_nothing(built, tmp_path):
    root, heard = corpora(tmp_path), []

    class Hearing(Observer):
        def __init__(self, arm):
            self.arm = arm

        def started(self, about):
            heard.append((self.arm, "started", len(about.fingerprint), about.steps))

        def finished(self):
            heard.append((self.arm, "finished"))

    checkpoint.run(root, FAMILY, BASELINE, Hearing)
    pretrain.run(root, FAMILY, ALONE, Hearing)
    assert heard == [
        entry for arm in ("baseline", "clinical") for entry in ((arm, "started", 64, 4), (arm, "finished"))
    ]
    for arm in ("baseline", "clinical"):
        assert sha256_tree(root / "artifacts" / "checkpoints" / FAMILY / arm) == sha256_tree(built / arm)


def test_the_folder_of_an_arm_that_is_off_says_so_and_holds_no_checkpoint(built, tmp_path):
    root = corpora(tmp_path)
    pretrain.run(
        root,
        FAMILY,
        dataclasses.replace(ALONE, source=Folder("folder", str(built / "clinical"), "four updates are no training")),
    )
    folder = root / "artifacts" / "checkpoints" / FAMILY
    for arm in ("control", "task"):
        assert [path.name for path in (folder / arm).iterdir()] == ["harness.json"]
        assert read_json(folder / arm / "harness.json") == {
            "format": FORMAT, "family": FAMILY, "arm": arm, "source": None
        }  # fmt: skip
    assert read_json(folder / "clinical" / "harness.json")["source"]["kind"] == "folder"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere"):
        missing = dataclasses.replace(ALONE, source=Folder("folder", str(tmp_path / "nowhere")))
        pretrain.run(corpora(tmp_path), FAMILY, missing)


def test_an_edit_of_the_code_does_not_begin_an_interrupted_training_anew(tmp_path, monkeypatch):
    """A docstring that was edited changes the key of a training; its states are neither passed over nor taken up."""
    root = corpora(tmp_path)

    def cut_off(*_, **__):
        raise KeyboardInterrupt

    save = resume.Store.save

    def saved(self, step, state):
        save(self, step, state)
        cut_off()

    monkeypatch.setattr(resume.Store, "save", saved)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.run(root, FAMILY, BASELINE)
    monkeypatch.setattr(resume.Store, "save", save)
    files = code_files("harness.stages.checkpoint", objectives=(RECIPE.recipe,)) | {"encoders/readme.py": "edited"}
    monkeypatch.setattr(checkpoint, "code_hash", lambda module, **_: "edited")
    monkeypatch.setattr(checkpoint, "code_files", lambda module, **_: files)
    with pytest.raises(TrainingError, match=r"saved after update 2 of 4.* code of encoders/readme\.py\.") as caught:
        checkpoint.run(root, FAMILY, BASELINE)
    assert f"harness checkpoint {FAMILY} --resume" in caught.value.remedy
    assert interrupted.choose(root, FAMILY, ["baseline"], "resume")
    checkpoint.run(root, FAMILY, BASELINE)
    card = read_json(root / "artifacts" / "checkpoints" / FAMILY / "baseline" / "harness.json")
    assert [(origin["update"], list(origin["differs"])) for origin in card["mixed"]] == [
        (2, ["code.encoders/readme.py"])
    ]
    readme = (root / "artifacts" / "checkpoints" / FAMILY / "baseline" / "README.md").read_text(encoding="utf-8")
    assert "Its updates up to 2 are those of a training with other `code.encoders/readme.py`." in readme


@pytest.mark.parametrize("content", ["[]", "{}", "5"])
def test_a_summary_of_the_corpora_that_is_none_is_named_before_training(content, built, tmp_path):
    root = corpora(tmp_path)
    shutil.copytree(built, root / "artifacts" / "checkpoints" / FAMILY)
    (root / "artifacts" / "corpus" / "parts.json").write_text(content, encoding="utf-8")
    for run in (lambda: checkpoint.run(root, FAMILY, BASELINE), lambda: pretrain.run(root, FAMILY, TRAINED)):
        with pytest.raises(DataError, match=r"parts\.json (is not what `harness corpus` writes|cannot be read)"):
            run()
