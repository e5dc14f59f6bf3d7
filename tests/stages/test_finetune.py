"""Stage `finetune`: inputs that must fit, arms that must be treated alike, answers without text."""

import pytest
import torch

from harness import heads
from harness.artifacts.prediction_lines import lines_of
from harness.errors import DataError, MissingInputError, TrainingError
from harness.heads import HEADS
from harness.plugins import registry
from harness.system.files import write_json, write_jsonl
from harness.training.finetune import inputs, runs
from harness.training.finetune.batching import encode

ARMS = ("baseline", "clinical")


def treatment(**changes) -> dict:
    same = {"architecture": "BertForX", "parameters": 10, "precision": "fp32", "attention": "sdpa", "dropout": [0.0]}
    return {**same, "recipe": {"steps": 5, "learning_rate": 1e-3}, **changes}


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "bf16"},
        {"attention": "eager"},
        {"dropout": [0.1]},
        {"parameters": 11},
        {"architecture": "ModernBertForX"},
        {"recipe": {"steps": 6, "learning_rate": 1e-3}},
    ],
)
def test_a_pair_that_is_not_treated_alike_is_refused(change):
    runs.refuse_unequal([treatment(), treatment()], "t/f")
    with pytest.raises(TrainingError, match=rf"t/f: the arms are not treated alike: {next(iter(change))} is"):
        runs.refuse_unequal([treatment(), treatment(**change)], "t/f")


@pytest.fixture
def project(tmp_path):
    records = [
        {"id": f"r{i}", "group": f"g{i}", "text": f"tekst {i}", "label": "stroke", "part": "pool"} for i in range(4)
    ]
    write_jsonl(tmp_path / "artifacts" / "validated" / "aismec" / "records.jsonl", records)
    splits = {"r0": "train", "r1": "validation", "r2": "test", "r3": "excluded"}
    write_json(tmp_path / "reports" / "splits" / "aismec.json", {"splits": splits})
    for arm in ("baseline", "clinical"):
        write_json(tmp_path / "artifacts" / "checkpoints" / "f" / arm / "config.json", {"arm": arm})
    return tmp_path


def test_records_go_to_their_parts(project, repository):
    found = inputs.read_inputs(project, registry.get(repository, "aismec"), "f", ARMS)
    assert {part: [record["id"] for record in rows] for part, rows in found.parts.items()} == {
        "train": ["r0"], "validation": ["r1"], "test": ["r2"], "excluded": ["r3"],
    }  # fmt: skip
    assert found.hashes["checkpoints"]["baseline"] != found.hashes["checkpoints"]["clinical"]


def test_a_record_without_a_split_is_named(project, repository):
    write_json(project / "reports" / "splits" / "aismec.json", {"splits": {"r0": "train"}})
    with pytest.raises(DataError, match="has no part for 3 records, first r1"):
        inputs.read_inputs(project, registry.get(repository, "aismec"), "f", ARMS)


def test_a_missing_checkpoint_names_the_command_that_makes_it(project, repository):
    (project / "artifacts" / "checkpoints" / "f" / "clinical" / "config.json").unlink()
    with pytest.raises(MissingInputError) as caught:
        inputs.read_inputs(project, registry.get(repository, "aismec"), "f", ARMS)
    assert "harness pretrain f" in caught.value.remedy


def test_every_gold_character_of_a_long_document_is_scored(repository):
    """Windows overlap and cover the text: a model that marks every token right finds every span whole."""
    from harness.encoders import tokenizers

    task = registry.get(repository, "nor_deid")
    words = [f"ord{i}" for i in range(300)]
    text = " ".join(words)
    spans, at = [], 0
    for i, word in enumerate(words):
        if i % 7 == 0:
            spans.append({"start": at, "end": at + len(word), "label": task.labels[i % len(task.labels)]})
        at += len(word) + 1
    record = {"id": "long", "group": "long", "text": text, "spans": spans}
    for architecture in ("bert", "norbert3"):
        tokenizer = tokenizers.build(architecture, [text], 700)
        examples = encode(HEADS["tokens"], [record], tokenizer, task.labels, max_length=32, stride=8)
        assert len(examples) > 10
        classes = 1 + 2 * len(task.labels)
        rows = [torch.nn.functional.one_hot(torch.tensor(e.target).clamp(min=0), classes).float() for e in examples]
        line = lines_of(task, "test", [record], heads.of(task).answers([record], examples, rows, task.labels))[0]
        assert line["prediction"] == line["gold"] == sorted([s["start"], s["end"], s["label"]] for s in spans)
        assert set(line) == {"id", "group", "part", "gold", "prediction", "length"} and line["length"] == len(text)


def test_answers_of_a_classifier_hold_no_text(repository):
    task = registry.get(repository, "aismec")
    records = [{"id": "r1", "group": "g1", "text": "hemmelig", "label": "stroke"}]
    answers = heads.of(task).answers(records, [None], [torch.tensor([0.0, 1.0])], task.labels)
    (line,) = lines_of(task, "test", records, answers)
    assert line == {
        "id": "r1", "group": "g1", "part": "test", "gold": "stroke", "prediction": "stroke",
        "scores": [0.268941, 0.731059],
    }  # fmt: skip
