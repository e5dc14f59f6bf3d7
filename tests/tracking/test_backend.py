"""The MLflow mirror: complete, without duplicates and without text, and never in the way."""

import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace

import fakes
import pytest

from harness.artifacts import checkpoint, reported
from harness.artifacts.artifact import described
from harness.errors import DataError
from harness.report.disclosure import loading
from harness.report.model import judging
from harness.stages import track
from harness.statistics.verdicts import VERDICTS
from harness.system import files
from harness.tracking import backend, pretrainings, read, recordings, serve, status, sync

TASKS, FAMILIES, SEEDS = ("medmqp", "nor_deid"), ("nb_bert",), (1, 2)
SETTINGS = fakes.settings(TASKS, FAMILIES, SEEDS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A scored grid and an empty MLflow database, which takes seconds to create."""
    root = fakes.build(tmp_path_factory.mktemp("grid"), TASKS, FAMILIES, SEEDS, rows=20)
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    from mlflow.tracking import MlflowClient

    MlflowClient(tracking_uri=f"sqlite:///{root / backend.DATABASE}").search_experiments()
    return root


@pytest.fixture
def root(finished, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return shutil.copytree(finished, tmp_path / "root")


def runs(root, query="", experiment="embedded / synthetic"):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=backend.store_uri(root))
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], query)) if found else []


def change_results(root):
    """Another seed of chance for one comparison: other predictions, other scores."""
    path = root / "artifacts" / "scores" / "medmqp" / "nb_bert.json"
    scores = files.read_json(path)
    scores["metrics"][0]["value"] = 0.5
    files.write_json(path, scores)


def test_every_comparison_is_a_parent_with_a_child_per_arm_and_seed(root):
    sync.record(root, SETTINGS, fakes.TASKS)
    parents = runs(root, "tags.level = 'comparison'")
    assert sorted(p.info.run_name for p in parents) == ["medmqp/nb_bert", "nor_deid/nb_bert"]
    assert all(run.info.status == "FINISHED" for run in runs(root))
    for parent in parents:
        children = runs(root, f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
        keys = sorted((c.data.tags["arm"], c.data.tags["seed"]) for c in children)
        assert keys == [(arm, str(seed)) for arm in ("baseline", "clinical") for seed in SEEDS]
        metrics, primary = parent.data.metrics, parent.data.tags["primary_metric"]
        assert primary == fakes.TASKS[parent.data.tags["task"]].metrics[0]
        for arm in ("baseline", "clinical"):
            values = [c.data.metrics[primary] for c in children if c.data.tags["arm"] == arm]
            assert metrics[f"{primary}_{arm}"] == metrics[f"primary_{arm}"] == round(sum(values) / 2, 4)
        difference = metrics[f"{primary}_clinical"] - metrics[f"{primary}_baseline"]
        assert (
            metrics[f"{primary}_difference"] == metrics["primary_difference"] == pytest.approx(difference, abs=1.01e-4)
        )
        assert metrics["primary_improvement"] == metrics["primary_difference"]
        assert parent.data.tags["data_kind"] == "synthetic"
        text, links = parent.data.tags["mlflow.note.content"].split("\n\n")
        assert text.count(". ") == 1 and text.endswith(f"{parent.data.tags['verdict']}.")
        assert all(f"runs/{parent.data.tags[f'pretraining_{arm}']})" in links for arm in ("baseline", "clinical"))
        row = against_baseline(parent.data.tags["task"], root)
        known = {key: round(value, 4) for key, value in row.items() if value is not None}
        assert {key: metrics.get(key) for key in row} == {**dict.fromkeys(row), **known}
        assert parent.data.tags["verdict"] in VERDICTS


def against_baseline(task, root):
    """What the comparison's parent says of the primary score, from the stored scores."""
    comparisons = loading.load(root, SETTINGS.run, fakes.TASKS)
    estimate = next(c for c in comparisons if c.task == task).estimates["test", "baseline"]
    judged = judging.judged(comparisons, SETTINGS.statistics)[task, "nb_bert", "baseline"]
    found = {key: getattr(estimate, key) for key in ("ci_low", "ci_high", "p_value", "mde")}
    return found | {"p_holm": judged.p_holm, "mde_holm": judged.mde_holm}


def test_children_carry_parameters_curve_and_hashes(root):
    sync.record(root, SETTINGS, fakes.TASKS)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=backend.store_uri(root))
    child = runs(root, "tags.task = 'nor_deid' and tags.arm = 'clinical' and tags.seed = '2'")[0]
    curve = client.get_metric_history(child.info.run_id, "train_loss")
    assert [(m.step, m.value) for m in curve] == [(step, 1 / step) for step in (20, 40, 60, 80)]
    assert child.data.params["recipe.learning_rate"] == "0.001" and child.data.params["engine.device"] == "cpu"
    names = {"strict_f1", "relaxed_f1", "holdout_strict_f1", "document_leak_rate", "best_validation_strict_f1"}
    assert names <= set(child.data.metrics)
    recorded = files.read_json(root / "artifacts/predictions/nor_deid/nb_bert/runs.json")
    entry = next(r for r in recorded["runs"] if (r["arm"], r["seed"]) == ("clinical", 2))
    tags = child.data.tags
    assert tags["predictions"] == entry["predictions"]
    assert tags["checkpoint"] == recorded["inputs"]["checkpoints"]["clinical"]
    assert tags["data"] == recorded["inputs"]["records"] and tags["split_manifest"] == recorded["inputs"]["manifest"]
    assert len(tags["code"]) == 64 and {"git_commit", "git_dirty"} <= set(tags)


