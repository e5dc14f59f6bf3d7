"""The sample of a task's test follows the declaration, and the check says where it does not."""

import subprocess
import sys

import pytest

from harness.heads import HEADS
from harness.plugins import checking, creating, examples, registry, sampling
from harness.system import files

EVERY = [(head, format_) for head in HEADS for format_ in HEADS[head].template.formats]
LABELS = {"choice": ("a", "b", "c"), "tokens": ("Navn", "Sted", "Dato")}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "tasks").mkdir(parents=True)
    return root


def edited(root, *changes):
    path = root / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return registry.get(root, "triage")


def with_labels(root, head, labels):
    old = ", ".join(f'"{label}"' for label in HEADS[head].template.labels)
    more = [('positive="yes"', f'positive="{labels[-1]}"')] if head in ("sequence", "pair") else []
    if head == "choice":
        more += [('"option_c", "option_d"', '"option_c"')] if "option_d" in declared(root) else []
    return edited(root, (f"LABELS = ({old})", f"LABELS = {labels!r}"), *more)


def declared(root):
    return (root / "tasks" / "triage.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(("head", "format_"), EVERY, ids="-".join)
def test_the_sample_has_the_labels_of_the_task(root, tmp_path, head, format_):
    creating.create(root, "triage", head, format_)
    labels = LABELS.get(head, ("grønn", "rød"))
    task = with_labels(root, head, labels)
    folder = sampling.of(task, root / "tests" / "tasks" / "triage", tmp_path / "made")
    assert checking.findings(root, "triage", folder) == []
    records = task.reader(folder).records
    found = [label for r in records for label in HEADS[head].labels_of(r)]
    assert set(found) == set(labels) and len(records) == examples.ROWS
    # What stands in place as data has labels that the task does not have, and is found fault with; the sample is not.
    (said,) = checking.findings(root, "triage")
    assert "data/triage" in said and "tests/tasks" not in said


@pytest.mark.extended
def test_the_test_that_is_written_survives_an_honest_edit(root):
    creating.create(root, "triage", "sequence", "csv")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests/tasks"]
    with_labels(root, "sequence", ("grønn", "rød"))
    first = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert first.returncode == 0, first.stdout
    edited(
        root,
        ('"sample.csv"', '"calls.tsv"'),
        ('"text": "text"', '"text": "tekst"'),
        ('        "id": "id",\n', ""),
        ('        "group": "group",\n', ""),
        ('"label": "label"', '"label": "hastegrad"'),
        ('others="refuse"', 'others="refuse", values={"label": {"0": "grønn", "1": "rød"}}'),
    )
    second = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert second.returncode == 0, second.stdout


# What an author changes first, by head and format: each is as honest as another pair of labels.
EDITS = [
    ("sequence", "csv", [('others="refuse"', 'others="refuse", encoding="windows-1252"')]),
    ("sequence", "jsonl", [('others="refuse"', 'encoding="windows-1252"')]),
    ("pair", "tsv", [('others="refuse"', 'values={"label": {"0": "no", "1": "yes"}}, encoding="windows-1252"')]),
    ("choice", "jsonl", [('("A", "B", "C", "D")', repr(tuple("ABCDEFGHIJKLMNO")))]),
    ("tokens", "conll", [(", labels=LABELS)", ', labels=LABELS, scheme="bare")')]),
    ("tokens", "conll", [(", labels=LABELS)", ', labels=LABELS, scheme="iob1")')]),
    ("tokens", "conll", [(", labels=LABELS)", ', labels=LABELS, scheme="iobes")')]),
    ("tokens", "conll", [(", labels=LABELS)", ', labels=LABELS, encoding="windows-1252")')]),
    ("tokens", "conll", [(", labels=LABELS)", ", labels=LABELS, token=1, tag=4)")]),
    ("tokens", "conll", [(", labels=LABELS)", ", labels=LABELS, token=-1, tag=0)")]),
    ("tokens", "conll", [(", labels=LABELS)", ', labels=LABELS, unit="sentence")')]),
    ("tokens", "conll", [('"*.conll"', '"train.iob2"'), (", labels=LABELS)", ', labels=LABELS, unit="file")')]),
    ("tokens", "conll", [('"*.conll"', '{"train-*.iob2": "pool", "test-[ab]?.iob2": "holdout"}')]),
    (
        "tokens",
        "brat",
        [('"*.txt"', '"docs-*.txt"'), (", labels=LABELS)", ', labels=LABELS, encoding="windows-1252")')],
    ),
    ("tokens", "brat", [('"*.txt"', '"all.txt"')]),
    ("tokens", "tags", [('"*.txt"', '"*.xml"'), ("(LABELS))", '(LABELS), encoding="windows-1252")')]),
    ("tokens", "tags", [('"*.txt"', '{"a*.html": "pool", "b.html": "holdout"}')]),
    ("tokens", "tags", [('"*.txt"', '"*.jsonl"'), ("(LABELS))", '(LABELS), text="notat", identity="nr")')]),
    (
        "tokens",
        "jsonl",
        [('"*.jsonl"', '"train.jsonl"'), ('identity="id"', 'identity="nr", tokens="words", tags="ner"')],
    ),
    ("tokens", "jsonl", [('identity="id"', 'group="pid", scheme="bare"')]),
    ("sequence", "csv", [('"sample.csv"', '"*"')]),
    ("choice", "csv", [('"sample.csv"', '"*", delimiter=";"')]),
    ("tokens", "conll", [("conll.conll(", "brat.brat("), ('"*.conll"', '"*.txt"'), ("import conll", "import brat")]),
    ("tokens", "dataset", [('"*.arrow"', '"*.parquet"'), ('identity="id"', 'identity="nr", tags="ner", group="nr"')]),
]


@pytest.mark.parametrize(("head", "format_", "changes"), EDITS, ids=lambda value: str(value)[-30:])
@pytest.mark.parametrize("labels", [2, 60])
def test_the_sample_has_the_shape_of_the_declaration(root, tmp_path, head, format_, changes, labels):
    creating.create(root, "triage", head, format_)
    if labels > 2 and head != "choice":
        usual = HEADS[head].template.labels
        more = (*usual, *(f"L{i}" for i in range(labels - 2)))
        changes = [*changes, ("LABELS = (" + ", ".join(f'"{label}"' for label in usual) + ")", f"LABELS = {more}")]
    task = edited(root, *changes)
    folder = sampling.of(task, root / "tests" / "tasks" / "triage", tmp_path / "made")
    assert checking.findings(root, "triage", folder) == []
    reading = task.reader(folder)
    found = [s["label"] for r in reading.records for s in r.get("spans", [{"label": r.get("label")}])]
    assert set(found) == set(task.labels) and not reading.dropped
    said = "\n".join(checking.findings(root, "triage"))
    assert "tests/tasks" not in said


@pytest.mark.parametrize("rows", [1, 5])
def test_the_test_that_is_written_takes_any_number_of_rows_that_somebody_puts_there(root, rows):
    creating.create(root, "triage", "sequence", "csv")
    stored = root / "tests" / "tasks" / "triage"
    labels = ("yes", "no") * rows
    lines = ["id,group,text,label", *(f"{i},{i},Pasient {i} hadde feber.,{label}" for i, label in enumerate(labels))]
    (stored / "sample.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = files.read_json(stored / "source.json")
    files.write_json(stored / "source.json", source | {"files": {"sample.csv": files.sha256(stored / "sample.csv")}})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests/tasks"]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("answer", ["number from 0", "number from 1", "text"])
def test_answers_in_the_form_that_the_task_has(root, tmp_path, answer):
    creating.create(root, "triage", "choice", "csv")
    given = '"sample.csv",\n        delimiter=";",\n        names=("right", "q", "w", "x", "y", "z", "no")'
    task = edited(
        root,
        ('answer="letter"', f'answer="{answer}"'),
        ('("option_a", "option_b", "option_c", "option_d")', '("w", "x", "y", "z")'),
        ('"question": "question"', '"question": "q"'),
        ('"label": "label"', '"label": "right"'),
        ('"id": "id"', '"id": "no"'),
        ('"group": "group"', '"group": "no"'),
        ('"sample.csv"', given),
    )
    folder = sampling.of(task, root / "tests" / "tasks" / "triage", tmp_path / "made")
    assert checking.findings(root, "triage", folder) == []
    plain = examples.rows(HEADS["choice"])
    records = task.reader(folder).records
    assert [(r["label"], r["options"], r["group"]) for r in records] == [
        (row["label"], row["options"], row["id"]) for row in plain
    ]


def test_rows_that_somebody_put_there_are_read_as_they_are_and_checked(root, tmp_path):
    creating.create(root, "triage", "sequence", "csv")
    stored = root / "tests" / "tasks" / "triage"
    sample = stored / "sample.csv"
    sample.write_text(sample.read_text(encoding="utf-8").replace(",yes", ",ja"), encoding="utf-8")
    source = files.read_json(stored / "source.json")
    files.write_json(stored / "source.json", source | {"files": {"sample.csv": files.sha256(sample)}})
    task = registry.get(root, "triage")
    assert sampling.of(task, stored, tmp_path / "made") == stored and not (tmp_path / "made").exists()
    # The test of the task would fail, and so the check does.
    (said,) = checking.findings(root, "triage")
    assert "tests/tasks/triage" in said and "label allowed: no, yes" in said and "test_triage.py reads" in said


def test_a_task_with_a_column_of_its_own_is_told_that_its_sample_lacks_it(root):
    creating.create(root, "triage", "sequence", "csv")
    edited(
        root,
        ('"label": "label"', '"label": "label",\n            "standard": "malform"'),
        ("schema.sequence(LABELS)", 'schema.sequence(LABELS, columns={"standard": ("bokmål", "nynorsk")})'),
    )
    said = "\n".join(checking.findings(root, "triage"))
    assert "tests/tasks/triage" in said and "missing column  malform" in said
