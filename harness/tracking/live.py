"""Show a pre-training in MLflow while it runs: the observer of the training behind the option `--live`."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.tracking import backend, status, views
from harness.tracking.pretrainings import experiment
from harness.training.pretrain.loop import About, Observer
from harness.training.pretrain.watching import Watch

POINTS = 500  # of each curve, or up to twice as many
SEND_EVERY = 10.0  # seconds
LIVE = {"recorded_by": "harness pretrain", "level": "pre-training"}


class Live(Observer):
    """An observer that records the pre-training of one arm of a family in MLflow while it runs.

    It records loss, learning rate, mask rate, tokens, tokens per second, utilisation of the device, and held-out loss
    and accuracy. A recorded loss is the mean over the updates since the last point of the curve. Points are sent in
    batches, every few seconds.
    """

    def __init__(self, root: Path, profile: str, family: str, arm: str):
        self._root, self._experiment = root, experiment(profile)
        self._arm = {"family": family, "arm": arm}
        self._run: Any = None  # until it has started

    def started(self, about: About) -> None:
        self._about, self._every = about, max(1, about.steps // POINTS)
        self._watch = Watch(about)
        self._losses: list[float] = []
        self._waiting: list[tuple[str, float, int]] = []
        self._sent = time.monotonic()
        self._run = LiveRun(self._root, self._experiment, about.name, self._arm, about.fingerprint)

    def update(self, step: int, values: dict[str, float]) -> None:
        self._losses.append(values["loss"])
        if step % self._every and step != self._about.steps:
            return
        pace, self._watch = self._watch.at(step, values["tokens"]), Watch(self._about)
        self._watch.at(step, values["tokens"])
        point = values | {"loss": sum(self._losses) / len(self._losses)}
        if pace is not None:
            point["tokens_per_second"] = pace.tokens_per_second
            if pace.utilisation is not None:
                point["utilisation"] = pace.utilisation
        self._losses = []
        self._waiting += [(name, float(value), step) for name, value in point.items()]
        if time.monotonic() - self._sent >= SEND_EVERY:
            self._send()

    def held_out(self, step: int, measured: dict[str, dict]) -> None:
        for corpus, found in measured.items():
            for name in ("loss", "accuracy"):
                if found[name] is not None:
                    self._waiting.append((f"held_out_{name}/{corpus}", found[name], step))
        self._send()

    def finished(self) -> None:
        self._send()
        self._run.finish()

    def _send(self) -> None:
        self._run.log(self._waiting)
        self._waiting, self._sent = [], time.monotonic()


class LiveRun:
    """The MLflow run of one arm's pre-training, which is written while the arm trains.

    `arm` has the tags that name the arm, and `fingerprint` is the hash of everything that the training depends on. If
    an interrupted run has the same fingerprint, that run is continued. Other interrupted runs of the arm are marked as
    killed. If MLflow raises an error, one warning is printed, nothing more is sent, and the training goes on.
    """

    def __init__(self, root: Path, experiment: str, name: str, arm: Mapping[str, str], fingerprint: str):
        self._arm, self._fingerprint, self._client = dict(arm), fingerprint, None
        self._uri = backend.store_uri(root)
        with self._warned(), backend.one_at_a_time(self._uri):
            client = backend.connect(self._uri)
            self._experiment = backend.experiment_named(client, experiment, self._uri, views.checkpoints())
            run = self._cut_off(client)
            if run is None:
                tags = (
                    LIVE
                    | self._arm
                    | {"fingerprint": fingerprint, status.NOTE: f"{name}, recorded during the training."}
                )
                run = backend.create(client, self._experiment, name, tags)
            self._lock = backend.hold(self._uri, run.info.run_id)
            self._run_id, self._client = run.info.run_id, client

    def _cut_off(self, client):
        """Reopen and return the interrupted run of the same fingerprint, or None. Any other becomes KILLED."""
        same = None
        killed = [
            run for run in self._of_this_arm(client, "KILLED") if run.data.tags.get("superseded") == status.KILLED
        ]
        for run in [*self._of_this_arm(client, "RUNNING"), *killed]:
            if run.info.status == "RUNNING" and not backend.given_up(self._uri, run):
                continue
            if same is None and run.data.tags["fingerprint"] == self._fingerprint:
                same = run
                times = str(int(run.data.tags.get("interrupted", 0)) + 1)
                backend.reopen(client, run, {"interrupted": times, "superseded": None})
            elif run.info.status == "RUNNING":
                backend.kill(client, run)
        return same

    def log(self, values: Iterable[tuple[str, float, int]]) -> None:
        """Send metrics to the run. `values` are (metric, value, number of the update)."""
        if self._client is None:
            return
        with self._warned():
            backend.send(self._client, self._run_id, values)

    def finish(self) -> None:
        """End the run, and mark earlier finished runs of the arm as superseded by this run.

        If an earlier run has the same fingerprint, the new run's tag `reproduced` says whether both ended with the same
        loss.
        """
        if self._client is None:
            return
        with self._warned():
            self._client.set_terminated(self._run_id, "FINISHED")
            backend.release(self._uri, self._run_id, self._lock)
            for run in self._of_this_arm(self._client, "FINISHED"):
                if run.info.run_id == self._run_id or "superseded" in run.data.tags:
                    continue
                if run.data.tags["fingerprint"] == self._fingerprint:
                    mine = self._client.get_run(self._run_id)
                    same = mine.data.metrics.get("loss") == run.data.metrics.get("loss")
                    outcome = "yes: the same loss at the end" if same else "no: another loss at the end"
                    backend.set_tags(self._client, mine, {"reproduced": outcome})
                backend.set_tags(self._client, run, {"superseded": self._fingerprint})

    def _of_this_arm(self, client, status: str) -> list:
        tags = " and ".join(f"tags.{key} = '{value}'" for key, value in (LIVE | self._arm).items())
        return list(backend.all_runs(client, self._experiment, f"{tags} and attributes.status = '{status}'"))

    @contextlib.contextmanager
    def _warned(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._client = None
            backend.warn(error, "The training continues without MLflow.", always=True)
