"""Keep the ledger: a list of the figures that earlier export bundles released. A bundle that releases other figures of
the same rows is refused, because two releases together may reveal a count that neither reveals alone.

The ledger is the file `.harness-releases.json` in the root of the repository. It is not in git, and only its owner can
read it. For each task, the ledger has the released figures and the pseudonyms of the test and holdout rows.
"""

from collections.abc import Mapping
from pathlib import Path

from harness.artifacts import scores, split
from harness.errors import HarnessError
from harness.export.searching import DisclosureError
from harness.statistics.disclosure.coarsening import WITHHELD
from harness.statistics.disclosure.releasing import Release
from harness.system import files

FILE = ".harness-releases.json"


def enter(root: Path, releases: Mapping[str, Release], instead: bool) -> None:
    """Add the figures of a bundle to the ledger, before the bundle is written. `releases` maps each restricted task to
    its released figures. A task that releases no figures is not added.

    The bundle is in conflict with an earlier bundle that released other figures of some of the same rows. If `instead`
    is true, no such earlier bundle has left the site, and its entry is removed. If `instead` is false, a conflict
    raises DisclosureError, and the ledger stays as it was.
    """
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
    return sorted(row for row, part in split.parts_of(root, task).items() if part in scores.TESTED)
