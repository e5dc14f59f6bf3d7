"""Train on several devices or nodes: join the processes that torchrun starts, and place the model on their devices.

There is one process per device. If torchrun's environment variables are not set, there is only one process, and
torch.distributed is not started.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.errors import ConfigError
from harness.params.config import Engine


@dataclass(frozen=True)
class World:
    """The group of processes that train together. `size` is the number of processes. `rank` (from 0) and `device` are
    those of the process that has this object."""

    rank: int
    size: int
    device: str

    @property
    def leads(self) -> bool:
        """True for the leading process, which writes files and shows progress."""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """The sum of each of `values` over all processes, computed in float64. Every process must call this method,
        with as many values."""
        if self.size == 1:
            return [float(value) for value in values]
        tensor = torch.tensor(list(values), dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(tensor)
        return tensor.tolist()

    def wait(self) -> None:
        """Wait until all processes have called this method."""
        if self.size > 1:
            torch.distributed.barrier()


def leads() -> bool:
    """Return whether this process is the leading process, which writes files. The function needs no `World`, so it can
    be called before `joined`."""
    return int(os.environ.get("RANK", 0)) == 0


def await_file(path: Path) -> None:
    """Wait until the leading process has written `path`. There is no time limit, which a barrier would have. If the
    leading process fails, torchrun ends the waiting processes."""
    while not path.is_file():
        time.sleep(0.2)


@contextlib.contextmanager
def joined(engine: Engine, name: str) -> Iterator[World]:
    """Join the processes that torchrun started, and yield their `World`. Without torchrun, the `World` has only this
    process.

    `name` must differ from the names of other trainings in the same processes. Raises ConfigError if the number of
    started processes is not `engine.devices`.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size != engine.devices:
        raise ConfigError(
            f"{size} processes were started, but engine.devices is {engine.devices}.",
            remedy="Start as many processes as params.yaml says, or change engine.devices (another value gives other "
            "results).",
        )
    if size == 1:
        yield World(0, 1, engine.device)
        return
    device: str = engine.device
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
        torch.cuda.set_device(device)
    # The launcher's store still contains the addresses of the training before this one.
    store, rank, _ = next(torch.distributed.rendezvous("env://"))
    store = torch.distributed.PrefixStore(name, store)
    backend = "nccl" if engine.device == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
    try:
        yield World(torch.distributed.get_rank(), size, device)
    finally:
        torch.distributed.destroy_process_group()


def spread(module: torch.nn.Module, world: World, engine: Engine) -> torch.nn.Module:
    """Place `module` on all devices of `world`: a copy on each device (DDP) or divided among them (FSDP), as
    `engine.sharding` says. Returns the module to call. If there is only one process, `module` is returned unchanged."""
    if world.size == 1:
        return module
    if engine.sharding == "fsdp":
        from torch.distributed.fsdp import fully_shard

        # A layer's weights are whole only while it computes. The other weights (embeddings, heads) are one more group.
        for layer in layers(module):
            fully_shard(layer)
        fully_shard(module)
        return module
    # Heads that an objective does not train, such as a pooler in plain masked LM, have no gradient.
    return torch.nn.parallel.DistributedDataParallel(module, find_unused_parameters=True)


def layers(module: torch.nn.Module) -> list[torch.nn.Module]:
    """The encoder layers in `module`. In every family of encoders they are the layers that transformers can recompute
    (`GradientCheckpointingLayer`)."""
    from transformers.modeling_layers import GradientCheckpointingLayer

    return [part for part in module.modules() if isinstance(part, GradientCheckpointingLayer)]


@contextlib.contextmanager
def gathered(module: torch.nn.Module) -> Iterator[None]:
    """Make the parts of a sharded `module` callable by themselves inside this block, for example the encoder without
    the losses, to measure held-out text. A single encoder layer needs no such block, because a layer gathers its
    weights when it is called."""
    sharded = hasattr(module, "unshard")
    if sharded:
        module.unshard()
    try:
        yield
    finally:
        if sharded:
            module.reshard()


def settle(module: torch.nn.Module) -> None:
    """End the sharding of `module`: every device gets all parameters as plain tensors, and tied parameters stay
    tied."""
    from torch.distributed.fsdp import FSDPModule

    whole: dict[int, torch.nn.Parameter] = {}
    for part in module.modules():
        if isinstance(part, FSDPModule):
            # Otherwise the next call would gather and scatter the parameters again.
            for hooks in (part._forward_pre_hooks, part._forward_hooks):
                hooks.clear()
        for name, parameter in part.named_parameters(recurse=False):
            if hasattr(parameter, "full_tensor"):
                if id(parameter) not in whole:
                    whole[id(parameter)] = torch.nn.Parameter(parameter.detach().full_tensor(), parameter.requires_grad)
                setattr(part, name, whole[id(parameter)])


def without_exchange(module: torch.nn.Module) -> contextlib.AbstractContextManager:
    """A context in which a backward pass of `module` keeps the gradients on their device, if the module is replicated
    (DDP). The context is used for all micro-batches of an update except the last one."""
    if isinstance(module, torch.nn.parallel.DistributedDataParallel):
        return module.no_sync()
    return contextlib.nullcontext()
