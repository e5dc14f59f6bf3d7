"""Stage `score`, robustness: scores of the test texts written otherwise, made again by a library; what is refused."""

import csv
import shutil
import statistics
from dataclasses import replace

import fakes
import pytest

from harness.artifacts import runs, split, validated
from harness.artifacts import scores as stored_scores
from harness.data import perturbed
from harness.errors import DataError
from harness.heads import HEADS
from harness.params.robustness import Robustness
from harness.report.disclosure import loading
from harness.stages import report, score
from harness.system import files
from harness.testing import chance, results
from harness.tracking import recordings

KINDS = ("misspelled", "lower_case", "nynorsk", "abbreviated")
SETTINGS = Robustness(KINDS, 0.3, 11)
SEEDS = (1, 2, 3)
TASKS = ("medmqp", "medmcqa", "nor_deid", "synergi")


def scored(root, task, robustness=SETTINGS, family="nb_bert"):
    settings = replace(fakes.score_settings(SEEDS, (family,)), robustness=robustness)
    score.run(root, fakes.TASKS[task], family, settings)
    return stored_scores.read(root, task, family)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("robust")
    results.build(root, [fakes.TASKS[name] for name in TASKS], ("nb_bert",), SEEDS, robustness=SETTINGS)
    return root


def by_hand(task, lines) -> float:
    """The primary score, by scikit-learn or by counting spans."""
    from sklearn.metrics import f1_score

    if task.head == "tokens":
        gold, found = ({(x["id"], *span) for x in lines for span in x[side]} for side in ("gold", "prediction"))
        return 2 * len(gold & found) / (len(gold) + len(found))
    gold, found = ([line[side] for line in lines] for side in ("gold", "prediction"))
    if task.metrics[0] == "binary_f1":
        return f1_score(gold, found, pos_label=task.positive)
    return f1_score(gold, found, labels=task.labels, average="macro", zero_division=0)


@pytest.mark.parametrize("task", TASKS)
def test_scores_and_losses_are_those_of_the_stored_answers(made, task):
    declared, found = fakes.TASKS[task], scored(made, task)
    folder = made / "artifacts" / "predictions" / task / "nb_bert"
    places = split.parts_of(made, task)
    records = {r["id"]: r for r in validated.records(made, task) if places[r["id"]] == "test"}
    assert [row.kind for row in found.robustness] == list(KINDS)
    for row in found.robustness:
        head = HEADS[declared.head]
        before = [records[key] for key in sorted(records)]
        after = perturbed.rewritten(head, before, row.kind, SETTINGS)
        assert (row.n, row.changed) == (len(before), sum(a != b for a, b in zip(before, after, strict=True)))
        assert bool(row.changed) == bool(row.scores) == bool(row.comparisons)
        losses = {}
        for run in row.scores:
            lines = files.read_jsonl(folder / f"{run.arm}-seed{run.seed}.jsonl")
            whole, other = ([x for x in lines if x["part"] == p] for p in ("test", f"test {row.kind}"))
            assert [x["id"] for x in other] == sorted(records)
            assert run.value == pytest.approx(by_hand(declared, other))
            assert run.loss == pytest.approx(by_hand(declared, whole) - by_hand(declared, other))
            losses.setdefault(run.arm, []).append(run.loss)
        for compared in row.comparisons:
            pairs = zip(losses["baseline"], losses["clinical"], strict=True)
            differences = [after - before for before, after in pairs]
            assert compared["against"] == "baseline" and compared["n_seeds"] == 3
            assert compared["differences"] == pytest.approx(differences)
            assert compared["delta"] == pytest.approx(statistics.fmean(differences))
            assert compared["reference"] == pytest.approx(statistics.fmean(losses["baseline"]))
            assert compared["ci_low"] < compared["delta"] < compared["ci_high"]


def test_of_a_kind_that_changes_no_text_nothing_is_answered_and_that_is_said(tmp_path):
    results.build(
        tmp_path, [fakes.TASKS["medmqp"]], ("nb_bert",), SEEDS, columns=fakes._columns, robustness=SETTINGS
    )  # texts of one invented word
    found = {row.kind: row for row in scored(tmp_path, "medmqp").robustness}
    assert found["nynorsk"].changed == 0 and not found["nynorsk"].scores and not found["nynorsk"].comparisons
    assert found["lower_case"].changed == found["lower_case"].n == 40


@pytest.mark.parametrize("other", [Robustness(KINDS[:3], 0.3, 11), Robustness((), 0.3, 11)])
def test_answers_to_other_texts_than_those_asked_for_are_refused(made, other):
    with pytest.raises(DataError, match=r"has rows whose part is not one of .*line"):
        scored(made, "medmqp", other)


def test_spans_of_texts_written_with_another_seed_are_refused(made):
    with pytest.raises(DataError, match="test misspelled"):
        scored(made, "nor_deid", replace(SETTINGS, seed=12))


def test_perturbed_answers_that_are_missing_are_refused(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "copy")
    chance.write_predictions(root, fakes.TASKS["synergi"], "nb_bert", SEEDS, recipe={}, engine={})
    with pytest.raises(DataError, match=r"lacks 40 test misspelled row\(s\)"):
        scored(root, "synergi")


def test_the_report_and_its_csv_hold_them_and_nothing_of_restricted_data(tmp_path):
    for kind in ("public", "restricted"):
        root = tmp_path / kind
        tasks = [fakes.TASKS["medmqp"], fakes.TASKS["nor_deid"]]
        results.build(root, tasks, ("nb_bert",), SEEDS, kind=kind, robustness=SETTINGS)
        for task in tasks:
            scored(root, task.name)
            score.run_linear(root, task)
            score.run_disclosure(root, task, fakes.score_settings(SEEDS, ("nb_bert",)))
        settings = replace(fakes.settings(("medmqp", "nor_deid"), ("nb_bert",), SEEDS), robustness=SETTINGS)
        report.run(root, settings, {task.name: task for task in tasks})
        rows = list(csv.DictReader((root / "reports" / "robustness.csv").open(encoding="utf-8", newline="")))
        texts = {p.name: p.read_text(encoding="utf-8") for p in (root / "reports").glob("*.*")}
        for name in ("appendix.md", "index.html"):
            assert "Robustness" in texts[name]
            assert ("were not checked for small counts" in texts[name]) == (kind == "restricted")
        entry = runs.read(root, "medmqp", "nb_bert").runs[0].plain()
        (comparison, _) = loading.load(root, settings.run, {task.name: task for task in tasks})
        metrics = {name: value for name, value, _ in recordings.run_metrics(comparison, entry)}
        told = {name for name in metrics if name.startswith(KINDS)}
        assert told == (set() if kind == "restricted" else {f"{row['kind']}_binary_f1" for row in rows if row["delta"]})
        if kind == "restricted":
            assert rows == [] and "misspelled" not in texts["appendix.md"] + texts["tables.tex"]
            continue
        assert {(r["task"], r["kind"]) for r in rows} == {(t.name, k) for t in tasks for k in KINDS}
        assert "misspelled" in texts["tables.tex"] and "Difference of losses" in texts["appendix.md"]
        for row in rows:
            (of,) = (r for r in stored_scores.read(root, row["task"], "nb_bert").robustness if r.kind == row["kind"])
            if of.scores:
                value = statistics.fmean(s.value for s in of.scores if s.arm == "clinical")
                assert float(row["clinical"]) == pytest.approx(value, abs=5e-5)
                assert float(row["delta"]) == pytest.approx(of.comparisons[0]["delta"], abs=5e-5)
