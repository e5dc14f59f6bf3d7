"""The stage `report` over a whole grid of five tasks and three families."""

import csv
import io
import shutil
import struct
from dataclasses import replace

import fakes
import pytest

from harness.artifacts import scores
from harness.errors import DataError, MissingInputError
from harness.params.folds import CrossValidation, Folds
from harness.stages import report
from harness.statistics import verdicts
from harness.system import files

WRITTEN = (
    "README.md", "appendix.md", "index.html", "tables.tex", "results.csv", "comparison.csv", "provenance.json",
    "metrics.json",
    "croissant/nor_deid.json", "model-index/nb_bert-clinical.yaml", "plots/aismec-norbert3.csv", "figures/arms.png",
    "figures/forest.png", "figures/forest-narrow.png", "figures/learning.png", "figures/losses.png",
    "figures/thresholds-aismec.png",
)  # fmt: skip


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("grid"), rows=20)
    fakes.score(root)
    report.run(root, fakes.settings(), fakes.TASKS)
    return root


def rows(root, name):
    return list(csv.DictReader(io.StringIO((root / "reports" / name).read_text())))


def test_every_file_is_written(grid):
    assert all((grid / "reports" / name).stat().st_size for name in WRITTEN)
    assert not list(grid.rglob("*.partial"))


def test_comparison_has_a_row_per_task_and_family(grid):
    found = rows(grid, "comparison.csv")
    assert (grid / "reports/comparison.csv").read_text().splitlines()[0] == (
        "task,family,against,metric,reference,clinical,delta,ci_low,ci_high,p_value,p_holm,mde,mde_holm,verdict,scope,"
        "n_test,n_groups,n_seeds,n_replicates,data_kind"
    )
    assert [(r["task"], r["family"]) for r in found] == [(t, f) for t in fakes.TASKS for f in fakes.FAMILIES]
    for row in found:
        assert float(row["ci_low"]) <= float(row["delta"]) <= float(row["ci_high"]) and float(row["mde"] or 1) > 0
        assert not row["mde_holm"] or float(row["mde_holm"]) > float(row["mde"])
        assert (row["scope"], row["n_replicates"]) == ("checkpoints", "1")
        assert float(row["p_value"]) <= float(row["p_holm"]) <= 1 and row["verdict"] in verdicts.VERDICTS
        assert row["metric"] == fakes.TASKS[row["task"]].metrics[0] and row["against"] == "baseline"
        assert float(row["delta"]) == pytest.approx(float(row["clinical"]) - float(row["reference"]), abs=1.1e-4)
        assert (row["n_test"], row["n_seeds"], row["data_kind"]) == ("20", "3", "synthetic")
        assert row["n_groups"] == ("10" if row["task"] == "medmqp" else "20")


def test_summary_has_a_row_per_family_that_is_the_mean_of_its_tasks(grid):
    found, tasks = rows(grid, "summary.csv"), rows(grid, "comparison.csv")
    assert (grid / "reports/summary.csv").read_text().splitlines()[0] == (
        "family,against,primary,n_tasks,reference,clinical,delta,ci_low,ci_high,p_value,p_holm,mde,mde_holm,improved,"
        "verdict,scope,n_seeds,n_replicates,data_kind"
    )
    assert [(r["family"], r["against"], r["primary"]) for r in found] == [
        (f, "baseline", "true") for f in fakes.FAMILIES
    ]
    for row in found:
        own = [float(r["delta"]) for r in tasks if r["family"] == row["family"]]
        assert float(row["delta"]) == pytest.approx(sum(own) / len(own), abs=1e-4) and int(row["n_tasks"]) == len(own)
        assert float(row["ci_low"]) <= float(row["delta"]) <= float(row["ci_high"])
        assert 0 <= float(row["improved"]) <= 1 and row["verdict"] in verdicts.VERDICTS
        if row["verdict"] == "inconclusive":
            assert {r["verdict"] for r in tasks if r["family"] == row["family"]} == {"inconclusive"}


