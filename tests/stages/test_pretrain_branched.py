"""The stage `pretrain` where the replicates of an arm are ends of one training."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from stages.test_pretrain import ALONE, ARCHITECTURE, BASELINE, CONTROLLED, ENCODER, FAMILY, RECIPE, TRAINED, corpora

from harness.artifacts.checkpoint import place
from harness.audit import checkpoints
from harness.audit.checks import DIFFERS
from harness.encoders import cards as encoder_cards
from harness.errors import TrainingError
from harness.params import profiles, reading, replicates
from harness.params.config import Build
from harness.params.whole import Family
from harness.pipeline.hashes import Hashes
from harness.report.export import provenance
from harness.stages import checkpoint, pretrain
from harness.system.files import read_json, sha256_tree, write_json
from harness.tracking import pretrainings
from harness.training.pretrain import arms, interrupted, resume
from harness.training.pretrain.branching import Trunk
from harness.training.pretrain.loop import Observer

LONGER = dataclasses.replace(RECIPE, steps=8, save_steps=3, evaluate_every=2, seed=2)
BRANCHED = dataclasses.replace(CONTROLLED, pretraining=LONGER, replicates=3, branched=0.5)
SMALL = dataclasses.replace(BRANCHED, arms=ALONE.arms, replicates=2)
AT = 4
NAMES = [replicates.named(arm, n) for n in (1, 2, 3) for arm in ("clinical", "control")]


class Hearing(Observer):
    """Hears the updates of every encoder; what happens after one of them is `then`."""

    def __init__(self, heard: dict, encoder: str, then=lambda encoder, step: None):
        self.steps, self.encoder, self.then = heard.setdefault(encoder, []), encoder, then

    def update(self, step, values):
        self.steps.append(step)
        self.then(self.encoder, step)


def run(root: Path, settings=SMALL, then=lambda encoder, step: None) -> dict[str, list[int]]:
    """The updates that were made, by encoder; one after the other, so that they are heard."""
    heard: dict[str, list[int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.training.common.pool.run_all", lambda jobs, work, **_: [work(job) for job in jobs])
        pretrain.run(root, FAMILY, settings, lambda encoder: Hearing(heard, encoder, then))
    return heard


def states(root: Path) -> list[Path]:
    return sorted((root / "artifacts" / "states").rglob("[0-9]*.safetensors"))


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    root = corpora(tmp_path_factory.mktemp("start"))
    checkpoint.run(root, FAMILY, BASELINE)
    return root


@pytest.fixture(scope="module")
def whole(start, tmp_path_factory) -> Path:
    """Without `branched`: replicate 1 as it always was."""
    root = tmp_path_factory.mktemp("whole") / "root"
    shutil.copytree(start, root)
    run(root, dataclasses.replace(BRANCHED, replicates=2, branched=None))
    return root


@pytest.fixture(scope="module")
def branched(start, tmp_path_factory) -> Path:
    """Side by side, as it is on a CPU."""
    root = tmp_path_factory.mktemp("branched") / "root"
    shutil.copytree(start, root)
    pretrain.run(root, FAMILY, BRANCHED)
    return root


@pytest.fixture
def root(start, tmp_path) -> Path:
    return shutil.copytree(start, tmp_path / "root")


def cards(root: Path) -> dict[str, dict]:
    return {name: read_json(place(root, FAMILY, name) / "harness.json") for name in NAMES}


def test_the_first_replicate_has_the_bytes_that_it_has_without_ends(whole, branched):
    for arm in ("clinical", "control"):
        assert sha256_tree(place(branched, FAMILY, arm)) == sha256_tree(place(whole, FAMILY, arm))
        other = replicates.named(arm, 2)
        assert sha256_tree(place(branched, FAMILY, other)) != sha256_tree(place(whole, FAMILY, other))


def test_ends_share_their_course_up_to_the_trunk_and_their_cards_say_so(branched):
    found = cards(branched)
    for name, card in found.items():
        arm, number = replicates.arm_of(name), replicates.number_of(name)
        assert card.get("branched") == (None if number == 1 else {"share": 0.5, "seed": 2}), name
        assert card["steps"] == 8 and "mixed" not in card
        assert card["losses"][:AT] == found[arm]["losses"][:AT]
        assert card["held_out"]["before"] == found[arm]["held_out"]["before"]
        assert (card["losses"][AT:] == found[arm]["losses"][AT:]) == (number == 1)
        page = (place(branched, FAMILY, name) / "README.md").read_text(encoding="utf-8")
        told = f"The first 50 % of its updates are those of `{arm}`, seed `2`"
        assert (told in page) == (number > 1)
    weights = {(place(branched, FAMILY, name) / "model.safetensors").read_bytes() for name in NAMES}
    assert len(weights) == 6 and not states(branched) and not list((branched / "artifacts" / "states").rglob("*"))[1:]


def test_the_lineage_of_an_end_and_its_run_in_mlflow_name_its_trunk(branched):
    card = cards(branched)["clinical-2"]
    told = pretrainings.parameters(pretrainings.Pretraining(FAMILY, "clinical-2", card, "", "embedded", {}))
    assert (told["branched.share"], told["branched.seed"]) == ("0.5", "2")
    lineages = {provenance.lineage(card | changes, None, None) for changes in (
        {}, {"branched": None}, {"branched": {"share": 0.6, "seed": 2}}, {"branched": {"share": 0.5, "seed": 3}}
    )}  # fmt: skip
    assert len(lineages) == 4


def test_ends_are_trained_after_the_first_and_only_from_the_trunk_on(root):
    def there(encoder, step):
        if encoder == "clinical-2" and step == AT + 1:
            assert [path.stem for path in states(root)] == [f"{AT:09}"]

    assert run(root, then=there) == {"clinical": [1, 2, 3, 4, 5, 6, 7, 8], "clinical-2": [5, 6, 7, 8]}
    assert not states(root)


@pytest.mark.parametrize("at", [("clinical", 6), ("clinical-2", 5), ("clinical-2", 8)], ids=str)
def test_after_an_interruption_it_goes_on_to_the_same_bytes(at, root, branched):
    class Cut(BaseException):
        pass

    def cut(encoder, step):
        if (encoder, step) == at:
            raise Cut

    with pytest.raises(Cut):
        run(root, then=cut)
    assert states(root)
    heard = run(root)
    assert at[0] == "clinical" or "clinical" not in heard
    assert heard["clinical-2"][0] == (7 if at == ("clinical-2", 8) else 5) and not states(root)
    for name in ("clinical", "clinical-2"):
        assert sha256_tree(place(root, FAMILY, name)) == sha256_tree(place(branched, FAMILY, name))


@pytest.mark.parametrize("kept", [True, False])
def test_where_the_first_is_removed_it_is_put_back_or_finished_from_the_trunk(kept, root, branched):
    """DVC removes the outputs of a stage that did not end before it runs it again."""

    def cut(encoder, step):
        if encoder == "clinical-2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(root, then=cut)
    shutil.rmtree(place(root, FAMILY, "clinical"))
    if not kept:
        shutil.rmtree(arms.finished_of(root, FAMILY, "clinical"))
    assert run(root) == ({} if kept else {"clinical": [5, 6, 7, 8]}) | {"clinical-2": [5, 6, 7, 8]}
    for name in ("clinical", "clinical-2"):
        assert sha256_tree(place(root, FAMILY, name)) == sha256_tree(place(branched, FAMILY, name))


def test_without_a_trunk_the_first_is_trained_again_and_with_all_ends_nothing_is(root, branched, capsys):
    made = root / "artifacts" / "checkpoints"
    shutil.rmtree(made)
    shutil.copytree(branched / "artifacts" / "checkpoints", made)
    assert run(root) == {} and capsys.readouterr().err.count("exists already") == 2
    shutil.rmtree(place(root, FAMILY, "clinical-2"))
    before = sha256_tree(place(root, FAMILY, "clinical"))
    assert run(root) == {"clinical": [1, 2, 3, 4, 5, 6, 7, 8], "clinical-2": [5, 6, 7, 8]}
    assert sha256_tree(place(root, FAMILY, "clinical")) == before
    assert sha256_tree(place(root, FAMILY, "clinical-2")) == sha256_tree(place(branched, FAMILY, "clinical-2"))


def test_an_end_of_another_share_is_not_gone_on_with(root, monkeypatch):
    def cut(encoder, step):
        if encoder == "clinical-2" and step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(root, then=cut)
    with pytest.raises(TrainingError, match=r"planned.branched.share was 0.5 and is 0.25"):
        run(root, dataclasses.replace(SMALL, branched=0.25))
    interrupted.choose(root, FAMILY, ["clinical-2"], "resume")
    with pytest.raises(TrainingError, match=r"cannot be resumed, because these changed: planned.branched.share"):
        run(root, dataclasses.replace(SMALL, branched=0.25))


def test_what_changed_after_the_trunk_stands_in_the_cards_of_its_ends(tmp_path):
    trunk = Trunk(tmp_path, "k" * 20, AT, 2)
    assert trunk.mixed() == []
    origins = [{"update": 2, "differs": {"a": [1, 2]}}, {"update": 6, "differs": {"b": [1, 2]}}]
    write_json(tmp_path / f"{'k' * 16}.mixed.json", origins)
    assert [origin["update"] for origin in trunk.mixed()] == [2, AT]


def test_with_replay_the_ends_read_the_text_of_their_trunk(root):
    settings = dataclasses.replace(SMALL, replay=0.5)
    run(root, settings)
    first, end = cards_of = [read_json(place(root, FAMILY, n) / "harness.json") for n in ("clinical", "clinical-2")]
    assert {card["replay"] for card in cards_of} == {0.5} and end["losses"][:AT] == first["losses"][:AT]


def test_one_update_cannot_be_branched(root):
    with pytest.raises(TrainingError, match="1 updates are too few to branch from") as caught:
        run(root, dataclasses.replace(SMALL, pretraining=dataclasses.replace(LONGER, steps=1)))
    assert f"families.{FAMILY}.branched: null" in caught.value.remedy


@pytest.fixture
def audited(branched, tmp_path, repository):
    """(root, found that do not hold) of an untouched copy; the latter is a function."""
    root = shutil.copytree(branched, tmp_path / "audited")
    (root / "harness").symlink_to(repository / "harness")
    family = Family(
        ARCHITECTURE, Build("build"), Build("build"), ENCODER, BASELINE.pretraining, LONGER, True, False, 3, 0.5, 1.0
    )
    given = reading.parse(profiles.text("embedded")).everything()
    corpus = dataclasses.replace(given.corpus, replay=0.0)
    params = dataclasses.replace(given, families={FAMILY: family}, engine=TRAINED.engine, corpus=corpus)

    def wrong(params=params):
        found = list(checkpoints.checks(root, FAMILY, params, Hashes()))
        return [check for check in found if check.state == DIFFERS]

    return root, params, wrong


def test_the_audit_has_no_finding_in_ends_as_they_were_made(audited):
    assert audited[2]() == []


@pytest.mark.parametrize(
    ("encoder", "said", "found"),
    [
        ("clinical-2", None, "clinical-2: card against params.yaml: branched"),
        ("clinical-2", {"share": 0.25, "seed": 2}, "clinical-2: card against params.yaml: branched.share"),
        ("control-3", {"share": 0.5, "seed": 9}, "control-3: card against params.yaml: branched.seed"),
        ("clinical", {"share": 0.5, "seed": 2}, "clinical: card against params.yaml: branched"),
    ],
)
def test_the_audit_finds_a_card_that_lies_about_its_trunk(audited, encoder, said, found):
    root, _, wrong = audited
    folder = place(root, FAMILY, encoder)
    card = read_json(folder / "harness.json")
    card.pop("branched", None)
    encoder_cards.write(folder, card | ({"branched": said} if said else {}))
    assert found in [link.name for link in wrong()]


def test_the_audit_finds_an_end_that_was_trained_apart_and_one_that_params_do_not_know(audited):
    root, params, wrong = audited
    folder = place(root, FAMILY, "clinical-3")
    card = read_json(folder / "harness.json")
    card["losses"][1]["loss"] += 0.5
    encoder_cards.write(folder, card)
    assert [link.name for link in wrong()] == ["clinical-3: the part of the training that it shares with clinical"]
    family = dataclasses.replace(params.families[FAMILY], branched=None)
    names = [link.name for link in wrong(dataclasses.replace(params, families={FAMILY: family}))]
    assert sum(name.endswith("card against params.yaml: branched") for name in names) == 4


def test_a_full_disk_at_the_trunk_ends_the_training_with_a_word(root, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resume, "write_bytes", full)
    with pytest.raises(TrainingError, match="The state after update 3 could not be saved"):
        run(root)
