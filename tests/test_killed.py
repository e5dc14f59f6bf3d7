"""Commands that write several files at once, killed at any change to the disk: the old state or the new, whole."""

import os
import shutil
from pathlib import Path

import pytest
from killing import killed

from harness import files, scratch

STEP = int(os.environ.get("HARNESS_TEST_STEP", "17"))  # changes between two kills; with 1 it takes an hour


@pytest.fixture
def root(made_once, tmp_path) -> Path:
    shutil.copytree(made_once, tmp_path / "root", symlinks=True)
    return tmp_path / "root"


def state(*places: Path) -> dict[str, str]:
    found = {}
    for place in places:
        hashes = files.sha256_files(place) if place.is_dir() else {"": files.sha256(place)} if place.exists() else {}
        found |= {f"{place.name}/{name}": value for name, value in hashes.items()}
    return found


def left(root: Path) -> list[str]:
    return [path.name for place in (root, root.parent) for path in place.rglob("*.partial")]


@pytest.mark.parametrize(
    "command",
    ["profile use lab", *(pytest.param(c, marks=pytest.mark.extended) for c in ("report", "export ../bundle"))],
)
def test_whatever_is_killed_leaves_the_old_state_or_the_new_and_nothing_after_the_next_command(command, root):
    arguments = command.split()
    places = [root / "reports", root / "artifacts" / "report.json", root / "params.yaml", root.parent / "bundle"]
    if arguments[0] == "report":
        # What stood there was made by somebody else, and one table no longer is.
        files.write_text(root / "reports" / "README.md", "old")
        files.write_text(root / "reports" / "figures" / "gone.png", "old")
        files.write_text(root / "artifacts" / "report.json", "{}")
    changed = root.parent / "changed"
    shutil.copytree(root, changed, symlinks=True)
    before, seen, reports = state(*places), [], [state(root / "reports")]
    for _ in killed(root, arguments, step=1 if arguments[0] == "profile" else STEP):
        reports.append(state(root / "reports"))
        scratch.sweep(root)
        assert left(root) == []
        if (settled := state(*places)) != before:
            seen.append(settled)
            shutil.rmtree(root)
            shutil.rmtree(root.parent / "bundle", ignore_errors=True)
            shutil.copytree(changed, root, symlinks=True)
    after = state(*places)
    assert after != before and all(settled == after for settled in seen)
    # At every instant, too.
    assert all(found in (reports[0], state(root / "reports")) for found in reports)
