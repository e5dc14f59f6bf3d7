"""Find the memory, the GPUs and the cores of this machine, for the forecast of a run."""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.grid.rehearsal.sizes import GB
from harness.system.determinism import available_cpus

# Bytes of a GPU in the published setting, for a run on devices that are not here and whose memory is not given.
PUBLISHED_GPU = round(48 * GB)


@dataclass(frozen=True)
class Machine:
    """The machine of a run. This process may use `gpus` GPUs and `cores` cores.

    `memory` is in bytes: of one device if the run is on GPUs, otherwise of all processes together. `memory_of` names
    the owner of that memory in messages.
    """

    memory: int
    memory_of: str
    gpus: int
    cores: int


def here(device: str, memory_gb: float | None) -> Machine:
    """This machine, for a run on `device` ("cpu" or "cuda").

    If `memory_gb` is given, it replaces the memory found here.
    """
    gpus, memory = _gpus() if device == "cuda" else (0, 0)
    if memory_gb is not None:
        return Machine(
            round(memory_gb * GB), "the device" if device == "cuda" else "the machine", gpus, available_cpus()
        )
    if device == "cuda" and not gpus:
        return Machine(PUBLISHED_GPU, "a GPU of the published setting", 0, available_cpus())
    if device == "cuda":
        return Machine(memory, "the device", gpus, available_cpus())
    return Machine(available_memory(), "this machine now", 0, available_cpus())


def _gpus() -> tuple[int, int]:
    """(number of GPUs that this process may use, bytes of memory of the smallest GPU)."""
    import subprocess

    asked = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    with contextlib.suppress(OSError):
        said = subprocess.run(asked, capture_output=True, text=True)
        sizes = [int(line) << 20 for line in said.stdout.split() if line.isdigit()] if said.returncode == 0 else []
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
        number = len(sizes) if chosen is None else min(len(sizes), len([n for n in chosen.split(",") if n.strip()]))
        return number, min(sizes, default=0)
    return 0, 0


def available_memory() -> int:
    """Bytes that processes may still take, by the kernel and by the limit of a container."""
    free = [_number("/proc/meminfo", r"MemAvailable:\s+(\d+) kB") << 10]
    limit, used = (_number(f"/sys/fs/cgroup/memory.{name}", r"(\d+)") for name in ("max", "current"))
    free += [limit - used] if limit else []
    known = [number for number in free if number > 0]
    return min(known) if known else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _number(file: str, pattern: str) -> int:
    with contextlib.suppress(OSError):
        if found := re.search(pattern, Path(file).read_text(encoding="utf-8")):
            return int(found[1])
    return 0
