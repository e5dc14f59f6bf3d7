"""Remove values and file names of restricted data from error messages.

Readers do not know whose data they read and name files, because that helps. Where the data are restricted, what
they say passes here first: a value, an id, the name of a file or a column that nobody declared goes no further.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from harness.data import reasons
from harness.data.findings import Finding, RowsRefused, refuse
from harness.errors import HarnessError
from harness.privacy import restricted

SHORTEST = 3  # characters: a file that is called "a" says nothing, and its name is a word of every message
UNDECLARED = ("unknown column", "column not declared", "a column name occurs twice")


@contextlib.contextmanager
def errors_without_data(kind: str | None, name: str, folder: Path, *beside: Path) -> Iterator[None]:
    """Errors of the block, about the data set `name` in `folder`, as they may be shown for data of `kind`.

    A `kind` of None is that of data whose record cannot be read, and may be anything. `beside` are further
    places that messages may name, such as the one the user gave.
    """
    try:
        yield
    except HarnessError as error:
        if kind in ("public", "synthetic"):
            raise
        raise without_data(error, name, folder, *beside) from None


def without_data(error: HarnessError, name: str, *places: Path) -> HarnessError:
    """`error` without the paths and names of the files at `places`, without a value of the data."""
    files = [file for place in places for file in names_in(place)]
    if isinstance(error, RowsRefused):
        findings = [_finding(finding, files) for finding in error.findings]
        try:
            refuse(name, findings, error.rows, unit=error.unit, remedy=error.remedy)
        except RowsRefused as told:
            return told
    return type(error)(_text(error.message, name, places, files), remedy=_text(error.remedy, name, places, files))


def names_in(place: Path) -> list[str]:
    """The files of a folder, those that are there and those that should be, as they are numbered: by name, from 1."""
    place = Path(place)
    if not place.is_dir():
        return [place.name]
    found = {path.relative_to(place).as_posix() for path in place.rglob("*")}
    if (place / "source.json").is_file():  # and no pipe, at which a reader would wait
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found |= set(json.loads((place / "source.json").read_text(encoding="utf-8"))["files"])
    return sorted(found - {"source.json"})


def _finding(finding: Finding, files: list[str]) -> Finding:
    # What stands where a column's name should be may be a value, in a file without a header.
    column = "" if isinstance(finding.column, reasons.MadeUp) else finding.column
    check = reasons.OTHER if isinstance(finding.check, reasons.MadeUp) else finding.check
    if finding.check.startswith(UNDECLARED):
        column = f"number {finding.number}" if finding.number else ""
    return replace(finding, check=check, column=column, row=_without_names(finding.row, files), example=None, place="")


def _text(text: str, name: str, places: Iterable[Path], files: list[str]) -> str:
    """A message that names the data set where it named its folder or a file."""
    for place in places:
        text = text.replace(f"{place}/source.json", f"data/{name}/source.json")
        for file in sorted((file for file in files if file in text), key=len, reverse=True):
            text = text.replace(f"{place}/{file}", f"{name}, {_numbered(file, files)}")
        # What a reader looks for and does not find has a name, too, which may be a pattern of the task's.
        text = text.replace(f"{place}/", f"{name}, ").replace(str(place), name)
    return _without_names(text, files)


def _without_names(text: str, files: list[str]) -> str:
    # A corpus may have a million files, of which a message names a few.
    for file in sorted((file for file in files if Path(file).stem in text), key=len, reverse=True):
        number = _numbered(file, files)
        base, stem = Path(file).name, Path(file).stem
        if base == stem and len(stem) < SHORTEST:
            continue
        text = re.sub(rf"(?<![\w.-]){re.escape(base)}(?![\w-])", number, text)
        # brat's annotations lie beside their text, and ids of records are made from the names of files.
        text = re.sub(rf"(?<![\w.-]){re.escape(stem)}(?=\.ann\b|-\d+\b)", number, text)
        if len(stem) >= SHORTEST and not stem.isdigit() and stem.lower() not in ("line", "row", "record", "file"):
            text = re.sub(rf"(?<![\w.-]){re.escape(stem)}(?![\w-])", number, text)
    return text


def _numbered(file: str, files: list[str]) -> str:
    return f"file {files.index(file) + 1}" if len(files) > 1 else "its file"


def called(source: dict, folder: str, names: Iterable[str]) -> dict[str, str]:
    """What messages call each of the files `names` of a data folder: its path, or a number where it is restricted."""
    told = source.get("kind") in ("public", "synthetic")
    return {
        name: f"{folder}/{name}" if told else f"{folder}, file {number}"
        for number, name in enumerate(sorted(names), start=1)
    }


def recorded(source: dict) -> dict:
    """A source record as it may be shown: of a restricted one without the names of files and the note."""
    if source.get("kind") != restricted.KIND:
        return source
    return {**source, "files": sorted(source["files"].values()), "note": bool(source["note"])}
