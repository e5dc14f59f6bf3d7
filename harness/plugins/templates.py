"""What `harness new-task` writes: a declaration, its test, and the lines for params.yaml."""

from harness.plugins import examples

_TASK = '''"""{title}: say here what one row asks."""

from harness.data import {imports}
from harness.task import Groups, Task

{constants}
TASK = Task(
    name="{name}",
    # Another version whenever a row comes to mean something else.
    version="1",
    title="{title}",
    head="{head}",
    reader={reader},
    schema=lambda: schema.{head}(LABELS),
    labels=LABELS,{positive}
    # What a split must never tear apart: a patient, a document, a question that stands twice.
    groups=Groups(column="group"),
    metrics={metrics},
    licence="invented by `harness new-task`",
    citation="none",
)
'''

_TEST = '''"""Task {name}: its declaration, and its reader on the small sample beside this test."""

from pathlib import Path

import pytest

from harness import registry
from harness.plugins import checking, sampling

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).parent / "{name}"


@pytest.fixture
def sample(tmp_path):
    """The rows of SAMPLE; while they are those of `harness new-task`, in the shape of the declaration."""
    return sampling.of(registry.get(ROOT, "{name}"), SAMPLE, tmp_path)


def test_nothing_is_wrong_with_the_declaration_and_the_sample(sample):
    assert checking.findings(ROOT, "{name}", sample) == []


def test_the_sample_is_read_as_it_is_meant(sample):
    task = registry.get(ROOT, "{name}")
    reading = task.reader(sample)
    assert reading.records and not reading.dropped
    assert {seen} == set(task.labels)
'''

_METRICS = {
    "sequence": ("binary_f1", "sensitivity", "specificity", "mcc"),
    "pair": ("binary_f1", "accuracy"),
    "choice": ("macro_f1", "accuracy"),
    "tokens": ("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate"),
}
_COLUMNS = {
    "sequence": ("text", "label"),
    "pair": ("text", "text_pair", "label"),
    "choice": ("question", "options", "label"),
}
_APART = '("option_a", "option_b", "option_c", "option_d")'
# Updates, rows a batch, tokens a row, overlap of windows: small, for the encoders of `embedded`.
_RECIPE = {"sequence": (60, 8, 64, 0), "pair": (60, 16, 64, 0), "choice": (60, 8, 64, 0), "tokens": (120, 8, 64, 16)}


def declaration(name: str, head: str, format_: str) -> str:
    """The text of tasks/`name`.py for data in `format_`."""
    modules = {"conll": "conll", "brat": "brat", "tags": "tagged"}
    module = modules.get(format_, "word_lists" if head == "tokens" else "tabular")
    labels = ", ".join(f'"{label}"' for label in examples.LABELS[head])
    return _TASK.format(
        name=name,
        head=head,
        title=name.replace("_", " ").capitalize(),
        imports=", ".join(sorted([module, "schema"])),
        constants=f"# Every label, in the order of the head's outputs.\nLABELS = ({labels})\n",
        reader=_reader(head, format_),
        positive='\n    # The label that F1 counts; without one, metrics begin with macro_f1.\n    positive="yes",'
        if head in ("sequence", "pair")
        else "",
        metrics="(" + ", ".join(f'"{metric}"' for metric in _METRICS[head]) + ")",
    )


def _reader(head: str, format_: str) -> str:
    if format_ == "conll":
        return 'conll.conll("*.conll", labels=LABELS)'
    if format_ == "brat":
        return 'brat.brat("*.txt", labels=LABELS)'
    if format_ == "tags":
        return 'tagged.tagged("*.txt", tagged.rules(LABELS))'
    if head == "tokens":
        files = "*.arrow" if format_ == "dataset" else "*.jsonl"
        return f'word_lists.word_lists("{files}", labels=LABELS, identity="id")'
    columns = {column: f'"{column}"' for column in ("id", "group", *_COLUMNS[head])}
    if head == "choice" and format_ in ("csv", "tsv"):
        columns["options"] = _APART
    lines = ["tabular.dataset("] if format_ == "dataset" else ["tabular.table(", f'    "sample.{format_}",']
    lines += [
        "    # A record's name for it, and your file's. Leave out id and group where there is none.",
        "    columns={",
    ]
    lines += [f'        "{column}": {theirs},' for column, theirs in columns.items()]
    lines += ["    },", '    others="refuse",']
    lines += ['    shape=tabular.choice(LABELS, answer="letter"),'] if head == "choice" else []
    return "\n    ".join([*lines, ")"])


def test(name: str, head: str) -> str:
    """The text of tests/tasks/test_`name`.py."""
    labels = '{record["label"] for record in reading.records}'
    if head == "tokens":
        labels = '{span["label"] for record in reading.records for span in record["spans"]}'
    return _TEST.format(name=name, seen=labels)


def parameters(name: str, head: str, tasks: tuple[str, ...]) -> str:
    """What to add to params.yaml, where `tasks` run so far."""
    steps, batch, length, stride = _RECIPE[head]
    return (
        f"run:\n  tasks: [{', '.join([*tasks, name])}]\n\ntasks:\n  {name}:\n"
        f"    {{steps: {steps}, batch: {batch}, accumulation: 1, learning_rate: 3e-3, warmup: 0.1, weight_decay: 0.01,"
        f" clip: 1.0, dropout: 0.0,\n     max_length: {length}, stride: {stride}, evaluate_every: {steps // 2},"
        " patience: 0, evaluation_batch: 32}\n"
    )
