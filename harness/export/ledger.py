"""Keep a list of what earlier bundles released, so that nobody can combine two releases about the same rows.

The ledger is a file beside the key of the pseudonyms, outside git, readable by its owner alone. It has the released
figures, and the pseudonyms of the rows behind them.
"""

from collections.abc import Mapping
from pathlib import Path

from harness.artifacts import split
from harness.errors import HarnessError
from harness.export.searching import DisclosureError
from harness.statistics.disclosure.coarsening import WITHHELD
from harness.statistics.disclosure.releasing import Release
from harness.system import files

FILE = ".harness-releases.json"
ABOUT = ("test", "holdout")


def enter(root: Path, releases: Mapping[str, Release], instead: bool) -> None:
    """Note the releases of a bundle before it is written. Raises DisclosureError, and notes nothing, if an earlier
    bundle released other figures of some of the same rows. `instead` says that no such bundle has left the site. Then
    its entry is removed instead."""
    path, found = Path(root) / FILE, _read(Path(root) / FILE)
    for task, release in releases.items():
        if release.rung.name == WITHHELD:
            continue
        mine = {"rows": _rows(root, task), "released": release.as_json}
        earlier = found.get(task, [])
        others = [e for e in earlier if e["released"] != mine["released"] and set(e["rows"]) & set(mine["rows"])]
        if others and not instead:
            raise DisclosureError(
                f"{task}: an earlier bundle released other figures of the same rows. Together they may reveal more "
                "than either alone, and this was not checked. Nothing was written.",
                remedy=f"Remove {task} from run.tasks, or add --instead if no earlier bundle has left the site.",
            )
        found[task] = [entry for entry in earlier if entry not in (*others, mine)] + [mine]
    if found:
        files.write_json(path, found)
        path.chmod(0o600)


def _read(path: Path) -> dict[str, list[dict]]:
    if not path.is_file():
        return {}
    found = files.read_json(path)
    try:
        if all({*entry} == {"rows", "released"} for of in found.values() for entry in of):
            return found
    except (AttributeError, TypeError):
        pass
    raise HarnessError(
        f"{path} is not a list of what earlier bundles released.",
        remedy="Restore the earlier file, or remove it if no bundle has left the site.",
    )


def _rows(root: Path, task: str) -> list[str]:
    return sorted(row for row, part in split.parts_of(root, task).items() if part in ABOUT)
