"""What other programs read: dvc metrics and plots, the hub's model index, Croissant."""

import csv
import io
import json

import fakes
import pytest
from huggingface_hub.repocard_data import model_index_to_eval_results
from ruamel.yaml import YAML

from harness.artifacts import runs
from harness.report.disclosure import loading
from harness.report.export import croissant, machine, model_index
from harness.report.model import judging
from harness.system import files

TASKS = ("nor_deid", "aismec")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("grid"), TASKS, ("nb_bert",))
    fakes.score(root, TASKS, ("nb_bert",))
    return root


@pytest.fixture(scope="module")
def comparisons(root):
    return loading.load(root, fakes.settings(TASKS, ("nb_bert",)).run, fakes.TASKS)


def test_metrics_are_those_of_the_comparison(comparisons):
    judged = judging.judged(comparisons, fakes.settings().statistics)
    found = machine.metrics(comparisons, judged)["aismec"]["nb_bert"]
    c = comparisons[1]
    assert found["binary_f1"] == {arm: round(c.mean(arm), 4) for arm in c.arms}
    assert found["against_baseline"]["delta"] == round(c.delta(), 4)
    assert found["against_baseline"]["verdict"] == judged["aismec", "nb_bert", "baseline"].verdict
    assert json.dumps(found, allow_nan=False)


def test_a_curve_is_the_mean_over_seeds(root, comparisons):
    rows = list(csv.DictReader(io.StringIO(machine.curves(comparisons)["aismec-nb_bert.csv"])))
    assert [row["step"] for row in rows] == ["20", "40", "60", "80"]
    recorded = runs.read(root, "aismec", "nb_bert").runs
    for arm in ("baseline", "clinical"):
        reached = [run.best_validation for run in recorded if run.arm == arm]
        assert len(set(reached)) == 3 and {row[arm] for row in rows} == {f"{sum(reached) / 3:.4f}"}


def test_the_hub_reads_the_model_index(comparisons):
    written = model_index.files(comparisons)
    assert list(written) == ["nb_bert-baseline.yaml", "nb_bert-clinical.yaml"]
    index = YAML(typ="safe").load(written["nb_bert-clinical.yaml"])["model-index"]
    name, found = model_index_to_eval_results(index)
    c = comparisons[0]
    wanted = ("nor_deid", "test", "strict_f1")
    first = next(r for r in found if (r.dataset_type, r.dataset_split, r.metric_type) == wanted)
    assert name == "nb_bert-clinical" and first.metric_value == round(c.mean("clinical"), 4)
    assert first.task_type == "token-classification" and first.metric_args["seeds"] == 3
    assert "synthetic data" in first.dataset_name
    assert {r.dataset_split for r in found if r.dataset_type == "nor_deid"} == {"test", "holdout"}


def test_croissant_describes_files_and_columns_and_holds_no_text(root, comparisons):
    folder = root / "artifacts" / "validated" / "nor_deid"
    records = files.read_jsonl(folder / "records.jsonl")
    records.insert(0, records[0] | {"spans": []})
    manifest = comparisons[0].inputs["manifest"]
    found = croissant.metadata(fakes.TASKS["nor_deid"], files.read_json(folder / "card.json"), manifest, records)
    text = json.dumps(found)
    assert fakes.SECRET not in text and found["conformsTo"] == croissant.CONFORMS_TO
    by_id = {entry["@id"]: entry for entry in found["distribution"]}
    assert by_id["validated"]["sha256"] == files.sha256(folder / "records.jsonl")
    assert by_id["split"]["sha256"] == files.sha256(root / "reports/splits/nor_deid.json")
    labels, rows = found["recordSet"]
    assert [entry["labels/name"] for entry in labels["data"]] == list(fakes.NOR_DEID)
    fields = {field["name"]: field for field in rows["field"]}
    assert set(fields) == set(records[0]) and fields["text"]["dataType"] == "sc:Text"
    parts = {part["name"]: part["dataType"] for part in fields["spans"]["subField"]}
    assert parts == {"start": "sc:Integer", "end": "sc:Integer", "label": "sc:Text"}


def test_croissant_refers_every_identifier_that_it_uses(root, comparisons):
    folder = root / "artifacts" / "validated" / "aismec"
    records = files.read_jsonl(folder / "records.jsonl")
    found = croissant.metadata(fakes.TASKS["aismec"], files.read_json(folder / "card.json"), "0" * 64, records)

    def walk(value, key=""):
        if isinstance(value, dict):
            if set(value) == {"@id"}:
                yield key, value["@id"]
            for name, inner in value.items():
                yield from walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, key)

    body = {key: value for key, value in found.items() if key != "@context"}
    defined = {e["@id"] for e in body["distribution"]} | {f["@id"] for r in body["recordSet"] for f in r["field"]}
    used = {identifier for _, identifier in walk(body)}
    assert used and used <= defined
    label = next(f for f in body["recordSet"][1]["field"] if f["name"] == "label")
    assert label["references"] == {"field": {"@id": "labels/name"}}