def test_the_same_again_makes_no_duplicate(root):
    first = sync.record(root, SETTINGS, fakes.TASKS)
    before = len(runs(root))
    for _ in range(2):
        assert sync.record(root, SETTINGS, fakes.TASKS) == first
    assert len(runs(root)) == before
    assert not any({"reproduced", "superseded"} & run.data.tags.keys() for run in runs(root))


def test_other_results_supersede_and_may_come_back(root):
    first = sync.record(root, SETTINGS, fakes.TASKS)
    original = (root / "artifacts/scores/medmqp/nb_bert.json").read_bytes()
    change_results(root)
    second = sync.record(root, SETTINGS, fakes.TASKS)
    assert first["medmqp/nb_bert"] != second["medmqp/nb_bert"]
    assert first["nor_deid/nb_bert"] == second["nor_deid/nb_bert"]
    old = runs(root, f"tags.fingerprint = '{first['medmqp/nb_bert']}'")
    assert [r.data.tags["superseded"] for r in old] == [second["medmqp/nb_bert"]]
    (new,) = runs(root, f"tags.fingerprint = '{second['medmqp/nb_bert']}'")
    assert [r.data.tags["successor"] for r in old] == [f"{new.info.experiment_id}/{new.info.run_id}"]
    assert f"#/experiments/{new.info.experiment_id}/runs/{new.info.run_id}" in old[0].data.tags[status.NOTE]
    # One run has another score; the other three are what they were.
    trained = runs(root, "tags.task = 'medmqp' and tags.level = 'run'")
    (replaced,) = [run for run in trained if "superseded" in run.data.tags]
    (by,) = [run for run in trained if run.info.run_name == replaced.info.run_name and run != replaced]
    assert replaced.data.tags["superseded"] == by.data.tags["fingerprint"] and len(trained) == 5
    (root / "artifacts/scores/medmqp/nb_bert.json").write_bytes(original)
    sync.record(root, SETTINGS, fakes.TASKS)
    current = [
        p for p in runs(root, "tags.task = 'medmqp' and tags.level = 'comparison'") if "superseded" not in p.data.tags
    ]
    assert [p.data.tags["fingerprint"] for p in current] == [first["medmqp/nb_bert"]]
    assert "successor" not in current[0].data.tags
    below = runs(root, f"tags.mlflow.parentRunId = '{current[0].info.run_id}'")
    assert sorted(run.info.run_id for run in below if "superseded" not in run.data.tags) == sorted(
        run.info.run_id for run in trained if run != by
    )


def only(**run):
    return replace(SETTINGS, run=replace(SETTINGS.run, **run))


def current(root, query="", experiment="embedded / synthetic"):
    return {r.info.run_name: r for r in runs(root, query, experiment) if "superseded" not in r.data.tags}


def test_a_further_task_moves_adjusted_p_values_and_supersedes_no_training(root):
    path = root / "artifacts" / "scores" / "medmqp" / "nb_bert.json"
    scores = files.read_json(path)
    scores["comparisons"][0].update(p_value=0.03)
    files.write_json(path, scores)
    before = sync.record(root, only(tasks=("medmqp",)), fakes.TASKS)
    trained = current(root, "tags.level = 'run'")
    after = sync.record(root, SETTINGS, fakes.TASKS)
    assert before["medmqp/nb_bert"] != after["medmqp/nb_bert"]
    parents = runs(root, "tags.task = 'medmqp' and tags.level = 'comparison'")
    (old,) = [run for run in parents if run.data.tags.get("superseded") == after["medmqp/nb_bert"]]
    (new,) = [run for run in parents if "superseded" not in run.data.tags]
    assert old.data.metrics["p_holm"] != new.data.metrics["p_holm"]
    assert old.data.tags["trainings"] == new.data.tags["trainings"]
    now = {run.info.run_id: run for run in runs(root, "tags.task = 'medmqp' and tags.level = 'run'")}
    assert set(now) == {run.info.run_id for run in trained.values()}
    assert all("superseded" not in run.data.tags for run in now.values())
    assert {run.data.tags["mlflow.parentRunId"] for run in now.values()} == {new.info.run_id}


