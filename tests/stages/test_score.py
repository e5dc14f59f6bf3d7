"""The stage `score` on a small finished grid: right numbers, and a refusal for everything stale."""

import re

import fakes
import pytest

from harness.errors import DataError, MissingInputError
from harness.stages import score
from harness.statistics import task_metrics
from harness.system import files


@pytest.fixture
def grid(tmp_path):
    return fakes.build(tmp_path, tasks=("medmqp",), families=("nb_bert",), seeds=(1, 2))


def run(root, task="medmqp"):
    score.run(root, fakes.TASKS[task], "nb_bert", fakes.score_settings((1, 2)))
    return files.read_json(root / "artifacts" / "scores" / task / "nb_bert.json")


def rewrite(root, change, *, honest=True, task="medmqp"):
    """Change the lines of one prediction file; `honest` also records its new hash."""
    folder = root / "artifacts" / "predictions" / task / "nb_bert"
    path = folder / "clinical-seed2.jsonl"
    lines = files.read_jsonl(path)
    change(lines)
    files.write_jsonl(path, lines)
    if honest:
        recorded = files.read_json(folder / "runs.json")
        next(r for r in recorded["runs"] if (r["arm"], r["seed"]) == ("clinical", 2))["predictions"] = files.sha256(
            path
        )
        files.write_json(folder / "runs.json", recorded)


@pytest.mark.parametrize("task", sorted(fakes.TASKS))
def test_every_head_gets_its_metrics(tmp_path, task):
    root = fakes.build(tmp_path, tasks=(task,), families=("nb_bert",), seeds=(1, 2))
    scores = run(root, task)
    declared = fakes.TASKS[task]
    names = list(declared.metrics)
    parts = ["test", "holdout", "validation"] if task == "nor_deid" else ["test", "validation"]
    keys = [(m["arm"], m["seed"], m["part"], m["metric"]) for m in scores["metrics"]]
    assert keys == [(a, s, p, n) for a in ("baseline", "clinical") for s in (1, 2) for p in parts for n in names]
    assert scores["primary"] == declared.metrics[0] and scores["data_kind"] == "synthetic"
    assert scores["n"]["test"] == 40 and scores["groups"]["test"] == (20 if task == "medmqp" else 40)
    assert set(scores["reference"]["majority"]) == set(names)
    assert len(scores["confusion"]) == (0 if task == "nor_deid" else 8)
    assert {row["label"] for row in scores["per_class"]} == set(declared.labels)
    assert fakes.SECRET not in files.canonical_json(scores)


@pytest.mark.parametrize("task", ["medmqp", "nor_deid", "synergi"])
def test_arms_are_compared_by_the_primary_score_over_the_seeds_of_the_run(tmp_path, task):
    root = fakes.build(tmp_path, tasks=(task,), families=("nb_bert",), seeds=(1, 2, 3))
    scores = run(root, task)  # seed 3 was recorded, but is not of this run
    parts = ["holdout", "test"] if task == "nor_deid" else ["test"]
    assert [(c["part"], c["against"], c["seeds"]) for c in scores["comparisons"]] == [
        (part, "baseline", [1, 2]) for part in parts
    ]
    for row in scores["comparisons"]:
        means = {
            arm: sum(
                m["value"]
                for m in scores["metrics"]
                if (m["arm"], m["part"], m["metric"]) == (arm, row["part"], scores["primary"]) and m["seed"] in (1, 2)
            )
            / 2
            for arm in ("baseline", "clinical")
        }
        assert (row["reference"], row["clinical"]) == pytest.approx((means["baseline"], means["clinical"]), abs=1e-12)
        assert row["n_groups"] == scores["groups"][row["part"]] and row["n_seeds"] == 2
        assert row["ci_low"] < row["delta"] < row["ci_high"]


def test_the_number_is_that_of_the_prediction_file(grid):
    scores = run(grid)
    lines = files.read_jsonl(grid / "artifacts/predictions/medmqp/nb_bert/clinical-seed2.jsonl")
    test = [line for line in lines if line["part"] == "test"]
    wanted = ("clinical", 2, "test", "binary_f1")
    found = [m for m in scores["metrics"] if (m["arm"], m["seed"], m["part"], m["metric"]) == wanted]
    tp = sum(line["gold"] == line["prediction"] == "1" for line in test)
    wrong = sum(line["gold"] != line["prediction"] for line in test)
    assert found[0]["value"] == pytest.approx(2 * tp / (2 * tp + wrong))
    assert found[0]["value"] == task_metrics.primary(fakes.TASKS["medmqp"], test)
    cells = next(m["cells"] for m in scores["confusion"] if (m["arm"], m["seed"], m["part"]) == ("clinical", 2, "test"))
    assert sum(n for *_, n in cells) == 40 and [1, 1, tp] in cells


