"""Ways to make a finished repository say something that it did not measure."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

from harness.system import files

RUNS = "artifacts/predictions/medmqp/norbert3"
LINEAR = "artifacts/linear/medmqp"
CHECKPOINTS = "artifacts/checkpoints/norbert3"
OTHER = "aismec/norbert3"


def replaced(path: str, pattern: str, by: str, count: int = 1):
    """The first places that match `pattern` become `by`; that nothing matches is a fault of the test."""

    def tamper(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        new, n = re.subn(pattern, by, text, count=count, flags=re.MULTILINE)
        assert n and new != text, f"{pattern} is not in {path}"
        (root / path).write_text(new, encoding="utf-8")

    return tamper


def edited(path: str, edit):
    """`edit(value)` changes the JSON value of a file in place."""

    def tamper(root: Path) -> None:
        value = files.read_json(root / path)
        edit(value)
        files.write_json(root / path, value)

    return tamper


def lines(path: str, edit):
    """`edit(lines)` gives the lines that a file shall have."""

    def tamper(root: Path) -> None:
        old = (root / path).read_text(encoding="utf-8").splitlines(keepends=True)
        (root / path).write_text("".join(edit(old)), encoding="utf-8")

    return tamper


def swapped(one: str, other: str):
    def tamper(root: Path) -> None:
        first, second = (root / one).read_bytes(), (root / other).read_bytes()
        (root / one).write_bytes(second)
        (root / other).write_bytes(first)

    return tamper


def written(path: str, content: bytes):
    def tamper(root: Path) -> None:
        (root / path).write_bytes(content)

    return tamper


def removed(path: str):
    def tamper(root: Path) -> None:
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()

    return tamper


def flipped(path: str):
    """One bit of the last byte."""

    def tamper(root: Path) -> None:
        content = bytearray((root / path).read_bytes())
        content[-1] ^= 1
        (root / path).write_bytes(content)

    return tamper


def stored(statement: str):
    """A change of MLflow's tables that hits at least one row."""

    def tamper(root: Path) -> None:
        database = sqlite3.connect(root / "mlflow.db")
        with database:
            assert database.execute(statement).rowcount > 0, statement
        database.close()

    return tamper


def reassigned(root: Path) -> None:
    """A row of the manifest goes from training to test."""
    path = root / "reports" / "splits" / "medmqp.json"
    manifest = files.read_json(path)
    row = next(key for key, split in manifest["splits"].items() if split == "train")
    manifest["splits"][row] = "test"
    files.write_json(path, manifest)


def repredicted(root: Path, folder: str, name: str, edit) -> None:
    """`edit(rows)` changes the lines of a prediction file; its hash in `runs.json` is made to fit."""
    path, record = root / folder / name, root / folder / "runs.json"
    rows, before = files.read_jsonl(path), files.sha256(path)
    edit(rows)
    files.write_jsonl(path, rows)
    recorded = files.read_json(record)
    (run,) = (run for run in recorded["runs"] if run["predictions"] == before)
    run["predictions"] = files.sha256(path)
    files.write_json(record, recorded)


def contradicted(folder: str, name: str):
    """An answer is exchanged and its score is not; the hash of the file is made to fit."""

    def edit(rows: list[dict]) -> None:
        row = next(row for row in rows if row["part"] == "test" and row["scores"][0] != row["scores"][1])
        row["prediction"] = {"0": "1", "1": "0"}[row["prediction"]]

    return lambda root: repredicted(root, folder, name, edit)


def improved(folder: str, name: str, most: int):
    """So many answers of the test part are made right, and every hash and number behind them is made to fit, up to
    `dvc.lock`."""

    def edit(rows: list[dict]) -> None:
        for row in [row for row in rows if row["part"] == "test"][:most]:
            row["scores"] = sorted(row["scores"], reverse=row["gold"] == "0")
            row["prediction"] = row["gold"]

    def tamper(root: Path) -> None:
        from harness.params.reading import load
        from harness.plugins import registry
        from harness.stages import report, score

        repredicted(root, folder, name, edit)
        params = load(root / "params.yaml")
        tasks = registry.chosen(root, params.report().run.tasks)
        score.run(root, tasks["medmqp"], "norbert3", params.score())
        score.run_linear(root, tasks["medmqp"])
        report.run(root, params.report(), tasks)

    return tamper