def test_results_hold_every_arm_seed_and_metric(grid):
    found = rows(grid, "results.csv")
    assert list(found[0]) == [
        "task", "family", "arm", "replicate", "seed", "metric", "primary", "value", "n_test", "data_kind",
    ]  # fmt: skip
    for name, task in fakes.TASKS.items():
        metrics = list(task.metrics)
        if task.head == "tokens":
            metrics += [f"holdout_{m}" for m in metrics]
        keys = [(r["family"], r["arm"], r["seed"], r["metric"]) for r in found if r["task"] == name]
        assert keys == [
            (f, a, str(s), m)
            for f in fakes.FAMILIES
            for a in ("baseline", "clinical")
            for s in fakes.SEEDS
            for m in metrics
        ]
        primary = {r["metric"] for r in found if r["task"] == name and r["primary"] == "true"}
        assert primary == {task.metrics[0]}
    assert {r["primary"] for r in found} == {"true", "false"}
    assert {r["n_test"] for r in found if r["metric"].startswith("holdout_")} == {"15"}
    assert all(len(r["value"].split(".")[1]) == 4 for r in found)


def test_the_means_of_results_are_those_of_comparison(grid):
    results = rows(grid, "results.csv")
    for row in rows(grid, "comparison.csv"):
        for arm, column in (("baseline", "reference"), ("clinical", "clinical")):
            values = [
                float(r["value"])
                for r in results
                if (r["task"], r["family"], r["arm"], r["primary"]) == (row["task"], row["family"], arm, "true")
            ]
            assert float(row[column]) == pytest.approx(sum(values) / len(values), abs=1e-4)


def test_provenance_names_every_row(grid):
    found = files.read_json(grid / "reports" / "provenance.json")
    covered = {
        (e["task"], e["family"], e["arm"], str(e["seed"]), metric) for e in found["results"] for metric in e["metrics"]
    }
    assert covered == {(r["task"], r["family"], r["arm"], r["seed"], r["metric"]) for r in rows(grid, "results.csv")}
    assert len(found["comparison"]) == 15
    for entry in found["results"]:
        hashes = [
            entry[k] for k in ("data", "split_manifest", "checkpoint", "tokenizer", "predictions", "code", "parameters")
        ]
        assert all(len(value) == 64 for value in hashes)
    assert found["results"][0]["data"] == files.sha256(grid / "artifacts/validated/medmcqa/records.jsonl")


def test_provenance_does_not_depend_on_the_bits_of_weights(grid, tmp_path):
    """On another processor weights differ in their last bits, and the files in git must not."""
    root = fakes.build(tmp_path, rows=20)
    for path in root.glob("artifacts/checkpoints/*/*/harness.json"):
        card = files.read_json(path)
        card["losses"][0]["loss"] += 1e-4
        card["held_out"]["after"]["general"]["loss"] += 1e-4
        files.write_json(path, card | ({"parent": "1" * 64} if card["parent"] else {}))
    for path in root.glob("artifacts/predictions/*/*/runs.json"):
        recorded = files.read_json(path)
        for entry in recorded["runs"]:
            lines = files.read_jsonl(path.parent / f"{entry['arm']}-seed{entry['seed']}.jsonl")
            for line in lines:
                if "scores" in line:
                    line["scores"][0] += 1e-6 if line["prediction"] == recorded["labels"][0] else -1e-6
            files.write_jsonl(path.parent / f"{entry['arm']}-seed{entry['seed']}.jsonl", lines)
            entry["predictions"] = files.sha256(path.parent / f"{entry['arm']}-seed{entry['seed']}.jsonl")
        recorded["inputs"]["checkpoints"] = dict.fromkeys(("baseline", "clinical"), "2" * 64)
        files.write_json(path, recorded)
    fakes.score(root)
    report.run(root, fakes.settings(), fakes.TASKS)
    for name in WRITTEN:
        assert (root / "reports" / name).read_bytes() == (grid / "reports" / name).read_bytes(), name
    assert (root / "artifacts/report.json").read_bytes() != (grid / "artifacts/report.json").read_bytes()


