"""The bundle: what goes, what stays, and a refusal for everything that must not leave."""

import json
import shutil
from dataclasses import replace

import fakes
import pytest

from harness.audit import recomputing
from harness.errors import DataError, HarnessError
from harness.export import bundle, ledger, manifest, searching
from harness.export.searching import DisclosureError
from harness.report.disclosure import disclosed_cards, released
from harness.stages import report
from harness.statistics.disclosure.coarsening import WITHHELD, Rung
from harness.system import files

TASKS, FAMILIES, SEEDS = ("synergi",), ("nb_bert",), (1, 2)
TEXT = "Pasienten ble funnet på gulvet ved siden av sengen i natt"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    made = fakes.build(tmp_path_factory.mktemp("site"), TASKS, FAMILIES, SEEDS, kind="restricted")
    fakes.score(made, TASKS, FAMILIES, SEEDS)
    report.run(made, fakes.settings(TASKS, FAMILIES, SEEDS), {name: fakes.TASKS[name] for name in TASKS})
    return made


def site_of(root, after=lambda reports: None):
    """`after` spoils what the report stage has written, once for all tests."""
    settings = fakes.settings(TASKS, FAMILIES, SEEDS)
    known = disclosed_cards.disclosed(report.read_background(root, settings))
    tasks = {name: fakes.TASKS[name] for name in TASKS}

    def render(folder):
        shutil.copytree(root / "reports", folder / "reports", dirs_exist_ok=True)
        after(folder / "reports")

    return bundle.Site(root, tasks, known, render, {name: released.release(root, name) for name in TASKS})


def export(root, target, **options):
    with recomputing.scratch(root) as scratch:
        recomputing.link_inputs(root, scratch, ("harness", "tasks", *recomputing.REPORTED))
        return bundle.export(site_of(root, **options), target, scratch)


def test_the_bundle_holds_aggregates_and_a_manifest_of_them(root, tmp_path):
    entries = export(root, tmp_path / "a")
    found = {p.relative_to(tmp_path / "a").as_posix(): p for p in (tmp_path / "a").rglob("*") if p.is_file()}
    listed = files.read_json(tmp_path / "a" / manifest.JSON)
    assert {entry["path"] for entry in listed["files"]} == found.keys() - {manifest.JSON, manifest.MARKDOWN}
    for entry in listed["files"]:
        assert entry["sha256"] == files.sha256(found[entry["path"]]) and entry["holds"]
        assert entry["smallest"] is None or entry["smallest"] >= 5
    assert {e.path: e.smallest for e in entries}["comparison.csv"] == 40
    by_path = {entry["path"]: entry for entry in listed["files"]}
    assert "at least 5 possible values" in by_path["results.csv"]["inferred"]["synergi"]
    assert "points" in by_path["results.csv"]["rule"]["synergi"] and not by_path["provenance.json"]["inferred"]
    # What holds no score of restricted rows tells nothing of them.
    assert {path for path, entry in by_path.items() if not entry["inferred"]} >= {"readings.csv", "figures/losses.png"}
    assert (listed["minimum"], listed["width"]) == (5, 5) and len(listed["decide"]) == 5
    told = listed["told"]["synergi"]["inferred"]
    # A range goes by the true count, so it stays on the site.
    words = (tmp_path / "a" / manifest.MARKDOWN).read_text(encoding="utf-8")
    assert all(said in words for said in (*listed["decide"], *listed["limits"], listed["rule"]))
    assert len(told) == 1 and told[0] in words and "only be narrowed to" not in str(listed["told"]) + words
    assert {"results.csv", "index.html", "provenance.json", "cards/data/synergi.json"} <= found.keys()
    assert "cards/checkpoints/nb_bert-clinical.json" in found and not [p for p in found if p.endswith(".safetensors")]
    assert {entry["path"] for entry in listed["left_out"]} >= {"reports/splits", "artifacts/predictions"}
    written = b"".join(path.read_bytes() for path in found.values())
    assert b"synergi-0000" not in written and fakes.SECRET.encode() not in written and b"rows.jsonl" not in written
    export(root, tmp_path / "a")  # an earlier bundle is replaced
    export(root, tmp_path / "b")
    assert {name: path.read_bytes() for name, path in found.items()} == {
        p.relative_to(tmp_path / "b").as_posix(): p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file()
    }


def test_what_was_not_checked_does_not_leave(root, tmp_path):
    with (
        recomputing.scratch(root) as scratch,
        pytest.raises(DisclosureError, match="synergi were not checked for small counts"),
    ):
        bundle.export(replace(site_of(root), releases={}), tmp_path / "a", scratch)
    assert not (tmp_path / "a").exists()


def append(name, text):
    def spoil(reports):
        path = reports / name
        path.write_text(path.read_text() + text)

    return spoil


