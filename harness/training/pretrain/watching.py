"""Show the progress of a pre-training on the screen: updates, tokens, loss, speed and time left."""

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from harness.system.progress import bar
from harness.training.common import peaks
from harness.training.pretrain.loop import About, Observer


def utilisation(tokens_per_second: float, parameters: int, devices: int) -> float | None:
    """The model FLOPs utilisation (Chowdhery et al. 2022): 6 FLOP per token and parameter, as a share of the peak of
    all `devices`.

    Returns None if the device's peak is not known, as for a CPU.
    """
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    peak = peaks.peak(name, "bf16")
    return None if peak is None else 6 * parameters * tokens_per_second / (peak * devices)


@dataclass(frozen=True)
class Pace:
    """The speed of a training. `utilisation` is a share of the devices' peak, or None if this peak is not known."""

    tokens_per_second: float
    utilisation: float | None
    seconds_left: float


class Watch:
    """A meter of a training's speed, from the first call of `at` on."""

    def __init__(self, about: About):
        self._about = about
        self._first: tuple[float, int, float] | None = None

    def at(self, step: int, tokens: float) -> Pace | None:
        """The speed after update `step`, with `tokens` seen so far. Returns None at the first call."""
        now, first = time.monotonic(), self._first
        if first is None:
            self._first = (now, step, tokens)
            return None
        seconds = max(1e-9, now - first[0])
        speed = (tokens - first[2]) / seconds
        left = seconds / max(1, step - first[1]) * (self._about.steps - step)
        return Pace(speed, utilisation(speed, self._about.parameters, self._about.devices), left)


def progress_text(values: dict[str, float], pace: Pace | None) -> str:
    """A text for the progress display: tokens seen, loss, speed and, if the device's peak is known, the share of the
    peak. `values` are those of `Observer.update`."""
    words = [f"{values['tokens']:,.0f} tokens", f"loss {values['loss']:.3f}"]
    if pace is not None:
        words.append(f"{pace.tokens_per_second:,.0f} tokens/s")
        words += [f"{100 * pace.utilisation:.0f} % of peak"] if pace.utilisation is not None else []
    return ", ".join(words)


class Lines(Observer):
    """An observer that prints a line after every tenth of the updates."""

    def __init__(self, about: About):
        self._about, self._watch = about, Watch(about)
        self._tenths: int | None = None

    def update(self, step: int, values: dict[str, float]) -> None:
        steps, pace = self._about.steps, self._watch.at(step, values["tokens"])
        tenths, before = 10 * step // steps, self._tenths
        self._tenths = tenths
        if pace is None or tenths == before:
            return
        done = f"{self._about.name}: {step} of {steps} updates"
        line = f"{done}, {progress_text(values, pace)}, {pace.seconds_left:.0f} s left"
        print(line, file=sys.stderr, flush=True)


class Bar(Observer):
    def __init__(self, about: About, bar, task):
        self._watch, self._bar, self._task = Watch(about), bar, task

    def update(self, step: int, values: dict[str, float]) -> None:
        self._bar.update(self._task, completed=step, said=progress_text(values, self._watch.at(step, values["tokens"])))


class Several(Observer):
    """An observer that passes `update` and `held_out` on to each of `observers`."""

    def __init__(self, *observers: Observer):
        self._observers = observers

    def update(self, step: int, values: dict[str, float]) -> None:
        for observer in self._observers:
            observer.update(step, values)

    def held_out(self, step: int, measured: dict[str, dict]) -> None:
        for observer in self._observers:
            observer.held_out(step, measured)


@contextmanager
def display(about: About, *, quiet: bool, alone: bool):
    """Yield the observer that shows a training on standard error: a bar if this training runs `alone` and on a
    terminal, otherwise lines. If `quiet` is True, the observer shows nothing."""
    if quiet:
        yield Observer()
    elif not alone or not sys.stderr.isatty():
        yield Lines(about)
    else:
        with bar("MofNCompleteColumn", "updates,", "{task.fields[said]}", "TimeRemainingColumn") as drawn:
            yield Bar(about, drawn, drawn.add_task(about.name, total=about.steps, said=""))