def test_code_data_and_parameters_change_the_provenance(grid):
    before = (grid / "reports" / "provenance.json").read_text()
    package = grid / "harness"
    stages = package / "stages"
    stages.mkdir()
    for module in (package / "__init__.py", stages / "made.py"):
        module.write_text("VALUE = 1\n")
    made = []
    for value in (1, 2):
        (stages / "made.py").write_text(f"VALUE = {value}\n")
        report.run(grid, fakes.settings(), fakes.TASKS)
        made.append((grid / "reports" / "provenance.json").read_text())
    assert len({before, *made}) == 3
    # A process that is started there must find the real package.
    shutil.rmtree(stages)
    (package / "__init__.py").unlink()
    report.run(grid, fakes.settings(), fakes.TASKS)
    assert (grid / "reports" / "provenance.json").read_text() == before


def test_pictures_are_png_of_a_readable_width(grid):
    for name in ("arms.png", "forest.png", "learning.png", "thresholds-aismec.png"):
        content = (grid / "reports" / "figures" / name).read_bytes()
        assert (
            content[:8] == b"\x89PNG\r\n\x1a\n" and b"Software" not in content and b"matplotlib" not in content.lower()
        )
        width, height = struct.unpack(">II", content[16:24])
        assert 900 <= width <= 1400 and 400 <= height <= 1400


def test_reader_tables_say_what_the_data_are(grid):
    text = fakes.report_text(grid)
    captions = [line for line in text.splitlines() if line.startswith("**") and line.endswith("**")]
    assert len(captions) > 20 and all("synthetic data" in caption for caption in captions)
    assert "± is the sample standard deviation over seeds" in text and "What you must not conclude" in text
    assert "Synthetic data: every text behind these numbers was generated" in text
    page = (grid / "reports" / "index.html").read_text()
    assert page.count("<caption>") == len(captions)
    # The kind of data comes first, then the answer, its picture, what not to conclude, then everything else.
    first = ('class="notice"', "What was found</h2>", "Forest plot", "What you must not conclude</h2>")
    order = [page.index(words) for words in (*first, "Is the clinical arm better", "All scores</h3>")]
    assert order == sorted(order)


def test_the_first_page_is_one_table_one_picture_and_what_not_to_conclude(grid):
    text = (grid / "reports" / "README.md").read_text(encoding="utf-8")
    assert text.count("\n| :--") + text.count("\n| --") == 1 and text.count("![") == 1
    assert "## What you must not conclude" in text and text.splitlines()[-1].startswith("[Appendix](appendix.md)")
    assert len(text.split()) < 1500


def test_every_picture_of_the_page_is_described_and_nothing_is_asked_for(grid):
    import html.parser

    found = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed((grid / "reports" / "index.html").read_text())
    pictures = [attributes for tag, attributes in found if tag == "img"]
    # One of them is drawn a second time for a narrow page.
    narrow = [attributes for tag, attributes in found if tag == "source"]
    assert len(pictures) + len(narrow) == len(list((grid / "reports" / "figures").glob("*.png"))) == 7
    assert [a["media"] for a in narrow] == ["(max-width: 40rem)"]
    assert all(a["srcset"].startswith("data:image/png;base64,") for a in narrow)
    assert all(len(attributes["alt"]) > 40 for attributes in pictures)
    addresses = [a.get("src") or a.get("href") for _, a in found if "src" in a or "href" in a]
    assert addresses and all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert not {tag for tag, _ in found} & {"script", "link", "iframe", "object", "embed"}


def test_nothing_written_holds_text_clock_or_path(grid):
    for name in WRITTEN[:11]:
        content = (grid / "reports" / name).read_text()
        assert fakes.SECRET not in content and str(grid) not in content and "/tmp" not in content


