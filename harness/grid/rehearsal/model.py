"""What is asked of a rehearsal, what is rehearsed, and what comes of it."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.grid.rehearsal import disk
from harness.grid.rehearsal.finding import Finding
from harness.grid.rehearsal.forecast import Stage
from harness.grid.rehearsal.sizes import Shape
from harness.params.config import Encoder, Folder, Hub


@dataclass(frozen=True)
class Asked:
    """What the user says: the minutes that measuring may take, the machine of the run where it is another, and whether
    random weights are what is wanted where a pin's files are missing. `grid` are the options of `harness grid`."""

    grid: Namespace
    minutes: float = 12.0
    only_check: bool = False
    random_weights: bool = False
    corpus_tokens: float | None = None
    device_flops: float | None = None
    update_seconds: Mapping[str, float] = field(default_factory=dict)
    memory_gb: float | None = None
    free: int | None = None


@dataclass(frozen=True)
class Family:
    """A family as it is rehearsed: `source` is imported, or weights of the sizes `encoder` are drawn."""

    name: str
    architecture: str
    shape: Shape
    encoder: Encoder | None
    source: Hub | Folder | None


@dataclass
class Rehearsal:
    """What was found and forecast, and what the reader must know to judge it."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: dict[str, disk.Writes] = field(default_factory=dict)
    free: int = 0
    seconds: float = 0.0
    peak: int = 0

    @property
    def failed(self) -> bool:
        return any(not finding.stands_in for finding in self.findings)


def encoder_of(shape: Shape) -> Encoder:
    return Encoder(
        shape.hidden, shape.layers, shape.heads, shape.intermediate, shape.vocabulary, shape.positions or 8192, 0.1
    )


def held_back(read: float) -> float:
    """How many times more rows are held out of the whole corpus than of the part that was read: there is a limit."""
    return min(2.0, 1 / read)
