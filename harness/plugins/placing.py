"""Make a site's own files the data of a task, or a part of the corpus: copy, record, check and pin them. The command is
`harness data use`."""

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.data import corpus_files, reader, sources
from harness.data.discretion import errors_without_data
from harness.data.pinning import pin_data
from harness.errors import DataError
from harness.plugins import checking, registry
from harness.privacy import restricted
from harness.system import files
from harness.system.together import Together


def put(root: Path, name: str, given: Path, source: dict, within: Together | None = None) -> tuple[Path, list[str]]:
    """Make the file or folder `given` the data of the task `name`. Returns data/`name`, and remarks on the data.

    Files of subfolders are put into one folder, with the names of the subfolders in front (train/a.arrow becomes
    train-a.arrow). `source` has the keys of the source record except "files" and "columns". The columns are those that
    the task's reader reads. A remark says, for example, what was dropped. `within` is a group of replacements
    (`harness.system.together`), with which the data are replaced. Everything is checked before that. If there are
    faults, raises DataError with all of them, and the old data stay.
    """
    columns = reader.columns_of(registry.get(root, name))
    target = root / "data" / name
    given = _with_name(given)
    with errors_without_data(source["kind"], f"what was given for {name}", given):
        contents = _flat(root, given)
    with files.atomic_folder(target, within) as copy:
        hashes = _copied(contents, copy)
        taken = {"columns": columns} if columns else {}
        sources.write_source(copy, dict.fromkeys(sources.KEYS, "") | source | {"files": hashes} | taken)
        checked = checking.checked(root, name, copy)
        folder = given.parent if given.is_file() else given
        told = str(folder) if source["kind"] in restricted.OPEN else name
        # `harness check` would look at the old data, which are still there.
        remedy = f"Correct what was given and run the same `harness data use {name} …` again; nothing was replaced."
        checking.refuse([text.replace(str(copy), told) for text in checked.findings], name, remedy)
    return target, checked.remarks


def put_corpus(root: Path, given: Path, source: dict, within: Together | None = None) -> list[str]:
    """Add the file or folder `given` to the files of data/corpus. Returns the names of the added files, as
    `corpus.general` and `corpus.clinical` of `params.yaml` name them.

    A file of the same name is replaced. All other arguments are as in `put`. If `source` or the corpus that is there is
    restricted, the whole corpus is restricted from then on. Otherwise the source record of an existing corpus keeps
    its kind. Every document is read before anything is replaced. Raises DataError if a file is none of
    `corpus_files.KINDS` or cannot be read.
    """
    target = root / "data" / "corpus"
    given = _with_name(given)
    record = dict.fromkeys(sources.KEYS, "") | source | {"files": {}}
    if target.is_dir():
        there = sources.read_source(target)
        kind = restricted.KIND if restricted.KIND in (there["kind"], source["kind"]) else there["kind"]
        said = "; ".join(source[key] for key in ("citation", "licence", "language", "note") if source.get(key))
        record = there | {"kind": kind, "note": " ".join(filter(None, (there["note"], said and f"{said}.")))}
    with errors_without_data(source["kind"], "what was given for corpus", given):
        contents = _flat(root, given)
        with files.atomic_folder(target, within) as copy:
            if target.is_dir():
                shutil.copytree(target, copy, dirs_exist_ok=True)
            hashes = _copied(contents, copy)
            for name in contents:
                _read_all(copy, name, given if given.is_dir() else given.parent)
            sources.write_source(copy, record | {"files": {**record["files"], **hashes}})
    return sorted(contents)


def _read_all(copy: Path, name: str, origin: Path) -> None:
    """Read every document of the file `name` in `copy`. A DataError names the folder `origin`, which the user gave."""
    try:
        for chunk in corpus_files.chunks(copy, corpus_files.corpus_files(copy, name)):
            for _ in chunk.documents():
                pass
    except DataError as error:
        raise DataError(error.message.replace(str(copy), str(origin)), remedy=error.remedy) from None


def _copied(contents: Mapping[str, Path], copy: Path) -> dict[str, str]:
    """Copy files into the folder `copy`, each under the name that `contents` gives it. Returns the SHA-256 by name."""
    if sum(path.stat().st_size for path in contents.values()) > shutil.disk_usage(copy).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(copy))
    for file, path in contents.items():
        shutil.copyfile(path, copy / file)
    return {file: files.sha256(copy / file) for file in sorted(contents)}


def pin(root: Path, within: Together) -> bool:
    """Pin `data/` as it is, so that `dvc repro` does not generate it again.

    Returns False if `data/` cannot be pinned yet. In a new clone, `data/` lacks the corpus and other tasks. If `data/`
    were pinned then, these tasks would have no data.
    """
    if not (root / "data.dvc").is_file() or not (root / "data" / "corpus").is_dir():
        return False
    pin_data(root, within)
    return True


def _with_name(given: Path) -> Path:
    """The path `given`. A path without a name, such as `.`, is resolved to one with a name."""
    return Path(given) if Path(given).name.strip(".") else Path(given).resolve()


def _flat(root: Path, given: Path) -> dict[str, Path]:
    if given.is_file():
        found = {given.name: given}
    elif given.is_dir():
        if root.resolve().is_relative_to(given.resolve()):
            raise DataError(f"{given} contains this repository.", remedy="Give the folder with only the data.")
        found = _below(given)
    elif given.is_symlink() and not given.exists():
        raise DataError(f"{given} is a link to a file that does not exist.", remedy="Give the file itself.")
    elif given.exists():
        raise DataError(f"{given} is not an ordinary file.", remedy="Give a file, or the folder with the data.")
    else:
        raise DataError(f"{given} is missing.", remedy="Give the file or the folder with the data.")
    for name, path in found.items():
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise DataError(f"{path} has a name that is not UTF-8.", remedy="Rename that file.")
    return found


def _below(given: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    # Step by step, so that the contents of a link are not even listed.
    for folder, folders, names in os.walk(given, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(folder, name) for name in sorted([*folders, *names]) if not name.startswith(".")):
            parts = path.relative_to(given).parts
            if path.is_symlink():
                raise DataError(f"{path} is a link.", remedy="Put the file itself there; links are not followed.")
            if path.is_dir() or parts == (sources.RECORD,):
                continue
            if not path.is_file():
                raise DataError(
                    f"{path} is not an ordinary file.", remedy="Remove the pipe, socket or device from the folder."
                )
            if "-".join(parts) in found:
                raise DataError(
                    f"{path} and {found['-'.join(parts)]} would get the same name in the data folder.",
                    remedy="Rename one of the two.",
                )
            found["-".join(parts)] = path
    if not found:
        raise DataError(f"{given} has no files.", remedy="Give the folder with the data.")
    return found


def _raise(error: OSError) -> None:
    """Raise the error. If `os.walk` ignored it, a folder that cannot be read would look empty."""
    raise error
