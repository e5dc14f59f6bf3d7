"""A translated set and its original are split alike, whatever the translation lacks or merges."""

import json
import random

import cards_given
import pytest

from harness.artifacts.split import groups_of
from harness.errors import LeakageError
from harness.params.config import Split
from harness.stages import split
from harness.system.files import write_jsonl

SETTINGS = Split(seed=2026, train=0.75, validation=0.10, test=0.15)
SOURCE = {
    "kind": "public", "address": "https://example.org/set", "revision": "1", "files": {}, "licence": "", "language": "",
    "citation": "", "note": "",
}  # fmt: skip
DECLARATION = """
from harness.task import Groups, Reading, Task

TASK = Task(
    name="{name}", version="1", title="A task", head="pair", reader=lambda folder: Reading([], 0),
    schema=lambda: None, labels=("0", "1"), groups=Groups(column="group", link_equal=("text",)),
    metrics=("macro_f1",), licence="-", citation="-", {more}
)
"""
WORDS = (
    "kne", "hode", "mage", "rygg", "fot", "arm", "hals", "øye", "øre", "hånd", "lunge", "hjerte", "lever", "nyre",
    "hud", "tann", "nese", "munn", "tå", "albue",
)  # fmt: skip


def pairs(n: int = 160) -> list[dict]:
    """Two rows a first text, of both labels, as MedMQP has them."""
    draw = random.Random(5)
    texts = [" ".join(draw.sample(WORDS, 8)) for _ in range(n)]
    return [
        {"id": f"p-{i:03}", "group": f"p-{i:03}", "part": "pool", "text": f"english {texts[i // 2]}",
         "text_pair": f"english {' '.join(draw.sample(WORDS, 8))}", "label": str(i % 2)}
        for i in range(n)
    ]  # fmt: skip


def norwegian(record: dict) -> dict:
    return record | {key: record[key].replace("english", "norsk") for key in ("text", "text_pair")}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    for name, more in (("set", ""), ("set_nb", 'language="nb", translation_of="set"')):
        (tmp_path / "tasks" / f"{name}.py").write_text(DECLARATION.format(name=name, more=more))
    give(tmp_path, "set", pairs())
    return tmp_path


def give(root, name, records, originals=()):
    folder = root / "artifacts" / "validated" / name
    write_jsonl(folder / "records.jsonl", records)
    if originals:
        write_jsonl(folder / "originals.jsonl", originals)
    cards_given.write(root, name, source=SOURCE)


def manifest(root, name, *, split_it=True) -> dict:
    if split_it:
        split.run(root, name, SETTINGS)
    return json.loads((root / "reports" / "splits" / f"{name}.json").read_text())


def test_twins_are_split_alike_whichever_comes_first(root):
    give(root, "set_nb", [norwegian(record) for record in pairs()], pairs())
    first = manifest(root, "set_nb")
    assert manifest(root, "set")["splits"] == first["splits"] == manifest(root, "set_nb")["splits"]
    assert groups_of(root, "set") == groups_of(root, "set_nb")


@pytest.mark.parametrize("original_first", [True, False])
def test_a_missing_item_leaves_its_place_empty_and_moves_nobody(root, original_first):
    whole = manifest(root, "set")["splits"]
    if not original_first:
        (root / "reports" / "splits" / "set.json").unlink()
    kept = [norwegian(record) for i, record in enumerate(pairs()) if i % 5]
    give(root, "set_nb", kept, pairs())
    found = manifest(root, "set_nb")
    assert found["splits"] == {record["id"]: whole[record["id"]] for record in kept}
    # Without the original's manifest its own one remembers the places, too.
    (root / "reports" / "splits" / "set.json").unlink(missing_ok=True)
    give(root, "set_nb", [norwegian(record) for record in pairs()], pairs())
    assert manifest(root, "set_nb")["splits"] == whole


def test_a_frozen_original_is_followed(root):
    manifest(root, "set")
    path = root / "reports" / "splits" / "set.json"
    frozen = json.loads(path.read_text())
    moved = {"p-000", "p-001"}
    other = "test" if frozen["splits"]["p-000"] != "test" else "train"
    frozen["splits"] |= dict.fromkeys(moved, other)
    path.write_text(json.dumps(frozen))
    give(root, "set_nb", [norwegian(record) for record in pairs()], pairs())
    assert {manifest(root, "set_nb")["splits"][record_id] for record_id in moved} == {other}


def test_items_that_a_translation_makes_alike_leave_the_part_that_is_further_from_the_test(root):
    whole = manifest(root, "set")["splits"]
    tested = next(record for record in pairs() if whole[record["id"]] == "test")
    trained = next(record for record in pairs() if whole[record["id"]] == "train")
    same = {"text_pair": norwegian(tested)["text_pair"]}
    given = [norwegian(r) | (same if r["id"] == trained["id"] else {}) for r in pairs()]
    give(root, "set_nb", given, pairs())
    for _ in range(2):
        found = manifest(root, "set_nb")
        assert found["splits"] == whole | {trained["id"]: "excluded"}
        (root / "reports" / "splits" / "set.json").unlink(missing_ok=True)
    give(root, "set_nb", [norwegian(record) for record in pairs()], pairs())
    assert manifest(root, "set_nb")["splits"] == whole


def test_a_task_that_is_no_translation_is_refused_where_its_texts_meet(root):
    """The same manifest without the exclusion leaks: the gate sees what twins leave out."""
    whole = manifest(root, "set")["splits"]
    tested = next(record for record in pairs() if whole[record["id"]] == "test")
    trained = next(record for record in pairs() if whole[record["id"]] == "train")
    changed = [r | ({"text_pair": tested["text_pair"]} if r["id"] == trained["id"] else {}) for r in pairs()]
    give(root, "set", changed)
    with pytest.raises(LeakageError):
        split.run(root, "set", SETTINGS)
