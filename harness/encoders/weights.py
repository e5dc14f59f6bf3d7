"""Read the weight files of published checkpoints (safetensors or pickle, whole or in shards), and write safetensors.

A pickle is read with `weights_only=True`, which builds tensors and plain containers and refuses everything else. So
opening a checkpoint never runs its code.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from harness.errors import CheckpointError
from harness.system.messages import first_line

PACKED = 4
SAFETENSORS, PICKLE = "model.safetensors", "pytorch_model.bin"


def weight_files(folder: Path) -> list[str]:
    """The names of the weight files in `folder`: safetensors if there are any, otherwise pickles.

    Raises CheckpointError if the folder has no weights, or if an index names a file that is missing or outside the
    folder.
    """
    if index := weight_index(folder):
        return _shards(folder / index)
    for name in (SAFETENSORS, PICKLE):
        if (folder / name).is_file():
            return [name]
    raise CheckpointError(
        f"{folder} has no weights ({SAFETENSORS} or {PICKLE}, whole or with an index of shards).",
        remedy="Copy the PyTorch or safetensors weights of the checkpoint into the folder.",
    )


def weight_index(folder: Path) -> str | None:
    """The name of the index file in `folder` that lists the shards of the weights, or None if the weights are one file
    or missing."""
    for name in (SAFETENSORS, PICKLE):
        if (folder / name).is_file():
            return None
        if (folder / f"{name}.index.json").is_file():
            return f"{name}.index.json"
    return None


def _shards(index: Path) -> list[str]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        inside = all(Path(name).name == name and name not in ("", ".", "..") for name in names)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(
            f"{index}: not an index of weight shards.", remedy="Copy the file anew from the checkpoint's origin."
        ) from None
    if not names or not inside:
        raise CheckpointError(
            f"{index} names no shards, or shards outside its folder.",
            remedy="Do not use this checkpoint unless you know where it comes from.",
        )
    for name in names:
        if not (index.parent / name).is_file():
            raise CheckpointError(
                f"{index.parent / name} is missing; {index.name} lists it.", remedy=f"Copy {name} into the folder."
            )
    return names


def read_weights(folder: Path, names: list[str]) -> dict[str, torch.Tensor]:
    """All tensors of the weight files `names` in `folder`, by parameter name. Raises CheckpointError if a file is
    damaged or contains anything else than tensors."""
    state: dict[str, torch.Tensor] = {}
    for name in names:
        read = _read_safetensors if name.endswith(".safetensors") else _read_pickle
        state.update(read(folder / name))
    return state


def refuse_damaged(path: Path) -> None:
    """Check that the header of a safetensors file fits the file. Raises CheckpointError if it does not, for example
    because the file was cut off."""
    from safetensors import safe_open

    with _naming(path), safe_open(path, "pt"):
        pass


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    with _naming(path):
        return load_file(path)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged: {first_line(error)}", remedy="Copy the file anew and compare its SHA-256."
        ) from error


def _read_pickle(path: Path) -> dict[str, torch.Tensor]:
    import pickle
    import zipfile

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            # torch stores tensors uncompressed. A compressed archive could unpack to any size.
            if sum(entry.file_size for entry in archive.infolist()) > PACKED * path.stat().st_size:
                raise CheckpointError(
                    f"{path} unpacks to more than {PACKED} times its size; it was not opened.",
                    remedy="Use a safetensors copy of the checkpoint.",
                )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is a pickle that contains more than tensors, or is damaged; it was not executed.",
            remedy="Use a safetensors copy of the checkpoint.",
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {first_line(error)}", remedy="Copy the file anew.") from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise CheckpointError(
            f"{path} is not a state dict (parameter names to tensors).", remedy="Use the checkpoint's weights file."
        )
    return state


def write_weights(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write a safetensors file. `state` has the tensors by name. Tensors that share memory are written once for each
    name."""
    from safetensors.torch import save_file

    # clone() separates tensors that share memory.
    tensors = {name: state[name].detach().clone().contiguous() for name in sorted(state)}
    save_file(tensors, path, metadata={"format": "pt"})
