"""The types of a rehearsal: the user's options, the families that are rehearsed, and the result."""

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
    """The options of `harness rehearse`. `grid` has those of `harness grid`. Measuring may take `minutes`. With
    `random_weights`, random weights replace the missing files of a pin. The rest describes the run's corpus and machine
    if they are not here: `device_flops` a second, `update_seconds` by STAGE/FAMILY, `free` bytes of disk."""

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
    """A rehearsed family. Its baseline is imported from `source`, or gets random weights of the sizes `encoder`."""

    name: str
    architecture: str
    shape: Shape
    encoder: Encoder | None
    source: Hub | Folder | None


@dataclass
class Rehearsal:
    """The findings, the forecast, and `notes` that a reader needs to judge them. `seconds` and `peak` (bytes) are
    those of the rehearsal itself."""

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
    """The held-out rows of the whole corpus per held-out row of the share `read`. At most 2, for there is a limit."""
    return min(2.0, 1 / read)