def test_a_further_seed_supersedes_no_training(root):
    """Scores of one seed alone cannot be compared here: that the comparison is another is what matters."""
    settings = only(tasks=("medmqp",))
    (recording,) = recordings.collect(root, settings, fakes.TASKS)
    fewer = replace(recording, runs=tuple(r for r in recording.runs if r["seed"] == 1), fingerprint="0" * 64)
    made = pretrainings.collect(root, settings.run, {"git_commit": "none", "git_dirty": "unknown"})
    uri, drawn = backend.store_uri(root), sync.pictures([recording], settings)
    sync._mirror("embedded", [fewer], made, drawn, uri)
    first = current(root, "tags.level = 'run'")
    sync._mirror("embedded", [recording], made, drawn, uri)
    second = current(root, "tags.level = 'run'")
    assert len(first) == 2 and len(second) == 4
    assert all(second[name].info.run_id == run.info.run_id for name, run in first.items())
    sync._mirror("embedded", [fewer], made, drawn, uri)
    assert current(root, "tags.level = 'run'").keys() == first.keys()
    left = runs(root, "tags.level = 'run' and tags.seed = '2'")
    assert {run.data.tags["superseded"] for run in left} == {status.UNDECLARED}


def test_what_a_smaller_run_leaves_out_is_not_shown_as_current_and_may_come_back(root):
    sync.record(root, SETTINGS, fakes.TASKS)
    everything = runs(root)
    sync.record(root, only(tasks=("medmqp",)), fakes.TASKS)
    assert {run.data.tags["task"] for run in current(root).values()} == {"medmqp"}
    left = runs(root, "tags.task = 'nor_deid'")
    assert {run.data.tags["superseded"] for run in left} == {status.UNDECLARED}
    assert all("No longer declared" in run.data.tags["mlflow.note.content"] for run in left)
    sync.record(root, SETTINGS, fakes.TASKS)
    assert {run.info.run_id for run in current(root).values()} == {run.info.run_id for run in everything}
    assert not any("No longer" in run.data.tags["mlflow.note.content"] for run in current(root).values())


def test_a_family_or_a_control_arm_that_is_left_out_takes_its_checkpoints_with_it(finished, tmp_path):
    root = fakes.build(tmp_path / "root", TASKS, ("nb_bert", "norbert3"), SEEDS, rows=20)
    shutil.copy(finished / backend.DATABASE, root)
    fakes.score(root, TASKS, ("nb_bert", "norbert3"), SEEDS)
    control = root / "artifacts/checkpoints/nb_bert/control"
    shutil.copytree(root / "artifacts/checkpoints/nb_bert/clinical", control)
    files.write_json(control / "harness.json", files.read_json(control / "harness.json") | {"arm": "control"})
    sync.record(root, only(families=("nb_bert", "norbert3")), fakes.TASKS)
    experiment = "embedded / pre-training"
    before = current(root, experiment=experiment)
    assert len(before) == 5
    off = {"family": "nb_bert", "arm": "control", "source": None}
    files.write_json(control / checkpoint.NAME, described(checkpoint.FORMAT, off))
    sync.record(root, SETTINGS, fakes.TASKS)
    now = current(root, experiment=experiment)
    assert set(now) == {"nb_bert baseline", "nb_bert clinical"}
    assert {
        run.data.tags["superseded"] for run in runs(root, experiment=experiment) if run.info.run_name not in now
    } == {status.UNDECLARED}
    assert {run.data.tags["family"] for run in current(root).values()} == {"nb_bert"}


def test_data_of_another_kind_take_the_place_of_what_they_replace(root, tmp_path):
    sync.record(root, SETTINGS, fakes.TASKS)
    before = current(root)
    site = fakes.build(tmp_path / "site", TASKS, FAMILIES, SEEDS, kind="restricted", rows=60)
    fakes.score(site, TASKS, FAMILIES, SEEDS)
    now = sync.record(site, SETTINGS, fakes.TASKS, uri=backend.store_uri(root))
    assert set(current(root, experiment="embedded / restricted")) == set(before)
    assert current(root) == {}
    replaced = {run.info.run_name: run.data.tags["superseded"] for run in runs(root)}
    assert {name: replaced[name] for name in now} == now
    # And back again.
    sync.record(root, SETTINGS, fakes.TASKS)
    assert {n: r.info.run_id for n, r in current(root).items()} == {n: r.info.run_id for n, r in before.items()}
    assert current(root, experiment="embedded / restricted") == {}


