"""The gate: it finds what was planted, names the ids, and passes what is clean."""

import csv
import random

import pytest

from harness.data import grouping, leakage, splitting
from harness.errors import LeakageError
from harness.heads import HEADS
from harness.task import Groups, Reading, Task

SHARES = {"train": 0.75, "validation": 0.10, "test": 0.15}
MANIFEST = "reports/splits/toy.json"


def toy_task(head="sequence", labels=("0", "1"), groups=None) -> Task:
    return Task(
        name="toy",
        version="1",
        title="Toy",
        head=head,
        reader=lambda folder: Reading([], 0),
        schema=lambda: None,
        labels=labels,
        groups=groups or Groups(near_duplicate=0.8),
        metrics=("macro_f1",),
        licence="-",
        citation="-",
    )


def by_check(findings) -> dict[str, leakage.LeakageCheck]:
    return {finding.check: finding for finding in findings}


def examined(task, records, splits, groups=None, placed=()):
    groups = groups or {record["id"]: record["id"] for record in records}
    return by_check(leakage.examine(task, records, splits, groups, SHARES, placed))


def unlike_texts(n: int) -> list[str]:
    rng = random.Random(7)
    return [" ".join("".join(rng.choices("abcdefghijklmnop", k=8)) for _ in range(12)) for _ in range(n)]


@pytest.fixture
def clean():
    records = [{"id": f"r{i:02d}", "text": t, "label": str(i % 2)} for i, t in enumerate(unlike_texts(80))]
    splits = {r["id"]: "train" if i < 60 else "validation" if i < 68 else "test" for i, r in enumerate(records)}
    return records, splits


def test_a_clean_split_passes(clean):
    findings = examined(toy_task(), *clean)
    assert {f.level for f in findings.values()} == {"ok"}
    assert set(findings) == {
        "groups across splits",
        "exact duplicates across splits",
        "near duplicates across splits",
        "label shares",
        "labels in every part",
    }
    leakage.enforce(list(findings.values()), "toy", MANIFEST)


def test_exact_duplicates_are_found_behind_case_and_space(clean):
    records, splits = clean
    records[70]["text"] = "  " + records[3]["text"].upper() + "\n"
    finding = examined(toy_task(), records, splits)["exact duplicates across splits"]
    assert (finding.level, finding.count, finding.ids) == ("error", 2, ("r03", "r70"))


def test_near_duplicates_are_found_in_the_texts_whatever_the_groups_say(clean):
    records, splits = clean
    records[62]["text"] = records[5]["text"].rsplit(" ", 1)[0] + " endring"
    findings = examined(toy_task(), records, splits)
    assert findings["exact duplicates across splits"].level == "ok"
    near = findings["near duplicates across splits"]
    assert (near.level, near.ids) == ("error", ("r05", "r62"))
    splits["r62"] = "excluded"
    assert examined(toy_task(), records, splits)["near duplicates across splits"].level == "ok"
    splits["r62"], splits["r05"] = "holdout", "test"
    assert examined(toy_task(), records, splits)["near duplicates across splits"].ids == ("r05", "r62")


def test_groups_across_splits(clean):
    records, splits = clean
    groups = {record["id"]: record["id"] for record in records} | {"r01": "r01", "r79": "r01"}
    finding = examined(toy_task(), records, splits, groups)["groups across splits"]
    assert (finding.level, finding.ids) == ("error", ("r01", "r79"))


def test_the_gate_measures_what_the_grouping_measures():
    rng = random.Random(1)
    words = ["hjerte", "lunge", "lever", "nyre", "milt", "smerte", "feber", "hoste"]
    texts = sorted({" ".join(rng.choices(words, k=5)) for _ in range(80)})
    splits = {f"r{i:02d}": ("train", "test", "validation")[i % 3] for i in range(len(texts))}
    held = {f"r{i:02d}": frozenset([text]) for i, text in enumerate(texts)}
    expected = {
        (f"r{i:02d}", f"r{j:02d}"): cosine for i, j, cosine in grouping.near_duplicates(texts, 0.8) if i % 3 != j % 3
    }
    found = {(a, b): cosine for a, b, cosine in leakage.near_across(held, splits, 0.8)}
    assert len(expected) > 20
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_pair_that_drifted_over_the_threshold_is_a_note(clean):
    records, splits = clean
    head, tail = records[5]["text"].rsplit(" ", 1)
    records[62]["text"] = head + " endring " + tail
    held = {r["id"]: grouping.shared_texts(r, HEADS["sequence"]) for r in records}
    cosine = next(c for a, b, c in leakage.near_across(held, splits, 0.5))
    task = toy_task(groups=Groups(near_duplicate=round(cosine, 3) - 0.01))
    placed = frozenset(splits)
    drifted = examined(task, records, splits, placed=placed)
    assert drifted["near duplicates across splits"].level == "ok"
    assert drifted["drifted near duplicates"].ids == ("r05", "r62")
    assert examined(task, records, splits, placed=placed - {"r62"})["near duplicates across splits"].level == "error"
    wider = toy_task(groups=Groups(near_duplicate=round(cosine, 3) - 0.03))
    assert examined(wider, records, splits, placed=placed)["near duplicates across splits"].level == "error"


