"""A new task of every head and format: checked, validated and split as it stands, and nothing overwritten."""

import shutil
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from harness.errors import ConfigError
from harness.heads import HEADS
from harness.params import reading
from harness.plugins import checking, creating, examples, registry, templates
from harness.stages import split, validate
from harness.system.files import read_json
from harness.testing.parameters import changing

EVERY = [(head, format_) for head in HEADS for format_ in HEADS[head].template.formats]


@pytest.fixture
def root(tmp_path, repository):
    (tmp_path / "tasks").mkdir()
    shutil.copy(repository / "params.yaml", tmp_path / "params.yaml")
    return tmp_path


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("head", "format_"), EVERY, ids="-".join)
def test_what_is_written_is_checked_validated_and_split(root, head, format_):
    creating.create(root, "triage", head, format_)
    assert checking.findings(root, "triage") == []
    card = validate.run(root, "triage")
    assert card.rows == examples.ROWS and card.kind == "synthetic" and card.dropped == {}
    assert all(card.labels.values())
    split.run(root, "triage", reading.load(root / "params.yaml").split())
    parts = read_json(root / "reports" / "splits" / "triage.json")["splits"]
    assert set(parts.values()) == {"train", "validation", "test"} and len(parts) == examples.ROWS


@pytest.mark.parametrize("head", HEADS)
def test_every_format_of_a_head_holds_the_same_rows(root, head):
    read = []
    for format_ in HEADS[head].template.formats:
        creating.create(root, f"in_{format_}", head, format_)
        records = registry.get(root, f"in_{format_}").reader(root / "data" / f"in_{format_}").records
        texts = [{k: v for k, v in record.items() if k != "part"} for record in records]
        read.append([text | {"text": text.get("text", "").strip().replace("\n", " ")} for text in texts])
    assert all(other == read[0] for other in read)


@pytest.mark.parametrize(("head", "format_"), EVERY, ids="-".join)
def test_what_is_written_is_in_the_style_of_the_project(root, repository, head, format_):
    written = creating.create(root, "triage", head, format_)
    python = [str(path) for path in written if path.suffix == ".py"]
    config = str(repository / "pyproject.toml")
    for check in (["check"], ["format", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", "--config", config, *python],
            capture_output=True, text=True,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_test_that_is_written_passes_and_can_fail(root, repository):
    creating.create(root, "triage", "tokens", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib", "tests/tasks"]

    def run():
        return subprocess.run(command, cwd=root, capture_output=True, text=True)

    first = run()
    assert first.returncode == 0, first.stdout
    sample = root / "tests" / "tasks" / "triage" / "sample.conll"
    sample.write_text(sample.read_text(encoding="utf-8").replace("B-Name", "I-Nmae", 1), encoding="utf-8")
    assert run().returncode == 1


def test_nothing_that_is_there_is_overwritten(root):
    creating.create(root, "triage", "sequence", None)
    before = contents(root)
    with pytest.raises(ConfigError, match=r"tasks/triage\.py exists already. Nothing was written"):
        creating.create(root, "triage", "tokens", None)
    (root / "tasks" / "triage.py").unlink()
    (root / "tests" / "tasks" / "test_triage.py").unlink()
    with pytest.raises(ConfigError, match="data/triage"):
        creating.create(root, "triage", "tokens", None)
    assert {path: bytes_ for path, bytes_ in before.items() if path.exists()} == contents(root)


@pytest.mark.parametrize("name", ["", "2fast", "Triage", "a-b", "../x", "_hidden", "class", "corpus", "æsj"])
def test_names_that_will_not_do(root, name):
    with pytest.raises(ConfigError, match="is not a valid task name"):
        creating.create(root, name, "sequence", None)
    assert not list((root / "tasks").iterdir())


@pytest.mark.parametrize("head", HEADS)
def test_the_printed_lines_are_what_params_yaml_takes(root, head):
    with changing(root) as values:
        printed = YAML(typ="safe").load(templates.parameters("triage", HEADS[head], tuple(values["run"]["tasks"])))
        values["run"].update(printed["run"])
        values["tasks"].update(printed["tasks"])
    loaded = reading.load(root / "params.yaml")
    assert loaded.everything().run.tasks[-1] == "triage"
    assert loaded.finetune("triage", "nb_bert").recipe.evaluate_every > 0
