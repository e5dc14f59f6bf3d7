"""A training on the screen: updates, tokens, loss, speed and time left; a bar on a terminal, lines in a log."""

import sys
import time
from contextlib import contextmanager

import torch

from harness.training.pretraining import Observer

# Peak of dense bf16 arithmetic in FLOP/s, as the makers state it, by a word of the device's name.
PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "A6000": 155e12, "L40": 181e12, "RTX 6000 Ada": 364e12}


def utilisation(tokens_per_second: float, parameters: int, devices: int) -> float | None:
    """Model FLOPs utilisation (Chowdhery et al. 2022): 6 FLOP per token and parameter, over the devices' peak.

    None on a device whose peak is not known, such as a CPU.
    """
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    peak = next((value for word, value in PEAK.items() if word in name), None)
    return None if peak is None else 6 * parameters * tokens_per_second / (peak * devices)


class Lines(Observer):
    """A line each time another tenth of the updates is done."""

    def __init__(self, title: str, steps: int, parameters: int, devices: int, stream=None):
        self._title, self._steps, self._stream = title, steps, stream or sys.stderr
        self._parameters, self._devices = parameters, devices
        self._said, self._since = 0, None

    def update(self, step: int, values: dict[str, float]) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = (now, values["tokens"], step)
            self._said = 10 * step // self._steps
        started, tokens, first = self._since
        if 10 * step // self._steps <= self._said:
            return
        self._said = 10 * step // self._steps
        speed = (values["tokens"] - tokens) / max(1e-9, now - started)
        left = (now - started) / max(1, step - first) * (self._steps - step)
        words = [
            f"{self._title}: {step} of {self._steps} updates",
            f"{values['tokens']:,.0f} tokens",
            f"loss {values['loss']:.3f}",
            f"{speed:,.0f} tokens/s",
        ]
        share = utilisation(speed, self._parameters, self._devices)
        words += [f"{100 * share:.0f} % of peak"] if share is not None else []
        print(", ".join([*words, f"{left:.0f} s left"]), file=self._stream, flush=True)


class Bar(Observer):
    def __init__(self, bar, task):
        self._bar, self._task = bar, task

    def update(self, step: int, values: dict[str, float]) -> None:
        said = f"{values['tokens']:,.0f} tokens, loss {values['loss']:.3f}"
        self._bar.update(self._task, completed=step, said=said)


class Several(Observer):
    """Passes everything on to each of `observers`."""

    def __init__(self, *observers: Observer):
        self._observers = observers

    def update(self, step: int, values: dict[str, float]) -> None:
        for observer in self._observers:
            observer.update(step, values)

    def held_out(self, step: int, measured: dict[str, dict]) -> None:
        for observer in self._observers:
            observer.held_out(step, measured)


@contextmanager
def shown(title: str, steps: int, parameters: int, devices: int, *, quiet: bool, alone: bool = True):
    """The observer that fits standard error; a silent one where `quiet`. Bars are for one training `alone`."""
    if quiet:
        yield Observer()
    elif not alone or not sys.stderr.isatty():
        yield Lines(title, steps, parameters, devices)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), "updates,", "{task.fields[said]}")
        columns = tuple(TextColumn(c) if isinstance(c, str) else c for c in columns)
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
            yield Bar(bar, bar.add_task(title, total=steps, said=""))
