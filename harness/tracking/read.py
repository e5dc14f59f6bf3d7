"""Read the runs of the MLflow store as plain values."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.errors import DataError, HarnessError, MissingInputError
from harness.tracking import backend


@dataclass(frozen=True)
class StoredRun:
    """One run in MLflow's store. `parent` is the id of its parent run, if it has any.

    `metrics` has the last value of each metric. `curve(metric)` returns all values of a metric as (step, value), sorted
    by step. `files()` returns the bytes of the artifacts by path. `datasets` are the names of the data sets that the
    run's page shows as inputs.
    """

    id: str
    experiment: str
    name: str
    status: str
    parent: str | None
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    curve: Callable[[str], list[tuple[int, float]]]
    files: Callable[[], dict[str, bytes]]
    experiment_id: str = ""
    datasets: tuple[str, ...] = ()

    @property
    def superseded(self) -> bool:
        return "superseded" in self.tags


def read(root: Path) -> list[StoredRun]:
    """All runs of the store of the repository `root`, without deleted runs.

    Raises MissingInputError if there is no store yet, and DataError if the store cannot be reached or read.
    """
    return _asked(root, lambda client, uri: [
        _plain(client, uri, experiment.name, run)
        for experiment in client.search_experiments()
        for run in backend.all_runs(client, experiment.experiment_id, "")
    ])  # fmt: skip


def experiments(root: Path) -> dict[str, dict[str, str]]:
    """The tags of every experiment of the store by the experiment's name, without deleted experiments.

    Raises the errors of `read`.
    """
    return _asked(root, lambda client, uri: {e.name: dict(e.tags) for e in client.search_experiments()})


def _asked(root: Path, ask: Callable):
    """The result of `ask(client, uri)`. Raises the errors of `read`."""
    uri = backend.store_uri(root)
    own = Path(root).resolve() / backend.DATABASE
    if uri == f"sqlite:///{own}" and not os.path.lexists(own):
        raise MissingInputError(f"{backend.DATABASE} is missing.", remedy="Make it with `harness track`.")
    try:
        return ask(backend.connect(uri, writes=False), uri)
    except HarnessError:
        raise
    except Exception as error:
        # A server, a proxy or a driver may raise anything.
        raise DataError(
            f"The MLflow store cannot be read ({backend.reason(error)}).",
            remedy="Start its server, or make a local one anew with `harness track --rebuild`.",
        ) from None


def _plain(client, uri: str, experiment: str, run) -> StoredRun:
    return StoredRun(
        id=run.info.run_id,
        experiment=experiment,
        name=run.info.run_name,
        status=run.info.status,
        parent=run.data.tags.get("mlflow.parentRunId"),
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        curve=partial(_curve, client, run.info.run_id),
        files=partial(backend.kept, client, uri, run),
        experiment_id=run.info.experiment_id,
        datasets=tuple(sorted(one.dataset.name for one in run.inputs.dataset_inputs)) if run.inputs else (),
    )


def _curve(client, run_id: str, metric: str) -> list[tuple[int, float]]:
    return sorted((point.step, point.value) for point in client.get_metric_history(run_id, metric))