def test_references_read_nothing(grid):
    scores = run(grid)
    records = {r["id"]: r for r in files.read_jsonl(grid / "artifacts/validated/medmqp/records.jsonl")}
    splits = files.read_json(grid / "reports/splits/medmqp.json")["splits"]
    training = [records[i]["label"] for i, split in splits.items() if split == "train"]
    majority = max("01", key=training.count)
    test = [records[i]["label"] for i, split in splits.items() if split == "test"]
    assert scores["reference"]["majority"]["accuracy"] == pytest.approx(test.count(majority) / 40)
    positives = test.count("1")
    assert scores["reference"]["always_positive"]["binary_f1"] == pytest.approx(2 * positives / (40 + positives))


def test_the_same_inputs_give_the_same_bytes(grid):
    path = grid / "artifacts" / "scores" / "medmqp" / "nb_bert.json"
    run(grid)
    before = path.read_bytes()
    run(grid)
    assert path.read_bytes() == before


def test_a_prediction_file_that_is_not_the_recorded_one_is_refused(grid):
    rewrite(grid, lambda lines: lines[0].update(prediction="0"), honest=False)
    with pytest.raises(DataError, match=r"clinical-seed2.jsonl is not the file that runs.json records"):
        run(grid)
    assert not (grid / "artifacts" / "scores").exists()


def last_test(lines):
    return next(i for i, line in enumerate(lines) if line["part"] == "test")


def other(lines):
    """The label that is not the first test row's gold."""
    return {"0": "1", "1": "0"}[lines[last_test(lines)]["gold"]]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda lines: lines.pop(last_test(lines)), "lacks 1 test row.*medmqp-0000"),
        (lambda lines: lines[last_test(lines)].update(id="stranger"), "lacks 1 test row"),
        (
            lambda lines: lines.append({**lines[last_test(lines)], "id": "stranger"}),
            r"has 1 test row\(s\) that are not in the split: .*stranger",
        ),
        (lambda lines: lines.append(lines[last_test(lines)]), "occur twice: medmqp-0000"),
        (lambda lines: lines[last_test(lines)].update(gold=other(lines)), "gold of 1 test row.*medmqp-0000"),
        (lambda lines: lines[last_test(lines)].update(prediction="x"), "line 1: .*not in the task's label list"),
        (
            lambda lines: lines[last_test(lines)]["scores"].reverse(),
            "clinical-seed2.jsonl .*\n.*line 1: the prediction is not the label with the highest score",
        ),
        (lambda lines: lines.insert(0, lines.pop(last_test(lines) + 1)), "not in the order of their ids"),
        (lambda lines: lines[last_test(lines)].update(part="validation"), "lacks 1 test row"),
    ],
)
def test_rows_that_do_not_fit_the_split_are_named(grid, change, message):
    rewrite(grid, change)
    with pytest.raises(DataError, match=message):
        run(grid)


@pytest.mark.parametrize("what", ["records", "manifest"])
def test_stale_inputs_are_refused(grid, what):
    path = {
        "records": grid / "artifacts/validated/medmqp/records.jsonl",
        "manifest": grid / "reports/splits/medmqp.json",
    }[what]
    path.write_text(path.read_text() + "\n")
    with pytest.raises(DataError, match=f"the {what} on disk changed after"):
        run(grid)


@pytest.mark.parametrize(
    "path, command",
    [
        ("artifacts/validated/medmqp/card.json", "harness validate medmqp"),
        ("reports/splits/medmqp.json", "harness split medmqp"),
        ("artifacts/splits/medmqp/groups.json", "harness split medmqp"),
        ("artifacts/predictions/medmqp/nb_bert/runs.json", "harness finetune medmqp nb_bert"),
        ("artifacts/predictions/medmqp/nb_bert/baseline-seed1.jsonl", "harness finetune medmqp nb_bert"),
    ],
)
def test_a_missing_input_names_its_stage(grid, path, command):
    (grid / path).unlink()
    with pytest.raises(MissingInputError, match=command):
        run(grid)


def test_changed_labels_are_refused(grid):
    import dataclasses

    task = fakes.TASKS["medmqp"]
    with pytest.raises(DataError, match="the task now declares"):
        score.run(grid, dataclasses.replace(task, labels=("1", "0")), "nb_bert", fakes.score_settings())


def test_blanks_inside_an_identifier_are_read_off_the_validated_text(tmp_path):
    """Every word of every identifier is masked, one by one: what is left between them tells nothing."""
    root = fakes.build(tmp_path, tasks=("nor_deid",), families=("nb_bert",), seeds=(1, 2))
    texts = {r["id"]: r["text"] for r in files.read_jsonl(root / "artifacts/validated/nor_deid/records.jsonl")}
    blanks = 0

    def words(lines):
        nonlocal blanks
        for line in lines:
            text, found = texts[line["id"]], []
            for start, end, label in line["gold"]:
                inside = [i for i in range(start, end) if not text[i].isspace()]
                blanks += end - start - len(inside)
                found += [[i, i + 1, label] for i in inside]
            line["prediction"] = found

    rewrite(root, words, task="nor_deid")
    scores = run(root, "nor_deid")
    kept = [m for m in scores["metrics"] if (m["arm"], m["seed"], m["metric"]) == ("clinical", 2, "document_leak_rate")]
    assert blanks > 100 and len(kept) == 3 and {m["value"] for m in kept} == {0.0}
    (test,) = [p for p in scores["privacy"] if (p["arm"], p["seed"], p["part"]) == ("clinical", 2, "test")]
    assert test["leaked"] == test["leaking"] == 0 < test["characters"]


