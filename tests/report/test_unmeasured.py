"""A task whose test rows lack the positive label beside one that can be measured: no number and no verdict anywhere."""

import csv
import importlib.util
import json
import re

import fakes
import pytest

from harness.report.disclosure import loading, released
from harness.report.text import cautions, scores
from harness.stages import report
from harness.system import files

TASKS, FAMILIES, SEEDS = ("aismec", "medmqp"), ("nb_bert",), (1, 2, 3)
SETTINGS = fakes.settings(TASKS, FAMILIES, SEEDS)
REASON = "no row of the test part has the label stroke"
SAID = f"cannot be measured: {REASON}"


def without(root, task, label, instead, parts=("test",)):
    """Give the rows of `parts` that have `label` another one, in the records and in all predictions."""
    manifest = root / "reports" / "splits" / f"{task}.json"
    splits = files.read_json(manifest)["splits"]
    path = root / "artifacts" / "validated" / task / "records.jsonl"
    records = files.read_jsonl(path)
    for record in records:
        if splits[record["id"]] in parts and record.get("label") == label:
            record["label"] = instead
        if splits[record["id"]] in parts and label is None:
            record["spans"] = []
    files.write_jsonl(path, records)
    gold = {r["id"]: r.get("label") or [[s["start"], s["end"], s["label"]] for s in r["spans"]] for r in records}
    for recorded in (root / "artifacts").glob(f"*/{task}/**/runs.json"):
        made = files.read_json(recorded)
        made["inputs"]["records"] = files.sha256(path)
        for run in made["runs"]:
            name = recorded.parent / f"{run['arm']}-seed{run['seed']}.jsonl"
            name = name if name.is_file() else recorded.parent / "predictions.jsonl"
            files.write_jsonl(name, [line | {"gold": gold[line["id"]]} for line in files.read_jsonl(name)])
            run["predictions"] = files.sha256(name)
        files.write_json(recorded, made)


def finish(root, tasks, *changes, **options):
    fakes.build(root, tasks, FAMILIES, SEEDS, **options)
    for change in changes:
        without(root, *change)
    fakes.score(root, tasks, FAMILIES, SEEDS)
    settings = fakes.settings(tasks, FAMILIES, SEEDS)
    report.run(root, settings, {name: fakes.TASKS[name] for name in tasks})
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return finish(tmp_path_factory.mktemp("unmeasured"), TASKS, ("aismec", "stroke", "other"))