def test_data_kinds_come_from_the_source_record(tmp_path):
    root = fakes.build(tmp_path, ("medmqp", "aismec"), ("nb_bert",), (1, 2), rows=30)
    for task, kind in (("medmqp", "public"), ("aismec", "restricted")):
        path = root / "artifacts" / "validated" / task / "card.json"
        files.write_json(path, files.read_json(path) | {"kind": kind})
    fakes.score(root, ("medmqp", "aismec"), ("nb_bert",), (1, 2))
    report.run(root, fakes.settings(("medmqp", "aismec"), ("nb_bert",), (1, 2)), fakes.TASKS)
    assert [r["data_kind"] for r in rows(root, "comparison.csv")] == ["public", "restricted"]
    text = fakes.report_text(root)
    assert (
        "> **Data: `medmqp` is public, made for research and not a hospital's own records; `aismec` is restricted, "
        "from one place.**"
        in text
        and "small test split" in text
    )


def test_a_single_task_family_and_seed_is_enough(tmp_path):
    root = fakes.build(tmp_path, ("nor_deid",), ("norbert3",), (7,), rows=12)
    (root / "artifacts" / "corpus" / "card.json").unlink()
    fakes.score(root, ("nor_deid",), ("norbert3",), (7,))
    report.run(root, fakes.settings(("nor_deid",), ("norbert3",), (7,)), fakes.TASKS)
    row = rows(root, "comparison.csv")[0]
    assert row["delta"] and [row[c] for c in ("ci_low", "ci_high", "p_value", "p_holm", "mde")] == [""] * 5
    assert row["verdict"] == "inconclusive" and row["n_seeds"] == "1"


def test_every_other_arm_is_a_comparison_of_the_same_family_of_tests(tmp_path):
    root = fakes.build(tmp_path, ("medmqp",), ("nb_bert",), rows=20)
    fakes.score(root, ("medmqp",), ("nb_bert",))
    path = root / "artifacts" / "scores" / "medmqp" / "nb_bert.json"
    scores = files.read_json(path)
    report.run(root, fakes.settings(("medmqp",), ("nb_bert",)), fakes.TASKS)
    assert "notes only" not in fakes.report_text(root)
    compared = scores["comparisons"]
    for arm in ("control", "task"):
        for table in ("metrics", "per_class", "confusion"):
            scores[table] += [{**m, "arm": arm} for m in scores[table] if m["arm"] == "baseline"]
        scores["comparisons"] = scores["comparisons"] + [{**row, "against": arm} for row in compared]
        for hashes in ("predictions", "decisions"):
            scores["inputs"][hashes] |= {f"{arm}-seed{seed}.jsonl": "0" * 64 for seed in fakes.SEEDS}
    files.write_json(path, scores)
    report.run(root, fakes.settings(("medmqp",), ("nb_bert",)), fakes.TASKS)
    found = rows(root, "comparison.csv")
    assert [row["against"] for row in found] == ["baseline", "control", "task"]
    assert {row["against"] for row in rows(root, "summary.csv")} == {"baseline", "control", "task"}
    # Where two arms read clinical text, every title says which is which, and the first section what their row means.
    text = fakes.report_text(root)
    assert "Clinical (notes only)" in text and "Task (with task texts)" in text
    assert (
        "Against *task*, a difference below 0 means that the tasks' own training texts helped." in text
        and "knowledge of clinical text: it was pre-trained" in text
    )
    assert float(found[0]["p_holm"]) == pytest.approx(min(1, 3 * float(found[0]["p_value"])), abs=3e-4)


def test_a_comparison_over_other_seeds_is_refused(tmp_path):
    root = fakes.build(tmp_path, ("aismec",), ("nb_bert",), (1, 2), rows=12)
    fakes.score(root, ("aismec",), ("nb_bert",), (1, 2))
    with pytest.raises(DataError, match=r"not compared over the seeds of this run.*\n.*harness score aismec nb_bert"):
        report.run(root, fakes.settings(("aismec",), ("nb_bert",), (1,)), fakes.TASKS)


