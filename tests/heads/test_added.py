"""A head that nobody knew, added by one file: a task of it is written, checked, split, trained, answered and scored."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from harness.pipeline import code

HEAD = '''"""Three texts have one label together."""

from harness.heads.head import Template
from harness.heads.labelled import Labelled


class Triple(Labelled):
    def weighed(self, weights, records):
        from harness.heads.linear.linear import hstack

        return hstack([weights([record[column] for record in records]) for column in self.texts]).tocsr()

    def rows(self, records):
        first, *others = ([record[column] for record in records] for column in self.texts)
        return first, [" ".join(texts) for texts in zip(*others, strict=True)], [1] * len(records)

    def sample(self, words, number, labels):
        label = labels[number % len(labels)]
        text, answer = f"{words.name}, {words.place}.", f"{words.complaint}: {words.act}."
        return {"text": text, "question": f"{words.act} {label} {words.name}", "answer": answer, "label": label}


triple = Triple(
    name="triple",
    place=9,
    texts=("text", "question", "answer"),
    answer="label",
    decides="rows",
    model="SequenceClassification",
    hub="text-classification",
    shows=frozenset({"matrix"}),
    template=Template(("no", "yes"), ("csv", "jsonl"), ("macro_f1", "mcc"), (60, 8, 64, 0)),
)
'''
PROGRAM = """
import json, sys
from pathlib import Path

import torch
from tiny_encoders import ENCODER, TEXTS

from harness import heads
from harness.plugins import registry
from harness.system import files
from harness.params.config import Split
from harness.statistics import task_metrics as metrics
from harness.statistics import selection
from harness.encoders import families, tokenizers
from harness.plugins import checking, creating
from harness.stages import linear, split, validate
from harness.training.finetune import batching

root = Path(sys.argv[1])
(root / "tasks").mkdir()
assert list(heads.HEADS)[-1] == "triple"
creating.create(root, "threes", "triple", "csv")
assert checking.findings(root, "threes") == []
validate.run(root, "threes")
split.run(root, "threes", Split(1, 0.6, 0.2, 0.2))
task = registry.get(root, "threes")
linear.run(root, task)
lines = files.read_jsonl(root / "artifacts" / "linear" / "threes" / "predictions.jsonl")
records = files.read_jsonl(root / "artifacts" / "validated" / "threes" / "records.jsonl")
head = heads.of(task)
tokenizer = tokenizers.build("norbert3", TEXTS, ENCODER.vocabulary)
folder = root / "encoder"
families.save(families.new_masked_lm("norbert3", ENCODER, tokenizer, "sdpa"), tokenizer, folder)
examples = batching.encode(head, records, tokenizer, task.labels, 40, 0)
model = families.load_head(folder, "norbert3", head, task.labels, "sdpa", 0.0)
inputs, targets = batching.collate(examples[:8], tokenizer.pad_token_id, "cpu")
logits = model(**inputs).logits
head.loss(logits, targets).backward()
answers = head.answers(records[:8], examples[:8], logits, task.labels)
told = [{**line, "gold": head.gold(record), **answer} for line, record, answer in zip(lines, records, answers)]
print(json.dumps({
    "linear": metrics.primary(task, [line for line in lines if line["part"] == "test"]),
    "encoder": metrics.primary(task, told), "selection": selection.score(task, told),
    "card": files.read_json(root / "artifacts" / "validated" / "threes" / "card.json")["labels"],
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package with one more file."""
    target = tmp_path_factory.mktemp("added") / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "heads" / "triple.py").write_text(HEAD, encoding="utf-8")
    return target


def run(package, *command):
    here = os.path.dirname(os.path.dirname(__file__))
    environment = {**os.environ, "PYTHONPATH": f"{package.parent}{os.pathsep}{here}"}
    command = [sys.executable, *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=package.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_file_is_a_head(package, tmp_path):
    found = json.loads(run(package, "-c", PROGRAM, str(tmp_path)).splitlines()[-1])
    assert 0.5 < found["linear"] <= 1 and 0 <= found["encoder"] <= 1 and -1 <= found["selection"] <= 1
    assert found["card"] == {"no": 12, "yes": 12}


def test_the_command_line_knows_it(package):
    said = " ".join(run(package, "-m", "harness", "new-task", "--help").split())
    assert "choice, multilabel, triple" in said and "triple: csv, jsonl" in said


def test_what_asks_a_head_depends_on_it(package):
    for stage in ("validate", "split", "finetune", "linear", "score", "report"):
        assert "heads/triple.py" in code.code_files(f"harness.stages.{stage}", package), stage
    for stage in ("checkpoint", "pretrain", "generate"):
        assert "heads/triple.py" not in code.code_files(f"harness.stages.{stage}", package), stage
