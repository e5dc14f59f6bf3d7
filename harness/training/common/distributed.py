"""Training on several devices or nodes: the processes that torchrun starts, and the placement of the model.

There is one process per device. Without torchrun's environment variables there is one process, and torch.distributed is
not started.
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
    """The group of processes that train together. `rank` and `device` are those of this process."""

    rank: int
    size: int
    device: str

    @property
    def leads(self) -> bool:
        """Is this the leading process, which writes files and shows progress?"""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """The sums over all processes, in float64."""
        if self.size == 1:
            return [float(value) for value in values]
        tensor = torch.tensor(list(values), dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(tensor)
        return tensor.tolist()

    def wait(self) -> None:
        """Wait until all processes have called this."""
        if self.size > 1:
            torch.distributed.barrier()


def leads() -> bool:
    """Will this process be the leading one of its world?"""
    return int(os.environ.get("RANK", 0)) == 0


def await_file(path: Path) -> None:
    """Wait until the leading process has written `path`. A barrier would have a time limit. If the leading process
    fails, the launcher ends the others."""
    while not path.is_file():
        time.sleep(0.2)


@contextlib.contextmanager
def joined(engine: Engine, name: str) -> Iterator[World]:
    """The `World` of the processes that the launcher started, or of this process alone without a launcher.

    `name` must differ from the names of other trainings in the same processes. Raises ConfigError if the launcher's
    number of processes is not `engine.devices`.
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
    """`module` on all devices of the world, replicated (DDP) or sharded (FSDP). Unchanged in a world of one."""
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
    """The encoder layers in `module`, the units that transformers recomputes in every family."""
    from transformers.modeling_layers import GradientCheckpointingLayer

    return [part for part in module.modules() if isinstance(part, GradientCheckpointingLayer)]


@contextlib.contextmanager
def gathered(module: torch.nn.Module) -> Iterator[None]:
    """Make the parts of a sharded `module` callable by themselves inside this block, as measuring needs. Layers need no
    such block: they gather their weights when they are called."""
    sharded = hasattr(module, "unshard")
    if sharded:
        module.unshard()
    try:
        yield
    finally:
        if sharded:
            module.reshard()


def settle(module: torch.nn.Module) -> None:
    """End the sharding of `module`: every device gets all parameters as plain tensors, and tied ones stay tied."""
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
    """Keep gradients on their device inside this block. Used for all micro-batches of an update except the last."""
    if isinstance(module, torch.nn.parallel.DistributedDataParallel):
        return module.no_sync()
    return contextlib.nullcontext()
