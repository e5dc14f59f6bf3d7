"""`benchmarks/recompute.py`: a second reading of the numbers that shares no code with the first."""

import ast
import csv
import dataclasses
import importlib.util
import json
import shutil

import fakes
import pytest

from harness.params.robustness import Robustness
from harness.stages import report, score
from harness.system import files
from harness.testing import results

TASKS, SEEDS = ("medmqp", "nor_deid", "synergi"), (1, 2, 3)


@pytest.fixture(scope="module")
def recompute(repository):
    spec = importlib.util.spec_from_file_location("recompute", repository / "benchmarks" / "recompute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A grid of chance predictions, scored and reported by the real stages."""
    tmp_path = tmp_path_factory.mktemp("made")
    fakes.build(tmp_path, TASKS, ("nb_bert",), SEEDS, rows=150)
    fakes.decided(tmp_path, "medmqp", fakes.by_digit)
    (tmp_path / "params.yaml").write_text("statistics: {level: 0.95}\n")
    (tmp_path / "tasks" / "medmqp.py").write_text('positive="1"\n')
    fakes.score(tmp_path, TASKS, ("nb_bert",), SEEDS)
    report.run(tmp_path, fakes.settings(TASKS, ("nb_bert",), SEEDS), {name: fakes.TASKS[name] for name in TASKS})
    return tmp_path


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def test_it_imports_nothing_of_the_harness(repository):
    tree = ast.parse((repository / "benchmarks" / "recompute.py").read_text(encoding="utf-8"))
    named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert "sklearn.metrics" in named and not [name for name in named if name.split(".")[0] == "harness"]


def test_every_comparison_agrees(run, recompute):
    """One of them over groups of two kinds, which are strata."""
    found = recompute.recompute(run)
    assert len(found) == 4 and all(line.startswith("agrees") for line in found), found


@pytest.mark.parametrize("metric", ["micro_f1", "weighted_f1", "accuracy", "mcc"])
def test_a_task_may_lead_with_another_score(metric, tmp_path, recompute, monkeypatch):
    led = dataclasses.replace(fakes.TASKS["synergi"], metrics=(metric, "macro_f1"))
    monkeypatch.setitem(fakes.TASKS, "synergi", led)
    fakes.build(tmp_path, ("synergi",), ("nb_bert",), SEEDS, rows=150)
    (tmp_path / "params.yaml").write_text("statistics: {level: 0.95}\n")
    fakes.score(tmp_path, ("synergi",), ("nb_bert",), SEEDS)
    report.run(tmp_path, fakes.settings(("synergi",), ("nb_bert",), SEEDS), {"synergi": led})
    found = recompute.recompute(tmp_path)
    assert all(line.startswith("agrees") for line in found) and len(found) == 2, found


def test_of_several_pre_trainings_the_means_of_their_runs_are_compared(tmp_path, recompute):
    seeds, name = (1, 2, 3, 4, 5, 6), "synergi"
    fakes.build(tmp_path, (name,), ("nb_bert",), seeds, rows=150)
    (tmp_path / "params.yaml").write_text("statistics: {level: 0.95}\n")
    path = tmp_path / "artifacts" / "predictions" / name / "nb_bert" / "runs.json"
    made = files.read_json(path)
    for run in made["runs"]:
        run["replicate"] = 1 if run["arm"] == "baseline" else (run["seed"] - 1) % 3 + 1
    files.write_json(path, made)
    fakes.score(tmp_path, (name,), ("nb_bert",), seeds)
    report.run(tmp_path, fakes.settings((name,), ("nb_bert",), seeds), {name: fakes.TASKS[name]})
    (row,) = csv.DictReader((tmp_path / "reports" / "comparison.csv").open(encoding="utf-8"))
    assert (row["n_replicates"], row["scope"]) == ("3", "procedure")
    found = recompute.recompute(tmp_path)
    assert all(line.startswith("agrees") for line in found) and len(found) == 2, found
    # Taken as six runs of one pre-training the interval is another one.
    for run in made["runs"]:
        run["replicate"] = 1
    files.write_json(path, made)
    assert any("replicates, counted 1" in line for line in recompute.recompute(tmp_path))


@pytest.fixture(scope="module")
def written_otherwise(tmp_path_factory):
    tasks, kinds = [fakes.TASKS[name] for name in TASKS], Robustness(("misspelled", "abbreviated"), 0.3, 1)
    root = results.build(tmp_path_factory.mktemp("robust"), tasks, ("nb_bert",), SEEDS, rows=150, robustness=kinds)
    (root / "params.yaml").write_text("statistics: {level: 0.95}\n")
    (root / "tasks" / "medmqp.py").write_text('positive="1"\n')
    for task in tasks:
        settings = dataclasses.replace(fakes.score_settings(SEEDS, ("nb_bert",)), robustness=kinds)
        score.run(root, task, "nb_bert", settings)
        score.run_linear(root, task)
    given = dataclasses.replace(fakes.settings(TASKS, ("nb_bert",), SEEDS), robustness=kinds)
    report.run(root, given, {task.name: task for task in tasks})
    return root


def test_losses_on_texts_written_otherwise_agree(written_otherwise, recompute, tmp_path):
    of = [line for line in recompute.recompute(written_otherwise) if "misspelled" in line or "abbreviated" in line]
    assert len(of) >= 4 and all(line.startswith("agrees") for line in of), of
    for column, change in (("clinical", 0.0001), ("reference_loss", 0.0001), ("delta", 0.0001), ("ci_low", -0.05)):
        run = shutil.copytree(written_otherwise, tmp_path / column)
        edit_cell(run, "robustness.csv", column, change)
        (differing,) = [line for line in recompute.recompute(run) if line.startswith("DIFFERS medmqp")]
        assert "misspelled against baseline" in differing and column.replace("ci_low", "interval") in differing


def edit_cell(run, name: str, column: str, change: float) -> None:
    path = run / "reports" / name
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    row = next(
        row for row in rows if (row.get("task", "medmqp"), row.get("metric", "binary_f1")) == ("medmqp", "binary_f1")
    )
    row[column] = f"{float(row[column]) + change:.4f}"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("name", "column", "change", "said"),
    [
        ("results.csv", "value", 0.0001, "binary_f1 of baseline seed 1"),
        ("comparison.csv", "delta", 0.0002, "delta: "),
        ("comparison.csv", "reference", -0.0002, "reference: "),
        ("comparison.csv", "ci_high", 0.05, "width of the interval"),
        ("comparison.csv", "p_holm", 0.05, "p after Holm"),
        ("comparison.csv", "mde_holm", 0.2, "mde_holm"),
        ("summary.csv", "delta", 0.0002, "delta: "),
        ("summary.csv", "ci_low", -0.05, "width of the interval"),
        ("summary.csv", "improved", 0.05, "improved: "),
    ],
)
def test_an_edited_number_is_found(run, recompute, name, column, change, said):
    edit_cell(run, name, column, change)
    differing = [line for line in recompute.recompute(run) if line.startswith("DIFFERS")]
    assert (
        len(differing) == 1
        and differing[0].startswith(("DIFFERS medmqp/nb_bert", "DIFFERS nb_bert against"))
        and said in differing[0]
    )


def test_an_edited_prediction_is_found(run, recompute):
    path = run / "artifacts" / "predictions" / "synergi" / "nb_bert" / "clinical-seed2.jsonl"
    lines = files.read_jsonl(path)
    line = next(line for line in lines if line["part"] == "test" and line["gold"] == line["prediction"])
    line["prediction"] = next(label for label in fakes.SYNERGI if label != line["gold"])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    differing, mean = [line for line in recompute.recompute(run) if line.startswith("DIFFERS")]
    assert "nb_bert against baseline, mean over 3 tasks: clinical" in mean
    assert "synergi/nb_bert" in differing and "macro_f1 of clinical seed 2" in differing
