"""Stage `split`: manifest and gate through the files, as `dvc repro` runs it."""

import csv
import dataclasses
import json
import random
from collections import Counter
from pathlib import Path

import cards_given
import pytest

from harness.errors import DataError, LeakageError, MissingInputError
from harness.params.config import Split
from harness.privacy import pseudonyms
from harness.stages import split
from harness.system.files import write_json, write_jsonl

SETTINGS = Split(seed=2026, train=0.75, validation=0.10, test=0.15)
SOURCE = {
    "kind": "restricted",
    "address": "",
    "revision": "",
    "files": {},
    "licence": "",
    "language": "nb",
    "citation": "",
    "note": "",
}
DECLARATION = """
from harness.task import Groups, Reading, Task

TASK = Task(
    name="{name}", version="1", title="A task", head="{head}", reader=lambda folder: Reading([], 0),
    schema=lambda: None, labels=("0", "1"), groups=Groups({groups}), metrics=("macro_f1",), licence="-", citation="-",
)
"""


def declare(root: Path, name: str, head: str, groups: str) -> None:
    (root / "tasks").mkdir(exist_ok=True)
    (root / "tasks" / f"{name}.py").write_text(DECLARATION.format(name=name, head=head, groups=groups))


def give(root: Path, name: str, records: list[dict], key: str | None = None, **source) -> None:
    folder = root / "artifacts" / "validated" / name
    if key:
        pseudonyms.ensure_key(root)
    write_jsonl(folder / "records.jsonl", [{"group": record["id"], **record} for record in records])
    ids = {"ids": {"scheme": pseudonyms.SCHEME, "key": key}} if key else {}
    cards_given.write(root, name, source=SOURCE | source, **ids)


def report_of(root: Path, name: str) -> dict:
    return json.loads((root / "artifacts" / "splits" / name / "leakage.json").read_text())


def manifest_of(root: Path, name: str) -> dict:
    return json.loads((root / "reports" / "splits" / f"{name}.json").read_text())


def call_records(n: int, seed: int = 3, prefix: str = "c", part: str = "pool") -> list[dict]:
    rng = random.Random(seed)
    return [
        {
            "id": f"{prefix}{i:03d}",
            "caller": f"{prefix}-{i // 2 if i < 40 else i}",
            "label": str(int(i % 3 == 0)),
            "text": " ".join("".join(rng.choices("abcdefghijklmnop", k=7)) for _ in range(10)),
            "part": part,
        }
        for i in range(n)
    ]


@pytest.fixture
def calls(tmp_path):
    declare(tmp_path, "calls", "sequence", 'column="caller", near_duplicate=0.8')
    give(tmp_path, "calls", call_records(200))
    return tmp_path


def test_manifest_and_report(calls):
    split.run(calls, "calls", SETTINGS)
    manifest, report = manifest_of(calls, "calls"), report_of(calls, "calls")
    assert set(manifest) == {"task", "source", "seed", "shares", "splits", "retired"}
    assert (manifest["task"], manifest["source"], manifest["seed"]) == ("calls", "restricted", 2026)
    assert manifest["shares"] == {"train": 0.75, "validation": 0.1, "test": 0.15}
    assert Counter(manifest["splits"].values()) == {"train": 150, "validation": 20, "test": 30}
    assert all(manifest["splits"][f"c{i:03d}"] == manifest["splits"][f"c{i + 1:03d}"] for i in range(0, 40, 2))
    assert (report["rows"], report["groups"], report["largest_group"], report["excluded"]) == (200, 180, 2, 0)
    assert report["near_duplicate_links"] == 0
    assert sum(part["rows"] for part in report["splits"].values()) == 200
    assert sum(part["groups"] for part in report["splits"].values()) == 180
    assert sum(part["labels"]["1"] for part in report["splits"].values()) == 67
    assert {check["level"] for check in report["checks"]} == {"ok"}
    assert report["text_blind_rule"] is None
    text = (calls / "reports" / "splits" / "calls.json").read_text()
    assert text.count("\n") > 200 and str(calls) not in text


def test_a_second_run_and_another_row_order_give_the_same_bytes(calls):
    split.run(calls, "calls", SETTINGS)
    written = [calls / "reports" / "splits" / "calls.json", calls / "artifacts" / "splits" / "calls" / "leakage.json"]
    first = [path.read_bytes() for path in written]
    split.run(calls, "calls", SETTINGS)
    assert [path.read_bytes() for path in written] == first
    written[0].unlink()
    give(calls, "calls", call_records(200)[::-1])
    split.run(calls, "calls", SETTINGS)
    assert written[0].read_bytes() == first[0]