@pytest.mark.parametrize("task", ["medmqp", "synergi"])
def test_readings_are_the_scores_of_the_rows_that_one_kind_of_word_decides(tmp_path, task):
    from sklearn.metrics import f1_score

    root = fakes.build(tmp_path, tasks=(task,), families=("nb_bert",), seeds=(1, 2))
    of = fakes.decided(root, task, fakes.by_digit)
    scores = run(root, task)
    assert {(r["decided_by"], r["arm"], r["against"]) for r in scores["readings"]} == {
        (kind, "clinical", "baseline") for kind in ("clinical", "everyday")
    }
    average = {"average": "macro"} if task == "synergi" else {"average": "binary", "pos_label": "1"}
    for row in scores["readings"]:
        for arm, name in (("baseline", "reference"), ("clinical", "clinical")):
            values = []
            for seed in (1, 2):
                path = root / "artifacts" / "predictions" / task / "nb_bert" / f"{arm}-seed{seed}.jsonl"
                lines = [line for line in files.read_jsonl(path) if line["part"] == "test"]
                lines = [line for line in lines if of[line["id"]] == row["decided_by"]]
                assert len(lines) == row["n"]
                labels = {"labels": list(fakes.TASKS[task].labels)} if task == "synergi" else {}
                gold, predicted = ([line[key] for line in lines] for key in ("gold", "prediction"))
                values.append(f1_score(gold, predicted, zero_division=0, **average, **labels))
            if row[name] is not None:
                assert row[name] == pytest.approx(sum(values) / 2)
    assert any(row["delta"] is not None for row in scores["readings"])


def test_of_kinds_of_rows_as_many_are_taken_again_unless_data_are_restricted(tmp_path):
    """An interval that any reader makes again from a restricted task's figures knows of no kinds."""
    spreads = {}
    for name, kind_of, kind in (
        ("of one kind", lambda group: "everyday", "synthetic"),
        ("of two", fakes.by_digit, "synthetic"),
        ("restricted", fakes.by_digit, "restricted"),
    ):
        root = fakes.build(tmp_path / name, tasks=("medmqp",), families=("nb_bert",), seeds=(1, 2))
        fakes.decided(root, "medmqp", kind_of, kind=kind)
        scores = run(root, "medmqp")
        assert (scores["readings"] == []) == (kind == "restricted")
        spreads[name] = scores["comparisons"][0]["groups_variance"]
    assert spreads["of two"] != spreads["of one kind"] == spreads["restricted"]


def test_runs_of_one_pre_training_are_one_replicate_of_the_procedure(tmp_path):
    root = fakes.build(tmp_path, tasks=("medmqp",), families=("nb_bert",), seeds=(1, 2, 3, 4))
    path = root / "artifacts" / "predictions" / "medmqp" / "nb_bert" / "runs.json"

    def scored():
        score.run(root, fakes.TASKS["medmqp"], "nb_bert", fakes.score_settings((1, 2, 3, 4)))
        return files.read_json(root / "artifacts" / "scores" / "medmqp" / "nb_bert.json")

    once = scored()
    recorded = files.read_json(path)
    for entry in recorded["runs"]:
        entry["replicate"] = 1 if entry["arm"] == "baseline" else 1 + (entry["seed"] - 1) % 2
    files.write_json(path, recorded)
    twice = scored()
    (one,), (other,) = ([row for row in of["comparisons"] if row["part"] == "test"] for of in (once, twice))
    assert (one["n_replicates"], other["n_replicates"]) == (1, 2) and one["delta"] == other["delta"]
    pairs = one["differences"]
    assert other["differences"] == pytest.approx([(pairs[0] + pairs[2]) / 2, (pairs[1] + pairs[3]) / 2])
    assert {(r["seed"], r["replicate"]) for r in twice["replicates"] if r["arm"] == "clinical"} == {
        (1, 1), (2, 2), (3, 1), (4, 2),
    }  # fmt: skip


OTHERS = {
    "artifacts/predictions/medmqp/nb_bert/runs.json": "finetune medmqp nb_bert",
    "artifacts/validated/medmqp/card.json": "validate medmqp",
    "artifacts/validated/medmqp/records.jsonl": "validate medmqp",
    "artifacts/splits/medmqp/groups.json": "split medmqp",
    "reports/splits/medmqp.json": "split medmqp",
}


@pytest.mark.parametrize("content", ["[]", "{}", "5"])
@pytest.mark.parametrize("path", OTHERS)
def test_a_file_that_holds_something_else_is_named(grid, path, content):
    (grid / path).write_text(content + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(str(grid / path))) as caught:
        run(grid)
    assert OTHERS[path] in caught.value.remedy or "dvc repro" in caught.value.remedy
