"""Load weights into a model, and check that every parameter has its weight and every weight its parameter."""

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import torch

from harness.encoders.architectures import Architecture, architecture_named
from harness.errors import CheckpointError
from harness.system.messages import first_line

_PLAIN = {"return_dict": True, "output_hidden_states": False, "output_attentions": False, "chunk_size_feed_forward": 0}


def load(
    folder: Path,
    architecture: str,
    head: str,
    attention: str,
    *,
    settings: dict | None = None,
    may_lack: tuple[str, ...] = (),
) -> tuple[torch.nn.Module, dict[str, list[str]]]:
    """Load the checkpoint in `folder` as a model with the head `head`: "masked_lm", or the end of the name of a class
    with a task head, such as "TokenClassification".

    Returns the model in evaluation mode, and {"missing": […], "unexpected": […]}: the names of parameters without
    weights, and of weights without a parameter. `attention` is "sdpa" (fused) or "eager". `settings` replace values of
    the configuration. Raises CheckpointError if a missing parameter does not start with a prefix of `may_lack`, if a
    weight belongs to no known head, or if anything is damaged.
    """
    kind, folder = architecture_named(architecture), Path(folder)
    if not (folder / "config.json").is_file() or not (folder / "model.safetensors").is_file():
        raise CheckpointError(
            f"{folder} is not a checkpoint: config.json or model.safetensors is missing.",
            remedy="Make it with `dvc repro`, or point the arm's source at a complete checkpoint folder.",
        )
    model_class = kind.model(head)
    with quiet():
        try:
            config = kind.config().from_pretrained(folder, local_files_only=True)
            # The format of the outputs and the chunking of the work are not for a checkpoint to decide.
            plain = {name: value for name, value in _PLAIN.items() if getattr(config, name, value) != value}
            for name, value in (plain | (settings or {})).items():
                setattr(config, name, value)
            model, info = model_class.from_pretrained(
                folder,
                config=config,
                attn_implementation="eager" if kind.eager else attention,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        except Exception as error:  # transformers and safetensors raise many types here, all about the files
            raise CheckpointError(
                f"{folder} cannot be loaded as {model_class.__name__}: {first_line(error)}",
                remedy="Check that the architecture is right and the files are whole. Then make or import the "
                "checkpoint again.",
            ) from error
    missing = sorted(info["missing_keys"])
    lacking = [name for name in missing if not name.startswith(may_lack)] if may_lack else missing
    misfits = sorted(str(key[0] if isinstance(key, tuple) else key) for key in info["mismatched_keys"])
    if lacking:
        _refuse_too_few_layers(model, folder, config, lacking)
    if lacking or misfits:
        raise CheckpointError(
            f"{folder} is not a whole {architecture} checkpoint for {model_class.__name__}: {len(lacking)} parameters "
            f"missing, {len(misfits)} of another shape ({_few(lacking + misfits)}).",
            remedy="Check that the architecture in params.yaml is the checkpoint's own.",
        )
    _refuse_left_over(kind, folder, config, sorted(info["unexpected_keys"]))
    _assert_initialised(model, folder)
    return model.eval(), {"missing": missing, "unexpected": sorted(info["unexpected_keys"])}


def _refuse_too_few_layers(model: torch.nn.Module, folder: Path, config, lacking: list[str]) -> None:
    """Raises CheckpointError if the `lacking` parameters are exactly all parameters of the last layers."""
    held = min(map(_layer, lacking))
    if held >= 0 and {name for name, _ in model.named_parameters() if _layer(name) >= held} == set(lacking):
        raise _other_layers(folder, config, held)


def _layer(name: str) -> int:
    """The number of the layer that a parameter belongs to, or −1 if it belongs to none."""
    found = re.search(r"(?:^|\.)layers?\.(\d+)\.", name)
    return int(found[1]) if found else -1


def _other_layers(folder: Path, config, held: int) -> CheckpointError:
    whole = "not a whole checkpoint" if held < config.num_hidden_layers else "not the checkpoint of its configuration"
    return CheckpointError(
        f"{folder} is {whole}: config.json says {config.num_hidden_layers} layers (num_hidden_layers), but "
        f"the weights have {held}.",
        remedy="Copy config.json and the weights anew from the same version of the checkpoint.",
    )


# Buffers that older versions stored. They are never loaded: every version computes them.
_BUFFERS = ("position_ids", "token_type_ids", "inv_freq", "position_indices")


def _refuse_left_over(kind: Architecture, folder: Path, config, unexpected: list[str]) -> None:
    """Raises CheckpointError if an `unexpected` weight is neither a buffer nor of a head that may be left out."""
    heads = (*kind.masked_lm_head, *kind.next_sentence_head, *kind.task_head[1:], *kind.other_heads)
    strange = [name for name in unexpected if not name.startswith(heads) and not name.endswith(_BUFFERS)]
    if not strange:
        return
    if (most := max(map(_layer, strange)) + 1) > config.num_hidden_layers:
        raise _other_layers(folder, config, most)
    raise CheckpointError(
        f"{folder}: the weights have {len(strange)} parameters that {kind.name} does not read ({_few(strange)}).",
        remedy="Check that architecture, config.json and weights belong together. Remove the weights of a task head, "
        "or use the checkpoint from before it was fine-tuned.",
    )


@contextlib.contextmanager
def quiet():
    """Silence the progress bars and load reports of transformers. This module checks loaded weights itself and raises
    errors."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _assert_initialised(model: torch.nn.Module, folder: Path) -> None:
    for name, parameter in model.named_parameters():
        if parameter.is_meta or not torch.isfinite(parameter).all():
            raise CheckpointError(
                f"{folder}: {name} has values that are not numbers.",
                remedy="The file is damaged, or its training diverged. Import or train it anew.",
            )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
