"""Inspect the encoders of a run before training: files of pinned checkpoints, sizes, and this machine's speed.

Also writes a family's baseline to the scratch copy. `harness.grid.rehearsal.children` runs each of these functions in a
process of its own, so each returns a dict.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.grid.rehearsal.disk import folder_bytes
from harness.grid.rehearsal.sizes import Shape
from harness.grid.rehearsal.timing import Stamps
from harness.params.arms import BASELINE, SHARED
from harness.params.config import Encoder, Engine, Folder, Hub


def several(calls: Sequence[tuple]) -> dict:
    """Make several calls in one process. `calls` are tuples (function, its arguments …).

    Returns {"results": what the functions returned, in order}. If a function raises a HarnessError, the error takes the
    place of the result.
    """
    from harness.errors import HarnessError

    def answer(work, *given):
        try:
            return work(*given)
        except HarnessError as error:
            return error

    return {"results": [answer(*call) for call in calls]}


def look(architecture: str, encoder: Encoder | None, folder: Path | None, attention: str) -> dict:
    """Find the sizes of an encoder, from `encoder` or from the configuration in `folder`. No weights are made.

    Returns {"shape": the `Shape`}. Raises CheckpointError if the configuration does not fit `architecture`.
    """
    import torch

    from harness.encoders import families
    from harness.encoders.architectures import architecture_named

    kind = architecture_named(architecture)
    with torch.device("meta"), families.quiet():
        if folder is not None:
            model = kind.model("masked_lm")(_config(kind, folder))
        else:
            assert encoder is not None, "there are sizes or there is a folder"
            model = families.new_masked_lm(architecture, encoder, _Ids(encoder.vocabulary), attention)
    config, numbers = model.config, {name: p.numel() for name, p in model.named_parameters()}
    through = sum(n for name, n in numbers.items() if "embedding" not in name and ".layer" in name)
    positions = kind.positions(config)
    return {
        "shape": Shape(
            architecture,
            config.hidden_size,
            config.num_hidden_layers,
            config.num_attention_heads,
            config.intermediate_size,
            config.vocab_size,
            positions,
            sum(numbers.values()),
            through,
        )
    }


def pins(source: Hub | Folder, architecture: str) -> dict:
    """Check whether the checkpoint `source` can be imported from files on this machine, without asking the hub.

    Returns {"faults": list of (message, remedy), "folder": the checkpoint's folder, or None if it has no
    configuration}.
    """
    from harness.encoders import hub
    from harness.encoders import pins as pinned
    from harness.encoders.weights import weight_files, weight_index
    from harness.errors import CheckpointError

    hosted = source if isinstance(source, Hub) else None
    if isinstance(source, Hub):
        folder = hub.snapshot_folder(source.repository, source.revision)
        name = f"{source.repository} at {source.revision}"
    else:
        folder, name = Path(source.path).expanduser(), source.path
    faults = []
    if lacking := hub.lacking(folder, hub.tokenizer_files(architecture)):
        state = f"lacks {', '.join(lacking)}" if folder.is_dir() else "does not exist"
        remedy = f"Put into that folder: {hub.file_list(architecture)}."
        if hosted:
            remedy += (
                f"\n  `hf download {hosted.repository} --revision {hosted.revision}` on a machine with a network "
                "fetches them; HF_HUB_CACHE names another cache."
            )
        faults.append((f"{name} is not whole on this machine: {folder} {state}.", remedy))
    try:
        names = weight_files(folder) if not lacking else []
        if hosted and hosted.files is not None:
            wanted = [file for file in hosted.files if (folder / file).is_file()]
            absent = sorted(set(hosted.files) - set(wanted))
            if absent and not lacking:
                faults.append((f"{folder} lacks {', '.join(absent)}, which params.yaml pins.", "Copy what is missing."))
            index = weight_index(folder) if not lacking else None
            read = {*wanted, *names, *([index] if index else [])} if not lacking else set(wanted)
            pinned.verify(folder, {file: hosted.files[file] for file in wanted}, read)
    except CheckpointError as error:
        faults.append((error.message, error.remedy))
    config = (folder / "config.json").is_file()
    return {"faults": faults, "folder": folder if config else None}


@dataclass(frozen=True)
class _Ids:
    """The part of a tokenizer that a new encoder needs: the size of the vocabulary and the ids of special tokens."""

    size: int
    pad_token_id: int = 0
    cls_token_id: int = 2
    sep_token_id: int = 3
    mask_token_id: int = 4

    def __len__(self) -> int:
        return self.size


def _config(kind, folder: Path):
    from harness.errors import CheckpointError
    from harness.system.messages import first_line

    try:
        return kind.config().from_pretrained(folder, local_files_only=True)
    except Exception as error:  # many types, all about this file
        raise CheckpointError(
            f"{folder / 'config.json'} is not a configuration of {kind.name}: {first_line(error)}",
            remedy="Copy it anew, or set the family's architecture to the checkpoint's own.",
        ) from error


@dataclass(frozen=True)
class Sized:
    """A tokenizer that claims a larger vocabulary of `size` tokens. The tokens that it lacks never occur in texts."""

    tokenizer: Any
    size: int

    def __len__(self) -> int:
        return self.size

    def __getattr__(self, name: str):
        return getattr(self.tokenizer, name)


def probe(threads: int, device: str) -> dict:
    """Measure this machine's speed in large matrix products, in fp32 on a CPU and in bf16 on a GPU.

    Returns {"flops": floating-point operations a second}.
    """
    import torch

    from harness.system.determinism import prepare_torch

    prepare_torch(threads, device)
    size, kind = (4096, torch.bfloat16) if device == "cuda" else (1024, torch.float32)
    one = torch.rand(size, size, device=device, dtype=kind)
    one @ one
    stamps = Stamps(device, threads)
    begun, times = stamps.now(), 0
    while times < 3 or stamps.now() - begun < 0.5:
        one @ one
        times += 1
    return {"flops": 2 * size**3 * times / (stamps.now() - begun)}


def make(
    root: Path, family: str, architecture: str, encoder: Encoder | None, source: Hub | Folder | None, engine: Engine
) -> dict:
    """Write the baseline of a family to the scratch copy `root`.

    The baseline is imported from `source`. Without a `source`, it gets random weights of the sizes `encoder`, and a
    tokenizer that is made from the corpus in the scratch copy. Returns {"tokenizer": CPU seconds of making the
    tokenizer (0 for an import), "save": seconds of saving the baseline, "bytes": its size}.
    """
    import torch

    from harness.artifacts import checkpoint
    from harness.encoders import families, tokenizers
    from harness.system.determinism import prepare_torch
    from harness.training.pretrain import texts

    prepare_torch(engine.pretraining_threads, "cpu")
    target = checkpoint.place(root, family, BASELINE)
    begun, begun_busy = time.perf_counter(), time.process_time()
    if source is not None:
        from harness.encoders.checkpoints import import_arm

        import_arm(source, family, BASELINE, architecture, target, "rehearsed")
        return {"tokenizer": 0.0, "save": time.perf_counter() - begun, "bytes": folder_bytes(target)}
    assert encoder is not None, "there are sizes or there is a source"
    files = {name: root / "artifacts" / "corpus" / f"{name}.jsonl" for name in SHARED}
    tokenizer = tokenizers.build(architecture, texts.training_texts(files), encoder.vocabulary)
    tokenised = time.process_time() - begun_busy
    torch.manual_seed(1)
    model = families.new_masked_lm(architecture, encoder, Sized(tokenizer, encoder.vocabulary), engine.attention)
    target.mkdir(parents=True)
    ready = time.perf_counter()
    families.save(model, tokenizer, target)
    return {"tokenizer": tokenised, "save": time.perf_counter() - ready, "bytes": folder_bytes(target)}
