"""Commands that write several files at once, killed at any change to the disk: the old state or the new, whole."""

import os
import re
import shutil
from pathlib import Path

import pytest
from killing import UNWRITTEN, kill, stops

from harness.system import files, scratch

# What none of these commands writes, besides what is only DVC's.
INPUTS = (
    *UNWRITTEN, ".dvc/cache", ".dvc/tmp", "mlartifacts", "artifacts/checkpoints", "artifacts/corpus",
    "artifacts/generated", "artifacts/predictions", "artifacts/scores", "artifacts/splits", "artifacts/validated",
)  # fmt: skip


@pytest.fixture
def root(made_once, tmp_path) -> Path:
    shutil.copytree(made_once, tmp_path / "site" / "root", symlinks=True)
    return tmp_path / "site" / "root"


def state(root: Path) -> dict[str, str]:
    """All that lies in `root` and beside it, but for the INPUTS: files by their hashes, and folders."""
    found, left_out = {}, {root / name for name in INPUTS}
    for folder, folders, names in os.walk(root.parent):
        folders[:] = [name for name in folders if Path(folder, name) not in left_out]
        found |= {str(Path(folder, name).relative_to(root.parent)): "a folder" for name in folders}
        paths = [Path(folder, name) for name in names if Path(folder, name) not in left_out]
        found |= {str(path.relative_to(root.parent)): files.sha256(path) for path in paths}
    return found


def left(root: Path) -> list[str]:
    return [path.name for path in root.parent.rglob("*.partial")]


@pytest.mark.parametrize(
    "command",
    [
        "profile use lab",
        *(
            pytest.param(c, marks=pytest.mark.extended)
            for c in (
                "new-task triage --head sequence",
                "data generate ../new/there",
                "report",
                "export ../new/bundle",
            )
        ),
    ],
)
def test_whatever_is_killed_leaves_the_old_state_or_the_new_and_nothing_after_the_next_command(command, root):
    if command == "report":
        # What stood there was made by somebody else, and one table no longer is.
        files.write_text(root / "reports" / "README.md", "old")
        files.write_text(root / "reports" / "figures" / "gone.png", "old")
        files.write_text(root / "artifacts" / "report.json", "{}")
    before, reports, seen = state(root), [files.sha256_files(root / "reports")], []
    for stopped in stops(root, command.split(), unwritten=INPUTS):
        reports.append(files.sha256_files(stopped / "reports"))
        scratch.sweep(stopped)
        assert left(stopped) == []
        seen.append(state(stopped))
    after = state(root)
    new = [found == after for found in seen]
    assert after != before and all(found in (before, after) for found in seen) and new == sorted(new)
    # At every instant, too.
    assert all(found in (reports[0], files.sha256_files(root / "reports")) for found in reports)


def shape(root: Path) -> dict[str, str]:
    """The state, whatever the process was called that left it."""
    return {re.sub(r"[0-9a-f]{8}-\d+-\d+-[0-9a-f]{8}", "PROCESS", name): value for name, value in state(root).items()}


def test_a_process_that_is_really_killed_leaves_what_is_seen_while_it_goes_on(root, tmp_path):
    shutil.copytree(root.parent, tmp_path / "other", symlinks=True)
    shown = [shape(stopped) for stopped in stops(root, ["profile", "use", "lab"], unwritten=INPUTS)]
    other = tmp_path / "other" / "root"
    for at, expected in enumerate(shown, start=1):
        assert kill(other, ["profile", "use", "lab"], at) and shape(other) == expected
        scratch.sweep(other)
    assert len(shown) >= 4 and not kill(other, ["profile", "use", "lab"], len(shown) + 1)
