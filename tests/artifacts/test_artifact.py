"""What stages exchange: written and read as one, and refused where another version or somebody else wrote it."""

import json
import shutil

import fakes
import pytest

from harness.artifacts import checkpoint, corpus, reported, runs, scores, split, validated
from harness.artifacts.artifact import KEY, Artifact
from harness.errors import DataError, MissingInputError
from harness.stages import report, score

TASK, FAMILY = "aismec", "nb_bert"
# By place below the repository: how it is read, and the command that makes it.
READ = {
    f"artifacts/validated/{TASK}/card.json": (lambda root: validated.card(root, TASK), f"harness validate {TASK}"),
    f"artifacts/splits/{TASK}/leakage.json": (lambda root: split.leakage(root, TASK), f"harness split {TASK}"),
    f"artifacts/predictions/{TASK}/{FAMILY}/runs.json": (
        lambda root: runs.read(root, TASK, FAMILY), f"harness finetune {TASK} {FAMILY}",
    ),
    f"artifacts/linear/{TASK}/runs.json": (lambda root: runs.read_linear(root, TASK), f"harness linear {TASK}"),
    f"artifacts/scores/{TASK}/{FAMILY}.json": (
        lambda root: scores.read(root, TASK, FAMILY), f"harness score {TASK} {FAMILY}",
    ),
    f"artifacts/scores/{TASK}/linear/linear.json": (
        lambda root: scores.read_linear(root, TASK), f"harness score {TASK}",
    ),
    f"artifacts/checkpoints/{FAMILY}/clinical/harness.json": (
        lambda root: checkpoint.card(root / "artifacts" / "checkpoints" / FAMILY / "clinical"),
        f"harness pretrain {FAMILY}",
    ),
    "artifacts/corpus/card.json": (corpus.card, "harness corpus"),
    "artifacts/corpus/parts.json": (corpus.parts, "harness corpus"),
    f"artifacts/splits/{TASK}/groups.json": (lambda root: split.groups_of(root, TASK), f"harness split {TASK}"),
    "artifacts/report.json": (reported.exact, "harness report"),
    "artifacts/tracking.json": (reported.tracked, "harness track"),
}  # fmt: skip
# What is read as an object of a type of its own, with the name of its task.
TYPED = [path for path in READ if path.endswith(("runs.json", "validated/aismec/card.json")) or "/scores/" in path]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("made"), (TASK,), (FAMILY,))
    fakes.score(root, (TASK,), (FAMILY,))
    corpus.Parts.of(general={"words": 1}, clinical={"words": 2}, task={"words": 0}).write(corpus.parts_place(root))
    reported.write_exact(root, {f"{TASK}/{FAMILY}": {}})
    reported.Tracked.of(fingerprints={f"{TASK}/{FAMILY}": "0" * 64}).write(reported.tracked_place(root))
    return root


@pytest.fixture
def root(made, tmp_path):
    return shutil.copytree(made, tmp_path / "root")


def edited(path, edit) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("path", TYPED)
def test_what_is_read_is_written_as_the_same_bytes(path, root):
    read, _ = READ[path]
    read(root).write(root / "again.json")
    assert (root / "again.json").read_bytes() == (root / path).read_bytes()


@pytest.mark.parametrize("found", [None, "runs 1", 2])
@pytest.mark.parametrize("path", READ)
def test_a_file_of_another_version_is_refused_with_the_command_that_makes_it_anew(path, found, root):
    read, command = READ[path]
    edited(root / path, lambda content: content.update({KEY: found}) if found else content.pop(KEY))
    with pytest.raises(DataError, match=r"This version reads '") as raised:
        read(root)
    assert path.rpartition("/")[2] in raised.value.message
    assert raised.value.remedy.startswith(f"Run `{command}` to write it again")


@pytest.mark.parametrize("path", READ)
def test_a_file_that_is_not_there_is_told_with_the_command_that_makes_it(path, root):
    read, command = READ[path]
    (root / path).unlink()
    with pytest.raises(MissingInputError) as raised:
        read(root)
    assert command in raised.value.remedy


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.pop("task"),
        lambda content: content.update(task=3),
        lambda content: content.update(more="something"),
        lambda content: content.update(labels="no list"),
    ],
)
@pytest.mark.parametrize("path", TYPED)
def test_a_damaged_file_is_refused_and_says_where(path, edit, root):
    read, command = READ[path]
    edited(root / path, edit)
    with pytest.raises(DataError, match=r"is damaged: (task|more|labels)\b") as raised:
        read(root)
    assert command in raised.value.remedy


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("artifacts/corpus/parts.json", "general", []),
        (f"artifacts/splits/{TASK}/groups.json", "groups", {"aismec-1": 1}),
        ("artifacts/tracking.json", "fingerprints", None),
    ],
)
def test_a_damaged_file_of_another_shape_is_refused_too(path, key, value, root):
    read, command = READ[path]
    edited(root / path, lambda content: content.update({key: value}))
    with pytest.raises(DataError, match=rf"is damaged: {key}\b") as raised:
        read(root)
    assert command in raised.value.remedy


def test_the_scores_of_another_comparison_are_refused(root):
    edited(root / f"artifacts/scores/{TASK}/{FAMILY}.json", lambda content: content.update(family="norbert3"))
    with pytest.raises(DataError, match="has the scores of another comparison, aismec with norbert3"):
        scores.read(root, TASK, FAMILY)


def test_stages_refuse_what_an_older_version_made(root):
    for path in READ:
        edited(root / path, lambda content: content.pop(KEY))
    with pytest.raises(DataError, match="an older version of the harness wrote it"):
        score.run(root, fakes.TASKS[TASK], FAMILY, fakes.score_settings(families=(FAMILY,)))
    with pytest.raises(DataError, match="an older version of the harness wrote it"):
        report.run(root, fakes.settings((TASK,), (FAMILY,)), fakes.TASKS)
    assert not (root / "reports" / "README.md").exists()


def test_every_artifact_has_a_format_of_its_own():
    def below(kind) -> list:
        return [one for sub in kind.__subclasses__() for one in (sub, *below(sub))]

    formats = [kind.FORMAT for kind in below(Artifact) if "FORMAT" in vars(kind)]
    assert len(formats) == 10 and len(set(formats)) == len(formats)