def test_label_shares_beyond_chance(clean):
    records, splits = clean
    for record in records:
        record["label"] = "1" if splits[record["id"]] == "test" else "0"
    finding = examined(toy_task(), records, splits)["label shares"]
    assert finding.level == "error"
    assert "the share of 1 in test deviates by 0.850" in finding.detail
    spans = [{"id": r["id"], "text": r["text"], "spans": []} for r in records]
    assert examined(toy_task(head="tokens"), spans, splits)["label shares"].level == "ok"


def test_enforce_names_everything_and_shows_no_text(clean):
    records, splits = clean
    for i in range(70, 78):
        records[i]["text"] = records[i - 70]["text"]
    with pytest.raises(LeakageError) as raised:
        leakage.enforce(list(examined(toy_task(), records, splits).values()), "toy", MANIFEST)
    message = str(raised.value)
    assert "exact duplicates across splits: 16" in message
    assert "r00, r01, r02, r03, r04, …" in message
    assert message.splitlines()[-1].startswith("Restore reports/splits/toy.json")
    assert not any(record["text"] in message for record in records)


PAIRS = Groups(link_equal=("text", "text_pair"), near_duplicate=0.7, text_blind_siblings=True)


@pytest.fixture(scope="module")
def medmqp(mirror):
    """The real pairs and their groups."""
    with open(mirror / "medmqp" / "mqp.csv", encoding="utf-8", newline="") as handle:
        records = [
            {"id": f"{i:04d}", "text": row[1], "text_pair": row[2], "label": row[3]}
            for i, row in enumerate(csv.reader(handle))
        ]
    links = grouping.find_links(records, PAIRS, HEADS["pair"])
    return records, grouping.components(links, [record["id"] for record in records])


def split_of(records, groups):
    return splitting.split([splitting.Row(r["id"], groups[r["id"]], r["label"]) for r in records], SHARES, 2026)


def test_medmqp_leaks_by_rows_and_not_by_groups(medmqp):
    task = toy_task(head="pair", groups=PAIRS)
    records, groups = medmqp

    torn = split_of(records, {record_id: record_id for record_id in groups})
    findings = by_check(leakage.examine(task, records, torn, groups, SHARES))
    rule = leakage.text_blind_rule(records, torn, HEADS["pair"])
    assert rule["test"] == 457
    assert 0.69 <= rule["with_sibling"] / rule["test"] <= 0.81
    assert 0.83 <= rule["accuracy"] <= 0.91
    for check in (
        "groups across splits",
        "exact duplicates across splits",
        "near duplicates across splits",
        "text-blind sibling rule",
    ):
        assert findings[check].level == "error", check
    assert findings["text-blind sibling rule"].count > 0.69 * 457

    whole = split_of(records, groups)
    findings = by_check(leakage.examine(task, records, whole, groups, SHARES))
    assert {finding.level for finding in findings.values()} == {"ok"}
    assert leakage.text_blind_rule(records, whole, HEADS["pair"]) == {"test": 458, "with_sibling": 0, "accuracy": 0.5}


def test_one_medmqp_row_moved_by_hand_is_named(medmqp):
    task = toy_task(head="pair", groups=PAIRS)
    records, groups = medmqp
    splits = split_of(records, groups)
    group = next(groups[row_id] for row_id in groups if splits[row_id] == "test")
    sibling, victim = sorted(row_id for row_id in groups if groups[row_id] == group)
    findings = by_check(leakage.examine(task, records, splits | {victim: "train"}, groups, SHARES))
    assert findings["groups across splits"].ids == (sibling, victim)
    assert findings["text-blind sibling rule"].ids == (sibling,)