def test_on_a_server_what_another_machine_declares_is_left_to_it(root, monkeypatch):
    sync.record(root, SETTINGS, fakes.TASKS)
    monkeypatch.setattr(backend, "artifacts_of", lambda uri: None)
    monkeypatch.setattr(backend, "machine", lambda: "another")
    sync.record(root, only(tasks=("medmqp",)), fakes.TASKS)
    assert {run.data.tags["task"] for run in current(root).values()} == {"medmqp", "nor_deid"}


def test_a_recording_that_was_killed_is_closed_and_done_again(root, monkeypatch):
    real, calls = backend.fill, []

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 5:  # two checkpoints and two seeds are there
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(backend, "fill", dies)
    with pytest.raises(KeyboardInterrupt):
        sync.record(root, SETTINGS, fakes.TASKS)
    assert len(runs(root, "attributes.status = 'RUNNING'")) == 2
    monkeypatch.setattr(backend, "fill", real)
    sync.record(root, SETTINGS, fakes.TASKS)
    assert not runs(root, "attributes.status = 'RUNNING'")
    assert len(runs(root, "attributes.status = 'KILLED'")) == 2
    assert len(runs(root, "tags.level = 'run'")) == 9  # two seeds were done, and are not done again
    assert len([r for r in runs(root) if "superseded" not in r.data.tags]) == 10


def test_no_text_of_any_document_reaches_the_store(root):
    sync.record(root, SETTINGS, fakes.TASKS)
    with sqlite3.connect(root / backend.DATABASE) as database:
        dump = "\n".join(database.iterdump())
    assert "medmqp/nb_bert" in dump and fakes.SECRET not in dump
    assert fakes.SECRET.encode() not in (root / backend.DATABASE).read_bytes()


def test_a_server_that_cannot_be_reached_is_a_warning(root, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    track.run(root, SETTINGS, fakes.TASKS)
    assert "MLflow was not updated" in capsys.readouterr().err
    assert set(reported.tracked(root)) == {"medmqp/nb_bert", "nor_deid/nb_bert"}


def test_no_message_holds_the_password_of_a_server(root, monkeypatch, capsys):
    """What MLflow says of a server that does not answer begins with its address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://kari:hemmelig@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    track.run(root, SETTINGS, fakes.TASKS)
    assert serve.serve(root, 5000) == 0
    with pytest.raises(DataError) as caught:
        read.experiments(root)
    said = [*capsys.readouterr(), str(caught.value)]
    assert all("http://127.0.0.1:9" in text and "hemmelig" not in text and "kari" not in text for text in said)


def test_the_stage_writes_fingerprints_and_no_run_ids(root):
    track.run(root, SETTINGS, fakes.TASKS)
    path = root / "artifacts" / "tracking.json"
    before = path.read_bytes()
    track.run(root, SETTINGS, fakes.TASKS)
    assert path.read_bytes() == before
    assert not any(run.info.run_id in before.decode() for run in runs(root))


def test_rebuild_starts_the_local_store_anew(root, finished):
    track.run(root, SETTINGS, fakes.TASKS)
    backend.delete_local(root)
    assert not (root / backend.DATABASE).exists()
    shutil.copy(finished / backend.DATABASE, root)
    track.run(root, SETTINGS, fakes.TASKS)
    assert len(runs(root)) == 10


def test_importing_the_module_imports_no_mlflow(repository):
    modules = "sys, harness.tracking.backend, harness.stages.track"
    code = f"import {modules}; print('mlflow' in sys.modules, 'sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("name", ["MLFLOW_REGISTRY_URI", "MLFLOW_S3_ENDPOINT_URL", "MLFLOW_WORKSPACE_STORE_URI"])
def test_no_other_variable_names_a_store(name, root, monkeypatch):
    """The registry of a client is that of its store, whatever the environment says."""
    monkeypatch.setenv(name, "http://far.example")
    client = backend.connect(backend.store_uri(root))
    assert client._registry_uri == client.tracking_uri == backend.store_uri(root)


def test_a_server_gets_no_store_host_or_option_from_the_environment(monkeypatch):
    from harness.tracking import serve

    variables = ("MLFLOW_UVICORN_OPTS", "MLFLOW_REGISTRY_STORE_URI", "_MLFLOW_SERVER_X", "OTEL_TRACES_EXPORTER")
    for name in variables:
        monkeypatch.setenv(name, "far.example")
    monkeypatch.setenv("PATH_OF_NOBODY", "kept")
    found = serve._environment()
    assert "far.example" not in found.values() and found["PATH_OF_NOBODY"] == "kept"
    assert found["MLFLOW_DISABLE_TELEMETRY"] == "true"