def test_new_rows_never_move_old_ones_and_retired_ids_come_back(calls):
    split.run(calls, "calls", SETTINGS)
    before = manifest_of(calls, "calls")["splits"]
    further = call_records(30, seed=9, prefix="d")
    further[0]["caller"] = "c-0"
    give(calls, "calls", further + call_records(200)[10:])
    split.run(calls, "calls", SETTINGS)
    between = manifest_of(calls, "calls")
    assert all(between["splits"][row_id] == before[row_id] for row_id in before if row_id in between["splits"])
    assert between["retired"] == {row_id: before[row_id] for row_id in sorted(before)[:10]}
    give(calls, "calls", further + call_records(200))
    split.run(calls, "calls", SETTINGS)
    after = manifest_of(calls, "calls")
    assert {row_id: after["splits"][row_id] for row_id in before} == before
    assert after["splits"]["d000"] == before["c000"]
    assert after["retired"] == {}


def test_a_row_that_bridges_two_splits_is_excluded_and_counted(calls):
    split.run(calls, "calls", SETTINGS)
    before = manifest_of(calls, "calls")["splits"]
    records = call_records(200)
    train = next(r for r in records[40:] if before[r["id"]] == "train")
    test = next(r for r in records[40:] if before[r["id"]] == "test")
    bridge = {"id": "x1", "caller": train["caller"], "label": "0", "text": test["text"].upper(), "part": "pool"}
    give(calls, "calls", [*records, bridge])
    for _ in range(2):
        split.run(calls, "calls", SETTINGS)
        after = manifest_of(calls, "calls")["splits"]
        assert after == before | {"x1": "excluded"}
        report = report_of(calls, "calls")
        assert report["excluded"] == 1
        assert report["splits"]["excluded"]["rows"] == 1
        assert report["groups"] == 180


def test_of_restricted_data_neither_the_manifest_nor_a_hash_can_be_made_again_without_the_key(tmp_path):
    """The manifest and the lock's hashes leave the site, and so do seed and ids."""
    splits, stored = [], []
    for site in ("one", "other"):
        root = tmp_path / site
        root.mkdir()
        declare(root, "calls", "sequence", "")
        give(root, "calls", call_records(120), key="a key")
        split.run(root, "calls", SETTINGS)
        splits.append(manifest_of(root, "calls")["splits"])
        stored.append({name: value for name, value in report_of(root, "calls").items() if name == "salt"})
        split.run(root, "calls", SETTINGS)
        assert manifest_of(root, "calls")["splits"] == splits[-1]
    assert splits[0].keys() == splits[1].keys() and splits[0] != splits[1]
    assert stored[0] and stored[1] and stored[0] != stored[1]


@pytest.mark.parametrize(("before", "made"), [("key-1", "another key"), (None, "the site's own ids")])
def test_a_split_of_other_pseudonyms_is_kept_and_named(calls, before, made):
    """Ids under another key are other ids: all rows would count as new, and frozen ones would move unseen."""
    give(calls, "calls", call_records(200), before)
    split.run(calls, "calls", SETTINGS)
    frozen = manifest_of(calls, "calls")
    give(calls, "calls", call_records(200, prefix="d"), "key-2")
    with pytest.raises(DataError, match=made) as caught:
        split.run(calls, "calls", SETTINGS)
    assert "Restore that key" in caught.value.remedy and manifest_of(calls, "calls") == frozen
    (calls / "reports" / "splits" / "calls.json").unlink()
    split.run(calls, "calls", SETTINGS)
    assert manifest_of(calls, "calls")["ids"]["key"] == "key-2"


@pytest.mark.parametrize("change", ["seed", "shares", "source", "task version stays"])
def test_another_lineage_starts_anew(calls, change):
    split.run(calls, "calls", SETTINGS)
    before = manifest_of(calls, "calls")["splits"]
    settings = SETTINGS
    if change == "seed":
        settings = dataclasses.replace(SETTINGS, seed=1)
    elif change == "shares":
        settings = Split(2026, 0.5, 0.25, 0.25)
    elif change == "source":
        give(calls, "calls", call_records(150), kind="synthetic", address="generator", revision="2")
    split.run(calls, "calls", settings)
    after = manifest_of(calls, "calls")
    if change == "task version stays":
        assert after["splits"] == before
    else:
        assert after["splits"] != before and after["retired"] == {}
    if change == "source":
        assert after["source"] == "synthetic generator 2"


def test_the_holdout_is_a_part_of_its_own(calls):
    records = call_records(200)
    shipped = call_records(20, seed=5, prefix="h", part="holdout")
    shipped[0]["text"] = records[199]["text"]
    give(calls, "calls", records + shipped)
    split.run(calls, "calls", SETTINGS)
    splits = manifest_of(calls, "calls")["splits"]
    assert all(splits[record["id"]] == "holdout" for record in shipped)
    assert [row_id for row_id, name in splits.items() if name == "excluded"] == ["c199"]