better_answers = improved(RUNS, "clinical-seed1.jsonl", 40)
better_words = improved(LINEAR, "predictions.jsonl", 9999)


def relabelled(rows: list[str]) -> list[str]:
    first = json.loads(rows[0])
    first["gold"] = first["prediction"] = {"0": "1", "1": "0"}[first["gold"]]
    return [files.canonical_json(first) + "\n", *rows[1:]]


def tagged(key: str, value: str, run: str):
    """A tag that the run did not have."""
    return stored(f"INSERT INTO tags (key, value, run_uuid) SELECT '{key}', '{value}', run_uuid FROM runs "
                  f"WHERE run_uuid = {run}")  # fmt: skip


def retagged(key: str, value: str, run: str):
    """Another value of a tag that the run has."""
    return stored(f"UPDATE tags SET value = '{value}' WHERE key = '{key}' AND run_uuid = {run}")


def painted(root: Path) -> None:
    """Another picture in the place of a forest plot."""
    path = next((root / "mlartifacts").rglob("forest.png"))
    path.write_bytes((root / "reports" / "figures" / "arms.png").read_bytes())


def cached(root: Path) -> None:
    """A file of the cache that `dvc checkout` would put back as predictions is changed."""
    import hashlib

    md5 = hashlib.md5((root / RUNS / "runs.json").read_bytes(), usedforsecurity=False).hexdigest()
    (listing,) = (root / ".dvc" / "cache" / "files" / "md5" / md5[:2]).glob(md5[2:])
    listing.chmod(0o644)
    listing.write_bytes(listing.read_bytes().replace(b"clinical", b"klinical"))


def reproduction_claimed(root: Path) -> None:
    """A record says that a comparison was made again with the same bytes, and the store was told nothing."""
    from harness.tracking import reproductions

    runs = files.read_json(root / RUNS / "runs.json")["runs"]
    same = [{"arm": r["arm"], "seed": r["seed"], "outcome": "same bytes", "recorded": r["predictions"],
             "again": r["predictions"]} for r in runs]  # fmt: skip
    reproductions.write(root, "medmqp", "norbert3", same)


def _clinical(root: Path):
    """The run that MLflow has of the clinical arm of OTHER, first seed or second."""
    from harness.tracking.read import read

    wanted = {"arm": "clinical", "level": "run", "task": OTHER.split("/")[0]}
    return next(run for run in read(root) if wanted.items() <= run.tags.items())


def filed(root: Path) -> None:
    """A picture beside the run of one seed, which has none."""
    from harness.tracking.read import read

    run = _clinical(root)
    (comparison,) = [one for one in read(root) if one.id == run.parent]
    place = next((root / "mlartifacts").rglob(f"{comparison.id}")) / ".." / run.id / "artifacts" / "deep"
    place.mkdir(parents=True)
    (place / "better.png").write_bytes(b"0")


def input_of_a_run(root: Path) -> None:
    """MLflow's page of a run shows a data set that it was not made with."""
    import pandas
    from mlflow.data import from_pandas
    from mlflow.entities import DatasetInput
    from mlflow.tracking import MlflowClient

    run = _clinical(root)
    given = from_pandas(pandas.DataFrame({"a": [1]}), name="real patients")._to_mlflow_entity()
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    client.log_inputs(run.id, [DatasetInput(given, [])])


def experiment_told(key: str, one: str, other: str):
    """What MLflow says of an experiment."""
    changed = f"UPDATE experiment_tags SET value = replace(value, '{one}', '{other}')"
    return stored(f"{changed} WHERE key = '{key}' AND value LIKE '%{one}%'")


def _one(**tags: str) -> str:
    """A run in MLflow that has these tags."""
    having = (f"SELECT run_uuid FROM tags WHERE key = '{key}' AND value = '{value}'" for key, value in tags.items())
    return f"({' INTERSECT '.join(having)} LIMIT 1)"


