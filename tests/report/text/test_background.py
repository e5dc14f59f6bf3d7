"""The way of every row from the raw files to a part, so that the counts add up for a reader."""

from types import SimpleNamespace

from harness.report.text import background

CARD = {"rows_in": 110, "rows": 100, "dropped": {"empty": 4, "broken markup": 6}}
LEAKAGE = {
    "groups": 60,
    "largest_group": 7,
    "splits": {part: {"rows": n, "groups": g} for part, n, g in (("train", 75, 45), ("test", 25, 15))},
    "checks": [{"check": "label shares", "level": "ok", "count": 0, "detail": ""}],
}


def test_dropped_rows_and_parts_add_up():
    steps = {step: (rows, groups) for step, rows, groups in background.flow(CARD, LEAKAGE)}
    assert list(steps) == [
        "read", "− dropped: broken markup", "− dropped: empty", "= kept", "→ train", "→ test", "largest group",
    ]  # fmt: skip
    dropped = sum(int(rows) for step, (rows, _) in steps.items() if step.startswith("−"))
    parts = sum(int(rows) for step, (rows, _) in steps.items() if step.startswith("→"))
    assert int(steps["read"][0]) - dropped == int(steps["= kept"][0]) == parts
    assert steps["= kept"][1] == "60" and steps["→ test"] == ("25", "15")


def test_findings_are_named_with_their_number():
    assert background.findings(LEAKAGE) == "nothing found in 1 check"
    found = LEAKAGE | {"checks": [*LEAKAGE["checks"], {"check": "near duplicates", "level": "warning", "count": 3}]}
    assert background.findings(found) == "near duplicates: 3 (warning)"
    assert background.findings({}) == "–"


def test_no_table_holds_rows_of_restricted_and_of_other_data():
    """What leaves a site is searched table by table: small counts of other rows must not look like restricted ones."""
    given = [
        SimpleNamespace(task=kind, heading=f"Task {kind}", data_kind=kind, translated="")
        for kind in ("restricted", "synthetic")
    ]
    cards = {one.task: {**CARD, "kind": one.data_kind, "repaired": {"HTML escapes": 2}} for one in given}
    blocks = background.data(given, cards, {one.task: LEAKAGE for one in given})
    tables = [table for block in blocks for table in getattr(block, "blocks", (block,))]
    assert len(tables) == 8
    for table in tables:
        (kind,) = (kind for kind in cards if f"{kind} data" in table.caption)
        assert {row[0] for row in table.rows} == {f"Task {kind}"}
    assert len({block.summary for block in blocks if hasattr(block, "summary")}) == 4
    alone = background.data(given[1:], cards, {"synthetic": LEAKAGE})
    assert [block.summary for block in alone if hasattr(block, "summary")] == ["Leakage checks", "Repaired"]