def edit_manifest(root: Path, name: str, row_id: str, to: str) -> bytes:
    manifest = manifest_of(root, name)
    manifest["splits"][row_id] = to
    write_json(root / "reports" / "splits" / f"{name}.json", manifest)
    return (root / "reports" / "splits" / f"{name}.json").read_bytes()


def test_a_manifest_edited_by_hand_fails_and_names_the_ids_and_writes_nothing(calls):
    split.run(calls, "calls", SETTINGS)
    splits = manifest_of(calls, "calls")["splits"]
    one, other = next((f"c{i:03d}", f"c{i + 1:03d}") for i in range(0, 40, 2) if splits[f"c{i:03d}"] == "train")
    report = (calls / "artifacts" / "splits" / "calls" / "leakage.json").read_bytes()
    edited = edit_manifest(calls, "calls", one, "test")
    with pytest.raises(LeakageError) as raised:
        split.run(calls, "calls", SETTINGS)
    assert f"groups across splits: 2 (one group in several). Records: {one}, {other}." in str(raised.value)
    assert "reports/splits/calls.json" in raised.value.remedy
    assert (calls / "reports" / "splits" / "calls.json").read_bytes() == edited
    assert (calls / "artifacts" / "splits" / "calls" / "leakage.json").read_bytes() == report
    assert not list(calls.rglob("*.partial"))


def test_nothing_is_written_where_the_gate_fails_at_once(calls, monkeypatch):
    monkeypatch.setattr(
        split.splitting,
        "split",
        lambda rows, *_: {
            row.id: ("train", "validation", "test")[i % 3] for i, row in enumerate(sorted(rows, key=lambda r: r.id))
        },
    )
    with pytest.raises(LeakageError):
        split.run(calls, "calls", SETTINGS)
    assert not (calls / "reports").exists()
    assert not (calls / "artifacts" / "splits").exists()


def test_unusable_inputs_are_named(calls):
    with pytest.raises(MissingInputError, match=r"card\.json") as raised:
        declare(calls, "other", "sequence", "")
        split.run(calls, "other", SETTINGS)
    assert "harness validate other" in raised.value.remedy
    give(calls, "calls", call_records(200)[40:42])
    with pytest.raises(DataError, match="2 records are too few: validation, test would be empty"):
        split.run(calls, "calls", SETTINGS)
    give(calls, "calls", call_records(200))
    split.run(calls, "calls", SETTINGS)
    edit_manifest(calls, "calls", "c100", "tset")
    with pytest.raises(DataError, match="'c100' is in the unknown part 'tset'"):
        split.run(calls, "calls", SETTINGS)
    (calls / "reports" / "splits" / "calls.json").write_text("[]")
    with pytest.raises(DataError, match="is not a split manifest"):
        split.run(calls, "calls", SETTINGS)


def test_medmqp(tmp_path, mirror):
    with open(mirror / "medmqp" / "mqp.csv", encoding="utf-8", newline="") as handle:
        records = [
            {"id": f"mqp-{i:04d}", "text": row[1], "text_pair": row[2], "label": row[3], "part": "pool"}
            for i, row in enumerate(csv.reader(handle))
        ]
    declare(
        tmp_path,
        "medmqp",
        "pair",
        'link_equal=("text", "text_pair"), near_duplicate=0.7, text_blind_siblings=True',
    )
    source = {"kind": "public", "address": "https://example.org/mqp"}
    give(tmp_path, "medmqp", records[:-100], revision="1", **source)
    split.run(tmp_path, "medmqp", SETTINGS)
    before = manifest_of(tmp_path, "medmqp")
    assert before["source"] == "https://example.org/mqp"
    assert Counter(before["splits"].values()) == {"train": 2212, "validation": 294, "test": 442}

    # The last hundred rows arrive: nothing moves, although every term weight shifts a little.
    give(tmp_path, "medmqp", records, revision="2", **source)
    split.run(tmp_path, "medmqp", SETTINGS)
    after = manifest_of(tmp_path, "medmqp")["splits"]
    assert {row_id: after[row_id] for row_id in before["splits"]} == before["splits"]
    report = report_of(tmp_path, "medmqp")
    assert (report["rows"], report["groups"], report["largest_group"], report["excluded"]) == (3048, 1500, 6, 0)
    assert [report["splits"][name]["rows"] for name in ("train", "validation", "test")] == [2286, 304, 458]
    assert all(part["labels"]["0"] == part["labels"]["1"] for part in report["splits"].values())
    rule = report["text_blind_rule"]
    assert rule["grouped_split"] == {"test": 458, "with_sibling": 0, "accuracy": 0.5}
    assert rule["row_split"]["accuracy"] == pytest.approx(0.87, abs=0.03)


