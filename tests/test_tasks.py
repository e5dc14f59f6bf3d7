"""Every task that stands in tasks/: its contract, a small raw sample, and the real public files."""

import shutil
from pathlib import Path

import pytest
import samples

from harness.data import sources
from harness.heads import HEADS
from harness.plugins import registry
from harness.stages import validate
from harness.system import files

ROOT = Path(__file__).resolve().parent.parent
TASKS = registry.load_all(ROOT)

REAL = {
    "medmqp": {"rows_in": 3048, "rows": 3048, "dropped": {}, "parts": {"pool": 3048, "holdout": 0}},
    "medmcqa": {
        "rows_in": 2816,
        "rows": 2793,
        "dropped": {"contradictory duplicate": 2, "exact duplicate": 7, "repeated option": 14},
        "parts": {"pool": 2793, "holdout": 0},
    },
    "nor_deid": {
        "rows_in": 1200,
        "rows": 1174,
        "dropped": {
            "the words in a tag with an alias do not match the shape of its label": 1,
            "close without an open": 1,
            "nested tags, unclear rest": 1,
            "no spans": 2,
            "not Norwegian": 2,
            "two labels on the same words": 2,
            "unknown tag": 17,
        },
        "parts": {"pool": 1076, "holdout": 98},
    },
}
REPAIRED = {
    "medmqp": {"edge whitespace": 517, "no-break space": 4},
    "medmcqa": {"no-break space": 1},
    "nor_deid": {
        "HTML escapes": 1,
        "close without an open": 2,
        "empty brackets": 1,
        "empty tag": 3,
        "field name in brackets": 3,
        "label variant": 20,
        "look-alike brackets": 1,
        "nested tags": 86,
        "section or formatting tag": 64,
        "stray bracket": 19,
        "unclosed tag": 10,
    },
}


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_contract(task):
    assert task.name.isidentifier() and task.title and task.licence and task.citation
    assert len(task.labels) >= 2 and task.metrics
    # Two labels have a positive one; the primary score of such a task is its binary F1.
    assert (task.positive is not None) == (task.metrics[0] == "binary_f1")
    assert task.schema().strict is True
    columns = set(task.schema().columns)
    assert {"id", "group", "part", *HEADS[task.head].texts} <= columns
    assert ("spans" if task.head == "tokens" else "label") in columns
    assert task.groups.column in columns
    if task.public:
        assert len(task.public.revision) == 40
        for file in task.public.files:
            assert task.public.revision in file.url and file.url.startswith("https://") and len(file.sha256) == 64


@pytest.mark.parametrize("name", [name for name in TASKS if name in samples.KIND])
def test_a_small_sample_validates(name, root):
    samples.put(root, name)
    card = validate.run(root, name)
    assert card.rows == card.rows_in > 0
    records = files.read_jsonl(root / "artifacts" / "validated" / name / "records.jsonl")
    assert all(set(record) <= set(TASKS[name].schema().columns) for record in records)
    assert len({record["id"] for record in records}) == card.rows


@pytest.mark.parametrize("name", REAL)
def test_the_public_originals(name, root, mirror):
    sources.fetch(root, [registry.get(root, name)], mirror)
    card = validate.run(root, name)
    assert {key: getattr(card, key) for key in REAL[name]} == REAL[name]
    assert card.rows_in == card.rows + sum(card.dropped.values())
    assert card.repaired == REPAIRED[name]
    assert card.kind == "public"
    if name != "nor_deid":
        assert sum(card.labels.values()) == card.rows
