"""Make and verify the pins of hub checkpoints. A pin is a commit and the hash of every file that an import reads.

The hub states a SHA-256 for files in its large-file storage, and a git blob id (the SHA-1 of "blob SIZE\\0" and the
bytes) for other files. Both kinds of hash can be verified later without the hub.
"""

import dataclasses
import fnmatch
import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.encoders.hub import (
    BESIDE_WEIGHTS,
    WEIGHTS,
    check_repository,
    file_list,
    offline,
    snapshot_folder,
)
from harness.errors import CheckpointError
from harness.params.config import Hub
from harness.system.files import sha256
from harness.system.messages import first_line

TIMEOUT = 20  # seconds


def pin(name: str) -> Hub:
    """Ask the hub for the pin of `name` (`owner/name` or `owner/name@branch`): the commit and the hashes of its files.

    Raises CheckpointError if the hub is switched off or cannot answer (the error says what to do instead), or if the
    repository has no weights that can be read here.
    """
    repository, _, revision = name.partition("@")
    revision = revision or "main"
    check_repository(repository)
    if offline():
        raise CheckpointError(
            f"HF_HUB_OFFLINE is not 0, so the hub cannot be asked for the commit of {repository}@{revision}.",
            remedy=_by_hand(name),
        )
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi().model_info(repository, revision=revision, timeout=TIMEOUT, files_metadata=True)
    except GatedRepoError as error:
        raise CheckpointError(
            f"{repository} is gated: this machine is not logged in as somebody who has access.",
            remedy=f"Accept the terms on https://huggingface.co/{repository}, run `hf auth login`, and pin it again.",
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{repository} is not on the hub, or it is private.",
            remedy=f"Check the name on https://huggingface.co/{repository}; if it is private, run `hf auth login`.",
        ) from error
    except RevisionNotFoundError as error:
        raise CheckpointError(
            f"{repository} has no branch, tag or commit {revision}.",
            remedy=f"Name one of those on https://huggingface.co/{repository}/tree/main, or leave @{revision} out.",
        ) from error
    except Exception as error:  # many types (network, proxy, server), one remedy
        raise CheckpointError(
            f"The commit of {repository}@{revision} could not be found: {first_line(error)}",
            remedy=f"Check the name and the network. {_by_hand(name)}",
        ) from error
    # The hub answers for a renamed repository, too, but the cache would be filled under the old name.
    if info.id != repository:
        raise CheckpointError(
            f"{repository} is called {info.id} now.", remedy=f"Pin it under that name: `harness pin {info.id}`."
        )
    hashes = {sibling.rfilename: _hash_of(sibling) for sibling in info.siblings or ()}
    names = files_read(hashes)
    if not any(name.startswith(("model", "pytorch_model")) for name in names):
        raise CheckpointError(
            f"{repository}@{revision} has no weights for PyTorch ({' or '.join(WEIGHTS)}).",
            remedy="Name a repository that does, or convert the weights and use source: folder.",
        )
    if info.sha is None:
        raise CheckpointError(f"The hub names no commit for {repository}@{revision}.", remedy=_by_hand(name))
    return Hub("hub", repository, info.sha, {name: hashes[name] for name in names})


def _hash_of(sibling) -> str:
    return sibling.lfs["sha256"] if sibling.lfs else sibling.blob_id


def files_read(names: Iterable[str]) -> list[str]:
    """The names among `names` of the files that an import reads: configuration, tokenizer, and the weights in one
    form."""
    present = set(names)
    kept = [name for name in BESIDE_WEIGHTS if name in present]
    for whole, shards in WEIGHTS.items():
        index = f"{whole}.index.json"
        if whole in present:
            return sorted([*kept, whole])
        if index in present:
            return sorted([*kept, index, *fnmatch.filter(present, shards)])
    return sorted(kept)


def as_yaml(source: Hub) -> str:
    """The YAML text for `params.yaml` that declares an arm with this `source`."""
    from ruamel.yaml import YAML

    value = {**dataclasses.asdict(source), "files": dict(sorted((source.files or {}).items()))}
    del value["despite_gate"], value["package"]
    # The library quotes a hash that YAML would read as a number (only digits, or digits and one e).
    yaml, text = YAML(), io.StringIO()
    yaml.width = 4096
    yaml.dump(value, text)
    return text.getvalue()


def verify(folder: Path, files: Mapping[str, str], read: Iterable[str]) -> None:
    """Check that `folder` has all `files` with their pinned hashes, and that no other file will be read.

    `files` maps names to hashes. `read` are the names of the files that will be read. Raises CheckpointError, with the
    name of the file, if a file is missing, has another hash, or is not pinned.
    """
    for name in sorted(set(read) - set(files)):
        raise CheckpointError(
            f"{folder / name} would be read but is not pinned.",
            remedy=f"Remove the file, or add {name} with its hash to the arm's files in params.yaml "
            "(`harness pin REPOSITORY` prints them all).",
        )
    for name, expected in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            raise CheckpointError(
                f"{path} is pinned but missing.", remedy=f"Copy {name} from the pinned commit into the folder."
            )
        found = sha256(path) if len(expected) == 64 else blob_id(path)
        if found != expected:
            raise CheckpointError(
                f"{path} is not the file that params.yaml pins: its hash is {found}, not {expected}.",
                remedy=f"Copy {name} anew from the pinned commit. If the pin is wrong, `harness pin "
                "REPOSITORY` prints the right one.",
            )


def blob_id(path: Path) -> str:
    """The git blob id of a file: the SHA-1 of "blob SIZE\\0" and its bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, lambda: digest).hexdigest()


def _by_hand(name: str) -> str:
    """The remedy without a network: how to find the commit and the hashes, and which files to put where."""
    repository, _, revision = name.partition("@")
    return (
        f"Run `HF_HUB_OFFLINE=0 harness pin {name}` on a connected machine and paste what it prints below "
        f"the arm in params.yaml (`git ls-remote https://huggingface.co/{repository} {revision or 'main'}` prints "
        f"only the commit).\nThen put the files into {snapshot_folder(repository, 'COMMIT')} (or into any folder, with "
        f"source: folder):\n{file_list(None)}."
    )