def rows(root, name):
    with open(root / "reports" / name, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_comparison_has_no_numbers_and_is_none_of_those_adjusted_for(root):
    without_, measured = rows(root, "comparison.csv")
    empty = ("reference", "clinical", "delta", "ci_low", "ci_high", "p_value", "p_holm", "mde")
    assert without_["task"] == "aismec" and without_["verdict"] == "inconclusive"
    assert {without_[name] for name in empty} == {""}
    assert without_["n_test"] == "40" and without_["n_seeds"] == "3"
    assert measured["p_value"] == measured["p_holm"] != ""


def test_scores_that_cannot_be_measured_are_empty_and_others_stand(root):
    for name, metrics in (
        ("results.csv", fakes.TASKS["aismec"].metrics),
        ("simple_baselines.csv", ("binary_f1", "specificity")),
    ):
        values = {(r["metric"], bool(r["value"])) for r in rows(root, name) if r["task"] == "aismec"}
        assert values >= {(m, m == "specificity") for m in metrics}, name
    index = (root / "reports" / "model-index" / "nb_bert-clinical.yaml").read_text(encoding="utf-8")
    assert index.count("type: aismec") == 1 and "type: specificity" in index
    found = files.read_json(root / "reports" / "metrics.json")["aismec"]["nb_bert"]
    assert found == {"binary_f1": {}, "against_baseline": {"verdict": "inconclusive", "unmeasured": REASON}}


def test_the_reader_is_told_why_and_the_encoders_are_not_blamed(root):
    for name in ("appendix.md", "index.html", "tables.tex"):
        text = (root / "reports" / name).read_text(encoding="utf-8")
        assert SAID in text, name
    text = fakes.report_text(root)
    assert "0 inconclusive" in text or "1 inconclusive" in text
    assert ", 1 cannot be measured." in text
    line = next(line for line in text.splitlines() if SAID in line and line.startswith("|"))
    assert not re.search(r"\d\.\d", line.split(SAID)[1]), line
    comparisons = loading.load(root, SETTINGS.run, fakes.TASKS)
    said = cautions.cautions(comparisons, {})
    assert any("not a fault of the encoders: binary F1 of `aismec`: " + REASON in item for item in said)
    blamed = [i for i in said if i.startswith(("That the encoders can do every task", "That an encoder is needed"))]
    assert not any("aismec" in item for item in blamed)


def test_classes_and_slices_without_a_gold_row_have_no_recall(root):
    (c,) = [c for c in loading.load(root, SETTINGS.run, fakes.TASKS) if c.task == "aismec"]
    by_label = {row[0]: row for row in scores.class_table(c).rows}
    assert by_label["stroke"][1] == "0"
    assert by_label["stroke"][3:5] == by_label["stroke"][6:8] == by_label["stroke"][9:11] == ("–", "–")
    assert "–" not in by_label["other"]
    slices = [row for row in c.slices if row["part"] == "test"]
    assert len(slices) > 6 and {row["score"] for row in slices} == {None} and any(row["n"] for row in slices)


def test_restricted_data_are_reported_too(tmp_path):
    root = finish(tmp_path, ("aismec",), ("aismec", "stroke", "other"), kind="restricted", rows=120)
    assert rows(root, "comparison.csv")[0]["delta"] == ""
    # Which label no row has would be a count of nought.
    assert SAID not in fakes.report_text(root)
    assert released.TOO_SMALL in fakes.report_text(root)


def test_a_tracking_server_is_told_no_number(root):
    from harness.tracking import recordings

    first, second = recordings.collect(root, SETTINGS, fakes.TASKS)
    told = {name for name, *_ in recordings.comparison_metrics(first)}
    assert told == {"specificity_baseline", "specificity_clinical", "specificity_difference"}
    assert "primary_difference" in {name for name, *_ in recordings.comparison_metrics(second)}
    names = {name for name, *_ in recordings.run_metrics(first.comparison, first.runs[0])}
    assert "specificity" in names and not names & {"binary_f1", "sensitivity", "mcc"}
    assert SAID in recordings.description(first)
    assert SAID in recordings.child_tags(first, first.runs[0], {})["mlflow.note.content"]


def test_the_second_reading_agrees_and_finds_what_was_left_out_wrongly(root, repository):
    spec = importlib.util.spec_from_file_location("recompute", repository / "benchmarks" / "recompute.py")
    recompute = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recompute)
    (root / "params.yaml").write_text("statistics: {level: 0.95}\n")
    for task in TASKS:
        (root / "tasks" / f"{task}.py").write_text(f'positive="{fakes.TASKS[task].positive}"\n')
    first, *_ = recompute.recompute(root)
    assert first == "agrees  aismec/nb_bert against baseline: binary_f1 cannot be measured"
    (root / "tasks" / "aismec.py").write_text('positive="other"\n')
    assert recompute.recompute(root)[0].endswith("binary_f1 can be measured")


@pytest.mark.parametrize(
    ("task", "change", "reason"),
    [
        ("aismec", ("stroke", "other", ("train",)), "no row of the training part has the label stroke"),
        ("nor_deid", (None, None, ("test",)), "no document of the test part has an entity"),
    ],
)
def test_a_run_of_which_nothing_can_be_measured_is_reported(tmp_path, task, change, reason):
    root = finish(tmp_path, (task,), (task, *change))
    assert {row["delta"] for row in rows(root, "comparison.csv")} == {""}
    page = fakes.report_text(root)
    assert task != "nor_deid" or "| NB-BERT | Baseline | 0 | – | 0 | 0 | – |" in page
    assert f"cannot be measured: {reason}" in fakes.report_text(root)
    assert "NaN" not in json.dumps(files.read_json(root / "reports" / "metrics.json"))


def test_labels_that_nobody_can_earn_are_named_with_the_macro_mean(tmp_path):
    root = finish(
        tmp_path, ("synergi",), ("synergi", "fall", "medication"), ("synergi", "infection", "fall", ("train",))
    )
    (row,) = rows(root, "comparison.csv")
    assert row["delta"] and row["p_holm"], "the mean over all labels is what it was declared to be"
    text = fakes.report_text(root)
    assert "`synergi` (the test part lacks fall; the training part lacks infection)" in text


def test_weights_chosen_by_a_part_that_lacks_a_label_are_named(tmp_path):
    root = finish(tmp_path, ("aismec",), ("aismec", "stroke", "other", ("validation",)))
    assert rows(root, "comparison.csv")[0]["delta"]
    text = fakes.report_text(root)
    assert "they are chosen by the validation part, which lacks labels of `aismec` (stroke)" in text
