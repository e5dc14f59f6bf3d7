"""Find and download checkpoints of the Hugging Face hub, each named by its commit. The network is used only if the user
asks for it."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.encoders.architectures import architecture_named
from harness.errors import CheckpointError
from harness.params.config import Hub
from harness.system.messages import first_line

WEIGHTS = {
    "model.safetensors": "model-*.safetensors",
    "pytorch_model.bin": "pytorch_model-*.bin",
}
BESIDE_WEIGHTS = (
    "README.md", "config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
)  # fmt: skip


def offline() -> bool:
    """True unless HF_HUB_OFFLINE is set to 0, false, no or off: by default the hub is not contacted."""
    return os.environ.get("HF_HUB_OFFLINE", "1").lower() not in ("0", "false", "no", "off")


def cache_folder() -> Path:
    """The folder of the hub's cache: HF_HUB_CACHE, otherwise HF_HOME/hub, otherwise huggingface/hub in XDG_CACHE_HOME
    or ~/.cache."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def snapshot_folder(repository: str, revision: str) -> Path:
    """The folder in the hub's cache for the files of `repository` at the commit `revision`."""
    return cache_folder() / f"models--{repository.replace('/', '--')}" / "snapshots" / revision


def file_list(architecture: str | None) -> str:
    """A text that lists the files that an import reads, for messages. Without `architecture`, the text is for all
    architectures."""
    tokenizer = "tokenizer.json, tokenizer_config.json"
    if architecture is None or architecture_named(architecture).word_list:
        tokenizer += " (BERT and ELECTRA: or vocab.txt in place of tokenizer.json)"
    return (
        f"config.json; {tokenizer}; the weights as model.safetensors or pytorch_model.bin, in one file or as "
        "….index.json with all its shards; if they exist, special_tokens_map.json and README.md (its licence)"
    )


def tokenizer_files(architecture: str) -> tuple[str]:
    """The names of the tokenizer files that an import needs. A name "A or B" means that one of the two files is
    enough."""
    return ("tokenizer.json or vocab.txt" if architecture_named(architecture).word_list else "tokenizer.json",)


def lacking(folder: Path, tokenizer: Iterable[str]) -> list[str]:
    """The names of the files that a model needs and `folder` lacks. `tokenizer` names the files of its tokenizer. A
    name "A or B" means that one of the two files is enough."""

    def there(name: str) -> bool:
        # A cache that was copied without its blobs contains only dead links.
        return (folder / name).is_file()

    missing = [names for names in ("config.json", *tokenizer) if not any(map(there, names.split(" or ")))]
    if not any(there(name) or there(f"{name}.index.json") for name in WEIGHTS):
        missing.append(" or ".join(WEIGHTS))
    return missing


def snapshot(source: Hub, architecture: str) -> Path:
    """The folder with the files of `source` at its commit. The files are downloaded first unless `offline()` is true.

    Raises CheckpointError if files are missing. The error says which files to put where.
    """
    pin = f"Pin it: `harness pin {source.repository}` prints the commit to put in params.yaml."
    place = fetched(source.repository, source.revision, BESIDE_WEIGHTS, pin)
    if missing := lacking(place, tokenizer_files(architecture)):
        state = f"lacks {', '.join(missing)}" if place.is_dir() else "does not exist"
        links = " (some files there are links to files that were not copied)" if _has_dead_links(place) else ""
        raise CheckpointError(
            f"{source.repository} at {source.revision} is not on this machine: {place} {state}{links}.",
            remedy=f"Put into that folder: {file_list(architecture)}.\n"
            f"{how_to_fetch(source.repository, source.revision)}\n"
            "Or keep the files in any folder and set the arm in params.yaml to {source: folder, path: …}.",
        )
    return place


def _has_dead_links(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_symlink() and not path.exists() for path in folder.iterdir())


def how_to_fetch(repository: str, revision: str) -> str:
    return (
        "With a network, put HF_HUB_OFFLINE=0 before the command to fetch them, or on another machine run "
        f"`hf download {repository} --revision {revision}`."
    )


def fetched(repository: str, revision: str, beside: Sequence[str], pin: str) -> Path:
    """The folder in the hub's cache for `repository` at the commit `revision`. Unless `offline()` is true, the weights
    of the repository, and the files named in `beside`, are downloaded first.

    Raises CheckpointError if the download fails, or if `revision` is not a commit. `pin` is the remedy in the second
    case.
    """
    check_repository(repository)
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise CheckpointError(f"{repository}: revision {revision!r} is not a 40-digit commit.", remedy=pin)
    if not offline():
        _download(repository, revision, beside)
    return snapshot_folder(repository, revision)


def _download(repository: str, revision: str, beside: Sequence[str]) -> None:
    from huggingface_hub import snapshot_download

    def fetch(patterns: list[str]) -> Path:
        place = cache_folder()
        return Path(snapshot_download(repository, revision=revision, cache_dir=place, allow_patterns=patterns))

    safetensors, pickle = ([name, f"{name}.index.json", shards] for name, shards in WEIGHTS.items())
    try:
        folder = fetch([*beside, *safetensors])
        if not any(folder.glob("*.safetensors")):
            fetch(pickle)
    except Exception as error:  # many types (network, permission, unknown repository or commit), one remedy
        raise CheckpointError(
            f"{repository} at {revision} could not be downloaded: {first_line(error)}",
            remedy="Check the name, the commit and the network, or copy the files and give their folder.",
        ) from error


def check_repository(repository: str) -> None:
    part = r"[A-Za-z0-9][A-Za-z0-9._-]*"
    if not re.fullmatch(f"{part}(/{part})?", repository) or ".." in repository or "--" in repository:
        raise CheckpointError(f"{repository!r} is not a repository of the hub.", remedy="Write it as owner/name.")
