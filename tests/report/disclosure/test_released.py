"""Disclosure: what a report of restricted data may say, over every file it writes."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace

import fakes
import pytest

from harness.artifacts import scores
from harness.errors import DataError, MissingInputError
from harness.privacy import even
from harness.privacy.suppression import MINIMUM
from harness.report.disclosure import disclosed_cards, loading
from harness.report.disclosure.released import TOO_SMALL, disclosed, release
from harness.report.model import results
from harness.report.render import confusion
from harness.stages import report
from harness.statistics.disclosure.twins import WIDTH
from harness.system import files
from harness.tracking import recordings

TASKS, FAMILIES, SEEDS = ("aismec", "synergi", "nor_deid"), ("nb_bert", "norbert3"), (1, 2)


def small(n):
    return n is not None and 0 < n < MINIMUM


def make(root, kind):
    fakes.build(root, TASKS, FAMILIES, SEEDS, kind=kind, rows=30)
    card = root / "artifacts" / "corpus" / "card.json"
    files.write_json(card, files.read_json(card))
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    report.run(root, fakes.settings(TASKS, FAMILIES, SEEDS), fakes.TASKS)
    return root


@pytest.fixture(scope="module")
def restricted(tmp_path_factory):
    return make(tmp_path_factory.mktemp("restricted"), "restricted")


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return make(tmp_path_factory.mktemp("synthetic"), "synthetic")


def loaded(root):
    found = loading.load(root, fakes.settings(TASKS, FAMILIES, SEEDS).run, fakes.TASKS)
    return {c.task: c for c in found if c.family == "nb_bert"}


def test_a_task_with_small_counts_has_no_run_class_or_slice_of_its_own(restricted, synthetic):
    for task, whole in loaded(synthetic).items():
        kept = loaded(restricted)[task]
        assert whole.tables and whole.slices and whole.learning
        assert not kept.tables and not kept.matrices and not kept.slices and not kept.learning and not kept.privacy
        assert {(seed, metric) for _, seed, _, metric in kept.values} <= {(None, kept.primary)}
        assert not kept.constants_shown and not kept.lacking and kept.rung
        step = kept.rung.step
        for value in kept.values.values():
            assert value == pytest.approx(round(value / step) * step, abs=1e-9)


def test_the_difference_and_its_interval_are_rounded_and_stay_where_a_rung_has_them(restricted, synthetic):
    found = loaded(restricted)
    # Which rung a task reaches depends on what a search finds; not all of them may fall to the last.
    assert any(kept.rung.difference for kept in found.values())
    for task, whole in loaded(synthetic).items():
        kept, step = found[task], found[task].rung.step
        exact, shown = whole.estimates["test", "baseline"], kept.estimates["test", "baseline"]
        if not kept.rung.difference:
            assert shown.delta is None and shown.ci_low is None and shown.ci_high is None and not kept.values
            continue
        assert abs(shown.delta - exact.delta) <= step / 2 + 1e-9
        assert exact.ci_low - step < shown.ci_low <= exact.ci_low + 1e-9
        assert exact.ci_high - 1e-9 <= shown.ci_high < exact.ci_high + step
        assert shown.p_value >= exact.p_value - 1e-9 and shown.se is None and shown.mde is None


def test_no_row_of_a_table_of_results_is_of_one_seed(restricted):
    assert {row["seed"] for row in read_csv(restricted)} == {""}


def test_figures_of_scores_that_were_not_checked_are_refused(restricted, tmp_path):
    root = shutil.copytree(restricted, tmp_path / "root")
    path = root / "artifacts" / "scores" / "aismec" / "nb_bert.json"
    files.write_json(path, files.read_json(path) | {"provenance": {"edited": True}})
    with pytest.raises(DataError, match="aismec: the scores of nb_bert are not those that were checked") as caught:
        loaded(root)
    assert "harness score aismec" in caught.value.remedy
    (root / "artifacts" / "scores" / "aismec" / "released.json").unlink()
    with pytest.raises(MissingInputError, match=r"released\.json") as caught:
        loaded(root)
    assert "harness score aismec" in caught.value.remedy


def test_a_hash_of_decisions_cannot_be_found_by_trying_them(restricted):
    """Two labels and 40 rows: whoever has the pseudonyms could try all answers."""
    stored = files.read_json(restricted / "artifacts" / "scores" / "aismec" / "nb_bert.json")["inputs"]["decisions"]
    provenance = (restricted / "reports" / "provenance.json").read_text()
    assert stored and not [sha256 for sha256 in stored.values() if sha256 in provenance]


def test_the_sizes_of_scores_files_are_whole_blocks_where_they_would_tell(restricted, synthetic):
    sizes = [
        {path.stat().st_size % even.BLOCK for path in (root / "artifacts" / "scores").rglob("*.json")}
        for root in (restricted, synthetic)
    ]
    assert sizes[0] == {0} and 0 not in sizes[1]


def test_readings_are_of_fewer_rows_still_and_not_shown(restricted):
    stored = scores.read(restricted, "aismec", "nb_bert")
    reading = stored.comparisons[0] | {"decided_by": "word", "arm": "clinical", "n": 3}
    c = results.read(stored.model_copy(update={"readings": (reading,)}), "t", SEEDS)
    assert c.readings
    (kept,) = disclosed(restricted, [c])
    assert kept.readings == ()


def test_mlflow_is_told_no_more_than_the_report(restricted):
    found = recordings.collect(restricted, fakes.settings(TASKS, FAMILIES, SEEDS), fakes.TASKS)
    for recording in found:
        c, step = recording.comparison, recording.comparison.rung.step
        for entry in recording.runs:
            assert {name for name, *_ in recordings.run_metrics(c, entry)} == {"train_loss"}
            assert "best_step" not in recordings.parameters(recording, entry)
            note = recordings.child_tags(recording, entry, {})["mlflow.note.content"]
            assert "not released by run" in note and not re.search(r"test split: \d", note)
        for name, value, _ in recordings.comparison_metrics(recording):
            if name not in ("p_value", "p_holm"):
                assert value == pytest.approx(round(value / step) * step, abs=1e-9), name
        assert "None" not in recordings.description(recording)


def test_mlflow_is_not_told_what_the_validation_part_decided(restricted):
    """Which weights were kept, and when a run stopped that waits for better ones."""
    (recording, *_) = recordings.collect(restricted, fakes.settings(TASKS, FAMILIES, SEEDS), fakes.TASKS)
    entry, recipe = recording.runs[0], recording.comparison.provenance["recipe"]
    told = []
    for patience, steps, best in ((0, recipe["steps"], 80), (0, recipe["steps"], 20), (3, 60, 20), (3, 80, 40)):
        made = recording.comparison.provenance | {"recipe": recipe | {"patience": patience}}
        of = replace(recording, comparison=replace(recording.comparison, provenance=made))
        run = entry | {"steps": steps, "best_step": best, "curve": entry["curve"][: steps // 20]}
        shown = recordings.child_tags(of, run, {}), recordings.parameters(of, run)
        told.append([*shown, recordings.run_metrics(of.comparison, run)])
    assert told[0] == told[1] and told[2] == told[3] and told[0][2] and not told[2][2]


def test_a_withheld_task_says_why_and_stops_no_other(restricted, tmp_path):
    root = shutil.copytree(restricted, tmp_path / "root", symlinks=True)
    path = root / "artifacts" / "scores" / "aismec" / "released.json"
    made = files.read_json(path)
    files.write_json(path, made | {"rung": "withheld", "step": 1.0, "figures": {}, "inferred": []})
    report.run(root, fakes.settings(TASKS, FAMILIES, SEEDS), fakes.TASKS)
    assert TOO_SMALL in fakes.report_text(root)
    rows = list(csv.DictReader(io.StringIO((root / "reports" / "comparison.csv").read_text())))
    mine, others = ([r for r in rows if (r["task"] == "aismec") == own] for own in (True, False))
    assert {r["delta"] + r["ci_low"] + r["p_value"] + r["reference"] for r in mine} == {""}
    of_rung = {task: kept.rung for task, kept in loaded(restricted).items()}
    assert all(r["verdict"] and bool(r["delta"]) == of_rung[r["task"]].difference for r in others)


def read_csv(root):
    return list(csv.DictReader(io.StringIO((root / "reports" / "results.csv").read_text())))


def tables(root):
    """Every whole number in a cell of the page's tables on restricted data, with its table's caption."""
    from html.parser import HTMLParser

    found, state = [], {"in": None, "caption": ""}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            state["in"] = tag if tag in ("caption", "td") else state["in"]
            if tag == "caption":
                state["caption"] = ""

        def handle_data(self, data):
            if state["in"] == "caption":
                state["caption"] += data
            elif state["in"] == "td" and data.strip().isdigit():
                found.append((state["caption"], int(data)))

        def handle_endtag(self, tag):
            state["in"] = None if tag in ("caption", "td") else state["in"]

    Reader().feed((root / "reports" / "index.html").read_text())
    return found


# Numbers of tables that count settings, not rows or people.
OTHER = (
    "checklist",
    "Mean difference over the tasks",
    "Engine",
    "Fine-tuning",
    "recipe",
    "Verdict",
    "Training",
    "Is the clinical arm better",
)


def test_no_count_under_five_stands_in_the_page(restricted, synthetic):
    def counted(root):
        return [(c, n) for c, n in tables(root) if small(n) and not any(word in c for word in OTHER)]

    assert counted(synthetic), "there is something to hide"
    assert not counted(restricted)


def test_the_report_says_what_is_never_shown_of_restricted_data_and_why(restricted, synthetic):
    said = {root: fakes.report_text(root) for root in (restricted, synthetic)}
    assert "Slices, learning curves" in said[restricted]
    for task, kept in loaded(restricted).items():
        assert f"of `{task}`, {kept.rung.description}" in said[restricted]
        assert f"of `{task}`, no count under {MINIMUM}" in said[restricted]
    assert f"at least {WIDTH} possible values" in said[restricted] and "infer at best" not in said[synthetic]
    assert "Never shown" not in said[synthetic]


def test_other_data_are_shown_whole(synthetic):
    c = loaded(synthetic)["synergi"]
    assert c.constants_shown and None not in c.summed_matrix("clinical")[0]


def test_a_test_part_of_few_rows_is_withheld_with_the_reason_and_the_report_is_made(tmp_path):
    task = {"aismec": fakes.TASKS["aismec"]}
    fakes.build(tmp_path, tuple(task), FAMILIES, SEEDS, kind="restricted", rows=4)
    fakes.score(tmp_path, tuple(task), FAMILIES, SEEDS)
    report.run(tmp_path, fakes.settings(tuple(task), FAMILIES, SEEDS), task)
    assert TOO_SMALL in fakes.report_text(tmp_path)
    for row in csv.DictReader(io.StringIO((tmp_path / "reports" / "comparison.csv").read_text())):
        assert row["delta"] + row["ci_low"] + row["p_value"] + row["n_test"] + row["n_groups"] == ""
    assert {row["value"] + row["n_test"] for row in read_csv(tmp_path)} == {""}
    assert not [found for found in tables(tmp_path) if small(found[1]) and not any(word in found[0] for word in OTHER)]
    for recording in recordings.collect(tmp_path, fakes.settings(tuple(task), FAMILIES, SEEDS), task):
        assert not re.search(r"\b[1-4] test rows", recordings.description(recording))


@pytest.mark.parametrize("what", ["n", "groups"])
def test_few_rows_of_another_part_hide_that_part_alone(restricted, synthetic, what):
    """Those of the part that chooses weights, too: nothing is released of it, and nothing needs to be refused."""
    stored = scores.read(restricted, "nor_deid", "nb_bert")
    stored = stored.model_copy(update={what: getattr(stored, what) | {"holdout": 3, "validation": 2}})
    (kept,) = disclosed(restricted, [results.read(stored, "t", SEEDS)])
    assert kept.parts == ("test",) and {part for part, _ in kept.estimates} == {"test"}
    assert getattr(kept, what)["holdout"] is None and getattr(kept, what)["validation"] is None
    assert getattr(kept, what)["test"] == getattr(loaded(synthetic)["nor_deid"], what)["test"]


@pytest.mark.parametrize("kind", ["public", "synthetic"])
def test_nothing_of_other_data_is_coarsened_however_few_the_rows(tmp_path, kind):
    """Every score and difference that is written is the stored one; of restricted data so small nothing would be."""
    tasks, seeds = ("aismec", "nor_deid"), (1, 2, 3)
    fakes.build(tmp_path, tasks, FAMILIES, seeds, kind=kind, rows=8)
    for task in tasks:
        files.write_json(tmp_path / "artifacts" / "scores" / task / "released.json", {"left": "by another kind"})
    fakes.score(tmp_path, tasks, FAMILIES, seeds)
    report.run(tmp_path, fakes.settings(tasks, FAMILIES, seeds), fakes.TASKS)
    assert not list((tmp_path / "artifacts" / "scores").rglob("released.json"))
    written, reports = {}, tmp_path / "reports"
    for row in read_csv(tmp_path):
        written[row["task"], row["family"], row["arm"], row["seed"], row["metric"]] = row["value"]
    stored, differences = {}, {}
    for task in tasks:
        for family in FAMILIES:
            scores = files.read_json(tmp_path / "artifacts" / "scores" / task / f"{family}.json")
            for m in scores["metrics"]:
                if m["part"] != "validation":
                    name = m["metric"] if m["part"] == "test" else f"{m['part']}_{m['metric']}"
                    measured = m["metric"] not in scores["unmeasurable"].get(m["part"], {})
                    value = f"{m['value'] + 0.0:.4f}" if measured else ""
                    stored[task, family, m["arm"], str(m["seed"]), name] = value
            differences[task, family] = next(c for c in scores["comparisons"] if c["part"] == "test")
    assert written == stored and len(written) == 2 * 2 * 3 * (4 + 8)
    for row in csv.DictReader(io.StringIO((reports / "comparison.csv").read_text())):
        exact = differences[row["task"], row["family"]]
        for name in ("reference", "clinical", "delta", "ci_low", "ci_high", "p_value", "mde"):
            assert float(row[name]) == pytest.approx(exact[name], abs=5.1e-5), name
    for c in loading.load(tmp_path, fakes.settings(tasks, FAMILIES, seeds).run, fakes.TASKS):
        assert c.rung is None and c.slices and c.learning and c.tables and c.constants_shown
        assert "None" not in str(c.n) + str(c.groups) + str(list(c.matrices.values()))


CARD = {"kind": "restricted", "rows_in": 53, "rows": 50, "dropped": {"a": 2, "b": 1}, "repaired": {"x": 3, "y": 30},
        "labels": {"p": 46, "q": 4}, "parts": {"pool": 50, "holdout": 0}}  # fmt: skip


def test_rows_read_are_hidden_where_they_tell_how_many_were_dropped():
    made = disclosed_cards.data(CARD)
    assert made["rows_in"] is None and made["rows"] == 50 and set(made["dropped"].values()) == {None}
    assert made["repaired"] == {"x": None, "y": 30} and made["labels"] == {"p": None, "q": None}
    many = disclosed_cards.data(CARD | {"rows_in": 90, "dropped": {"a": 2, "b": 8, "c": 30}})
    assert many["rows_in"] == 90 and many["dropped"] == {"a": None, "b": None, "c": 30}


def test_where_every_run_is_released_no_cell_under_five_is(tmp_path):
    """Nought included: that no fall was taken for an infection tells of every fall."""
    task = {"synergi": fakes.TASKS["synergi"]}
    fakes.build(tmp_path, tuple(task), FAMILIES[:1], SEEDS, kind="restricted", rows=440)
    fakes.score(tmp_path, tuple(task), FAMILIES[:1], SEEDS)
    assert files.read_json(tmp_path / "artifacts" / "scores" / "synergi" / "released.json")["rung"] == "seeds"
    (kept,) = loading.load(tmp_path, fakes.settings(tuple(task), FAMILIES[:1], SEEDS).run, task)
    assert not kept.matrices and not kept.linear.matrices and not kept.lacking
    assert {key[2] for key in kept.tables} == {"test"}
    assert all(None not in row.values() for rows in kept.tables.values() for row in rows)
    assert confusion.draw(kept) == {}
    report.run(tmp_path, fakes.settings(tuple(task), FAMILIES[:1], SEEDS), task)
    said = fakes.report_text(tmp_path)
    assert f"of `synergi`, perhaps every count of a label; none of them is under {MINIMUM}" in said
    assert "labels of" not in said and "rounded to the nearest step" not in said


def test_a_small_part_takes_no_scored_part_with_it():
    rows = {"train": 80, "validation": 12, "test": 9, "excluded": 2}
    found = {
        "splits": {part: {"rows": n, "groups": n, "labels": {"p": 1}} for part, n in rows.items()},
        "largest_group": 3, "excluded": 2, "near_duplicate_links": 7,
        "checks": [{"check": "c", "count": 4, "ids": ["r1"], "level": "note"}],
    }  # fmt: skip
    made = disclosed_cards.split(found)
    assert {part: made["splits"][part]["rows"] for part in rows} == {
        "train": 80, "validation": None, "test": 9, "excluded": None,
    }  # fmt: skip
    assert made["largest_group"] is None and made["excluded"] is None and made["near_duplicate_links"] == 7
    assert made["checks"][0]["count"] is None and "r1" not in json.dumps(made)
    shares = {"check": "label shares", "count": 7, "level": "note", "detail": "share of p .4545", "ids": []}
    (kept,) = disclosed_cards.split(found | {"checks": [shares]})["checks"]
    assert kept["count"] is None and kept["detail"] == "" and kept["level"] == "ok"


def test_types_of_few_documents_are_gone_from_a_checkpoint_s_card():
    types = {"note": 400, "letter": 9, "verdict": 3}
    measured = {"loss": 2.0, "by_document_type": {kind: {"loss": 1.0, "tokens": 9} for kind in types}}
    card = {
        "corpus": {"clinical": {"document_types": types, "written_standards": {}, "documents": 412}},
        "held_out": {"after": {"clinical": measured}, "during": [{"step": 5, "clinical": measured}]},
    }
    made = disclosed_cards.checkpoint(card)
    assert made["corpus"]["clinical"]["document_types"] == {"note": 400, "letter": None, "verdict": None}
    assert list(made["held_out"]["after"]["clinical"]["by_document_type"]) == ["note"]
    (moment,) = made["held_out"]["during"]
    assert moment["step"] == 5 and list(moment["clinical"]["by_document_type"]) == ["note"]
    assert disclosed_cards.checkpoint({"arm": "clinical"}) == {"arm": "clinical"}


def test_of_too_few_rows_for_so_many_labels_neither_a_figure_nor_their_number_is_told(tmp_path):
    """Nine test rows of eight labels: each label in the part leaves one or two rows for each of them."""
    fakes.build(tmp_path, ("synergi",), FAMILIES, SEEDS, kind="restricted", rows=9)
    for name, labels in (("validated", "card.json"), ("splits", "leakage.json")):
        path = tmp_path / "artifacts" / name / "synergi" / labels
        files.write_json(path, files.read_json(path) | {"labels": dict.fromkeys(fakes.SYNERGI, 4)})
    fakes.score(tmp_path, ("synergi",), FAMILIES, SEEDS)
    settings = fakes.settings(("synergi",), FAMILIES, SEEDS)
    report.run(tmp_path, settings, fakes.TASKS)
    mirrored = recordings.collect(tmp_path, settings, fakes.TASKS)
    for name in ("results.csv", "comparison.csv", "simple_baselines.csv"):
        for row in csv.DictReader(io.StringIO((tmp_path / "reports" / name).read_text(encoding="utf-8"))):
            cells = [row.get(key, "") for key in ("n_test", "n_groups", "value", "delta", "ci_low", "p_value")]
            assert not any(cells), (name, row)
    known = disclosed_cards.disclosed(report.read_background(tmp_path, settings))
    card, leakage = known.cards["synergi"], known.leakage["synergi"]
    assert card["rows"] is card["rows_in"] is leakage["rows"] is leakage["groups"] is None
    assert not any(n for of in leakage["splits"].values() for n in (of["rows"], of["groups"]))
    assert not any((*card["dropped"].values(), *card["parts"].values()))
    text = fakes.report_text(tmp_path)
    described = (tmp_path / "reports" / "croissant" / "synergi.json").read_text(encoding="utf-8")
    assert "The number of rows of `synergi` is also hidden" in text and "validated rows" not in described
    assert all("None" not in recordings.description(recording) for recording in mirrored)


@pytest.mark.parametrize("change", [{"rung": "means", "step": 0.001}, {"runs": None}, None])
def test_what_another_version_released_is_refused_with_what_to_do(restricted, tmp_path, change):
    shutil.copytree(restricted / "artifacts" / "scores", tmp_path / "artifacts" / "scores")
    path = tmp_path / "artifacts" / "scores" / "synergi" / "released.json"
    stored = files.read_json(path)
    if change == {"runs": None}:
        stored.pop("runs")
    files.write_json(path, [] if change is None else stored | change if "rung" in change else stored)
    with pytest.raises(DataError, match=r"released.json was not written by this version") as error:
        release(tmp_path, "synergi")
    assert "harness score synergi" in error.value.remedy
