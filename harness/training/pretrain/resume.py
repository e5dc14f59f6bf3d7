"""Save and load the state of a training, so that an interrupted training resumes to the same bytes.

All random draws of a training follow from the update number (see `plan`). So a state consists of the weights, the
optimizer's moments, the position and the measurements. A state is one safetensors file, written as a scratch copy and
renamed. A second file has the SHA-256 of the first, which shows if the state is damaged. If the newest state is
damaged, the state before it is used.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.errors import DiskError, TrainingError
from harness.system.files import sha256, write_bytes, write_json
from harness.training.pretrain.interrupted import intact

KEPT = 2


@dataclass(frozen=True)
class State:
    """The state of a training. `tensors` maps names "model/…", "optimizer/…" and "group/…" to weights, moments and
    counters of the optimizer. `values` are plain values (updates done, position, curve, …)."""

    tensors: dict[str, torch.Tensor]
    values: dict


class Store:
    """The saved states of one training, in a subfolder of `folder`. `key` is the hash of everything that the training
    depends on, so states of other settings, corpora or parents are never used. The state after update `keeps` is not
    removed. `start()` returns the state to begin from (or None) if the training has no state of its own."""

    def __init__(
        self, folder: Path, key: str, keeps: int | None = None, start: Callable[[], State | None] = lambda: None
    ):
        self._all, self._folder = Path(folder), Path(folder) / key[:16]
        self.keeps, self._start = keeps, start

    def newest(self) -> State | None:
        """The newest undamaged state, or the result of `start` if there is none. If the state after update `keeps` is
        missing or damaged, later states are not used, so that the state after `keeps` is made again."""
        records = sorted(self._folder.glob("*.json"), reverse=True)
        if self.keeps is not None and not self.holds(self.keeps):
            records = [record for record in records if int(record.stem) < self.keeps]
        for record in records:
            try:
                return _read(record)
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                state = f"{record.with_suffix('.safetensors')}: the saved state after update {int(record.stem)}"
                print(f"{state} is damaged ({error}). An earlier state is used, if there is one.", file=sys.stderr)
        return self._start()

    def at(self, step: int) -> State:
        """The state after update `step`. Raises ValueError if the state is missing or damaged."""
        return _read(self._folder / f"{step:09}.json")

    def holds(self, step: int) -> bool:
        """Return whether the state after update `step` is in the store and undamaged."""
        try:
            intact(self._folder / f"{step:09}.json")
        except ValueError:
            return False
        return True

    def clear(self) -> None:
        """Remove the saved states of a finished training, except the state after update `keeps`. If `keeps` is None,
        remove the whole `folder`."""
        if self.keeps is None:
            shutil.rmtree(self._all, ignore_errors=True)
            return
        for record in self._folder.glob("*.json"):
            self._remove(record)

    def _remove(self, record: Path) -> None:
        if int(record.stem) != self.keeps:
            record.unlink()
            record.with_suffix(".safetensors").unlink(missing_ok=True)

    def save(self, step: int, state: State) -> None:
        """Save the state after update `step`, and remove all older states except the last one and the state after
        update `keeps`. Raises TrainingError if the state cannot be written, for example on a full disk."""
        target = self._folder / f"{step:09}.safetensors"
        try:
            write_bytes(target, _bytes(state.tensors))
            write_json(target.with_suffix(".json"), {"sha256": sha256(target), "values": state.values})
        except (DiskError, OSError) as error:
            for path in (target.with_suffix(".json"), target):
                path.unlink(missing_ok=True)
            reason = error.message if isinstance(error, DiskError) else f"{target}: {error.strerror}."
            again = f"Make {self._folder} writable, then run the command again."
            remedy = error.remedy if isinstance(error, DiskError) else again
            raise TrainingError(
                f"The state after update {step} could not be saved: {reason} The states saved earlier are intact.",
                remedy=f"{remedy} The training resumes from the newest saved state.",
            ) from error
        for old in sorted(self._folder.glob("*.json"))[:-KEPT]:
            self._remove(old)


def _bytes(tensors: dict[str, torch.Tensor]) -> bytes:
    from safetensors.torch import save

    return save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in sorted(tensors.items())})


def _read(record: Path) -> State:
    from safetensors.torch import load_file

    described = intact(record)
    return State(load_file(record.with_suffix(".safetensors")), described["values"])


def captured(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The weights and optimizer moments as named tensors, complete on every process even if the model is sharded."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights, moments = get_state_dict(model, optimizer, options=options)
    tensors = {f"model/{name}": value for name, value in weights.items()}
    for name, entries in moments.get("state", {}).items():
        for key, value in entries.items():
            if value is not None:
                tensors[f"optimizer/{name}/{key}"] = torch.as_tensor(value)
    # Some optimizers (StableAdamW) count their updates in the parameter group.
    for number, group in enumerate(optimizer.param_groups):
        counted = {key: value for key, value in group.items() if isinstance(value, torch.Tensor)}
        tensors |= {f"group/{number}/{key}": value for key, value in counted.items()}
    return tensors


def restore(model: torch.nn.Module, optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Load `tensors`, the result of `captured`, into a model and an optimizer that were made in the same way."""
    from torch.distributed.checkpoint.state_dict import (
        StateDictOptions,
        get_optimizer_state_dict,
        set_model_state_dict,
        set_optimizer_state_dict,
    )

    options = StateDictOptions(full_state_dict=True)
    moments = get_optimizer_state_dict(model, optimizer, options=options)
    state: dict[str, dict] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer/"):
            _, parameter, key = name.split("/")
            state.setdefault(parameter, {})[key] = value
    moments = {**moments, "state": state}
    weights = {name.removeprefix("model/"): value for name, value in tensors.items() if name.startswith("model/")}
    set_model_state_dict(model, weights, options=options)
    # Parameters that an objective does not train, such as a pooler in plain masked LM, have no moments.
    lenient = StateDictOptions(full_state_dict=True, strict=False)
    set_optimizer_state_dict(model, optimizer, moments, options=lenient)
    for name, value in tensors.items():
        if name.startswith("group/"):
            _, number, key = name.split("/")
            optimizer.param_groups[int(number)][key] = value
