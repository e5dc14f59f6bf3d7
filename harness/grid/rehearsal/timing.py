"""Choose the part of a training that is measured, and take its times.

A few updates on the longest rows show how much memory is needed. If updates are short, more updates on ordinary rows
show how long one takes. If the machine is too slow or too small for the batch, fewer rows are used, and their time is
scaled up by the arithmetic that is left out.
"""

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness.params.arms import BASELINE
from harness.params.config import Engine

FEW = 2  # updates that are always made
LONGEST_RUN = 400  # the maximum number of updates


@dataclass(frozen=True)
class Cut:
    """The part of a training that is measured. An update has `micro_batches` batches of `rows` rows, each of at most
    `width` tokens. If updates are short, `seconds` are spent on ordinary ones. `whole` says that this is the batch of
    `params.yaml`."""

    rows: int
    micro_batches: int
    width: int
    threads: int
    seconds: float
    whole: bool


@dataclass
class Stamps:
    """A clock in seconds: CPU time of this process for one thread of a CPU, and wall time for all else. `optimizer` has
    the seconds of each optimizer step."""

    device: str
    threads: int
    optimizer: list[float] = field(default_factory=list)

    def now(self) -> float:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
        elif self.threads == 1:
            return time.process_time()
        return time.perf_counter()

    def watch_optimizer(self) -> None:
        """Time the steps of every optimizer from now on, because they do not grow with the batch."""
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        begun: list[float] = []
        register_optimizer_step_pre_hook(lambda *_: begun.append(self.now()))
        register_optimizer_step_post_hook(lambda *_: self.optimizer.append(self.now() - begun.pop()))


def busy(begun: tuple[float, float], threads: int) -> float:
    """The share of `threads` cores that this process got since `begun` (wall time, CPU time)."""
    passed = time.perf_counter() - begun[0]
    return (time.process_time() - begun[1]) / max(1e-9, passed * threads)


def prepared_engine(engine: Engine, cut: Cut) -> Engine:
    """The engine for one device of this machine, which is the CPU if there is no GPU. Also sets torch for it."""
    import torch

    from harness.system.determinism import prepare_torch

    here = engine.device == "cuda" and torch.cuda.is_available()
    prepared = dataclasses.replace(engine, devices=1, pretraining_threads=cut.threads)
    if not here:
        prepared = dataclasses.replace(prepared, device="cpu", precision="fp32", compile=False)
    prepare_torch(cut.threads, prepared.device)
    return prepared


def baseline(root: Path, family: str) -> Path:
    from harness.artifacts import checkpoint

    return checkpoint.place(root, family, BASELINE)


def device_memory(engine: Engine) -> int:
    """The peak bytes that torch has reserved on the device. 0 on a CPU, where the memory of the process counts."""
    if engine.device != "cuda":
        return 0
    import torch

    return torch.cuda.max_memory_reserved()