# Of the other task than the one whose files are changed: what is said of one hides nothing of the other.
_CLINICAL = _one(level="run", task="aismec", arm="clinical")
_PARENT = _one(level="comparison", task="aismec")
_CHECKPOINT = _one(level="pre-training")
_CARD = f"{CHECKPOINTS}/clinical/harness.json"

# What is done, the subject that has to say so, and words that its finding must hold. Those of a group are done
# together: none of them hides what is said of another, and none is taken for another.
TOGETHER = (
    {
        "a number in comparison.csv": (
            replaced("reports/comparison.csv", r"^(medmqp,[^,]*,[^,]*,[^,]*,)0\.\d+", r"\g<1>0.9999"),
            "medmqp/norbert3", "comparison.csv baseline: reference",
        ),
        "a verdict": (
            replaced("reports/comparison.csv", "inconclusive|equivalent|worse|better", "splendid"),
            "/norbert3", "comparison.csv baseline: verdict",
        ),
        "a number in results.csv": (
            replaced("reports/results.csv", r"^(aismec,norbert3,clinical,1,2,binary_f1,true,)[\d.]+", r"\g<1>0.9999"),
            OTHER, "results.csv clinical 2 binary_f1: value",
        ),
        "a number in robustness.csv": (
            replaced("reports/robustness.csv", r"^(medmqp,norbert3,misspelled,baseline,.*,)0\.\d+(,0\.\d+,-?[\d.]+,)",
                     r"\g<1>0.9999\2"),
            "medmqp/norbert3", "robustness.csv misspelled baseline: ",
        ),
        "a row twice": (
            lines("reports/results.csv", lambda rows: [*rows, rows[1]]),
            OTHER, "results.csv baseline 1 binary_f1",
        ),
        "a row of a removed task": (
            lines("reports/comparison.csv", lambda rows: [*rows, rows[1].replace("aismec", "triage")]),
            "reports", "comparison.csv triage norbert3 baseline",
        ),
        "a number in the tables for a reader": (
            replaced("reports/appendix.md", r"\d\d\.\d ± ", "99.9 ± "), "reports", "reports/appendix.md, line",
        ),
        "a number in the page": (
            replaced("reports/index.html", r"\d\d\.\d ± ", "99.9 ± "), "reports", "reports/index.html, line",
        ),
        "a number in the paper's tables": (
            replaced("reports/tables.tex", r"\d\d\.\d \$", "99.9 $"), "reports", "reports/tables.tex",
        ),
        "a figure": (flipped("reports/figures/arms.png"), "reports", "reports/figures/arms.png"),
        "a file too many": (written("reports/appendix.csv", b"f1\n1\n"), "reports", "reports/appendix.csv"),
        "a manifest of a removed task": (
            written("reports/splits/triage.json", b"{}"), "reports", "reports/splits/triage.json",
        ),
        "a hash in provenance.json": (
            edited("reports/provenance.json", lambda v: v["results"][0].update(predictions="0" * 64)),
            OTHER, "provenance.json results: [aismec norbert3 baseline 1].predictions",
        ),
        "a number in simple_baselines.csv": (
            replaced("reports/simple_baselines.csv", r"^(medmqp,majority,accuracy,false,)[\d.]+", r"\g<1>0.9999"),
            "medmqp/linear", "simple_baselines.csv majority accuracy: value",
        ),
        "a row of a removed task in simple_baselines.csv": (
            lines("reports/simple_baselines.csv", lambda rows: [*rows, rows[1].replace("aismec", "triage")]),
            "reports", "simple_baselines.csv triage logistic_regression binary_f1",
        ),
        "a hash of the linear model in provenance.json": (
            edited("reports/provenance.json", lambda v: v["linear"][1].update(parameters="0" * 64)),
            "medmqp/linear", "provenance.json linear: [medmqp].parameters",
        ),
        "one run put aside in MLflow": (tagged("superseded", "0", _CLINICAL), OTHER, "tags: superseded"),
        "a record of a reproduction that MLflow does not know": (
            reproduction_claimed, "medmqp/norbert3", "tags: reproduced",
        ),
        "a finished pre-training put aside as killed in MLflow": (
            tagged("superseded", "killed", _CHECKPOINT), "MLflow", "status killed if and only if",
        ),
        "the list of fingerprints": (
            edited("artifacts/tracking.json", lambda v: v["fingerprints"].update({"medmqp/norbert3": "0" * 64})),
            "MLflow", "artifacts/tracking.json: medmqp/norbert3",
        ),
    },
    {
        "a metric in MLflow": (
            stored(f"UPDATE latest_metrics SET value = 0.99 WHERE key = 'binary_f1' AND run_uuid = {_CLINICAL}"),
            OTHER, "metrics: binary_f1 ",
        ),
        "a mean in MLflow": (
            stored(f"UPDATE latest_metrics SET value = 0.99 WHERE key = 'binary_f1_clinical' AND run_uuid = {_PARENT}"),
            OTHER, "(means) metrics: binary_f1_clinical",
        ),
        "a curve in MLflow": (
            stored(f"UPDATE metrics SET value = 0.1 WHERE key = 'train_loss' AND step = 20 AND run_uuid = {_CLINICAL}"),
            OTHER, "curves: train_loss",
        ),
        "a later point of a number in MLflow": (
            stored(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
                "SELECT key, 0.99, timestamp, run_uuid, step + 1, is_nan FROM metrics "
                f"WHERE key = 'binary_f1' AND run_uuid = {_CLINICAL}"
            ),
            OTHER, "curves: binary_f1",
        ),
        "a parameter in MLflow": (
            stored(f"UPDATE params SET value = '9' WHERE key = 'recipe.batch' AND run_uuid = {_CLINICAL}"),
            OTHER, "parameters: recipe.batch",
        ),
        "the kind of data in MLflow": (retagged("data_kind", "restricted", _PARENT), OTHER, "tags: data_kind"),
        "the commit in MLflow": (retagged("git_commit", "1" * 40, _PARENT), OTHER, "the commit that made it"),
        "the code in MLflow": (retagged("code", "1" * 64, _PARENT), OTHER, "tags: code"),
        "a description in MLflow": (
            retagged("mlflow.note.content", "Better.", _PARENT),
            OTHER, "tags: mlflow.note.content",
        ),
        "a picture in MLflow": (painted, "/norbert3", "picture forest.png"),
        "a loss of a pre-training in MLflow": (
            stored(f"UPDATE latest_metrics SET value = 0.1 WHERE key = 'loss' AND run_uuid = {_CHECKPOINT}"),
            "checkpoints/norbert3", "metrics: loss",
        ),
        "a claim in MLflow that a comparison was reproduced": (
            tagged("reproduced", "yes: same bytes in 4 of 4 runs", _PARENT), OTHER, "tags: reproduced",
        ),
        "a finished run that is called killed in MLflow": (tagged("killed", "yes", _CLINICAL), OTHER, "tags: killed"),
        "the status of a run in MLflow": (
            stored(f"UPDATE runs SET status = 'FAILED' WHERE run_uuid = {_CLINICAL}"), OTHER, "tags: status",
        ),
        "the name of a run in MLflow": (
            stored(f"UPDATE runs SET name = 'better' WHERE run_uuid = {_CLINICAL}"), OTHER, "tags: name",
        ),
        "a verdict on a run of one seed in MLflow": (tagged("verdict", "better", _CLINICAL), OTHER, "tags: verdict"),
        "a description of a pre-training in MLflow": (
            retagged("mlflow.note.content", "Better.", _CHECKPOINT),
            "checkpoints/norbert3", "tags: mlflow.note.content",
        ),
        "a file beside a run of one seed in MLflow": (filed, OTHER, "picture deep/better.png"),
        "a data set of a run in MLflow": (input_of_a_run, OTHER, "data sets"),
        "the check to a pre-training in MLflow": (retagged("pretraining", "x", _CLINICAL), OTHER, "tags: pretraining"),
        "the description of an experiment in MLflow": (
            experiment_told("mlflow.note.content", "synthetic", "real patient"),
            "MLflow", "experiment miniature / synthetic: mlflow.note.content",
        ),
        "the description of the pre-trainings in MLflow": (
            experiment_told("mlflow.note.content", "How", "On real patients: how"),
            "MLflow", "experiment miniature / pre-training: mlflow.note.content",
        ),
        "what an experiment shows in MLflow": (
            experiment_told("mlflow.sharedViewState.harness", "p_adjusted", "p_value"),
            "MLflow", "mlflow.sharedViewState",
        ),
        "rows in another order": (
            lines("reports/results.csv", lambda rows: [rows[0], *reversed(rows[1:])]), "reports", "reports/results.csv",
        ),
        "a figure that is gone": (removed("reports/figures/arms.png"), "reports", "reports/figures/arms.png"),
        "a stage in dvc.lock": (
            replaced("dvc.lock", "score@medmqp:", "score@triage:"), "dvc.lock", "stage score@medmqp has not been run",
        ),
        "frozen generated data": (replaced("data.dvc", r"\Z", "frozen: true\n"), "dvc.lock", "data.dvc: frozen"),
    },
    {
        "a learning rate in params.yaml": (
            replaced("params.yaml", r"dropout: 0\.0", "dropout: 0.1", count=0),
            "medmqp/norbert3", "runs.json against params.yaml: recipe.dropout",
        ),
        "the margin in params.yaml": (
            replaced("params.yaml", r"margin: 0\.02", "margin: 0.03"),
            "dvc.lock", "params.yaml as stage report was run with: statistics.margin",
        ),
        "the code": (replaced("harness/statistics/verdicts.py", "^", "X = 1\n"), "dvc.lock", "pipeline/report.txt"),
        "a task's declaration": (
            replaced("tasks/medmqp.py", 'version="1"', 'version="2"'),
            "dvc.lock", "pipeline/tasks/medmqp/validate.txt a list that matches the present tasks/medmqp.py",
        ),
        "dvc.lock": (
            replaced("dvc.lock", r"(- path: artifacts/scores/medmqp\n +hash: md5\n +md5: )\w{6}", r"\g<1>abcdef"),
            "dvc.lock", "artifacts/scores/medmqp",
        ),
        "a command in dvc.lock": (
            replaced("dvc.lock", "cmd: harness score medmqp", "cmd: harness score aismec"),
            "dvc.lock", "stage score@medmqp: command",
        ),
        "the pipeline": (replaced("dvc.yaml", r"^ +- pipeline/score.txt\n", ""), "dvc.lock", "its deps"),
        "a stage that is passed over": (
            replaced("dvc.yaml", r"^  finetune:\n", "  finetune:\n    frozen: true\n"),
            "dvc.lock", "stage finetune@medmqp-norbert3 run by",
        ),
        "data.dvc": (replaced("data.dvc", r"md5: \w{6}", "md5: abcdef", count=0), "dvc.lock", "data.dvc"),
        "what DVC ignores": (
            replaced(".dvcignore", r"\Z", "*.jsonl\n"), "dvc.lock", ".dvcignore: what DVC ignores",
        ),
        "the pinned libraries": (
            replaced("constraints.txt", "^torch==.*$", "torch==9.9"), "medmqp/norbert3", "version of torch",
        ),
        "weights": (
            flipped(f"{CHECKPOINTS}/clinical/model.safetensors"),
            "medmqp/norbert3", "inputs that the runs recorded: checkpoints.clinical",
        ),
        "a run deleted in MLflow": (
            stored(f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = {_CLINICAL}"),
            OTHER, "MLflow runs of clinical seed",
        ),
        "a file in DVC's cache": (cached, "DVC's cache", f"DVC's copy of {RUNS}/runs.json"),
    },
    {
        "a corpus": (
            lines("artifacts/corpus/clinical.jsonl", lambda rows: rows[:-1]),
            "corpus", "artifacts/corpus/clinical.jsonl",
        ),
        "the corpus card's test texts": (
            edited("artifacts/corpus/card.json", lambda v: v["inputs"]["medmqp"].update(manifest="0" * 64)),
            "corpus", "the test texts it was cleaned of: medmqp.manifest",
        ),
        "a tokenizer": (
            written(f"{CHECKPOINTS}/clinical/tokenizer.json", b"{}"),
            "checkpoints/norbert3", "the baseline's tokenizer",
        ),
        "a checkpoint from another commit": (
            edited(_CARD, lambda v: v.update(code="a" * 64)), "checkpoints/norbert3", "clinical: the code that made it",
        ),
        "the recipe on a card": (
            edited(_CARD, lambda v: v["recipe"]["parameters"].update(seed=77)),
            "checkpoints/norbert3", "clinical: card against params.yaml: recipe.parameters.seed",
        ),
        "the parent on a card": (
            edited(_CARD, lambda v: v["parent"].update(tree="0" * 64)),
            "checkpoints/norbert3", "clinical: its parent's files",
        ),
        "raw data with its source record": (
            edited("data/aismec/source.json", lambda v: v.update(kind="public")),
            "data/aismec", "source record as it was",
        ),
        "a leakage finding": (
            edited("artifacts/splits/medmqp/leakage.json", lambda v: v["checks"][0].update(count=7)),
            "data/medmqp", "leakage.json: checks",
        ),
        "a count on the data card": (
            edited("artifacts/validated/medmqp/card.json", lambda v: v.update(rows_in=9)), "data/medmqp", "rows_in",
        ),
        "the groups of a split": (
            edited(
                "artifacts/splits/medmqp/groups.json",
                lambda v: v["groups"].update(dict.fromkeys(list(v["groups"])[:2], "one")),
            ),
            "data/medmqp", "groups.json",
        ),
        "a loss on a learning curve": (
            edited(f"{RUNS}/runs.json", lambda v: v["runs"][0]["curve"][0].update(train_loss=0.01)),
            "dvc.lock", f"{RUNS} as stage finetune@medmqp",
        ),
        "an arm's tag in MLflow": (retagged("arm", "baseline", _CLINICAL), OTHER, "MLflow runs of clinical seed"),
    },
    {
        "a validation score in runs.json": (
            edited(f"{RUNS}/runs.json", lambda v: v["runs"][0].update(best_validation=0.99)),
            "medmqp/norbert3", "validation binary_f1 of baseline seed 1, from its predictions",
        ),
        "another update's weights in runs.json": (
            edited(f"{RUNS}/runs.json", lambda v: v["runs"][0]["curve"][0].update(selection=0.9)),
            "medmqp/norbert3", "weights kept of baseline seed 1, by its curve",
        ),
        "a score in the scores": (
            edited("artifacts/scores/medmqp/norbert3.json", lambda v: v["metrics"][0].update(value=0.99)),
            "medmqp/norbert3", "computed again: metrics",
        ),
        "an interval in the scores": (
            edited("artifacts/scores/medmqp/norbert3.json", lambda v: v["comparisons"][0].update(ci_low=0.01)),
            "medmqp/norbert3", "ci_low",
        ),
        "a score of the linear model": (
            edited("artifacts/scores/medmqp/linear/linear.json", lambda v: v["metrics"][0].update(value=0.99)),
            "medmqp/linear", "computed again: metrics",
        ),
        "a fingerprint in MLflow": (retagged("fingerprint", "x", _PARENT), OTHER, "fingerprint of the results"),
    },
    {
        "predictions of two seeds exchanged": (
            swapped(f"{RUNS}/clinical-seed1.jsonl", f"{RUNS}/clinical-seed2.jsonl"),
            "medmqp/norbert3", "the content of clinical-seed2.jsonl",
        ),
        "a prediction removed": (
            lines(f"{RUNS}/baseline-seed1.jsonl", lambda rows: rows[1:]),
            "medmqp/norbert3", "predictions baseline-seed1.jsonl",
        ),
        "a prediction twice": (
            lines(f"{RUNS}/baseline-seed2.jsonl", lambda rows: [rows[0], *rows]),
            "medmqp/norbert3", "predictions baseline-seed2.jsonl",
        ),
        "a prediction of the linear model": (
            replaced(f"{LINEAR}/predictions.jsonl", '"prediction": "0"', '"prediction": "1"'),
            "medmqp/linear", "predictions predictions.jsonl",
        ),
        "the data of the linear model": (
            edited(f"{LINEAR}/runs.json", lambda v: v["inputs"].update(records="0" * 64)),
            "medmqp/linear", "inputs that it recorded: records",
        ),
        "a learning rate in runs.json": (
            edited(f"{RUNS}/runs.json", lambda v: v["recipe"].update(learning_rate=0.5)),
            "medmqp/norbert3", "runs.json against params.yaml: recipe.learning_rate",
        ),
        "the version of torch in runs.json": (
            edited(f"{RUNS}/runs.json", lambda v: v["libraries"].update(torch="1.0")),
            "medmqp/norbert3", "version of torch",
        ),
        "the split": (reassigned, "data/medmqp", "reports/splits/medmqp.json: splits."),
        "a raw file too many": (written("data/medmqp/more.csv", b"1,2\n"), "data/medmqp", "more.csv"),
        "an experiment's name in MLflow": (
            stored("UPDATE experiments SET name = 'real patients' WHERE name LIKE '%synthetic'"),
            OTHER, "MLflow run of this comparison",
        ),
    },
    {
        "predictions of two arms exchanged": (
            swapped(f"{RUNS}/baseline-seed1.jsonl", f"{RUNS}/clinical-seed1.jsonl"),
            "medmqp/norbert3", "the content of clinical-seed1.jsonl",
        ),
        "a gold label": (
            lines(f"{RUNS}/clinical-seed2.jsonl", relabelled), "medmqp/norbert3", "predictions clinical-seed2.jsonl",
        ),
        "a prediction file that is gone": (
            removed(f"{RUNS}/baseline-seed2.jsonl"), "medmqp/norbert3", "predictions baseline-seed2.jsonl",
        ),
        "a label in the records": (
            replaced("artifacts/validated/medmqp/records.jsonl", '"label": "1"', '"label": "0"'),
            "data/medmqp", "records.jsonl",
        ),
        "a finished comparison put aside as killed in MLflow": (
            tagged("superseded", "killed", _PARENT), "MLflow", "status killed if and only if",
        ),
    },
    {
        "an answer against its scores, its hash made to fit": (
            contradicted(RUNS, "baseline-seed1.jsonl"),
            "medmqp/norbert3", "predictions can be scored again",
        ),
        "an answer of the linear model against its scores, its hash made to fit": (
            contradicted(LINEAR, "predictions.jsonl"),
            "medmqp/linear", "predictions can be scored again",
        ),
        "raw data": (replaced("data/medmqp/mqp.csv", "e", "E"), "data/medmqp", "data/medmqp/mqp.csv as source.json"),
        "the arms' weights exchanged": (
            swapped(f"{CHECKPOINTS}/clinical/model.safetensors", f"{CHECKPOINTS}/baseline/model.safetensors"),
            "checkpoints/norbert3", "clinical: its parent's files",
        ),
        "a held-out loss on a card": (
            edited(_CARD, lambda v: v["held_out"]["after"]["clinical"].update(loss=0.1)),
            "checkpoints/norbert3", "clinical: README.md is that of its card",
        ),
        "a run hung below another comparison in MLflow": (
            retagged("mlflow.parentRunId", "x", _CLINICAL),
            OTHER, "MLflow runs of clinical seed",
        ),
    },
    {
        "better answers, with all numbers made to fit": (
            better_answers, "dvc.lock", f"{RUNS} as stage finetune@medmqp",
        ),
        "better answers, as MLflow sees it": (better_answers, "medmqp/norbert3", "MLflow run"),
        "better answers of the linear model, with all numbers made to fit": (
            better_words, "dvc.lock", f"{LINEAR} as stage linear@medmqp",
        ),
        "a claim in MLflow that one run was reproduced": (
            tagged("reproduced", "yes: same bytes in 4 of 4 runs", _CLINICAL), OTHER, "tags: reproduced",
        ),
    },
)  # fmt: skip
WAYS = {name: way for group in TOGETHER for name, way in group.items()}