def span_records(labels: dict[str, list[str]]) -> list[dict]:
    """Documents of ten numbered words, the first of them an entity of each label."""
    return [
        {
            "id": i, "text": " ".join(f"{i}ord{k}" for k in range(10)), "part": "pool",
            "spans": [{"start": 2 * k, "end": 2 * k + 1, "label": label} for k, label in enumerate(own)],
        }
        for i, own in labels.items()
    ]  # fmt: skip


def test_entity_labels_are_counted_and_spread_over_the_parts(tmp_path):
    """All twelve documents with a place fall into the test part when nothing looks at the labels of spans."""
    declare(tmp_path, "notes", "tokens", "")
    path = Path(__file__).parents[1] / "data" / "cases" / "entity_label_only_in_test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = {row["id"]: [tag[2:] for tag in row["ner_tags"] if tag != "O"] for row in rows}
    give(tmp_path, "notes", span_records(labels))
    said = split.run(tmp_path, "notes", SETTINGS)
    report = report_of(tmp_path, "notes")
    counted = {part: found["labels"] for part, found in report["splits"].items()}
    assert {part: of["PLACE"] for part, of in counted.items()} == {"train": 9, "validation": 1, "test": 2}
    assert {part: of["NAME"] for part, of in counted.items()} == {"train": 60, "validation": 8, "test": 12}
    checks = {check["check"]: check for check in report["checks"]}
    # The declared labels are others, which is said, too.
    assert checks["labels in every part"]["level"] == "note" and len(said) == 1
    assert checks["label shares"]["level"] == "ok" and "0.0000" not in checks["label shares"]["detail"]


def test_a_label_that_cannot_be_spread_is_named_with_the_parts_that_lack_it(tmp_path):
    declare(tmp_path, "notes", "tokens", "")
    labels = {f"d{i:02}": ["0"] for i in range(80)} | {"d07": ["0", "1"]}
    give(tmp_path, "notes", span_records(labels))
    said = split.run(tmp_path, "notes", SETTINGS)
    assert len(said) == 1 and said[0].startswith("labels in every part: 1 is missing from test and validation")
    assert manifest_of(tmp_path, "notes")["splits"]["d07"] == "train"


def test_one_positive_row_is_said_before_anything_is_trained(calls):
    records = call_records(200)
    give(calls, "calls", [{**record, "label": str(int(i == 150))} for i, record in enumerate(records)])
    said = split.run(calls, "calls", SETTINGS)
    assert len(said) == 1 and said[0].startswith("labels in every part: 1 is missing from test and validation")
    assert report_of(calls, "calls")["splits"]["test"]["labels"] == {"0": 30}


def test_three_positive_rows_reach_every_part(calls):
    records = call_records(200)
    give(calls, "calls", [{**record, "label": str(int(i in (120, 150, 170)))} for i, record in enumerate(records)])
    assert split.run(calls, "calls", SETTINGS) == []
    assert {part: of["labels"]["1"] for part, of in report_of(calls, "calls")["splits"].items()} == {
        "train": 1, "validation": 1, "test": 1,
    }  # fmt: skip


EIGHT = DECLARATION.replace('("0", "1")', 'tuple("01234567")')


def few_of_many_labels(root: Path, kind: str) -> dict[str, Counter]:
    """Labels by part of 60 rows: half have the first of eight labels, and the last stands on three rows."""
    (root / "tasks").mkdir(parents=True)
    (root / "tasks" / "calls.py").write_text(EIGHT.format(name="calls", head="sequence", groups=""))
    records = call_records(60)
    for i, record in enumerate(records):
        record["label"] = "0" if i < 30 else "7" if i < 33 else str(1 + i % 6)
    give(root, "calls", records, kind=kind)
    split.run(root, "calls", SETTINGS)
    places, found = manifest_of(root, "calls")["splits"], {name: Counter() for name in SETTINGS.shares}
    for record in records:
        found[places[record["id"]]][record["label"]] += 1
    return found


def test_no_label_is_brought_into_a_restricted_part_whose_size_would_tell_how_many_have_it(tmp_path):
    """Each of eight labels on nine rows leaves one or two for each: whoever knows the rule and the size knows that."""
    public, restricted = (few_of_many_labels(tmp_path / kind, kind) for kind in ("public", "restricted"))
    assert {sum(of.values()) for of in (public["test"], restricted["test"])} == {9}
    assert len(public["test"]) == 8 and max(public["test"].values()) <= 2
    assert len(restricted["test"]) < 8 and max(restricted["test"].values()) > 2
    assert len(restricted["train"]) == 8
