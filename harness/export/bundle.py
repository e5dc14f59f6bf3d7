"""Write the bundle of `harness export`: a folder with the reports and the cards (descriptions) of data sets and
checkpoints. A data officer reviews the folder before it leaves a site with restricted data.

The reports are rendered anew from the scores, not copied from `reports/`. So nothing from edited or older reports can
get into the bundle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts import validated
from harness.data import authored
from harness.data.discretion import recorded
from harness.errors import DataError, HarnessError
from harness.export import ledger, manifest, searching
from harness.export.searching import DisclosureError
from harness.privacy import pseudonyms, restricted
from harness.report.text.background import Background
from harness.statistics.disclosure.releasing import Release
from harness.system import files
from harness.system.together import together
from harness.task import Task

SHOWN = 8
Counted = Mapping[str, list[tuple[str, int]]]  # path of a file → (place in the file, count) of restricted data


@dataclass(frozen=True)
class Site:
    """The inputs of an export.

    `root` is the repository. `tasks` maps the name of each exported task to the task. `known` has the cards of data and
    checkpoints, without small counts of restricted data. `render(folder)` writes the report files to `folder/reports/`.
    This `folder` must contain links to the outputs of the stages. `releases` maps each restricted task to the figures
    that its disclosure check (`harness.statistics.disclosure`) allows to show.
    """

    root: Path
    tasks: Mapping[str, Task]
    known: Background
    render: Callable[[Path], None]
    releases: Mapping[str, Release]

    @property
    def restricted(self) -> list[str]:
        return [name for name in self.tasks if self.known.cards[name]["kind"] == restricted.KIND]


def export(site: Site, target: Path, scratch: Path, instead: bool = False) -> list[manifest.Entry]:
    """Write the bundle to the folder `target`, and return its manifest entries, one per file.

    `scratch` is a temporary folder with links to the outputs of the stages. The reports are first rendered in
    `scratch`. `instead` is true if no earlier bundle about the same rows has left the site, so that the new bundle may
    release other figures.

    Raises DisclosureError, and writes no bundle, if
    - a restricted task was not checked for small counts,
    - a file has no entry in `manifest.toml`,
    - a file has a small count, an id, words of a text, or a finer figure of restricted data than was released, or
    - an earlier bundle released other figures of the same rows, and `instead` is false.

    Raises DataError if `target` exists and is neither an earlier bundle nor an empty folder.
    """
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / manifest.JSON).is_file())):
        raise DataError(f"{target} exists and is not an earlier bundle.", remedy="Name a new folder.")
    if unchecked := sorted(set(site.restricted) - site.releases.keys()):
        raise DisclosureError(
            f"The figures of {', '.join(unchecked)} were not checked for small counts.",
            remedy=f"Run `harness score {unchecked[0]}` and `harness report`.",
        )
    site.render(scratch)
    contents = _contents(site, scratch / "reports")
    counted = {path: searching.counts(path, _text(content), site.restricted) for path, content in contents.items()}
    _refuse(site, contents, counted)
    entries = [
        manifest.Entry.of(path, content, _smallest(path, counted), site.releases)
        for path, content in sorted(contents.items())
    ]
    kinds = {name: site.known.cards[name]["kind"] for name in site.tasks}
    # The bundle may be outside the repository, and no command looks there for files that a killed command has left. So
    # the record of an unfinished bundle is in artifacts/.
    with together(site.root / "artifacts", site.root / ledger.FILE) as within:
        # The ledger is written before the bundle, because nobody would know of a bundle that is not in the ledger.
        ledger.enter(site.root, site.releases, instead)
        with files.atomic_folder(target, within) as folder:
            for path, content in contents.items():
                files.write_bytes(folder / path, content)
            files.write_json(folder / manifest.JSON, manifest.as_json(entries, kinds, site.releases))
            files.write_text(folder / manifest.MARKDOWN, manifest.as_markdown(entries, kinds, site.releases))
    return entries


def _contents(site: Site, reports: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(reports).as_posix(): path.read_bytes()
        for path in sorted(reports.rglob("*"))
        if path.is_file() and path.relative_to(reports).parts[0] != "splits"
    }
    unknown = sorted(path for path in found if manifest.holds(path) is None)
    if unknown:
        raise DisclosureError(
            f"{unknown[0]} has no entry in the export manifest, so it cannot be exported.",
            remedy="If it may be exported, add it under [holds] in harness/export/manifest.toml.",
        )
    for name in site.tasks:
        card = site.known.cards[name]
        found[f"cards/data/{name}.json"] = files.json_bytes({**card, "source": recorded(card["source"])})
    for (family, arm), card in sorted(site.known.checkpoints.items()):
        found[f"cards/checkpoints/{family}-{arm}.json"] = files.json_bytes(card)
    return found


def _text(content: bytes) -> str:
    # There is no text to search in a picture: PNGs are written without metadata.
    return "" if content.startswith(b"\x89PNG") else content.decode("utf-8")


def _smallest(path: str, counted: Counted) -> int | None:
    # The report as text has the same tables as the page.
    read = "index.html" if path in ("README.md", "appendix.md") else path
    return min((n for _, n in counted[read] if n), default=None)


def _refuse(site: Site, contents: Mapping[str, bytes], counted: Counted) -> None:
    """Search every file for what must not leave. Raises DisclosureError with the first findings."""
    if not site.restricted:
        return
    readable = {path: _text(content) for path, content in contents.items()}
    wrong = [
        f"{path}: {what}"
        for path, text in readable.items()
        for what in (
            *searching.small_cells(counted[path]),
            *searching.too_fine(path, text, site.releases),
        )
    ]
    shingles = {path: searching.shingles(text) for path, text in readable.items()}
    for name in site.restricted:
        records = validated.records(site.root, name)
        known = {record[column] for record in records for column in pseudonyms.COLUMNS} | _own_ids(site, name)
        for path, text in readable.items():
            if n := searching.ids(text, known):
                wrong.append(f"{path}: {n} id{'s' * (n > 1)} of {name}")
            if n := searching.texts(shingles[path], records, site.tasks[name]):
                wrong.append(f"{path}: words of {n} text{'s' * (n > 1)} of {name}")
    if wrong:
        more = f"\n… and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise DisclosureError(
            "The bundle would contain data that must not leave the site. Nothing was written.\n"
            + "\n".join(wrong[:SHOWN])
            + more,
            remedy="Use shorter labels, or remove the task from run.tasks in params.yaml. Then run `dvc repro` and "
            "export again.",
        )


def _own_ids(site: Site, name: str) -> set[str]:
    """The site's own ids of rows and groups, read from its files. Empty if the files cannot be read."""
    try:
        reading = authored.read(site.tasks[name], site.root / "data" / name)
    except HarnessError:
        return set()
    return {str(record[column]) for record in reading.records for column in pseudonyms.COLUMNS if column in record}
