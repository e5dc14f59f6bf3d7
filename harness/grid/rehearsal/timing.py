"""Choose the part of a training that a rehearsal measures, and take its times.

A few updates on the longest rows show how much memory the training needs. If updates are short, more updates on
ordinary rows show how long one update takes. If the machine is too slow or too small for a whole batch, fewer rows are
used. Their time is then scaled up by the arithmetic that is left out.
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
    """The part of a training that is measured.

    An update has `micro_batches` batches of `rows` rows of at most `width` tokens. If updates are short, further
    updates on ordinary rows are measured for `seconds`. `whole` is true if the batch is that of `params.yaml`.
    """

    rows: int
    micro_batches: int
    width: int
    threads: int
    seconds: float
    whole: bool


@dataclass
class Stamps:
    """A clock in seconds: CPU time of this process for one thread of a CPU, and wall time for all other cases.

    `optimizer` collects the seconds of each optimizer step, after a call of `watch_optimizer`.
    """

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
        """Time the steps of every optimizer from now on.

        The steps are timed separately, because their time does not grow with the batch.
        """
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        begun: list[float] = []
        register_optimizer_step_pre_hook(lambda *_: begun.append(self.now()))
        register_optimizer_step_post_hook(lambda *_: self.optimizer.append(self.now() - begun.pop()))


def busy(begun: tuple[float, float], threads: int) -> float:
    """The share of the time of `threads` cores that this process got.

    `begun` is (wall time, CPU time) at the beginning, in seconds.
    """
    passed = time.perf_counter() - begun[0]
    return (time.process_time() - begun[1]) / max(1e-9, passed * threads)


def prepared_engine(engine: Engine, cut: Cut) -> Engine:
    """The engine for a measurement on one device of this machine, which is the CPU if there is no GPU.

    Also sets torch's threads and options for that device.
    """
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
    """The peak bytes that torch has reserved on the GPU.

    Returns 0 on a CPU, for which the memory of the process is measured.
    """
    if engine.device != "cuda":
        return 0
    import torch

    return torch.cuda.max_memory_reserved()
