"""Checkpoints of the Hugging Face hub, named by commit, offline unless the user asks for the network."""

import os
import re
from pathlib import Path

from harness.config import Hub
from harness.errors import CheckpointError

_FILES = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors",
]  # fmt: skip
_PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"]


def offline() -> bool:
    """The hub is left alone unless HF_HUB_OFFLINE is set to 0."""
    return os.environ.get("HF_HUB_OFFLINE", "1").lower() not in ("0", "false", "no", "off")


def cache_folder() -> Path:
    """Where the hub's files are kept: HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def snapshot(source: Hub) -> Path:
    """The folder with the files of `source` at its commit, from the cache or (when asked for) the network."""
    _check_repository(source.repository)
    if not re.fullmatch(r"[0-9a-f]{40}", source.revision):
        raise CheckpointError(
            f"{source.repository}: revision {source.revision!r} is not a 40-digit commit.",
            remedy=f"Pin it: `harness checkpoint pin {source.repository}` prints the commit to put in params.yaml.",
        )
    place = cache_folder() / f"models--{source.repository.replace('/', '--')}" / "snapshots" / source.revision
    if not offline():
        _download(source)
    if not place.is_dir():
        raise CheckpointError(
            f"{source.repository} at {source.revision} is not on this machine (looked in {place}).",
            remedy="Run the command with HF_HUB_OFFLINE=0 to download it, copy its files there, "
            "or set the arm in params.yaml to {source: folder, path: …}.",
        )
    return place


def _download(source: Hub) -> None:
    from huggingface_hub import snapshot_download

    def fetch(patterns: list[str]) -> Path:
        return Path(
            snapshot_download(
                source.repository, revision=source.revision, cache_dir=cache_folder(), allow_patterns=patterns
            )
        )

    try:
        folder = fetch(_FILES)
        if not any(folder.glob("*.safetensors")):
            fetch(_PICKLES)
    except Exception as error:  # network, permission, unknown repository or commit: many kinds, one remedy
        raise CheckpointError(
            f"{source.repository} at {source.revision} could not be downloaded: {_first_line(error)}",
            remedy="Check the name, the commit and the network, or copy the files and use source: folder.",
        ) from error


def pin(repository: str, revision: str = "main") -> dict[str, str]:
    """{"repository", "requested", "revision"}: the commit that a branch or tag of the hub points at now."""
    _check_repository(repository)
    by_hand = f"`git ls-remote https://huggingface.co/{repository} {revision}` on a connected machine says the same."
    if offline():
        raise CheckpointError(
            f"The hub is switched off, so {repository}@{revision} cannot be resolved.",
            remedy=f"Run `HF_HUB_OFFLINE=0 harness checkpoint pin {repository}`; {by_hand}",
        )
    from huggingface_hub import HfApi

    try:
        commit = HfApi().model_info(repository, revision=revision, timeout=20).sha
    except Exception as error:  # as above
        raise CheckpointError(
            f"{repository}@{revision} could not be resolved: {_first_line(error)}",
            remedy=f"Check the name and the network; {by_hand}",
        ) from error
    return {"repository": repository, "requested": revision, "revision": commit}


def _check_repository(repository: str) -> None:
    part = r"[A-Za-z0-9][A-Za-z0-9._-]*"
    if not re.fullmatch(f"{part}(/{part})?", repository) or ".." in repository or "--" in repository:
        raise CheckpointError(f"{repository!r} is not a repository of the hub.", remedy="Write it as owner/name.")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
