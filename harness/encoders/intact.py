"""Check that the files of a stored checkpoint are those that its card records."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.artifacts.checkpoint import NAME as CARD
from harness.artifacts.checkpoint import family_of, place, stage_of
from harness.errors import CheckpointError
from harness.system.files import read_json, sha256, sha256_files

# Files that are written after the hashes and are not read when the checkpoint is loaded.
_BESIDE = {CARD, "README.md"}


def refuse_changed(folder: Path, found: Mapping[str, str] | None = None) -> None:
    """Check that the files of a stored checkpoint have the hashes that its card records. Raises CheckpointError if a
    file differs, is missing or was added.

    `found` are the hashes of the folder's files, if they are known already (`harness.system.files.sha256_files`). A
    folder without a card, or with a card that records no files, was not stored by a stage and is not checked.
    """
    card = read_json(folder / CARD) if (folder / CARD).is_file() else {}
    recorded = card.get("files") if isinstance(card, dict) else [card]
    if not recorded:
        return
    if not (isinstance(recorded, dict) and all(isinstance(value, str) for value in recorded.values())):
        raise no_card(folder)
    found = {name: value for name, value in (found or sha256_files(folder)).items() if name not in _BESIDE}
    _refuse_other(folder, recorded, found, lambda _: _anew(folder))


def no_card(folder: Path) -> CheckpointError:
    return CheckpointError(f"{folder / CARD} is not the card of a checkpoint.", remedy=_anew(folder))


def _anew(folder: Path) -> str:
    family, stage = family_of(folder), stage_of(folder.name)
    return (
        f"`dvc checkout --force {place(Path(), family, folder.name).as_posix()}` restores it, "
        f"`dvc repro --force --single-item {stage}@{family}` makes it anew."
    )


def refuse_damaged_copy(folder: Path) -> None:
    """Check the files of a `folder` that is to be imported, if the folder has a card of this harness. Raises
    CheckpointError if a file has another hash than the card records.

    Files that were added or removed are not checked here, because loading the checkpoint finds them.
    """
    try:
        recorded = json.loads((folder / CARD).read_text(encoding="utf-8"))["files"]
        wanted = {name: recorded[name] for name in sorted(recorded) if (folder / name).is_file()}
    except (OSError, ValueError, KeyError, TypeError):
        return
    otherwise = f"If you changed it on purpose, remove its {CARD}."
    found = {name: sha256(folder / name) for name in wanted}
    _refuse_other(folder, wanted, found, lambda wrong: f"Copy {wrong} anew from where it was made. {otherwise}")


def _refuse_other(folder: Path, recorded: Mapping, found: Mapping, remedy: Callable[[str], str]) -> None:
    """Raises CheckpointError if the hashes differ. `remedy` gets the names of the files."""
    if wrong := [name for name in sorted({*recorded, *found}) if recorded.get(name) != found.get(name)]:
        states = ", ".join(f"{name} {_state(name, recorded, found)}" for name in wrong)
        raise CheckpointError(
            f"{folder} differs from the files that its {CARD} records: {states}.", remedy=remedy(", ".join(wrong))
        )


def _state(name: str, recorded: Mapping[str, str], found: Mapping[str, str]) -> str:
    if name not in found:
        return "is missing"
    return f"has SHA-256 {found[name][:12]}…, not {recorded[name][:12]}…" if name in recorded else "was added"