TABLE = (
    "<table><caption>Rows (restricted data)</caption><tr><th>Label</th><th>n</th></tr>"
    "<tr><td>a</td><td>{}</td></tr></table>"
)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (append("index.html", TABLE.format(3)), "index.html: a count under 5"),
        (append("comparison.csv", "synergi,nb_bert,baseline,f1,1,1,1,1,1,1,1,1,1,x,y,4,40,2,1,restricted\n"), "n_test"),
        (append("results.csv", "synergi,nb_bert,baseline,1,1,macro_f1,true,0.7123,40,restricted\n"), "row 4, seed"),
        (append("results.csv", "synergi,nb_bert,baseline,,,macro_f1,true,0.7123,40,restricted\n"), "row 4, value"),
        (append("tables.tex", "synergi-0007"), "tables.tex: 1 id of synergi"),
        (append("README.md", f"({TEXT.lower()})"), "README.md: words of 1 text of synergi"),
        (lambda reports: (reports / "rows.parquet").write_bytes(b"x"), "has no entry in the export manifest"),
    ],
)
def test_what_must_not_leave_is_refused_and_nothing_is_written(root, tmp_path, spoil, message):
    path = root / "artifacts" / "validated" / "synergi" / "records.jsonl"
    before = path.read_bytes()
    rows = files.read_jsonl(path)
    files.write_jsonl(path, [{**rows[0], "text": TEXT}, *rows[1:]])
    try:
        with pytest.raises(DisclosureError, match=message) as caught:
            export(root, tmp_path / "a", after=spoil)
    finally:
        path.write_bytes(before)
    assert not (tmp_path / "a").exists()
    assert TEXT not in str(caught.value) and "synergi-0007" not in str(caught.value)


def test_a_folder_that_is_no_bundle_is_left_alone(root, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(DataError, match="not an earlier bundle"):
        export(root, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


def test_counts_are_found_where_they_stand():
    page = TABLE.format("12") + TABLE.format(3).replace("restricted", "public")
    assert [n for _, n in searching.counts("index.html", page, ["t"])] == [12]
    assert [n for _, n in searching.counts("index.html", TABLE.format("42 in 40 groups"), ["t"])] == [42, 40]
    assert searching.small_cells(searching.counts("index.html", TABLE.format(0), ["t"])) == []
    card = json.dumps({"task": "t", "kind": "restricted", "dropped": {"empty": 2}, "rows": 50})
    assert [n for _, n in searching.counts("cards/data/t.json", card, ["t"])] == [2, 50]


def test_short_names_are_no_ids():
    assert searching.ids("12 of 34 rows, call-17", {"12", "call-17", "1234567"}) == 1
    assert searching.ids("13117812345", {"13117812345"}) == 1


def test_a_short_text_is_found_whole_and_a_word_is_not():
    record = {"text": "fall i trapp"}
    shingles = searching.shingles("one two three fall i trapp four five six")
    assert searching.texts(shingles, [record], fakes.TASKS["synergi"]) == 1
    assert searching.texts(shingles, [{"text": "fall"}], fakes.TASKS["synergi"]) == 0


def other_figures(monkeypatch, **changes):
    """Another export of the same rows, of which something else is released."""
    real = released.release
    monkeypatch.setattr(released, "release", lambda root, task: replace(real(root, task), **changes))


def test_a_second_bundle_with_other_figures_of_the_same_rows_is_refused(root, tmp_path, monkeypatch):
    export(root, tmp_path / "a")
    noted = root / ledger.FILE
    assert noted.stat().st_mode & 0o777 == 0o600 and len(files.read_json(noted)["synergi"]) == 1
    export(root, tmp_path / "again")  # the same figures tell no more
    before = noted.read_bytes()
    other_figures(monkeypatch, runs={"nb_bert": {"baseline": 3, "clinical": 3}, "linear": {"linear": 1}})
    with pytest.raises(DisclosureError, match="an earlier bundle released other figures of the same rows") as error:
        export(root, tmp_path / "b")
    assert "--instead" in error.value.remedy and not (tmp_path / "b").exists() and noted.read_bytes() == before
    with recomputing.scratch(root) as scratch:
        recomputing.link_inputs(root, scratch, ("harness", "tasks", *recomputing.REPORTED))
        bundle.export(site_of(root), tmp_path / "b", scratch, instead=True)
    (kept,) = files.read_json(noted)["synergi"]
    assert kept["released"]["runs"]["nb_bert"] == {"baseline": 3, "clinical": 3}
    noted.unlink()


def test_a_bundle_that_cannot_be_written_is_not_remembered(root, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "as_markdown", lambda *of: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(root, tmp_path / "a")
    assert not (root / ledger.FILE).exists() and not (tmp_path / "a").exists()


def test_bundles_about_other_rows_do_not_stand_in_each_others_way(root, tmp_path, monkeypatch):
    files.write_json(root / ledger.FILE, {"synergi": [{"rows": ["somebody-else"], "released": {"rung": "verdict"}}]})
    export(root, tmp_path / "a")
    assert len(files.read_json(root / ledger.FILE)["synergi"]) == 2
    (root / ledger.FILE).write_text('{"synergi": 5}')
    with pytest.raises(HarnessError, match="not a list of what earlier bundles released"):
        export(root, tmp_path / "b")
    (root / ledger.FILE).unlink()


def test_of_what_nothing_is_released_nothing_is_remembered(root):
    ledger.enter(root, {"synergi": replace(released.release(root, "synergi"), rung=Rung(WITHHELD))}, False)
    assert not (root / ledger.FILE).exists()
