"""What of a training is measured, and when something of it happened."""

import dataclasses
import itertools
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness.params.arms import BASELINE
from harness.params.config import Engine

FEW = 2  # updates that are always made
LONGEST_RUN = 400  # updates that are made at most


@dataclass(frozen=True)
class Cut:
    """What of a training is measured: `rows` go through the device at once, `micro_batches` times before an update, of
    `width` tokens at most; on `threads` threads. `seconds` are spent on ordinary updates where they are short enough;
    `whole` says whether all of that is what `params.yaml` asks for."""

    rows: int
    micro_batches: int
    width: int
    threads: int
    seconds: float
    whole: bool


@dataclass
class Stamps:
    """Seconds at which something happened: on a CPU with one thread those that this process was given, elsewhere those
    that passed."""

    engine: Engine
    threads: int
    at: list[float] = field(default_factory=list)
    optimizer: list[float] = field(default_factory=list)

    def now(self) -> float:
        if self.engine.device == "cuda":
            import torch

            torch.cuda.synchronize()
        elif self.threads == 1:
            return time.process_time()
        return time.perf_counter()

    def watch_optimizer(self) -> None:
        """From now on the steps of every optimizer are timed: they do not grow with the batch."""
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        begun: list[float] = []
        register_optimizer_step_pre_hook(lambda *_: begun.append(self.now()))
        register_optimizer_step_post_hook(lambda *_: self.optimizer.append(self.now() - begun.pop()))

    def between(self) -> float:
        """Seconds of an update: of the first nothing is said, it makes what all others find."""
        return statistics.fmean(b - a for a, b in itertools.pairwise(self.at))


def busy(begun: tuple[float, float], threads: int) -> float:
    """The share of the cores that this process was given since `begun` (passed, given)."""
    passed = time.perf_counter() - begun[0]
    return (time.process_time() - begun[1]) / max(1e-9, passed * threads)


def prepared_engine(engine: Engine, cut: Cut) -> Engine:
    """The engine as it is on this machine, with torch set for it."""
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
    """The most that the device has had reserved, 0 on a CPU, whose memory is that of the process."""
    if engine.device != "cuda":
        return 0
    import torch

    return torch.cuda.max_memory_reserved()
