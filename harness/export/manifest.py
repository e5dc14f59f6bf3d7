"""Write the manifest of an export bundle. For the person who approves the export, the manifest says what each file
contains, and what a reader can infer from its figures.

The texts of the manifest are in `manifest.toml`.
"""

import fnmatch
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources

from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure.releasing import Release
from harness.statistics.disclosure.twins import WIDTH

Content = bytes  # `Entry` has a field with the name `bytes`
JSON, MARKDOWN = "MANIFEST.json", "MANIFEST.md"

_TOLD = tomllib.loads(resources.files(__package__).joinpath("manifest.toml").read_text("utf-8"))
HOLDS, SCORED, LEFT_OUT = _TOLD["holds"], _TOLD["scored"], _TOLD["left_out"]


def _filled(text: str) -> str:
    return text.format(minimum=MINIMUM, below=MINIMUM - 1, width=WIDTH)


RULE, LIMITS, DECIDE = _filled(_TOLD["rule"]), [*map(_filled, _TOLD["limits"])], [*map(_filled, _TOLD["decide"])]


@dataclass(frozen=True)
class Entry:
    """One file of the bundle, as the manifest describes the file.

    `path` is relative to the bundle, `bytes` is the size, and `holds` is a sentence about the content. `smallest` is
    the smallest count of restricted data above 0 in the tables of the file, or None if the file has no such count.
    `inferred` and `rule` map each restricted task to a sentence: `inferred` says what a reader can infer at best about
    the rows, and `rule` says how coarsely the scores were released. Both maps are empty if the file has no scores.
    """

    path: str
    sha256: str
    bytes: int
    holds: str
    smallest: int | None
    inferred: Mapping[str, str]
    rule: Mapping[str, str]

    @classmethod
    def of(cls, path: str, content: Content, smallest: int | None, releases: Mapping[str, Release]) -> "Entry":
        told = releases if any(fnmatch.fnmatchcase(path, pattern) for pattern in SCORED) else {}
        return cls(
            path, hashlib.sha256(content).hexdigest(), len(content), holds(path) or "", smallest,
            {task: release.at_best for task, release in told.items()},
            {task: release.rung.description for task, release in told.items()},
        )  # fmt: skip


def _by_task(said: Mapping[str, str]) -> str:
    return "; ".join(f"`{task}`: {words}" for task, words in said.items()) or "–"


def _inferable(releases: Mapping[str, Release]) -> list[str]:
    lines = []
    for task, release in releases.items():
        lines += [f"- `{task}`: Released: {release.rung.description}. Can be inferred at best: {release.at_best}."]
        lines += [f"  The range of every small count stays on the site, in `artifacts/scores/{task}/released.json`."]
    return lines or ["There are no restricted data in this bundle."]


def holds(path: str) -> str | None:
    return next((said for pattern, said in HOLDS.items() if fnmatch.fnmatchcase(path, pattern)), None)


def as_json(entries: Iterable[Entry], kinds: Mapping[str, str], releases: Mapping[str, Release]) -> dict:
    return {
        "files": [asdict(entry) for entry in entries],
        "told": {
            task: {"released": release.rung.description, "inferred": [release.at_best]}
            for task, release in releases.items()
        },
        "data": dict(kinds),
        "rule": RULE,
        "minimum": MINIMUM,
        "width": WIDTH,
        "limits": LIMITS,
        "decide": DECIDE,
        "left_out": [{"path": path, "why": why} for path, why in LEFT_OUT.items()],
    }


def as_markdown(entries: Iterable[Entry], kinds: Mapping[str, str], releases: Mapping[str, Release]) -> str:
    listed = "; ".join(f"`{task}` {kind}" for task, kind in kinds.items())
    rows = [
        f"| `{e.path}` | {e.holds} | {'–' if e.smallest is None else e.smallest} | {_by_task(e.inferred)} "
        f"| {_by_task(e.rule)} | {e.bytes} | `{e.sha256}` |"
        for e in entries
    ]
    left = [f"| `{path}` | {why} |" for path, why in LEFT_OUT.items()]
    return "\n".join([
        "# What is in this folder", "",
        f"Data behind it: {listed}.", "",
        RULE, "",
        "## How to decide", "", *(f"{i}. {said}" for i, said in enumerate(DECIDE, start=1)), "",
        "## The files", "",
        "*Smallest count* is the smallest number of restricted rows, groups or documents that a table of the file "
        "shows.",
        "*Can be inferred at best* is the most that a person with all files and all rules can infer from its scores.",
        "", "| file | content | smallest count | can be inferred at best | released | bytes | SHA-256 |",
        "|---|---|---|---|---|---|---|", *rows, "",
        "## What can be inferred about each restricted task at best", "", *_inferable(releases), "",
        "## What is not in it, and why", "", "| left out | content |", "|---|---|", *left, "",
        "## What to know before you send it", "", *(f"- {limit}" for limit in LIMITS), "",
    ])  # fmt: skip