def test_a_missing_comparison_names_its_stage_and_extras_are_ignored(tmp_path):
    tasks = ("medmqp", "aismec")
    root = fakes.build(tmp_path, tasks, ("nb_bert",), (1, 2), rows=12)
    fakes.score(root, tasks, ("nb_bert",), (1,))
    report.run(root, fakes.settings(("aismec",), ("nb_bert",), (1,)), fakes.TASKS)
    assert [(r["task"], r["n_seeds"]) for r in rows(root, "comparison.csv")] == [("aismec", "1")]
    with pytest.raises(MissingInputError, match="harness score medmqp modernbert"):
        report.run(root, fakes.settings(tasks[:1], ("nb_bert", "modernbert"), (1,)), fakes.TASKS)
    with pytest.raises(
        MissingInputError, match=r"no scores of arm baseline, seed 9.*\n.*harness finetune medmqp nb_bert"
    ):
        report.run(root, fakes.settings(tasks[:1], ("nb_bert",), (1, 9)), fakes.TASKS)
    path = root / "artifacts" / "scores" / "medmqp" / "nb_bert.json"
    files.write_json(path, files.read_json(path) | {"family": "other"})
    with pytest.raises(DataError, match="has the scores of another comparison, medmqp with other"):
        report.run(root, fakes.settings(tasks, ("nb_bert",), (1,)), fakes.TASKS)


def fold_scores(root, task: str, family: str) -> None:
    """Made-up scores of a cross-validation in 3 folds, once, beside those of the fixed split."""
    inputs = files.read_json(scores.place(root, task, family))["inputs"]
    values = {"baseline": (0.5, 0.6, 0.7), "clinical": (0.6, 0.7, 0.8)}
    metric = fakes.TASKS[task].metrics[0]
    common = {"repeat": 1, "n_test": 20, "diverged": False, "unmeasured": ""}
    scores.FoldScores.of(
        task=task, family=family, data_kind="synthetic", primary=metric, n=60, groups=60, test_to_train=0.5,
        folds={"number": 3, "repeats": 1, "validation": 0.125, "sha256": "0" * 64},
        runs=[
            {"arm": arm, "fold": fold, "scores": {metric: value}, **common}
            for arm, of in values.items() for fold, value in enumerate(of, start=1)
        ],
        pooled=[{"arm": arm, "repeat": 1, "scores": {metric: of[1]}} for arm, of in values.items()],
        reference={name: {metric: 0.4} for name in ("majority", "always_positive")},
        comparisons=[
            {"against": "baseline", "delta": 0.1, "ci_low": -0.1, "ci_high": 0.3, "p_value": 0.2, "se": 0.1, "df": 2,
             "naive_se": 0.05}
        ],
        inputs=inputs, provenance={"inputs": {}, "libraries": {}},
    ).write(scores.place(root, f"cross-validation/{task}", family), hidden=False)  # fmt: skip


def test_a_cross_validation_is_reported_beside_the_fixed_split(grid, tmp_path):
    root, task = shutil.copytree(grid, tmp_path / "grid"), "aismec"
    for family in fakes.FAMILIES:
        fold_scores(root, task, family)
    validated = CrossValidation((task,), Folds(3, 1, 0.125))
    report.run(root, replace(fakes.settings(), cross_validation=validated), fakes.TASKS)
    (row,) = [
        line for line in (root / "reports/appendix.md").read_text().splitlines() if "60.0" in line and "70.0" in line
    ][:1]
    assert "| +10.0 | −10.0 to +30.0 |" in row
    traced = files.read_json(root / "reports/provenance.json")["cross_validation"]
    assert [(found["task"], found["family"]) for found in traced] == [(task, family) for family in fakes.FAMILIES]
    exact = files.read_json(root / "artifacts/report.json")
    assert {f"cross-validation/{task}/{family}" for family in fakes.FAMILIES} < exact.keys()
    for name in ("comparison.csv", "summary.csv", "results.csv"):
        assert (root / "reports" / name).read_bytes() == (grid / "reports" / name).read_bytes()
