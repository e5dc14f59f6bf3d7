"""Forecast the time of every stage, from its counted work and the measured time of a part of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.grid.rehearsal.counting import Amount, Pretrained
from harness.params.config import Engine

# Seconds that a stage takes besides its work, to load Python's libraries and for DVC to check inputs and outputs.
STARTING = 4.0


@dataclass(frozen=True)
class Stage:
    """The forecast of a stage that runs alone on one machine.

    The stage makes `runs` trainings with `updates` updates together. `most_updates` is the number if every tuned arm
    chooses its longest recipe. `seconds` is the wall time. `busy` is the time of all occupied cores or devices
    together, in seconds, and `parts` splits `busy` by kind of work. `memory` (at its peak) and `disk` are in bytes.
    `memory_measured` is true if the memory was measured with the batch of `params.yaml`, and false if it is an
    estimate.
    """

    stage: str
    name: str
    runs: float = 0.0
    updates: float = 0.0
    most_updates: float = 0.0
    seconds: float = 0.0
    busy: float = 0.0
    memory: float = 0.0
    memory_measured: bool = True
    disk: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.stage} {self.name}".strip()

    @property
    def dominated_by(self) -> str:
        return max(self.parts, key=lambda part: self.parts[part]) if any(self.parts.values()) else ""


@dataclass(frozen=True)
class Speed:
    """The measured speed of a training, on the device of the forecast.

    All values are seconds: `update` for one update, `row` to answer a row or measure a held-out row, `judge` to score
    an answered row, `encode` to tokenise a row, and `fixed` for the rest of a run.
    """

    update: float
    row: float
    judge: float = 0.0
    fixed: float = 0.0
    encode: float = 0.0

    @classmethod
    def of(cls, measured: Mapping[str, Any], carried: "Carry", *, devices: int = 1) -> "Speed":
        """The speed from `measured`, a result of `pretraining.pretrain` or `finetuning.finetune` on this machine.

        `carried` converts seconds to the device of the forecast. The arithmetic of an update is divided among
        `devices`.
        """
        arithmetic, flops = measured["update"] - measured["optimizer"], measured["flops"] / devices
        update = carried.seconds(arithmetic, flops) + carried.other(measured["optimizer"], arithmetic, flops)
        row = carried.seconds(measured["row"], measured["row_flops"])
        more = (measured.get(name, 0.0) for name in ("judge", "fixed", "encode"))
        return cls(update, row, *more)


@dataclass(frozen=True)
class Carry:
    """Converts seconds on this machine to seconds on a device that makes `device_flops` operations a second.

    If `device_flops` is None, nothing is converted.
    """

    device_flops: float | None = None

    def seconds(self, here: float, flops: float) -> float:
        return here if self.device_flops is None else flops / self.device_flops

    def other(self, optimizer: float, arithmetic: float, flops: float) -> float:
        """Seconds of the optimizer's step on the device. `optimizer` are its seconds on this machine.

        The step does not depend on the batch. It is assumed to speed up by the same factor as the arithmetic of the
        update, which has `flops` operations and took `arithmetic` seconds on this machine. The step never counts as
        slower than on this machine.
        """
        faster = 1.0 if self.device_flops is None else self.device_flops * arithmetic / flops
        return optimizer / max(1.0, faster)


def device_flops(measured: Mapping[str, Any], seconds: float, devices: int) -> float:
    """The floating-point operations a second that one of `devices` devices makes, if an update takes `seconds` there.

    `measured` is a result of `pretraining.pretrain`.
    """
    return measured["flops"] / devices / seconds


def side_by_side(seconds: Sequence[tuple[float, float]], workers: int) -> float:
    """The total seconds of trainings that `workers` workers share.

    `seconds` are pairs (seconds of a training, how many such).
    """
    if len(seconds) == 1:
        ((each, number),) = seconds
        return -(-number // workers) * each
    total = sum(each * number for each, number in seconds)
    return max(total / workers, max((each for each, number in seconds if number), default=0.0))


def finetuning(
    stage: str,
    name: str,
    amount: Amount,
    speed: Speed,
    *,
    rows: float,
    encoders: int,
    workers: int,
    device: str,
    **more: Any,
) -> Stage:
    """The forecast of fine-tuning one comparison.

    `rows` rows of all parts are tokenised once, and `encoders` are loaded and hashed once. `more` are further fields of
    the `Stage`.
    """
    parts = {
        "updates": amount.updates * speed.update,
        "validation": amount.validated * (speed.row + speed.judge),
        "test": amount.answered * speed.row,
        "loading": amount.runs * speed.fixed,
        "reading": STARTING + rows * speed.encode + encoders * speed.fixed / 2,
    }
    each = [
        (
            one.updates * speed.update
            + one.validated * (speed.row + speed.judge)
            + one.answered * speed.row
            + speed.fixed,
            one.counts,
        )
        for one in amount.trainings
    ]
    seconds = side_by_side(each, workers) + parts["reading"]
    busy = sum(parts.values()) if device == "cpu" else seconds * workers
    return Stage(stage, name, amount.runs, amount.updates, amount.most, seconds, busy, parts=parts, **more)


def pretraining(
    stage: str,
    name: str,
    encoders: Iterable[Pretrained],
    speed: Speed,
    *,
    held_out: Mapping[str, float],
    state: float,
    save_minutes: float,
    once: Mapping[str, float],
    workers: int,
    engine: Engine,
    **more: Any,
) -> Stage:
    """The forecast of pre-training the `encoders` of one family.

    `held_out` is the number of measured rows by part of the corpus. `state` is the number of seconds to save a state,
    which also happens every `save_minutes` minutes (0: never). `once` has the seconds of work that is done once for all
    encoders, by kind of work. `more` are further fields of the `Stage`.
    """
    phases: dict[bool, list[float]] = {False: [], True: []}
    parts = {"updates": 0.0, "held-out text": 0.0, "saving": 0.0, "loading": 0.0}
    encoders = list(encoders)
    for one in encoders:
        updates = one.updates * speed.update
        saved = one.saved + (updates / 60 // save_minutes if save_minutes else 0)
        of = {
            "updates": updates,
            "held-out text": one.measured * sum(held_out.get(part, 0.0) for part in one.parts) * speed.row,
            "saving": saved * state + state / 3,
            "loading": speed.fixed,
        }
        parts = {part: parts[part] + of[part] for part in parts}
        phases[one.branched].append(sum(of.values()))
    seconds = STARTING + sum(once.values()) + sum(_in_order(phase, workers) for phase in phases.values())
    parts |= {"starting": STARTING, **once}
    devices = engine.devices if engine.device == "cuda" else 1
    busy = sum(parts.values()) if engine.device == "cpu" else seconds * devices
    updates = float(sum(one.updates for one in encoders))
    return Stage(stage, name, len(encoders), updates, updates, seconds, busy, parts=parts, **more)


def _in_order(seconds: Sequence[float], workers: int) -> float:
    """The total time if each training begins on the worker that is free first."""
    free = [0.0] * max(1, workers)
    for each in seconds:
        free[free.index(min(free))] += each
    return max(free)
