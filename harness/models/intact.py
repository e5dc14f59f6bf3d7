"""Is a stored checkpoint the one that was stored? Its files against the hashes that its card recorded."""

from collections.abc import Mapping
from pathlib import Path

from harness.errors import CheckpointError
from harness.files import read_json, sha256_files

CARD = "harness.json"
# Written after the hashes, and read by nobody who loads the checkpoint.
_BESIDE = {CARD, "README.md"}


def refuse_changed(folder: Path, found: Mapping[str, str] | None = None) -> None:
    """Raises CheckpointError unless every file of `folder` that is loaded is the one its card records.

    `found` are the `sha256_files` of the folder, where they are known already. A folder without a card, or with one
    that records no files, was not stored by a stage and has nothing to be held against.
    """
    card = read_json(folder / CARD) if (folder / CARD).is_file() else {}
    recorded = card.get("files")
    if not recorded:
        return
    found = {name: value for name, value in (found or sha256_files(folder)).items() if name not in _BESIDE}
    wrong = [name for name in sorted({*recorded, *found}) if recorded.get(name) != found.get(name)]
    if not wrong:
        return
    states = ", ".join(f"{name} {_state(name, recorded, found)}" for name in wrong)
    family, arm = card["family"], card["arm"]
    stage = "checkpoint" if arm == "baseline" else "pretrain"
    raise CheckpointError(
        f"{folder} is not the checkpoint that its card records: {states}.",
        remedy=f"`dvc checkout --force artifacts/checkpoints/{family}/{arm}` restores it, "
        f"`dvc repro --force --single-item {stage}@{family}` makes it anew.",
    )


def _state(name: str, recorded: Mapping[str, str], found: Mapping[str, str]) -> str:
    if name not in found:
        return "is missing"
    return f"has SHA-256 {found[name][:12]}…, not {recorded[name][:12]}…" if name in recorded else "was added"
