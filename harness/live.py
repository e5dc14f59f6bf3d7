"""A pre-training as it goes on, in MLflow: the observer behind `--live`."""

import time
from pathlib import Path

from harness.tracking import LiveRun
from harness.training.pretraining import About, Observer
from harness.training.watching import Watch

POINTS = 500  # of each curve
SEND_EVERY = 10.0  # seconds


class Live(Observer):
    """One run for an arm: loss, learning rate, mask rate, tokens, tokens/s, utilisation and held-out measurements.

    Losses are means over the updates since the point before. Points are sent together, every few seconds.
    """

    def __init__(self, root: Path, profile: str, family: str, arm: str):
        self._root, self._experiment = root, f"{profile} / pre-training"
        self._arm = {"family": family, "arm": arm}
        self._run: LiveRun | None = None

    def started(self, about: About) -> None:
        self._about, self._every = about, max(1, about.steps // POINTS)
        self._watch, self._losses = Watch(about), []
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
