"""Remove values and file names of restricted data from error messages.

Readers name files in their messages, because that helps the user, and readers do not know which data are restricted. A
message about restricted data is rewritten here: without values, without file names and ids made from file names, and
without names of undeclared columns.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from harness.data import reasons
from harness.data.findings import Finding, RowsRefused, refused
from harness.errors import HarnessError
from harness.privacy import restricted

SHORTEST = 3  # characters; the file name "a" reveals nothing and is a word of every message
UNDECLARED = ("unknown column", "column not declared", "a column name occurs twice")


@contextlib.contextmanager
def errors_without_data(kind: str | None, name: str, folder: Path, *beside: Path) -> Iterator[None]:
    """A context in which errors about a data set are rewritten, so that their messages reveal nothing of restricted
    data.

    Errors stay as they are if `kind`, the kind of the data, is "public" or "synthetic". A `kind` of None means that the
    source record (`source.json`) cannot be read, so the data may be restricted. `name` is the data set's name, and
    `folder` its folder. `beside` are further paths that messages may contain, such as a path that the user gave.
    """
    try:
        yield
    except HarnessError as error:
        if kind in restricted.OPEN:
            raise
        raise without_data(error, name, folder, *beside) from None


def without_data(error: HarnessError, name: str, *places: Path) -> HarnessError:
    """A copy of `error` without values of the data set `name`, and without the paths and names of the files at `places`
    (files or folders)."""
    files = [file for place in places for file in names_in(place)]
    if isinstance(error, RowsRefused):
        findings = [_finding(finding, files) for finding in error.findings]
        return refused(name, findings, error.rows, unit=error.unit, remedy=error.remedy)
    return type(error)(_text(error.message, name, places, files), remedy=_text(error.remedy, name, places, files))


def names_in(place: Path) -> list[str]:
    """The names of the files in the folder `place`, and of the files that its `source.json` lists, sorted. Messages
    about restricted data give a file's number in this list in place of its name. If `place` is a file, the list has
    only its name."""
    place = Path(place)
    if not place.is_dir():
        return [place.name]
    found = {path.relative_to(place).as_posix() for path in place.rglob("*")}
    if (place / "source.json").is_file():  # not a pipe, which would block the reader
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found |= set(json.loads((place / "source.json").read_text(encoding="utf-8"))["files"])
    return sorted(found - {"source.json"})


def _finding(finding: Finding, files: list[str]) -> Finding:
    # In a file without a header, the name of an undeclared column may be a value.
    column = "" if isinstance(finding.column, reasons.MadeUp) else finding.column
    check = reasons.OTHER if isinstance(finding.check, reasons.MadeUp) else finding.check
    if finding.check.startswith(UNDECLARED):
        column = f"number {finding.number}" if finding.number else ""
    return replace(finding, check=check, column=column, row=_without_names(finding.row, files), example=None, place="")


def _text(text: str, name: str, places: Iterable[Path], files: list[str]) -> str:
    """The message with the data set's name in place of its folder, and numbers in place of file names."""
    for place in places:
        text = text.replace(f"{place}/source.json", f"data/{name}/source.json")
        for file in sorted((file for file in files if file in text), key=len, reverse=True):
            text = text.replace(f"{place}/{file}", f"{name}, {_numbered(file, files)}")
        # Any other path in the folder is of a missing file. Its name, perhaps a pattern, is in the task and may stay.
        text = text.replace(f"{place}/", f"{name}, ").replace(str(place), name)
    return _without_names(text, files)


def _without_names(text: str, files: list[str]) -> str:
    # Only names that occur in the text are replaced: a corpus may have a million files, and a message names a few.
    for file in sorted((file for file in files if Path(file).stem in text), key=len, reverse=True):
        number = _numbered(file, files)
        base, stem = Path(file).name, Path(file).stem
        if base == stem and len(stem) < SHORTEST:
            continue
        text = re.sub(rf"(?<![\w.-]){re.escape(base)}(?![\w-])", number, text)
        # NAME.ann is brat's annotation of NAME.txt, and ids of records (NAME-3) are made from file names.
        text = re.sub(rf"(?<![\w.-]){re.escape(stem)}(?=\.ann\b|-\d+\b)", number, text)
        if len(stem) >= SHORTEST and not stem.isdigit() and stem.lower() not in ("line", "row", "record", "file"):
            text = re.sub(rf"(?<![\w.-]){re.escape(stem)}(?![\w-])", number, text)
    return text


def _numbered(file: str, files: list[str]) -> str:
    return f"file {files.index(file) + 1}" if len(files) > 1 else "its file"


def called(source: dict, folder: str, names: Iterable[str]) -> dict[str, str]:
    """The names that messages use for the files `names`, by file name: the path of the file, or only the file's number
    if the data may be restricted. `source` is the source record of the data, and `folder` their folder."""
    told = source.get("kind") in restricted.OPEN
    return {
        name: f"{folder}/{name}" if told else f"{folder}, file {number}"
        for number, name in enumerate(sorted(names), start=1)
    }


def recorded(source: dict) -> dict:
    """The source record (`source.json`) of a data set in a form that may be shown.

    For restricted data, "files" becomes a list of the files' hashes without names, and "note" only says whether there
    is a note.
    """
    if source.get("kind") != restricted.KIND:
        return source
    return {**source, "files": sorted(source["files"].values()), "note": bool(source["note"])}
