"""Pre-training in MLflow while it goes on: few calls, one run for an arm, and never in the way."""

import pytest
from tiny_training import settings, trained

from harness.tracking import backend, live
from harness.training.pretrain.loop import About

ABOUT = About("pretrain small clinical", "a" * 64, steps=1000, parameters=1_000_000, devices=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A database, which takes seconds to create; every test has a profile, and so an experiment, of its own."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def profile(request, monkeypatch) -> str:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return request.node.name


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    from mlflow.tracking import MlflowClient

    seen = []
    for name in ("log_batch", "log_metric"):
        real = getattr(MlflowClient, name)
        monkeypatch.setattr(MlflowClient, name, lambda *a, _real=real, _n=name, **k: seen.append(_n) or _real(*a, **k))
    return seen


def client(store):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=backend.store_uri(store))


def runs(store, profile) -> list:
    found = client(store).get_experiment_by_name(f"{profile} / pre-training")
    return sorted(client(store).search_runs([found.experiment_id]), key=lambda run: run.info.start_time)


def dies(observer) -> None:
    """Its process ends as SIGKILL ends one: the lock is let go, and nothing is said."""
    observer._run._lock.close()


def hear(observer, about=ABOUT, until=None, finished=True) -> None:
    observer.started(about)
    observer.held_out(0, {"general": {"loss": 9.0, "accuracy": 0.01, "tokens": 5, "by_document_type": {}}})
    for step in range(1, (until or about.steps) + 1):
        values = {"loss": 9 - step / 1000, "tokens": 100 * step, "learning_rate": 1e-3, "mask_rate": 0.3}
        observer.update(step, values)
    if finished:
        observer.held_out(about.steps, {"general": {"loss": 3.0, "accuracy": 0.4, "tokens": 5, "by_document_type": {}}})
        observer.finished()
    else:
        dies(observer)


def test_everything_is_there_in_a_few_calls(store, profile, calls):
    hear(live.Live(store, profile, "small", "clinical"))
    (run,) = runs(store, profile)
    assert run.info.status == "FINISHED" and run.info.run_name == ABOUT.name
    tags = {key: run.data.tags[key] for key in ("family", "arm", "fingerprint", "level")}
    assert tags == {"family": "small", "arm": "clinical", "fingerprint": "a" * 64, "level": "pre-training"}
    assert {"loss", "learning_rate", "mask_rate", "tokens", "tokens_per_second"} <= set(run.data.metrics)
    assert run.data.metrics["tokens"] == 100_000
    assert run.data.metrics["held_out_loss/general"] == 3.0
    losses = client(store).get_metric_history(run.info.run_id, "loss")
    assert len(losses) == live.POINTS and losses[-1].step == 1000
    assert [losses[i].value for i in (0, -1)] == pytest.approx([8.9985, 8.0005])  # means of two updates
    assert calls.count("log_metric") == 0 and calls.count("log_batch") <= 8


def test_one_that_was_cut_off_is_gone_on_with(store, profile):
    hear(live.Live(store, profile, "small", "clinical"), until=400, finished=False)
    hear(live.Live(store, profile, "small", "clinical"))
    (run,) = runs(store, profile)
    assert run.info.status == "FINISHED" and run.data.tags["interrupted"] == "1"


def test_one_that_was_cut_off_and_never_gone_on_with_is_killed(store, profile):
    hear(live.Live(store, profile, "small", "clinical"), until=100, finished=False)
    hear(live.Live(store, profile, "small", "control"), until=100, finished=False)
    other = About("pretrain small clinical", "b" * 64, 100, 10, 1)
    hear(live.Live(store, profile, "small", "clinical"), other)
    killed, untouched, finished = runs(store, profile)
    assert (killed.info.status, killed.data.tags["superseded"]) == ("KILLED", "killed")
    assert untouched.info.status == "RUNNING" and finished.info.status == "FINISHED"


def test_the_newest_takes_the_place_of_the_others(store, profile):
    short = About("pretrain small clinical", "c" * 64, 10, 10, 1)
    other = About("pretrain small clinical", "d" * 64, 10, 10, 1)
    for about in (short, short, other):
        hear(live.Live(store, profile, "small", "clinical"), about)
    first, again, newest = runs(store, profile)
    assert again.data.tags["reproduced"] == "yes: the same loss at the end" and "reproduced" not in first.data.tags
    assert (first.data.tags["superseded"], again.data.tags["superseded"]) == ("c" * 64, "d" * 64)
    assert "superseded" not in newest.data.tags


def test_a_server_that_cannot_be_reached_costs_one_warning_and_no_bit(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    observer = live.Live(tmp_path, "unreached", "small", "clinical")
    watched, card = trained("norbert3", settings("norbert3"), tmp_path / "watched", observer=observer)
    assert capsys.readouterr().err.count("MLflow was not updated") == 1
    plain, expected = trained("norbert3", settings("norbert3"), tmp_path / "plain")
    assert card == expected and all(bool((watched[name] == plain[name]).all()) for name in plain)


def test_a_server_that_goes_away_costs_one_warning(store, profile, monkeypatch, capsys):
    from mlflow.tracking import MlflowClient

    def gone(*arguments, **options):
        raise OSError("gone")

    monkeypatch.setattr(MlflowClient, "log_batch", gone)
    hear(live.Live(store, profile, "small", "clinical"))
    assert capsys.readouterr().err.count("MLflow was not updated (gone)") == 1
    assert [run.info.status for run in runs(store, profile)] == ["RUNNING"]
