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
    """The options of `harness rehearse`. `grid` are the parsed options, which include those of `harness grid`.

    All measurements together may take `minutes`. If `only_check`, nothing is measured. If `random_weights`, random
    weights replace missing files of a pinned checkpoint. The other options describe a corpus or a machine that is not
    here: `corpus_tokens`, `device_flops` (operations a second), `update_seconds` (by STAGE/FAMILY), `memory_gb` of a
    device, and `free` bytes of disk.
    """

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
    """A family of encoders that is rehearsed.

    Its baseline is imported from `source`, or gets random weights of the sizes `encoder`.
    """

    name: str
    architecture: str
    shape: Shape
    encoder: Encoder | None
    source: Hub | Folder | None


@dataclass
class Rehearsal:
    """The result of a rehearsal: findings, forecast of the `stages`, and `notes` that a reader needs to judge the
    forecast.

    `measured` has the result of each measurement, and `writes` the bytes to be written, by stage such as "finetune
    aismec nb_bert". `free` are the free bytes on the disk. `seconds` and `peak` (bytes of memory) are those of the
    rehearsal itself.
    """

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
    """The factor from the held-out rows of the scratch copy to those of the whole corpus.

    `read` is the copied share of the corpus. The factor is at most 2, because each part of the corpus has at most 200
    held-out documents.
    """
    return min(2.0, 1 / read)
