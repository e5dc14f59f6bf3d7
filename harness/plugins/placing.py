"""Make a site's own files the data of a task: copy, record, check and pin them. The command is `harness data use`."""

import errno
import os
import shutil
from pathlib import Path

from harness.data import reader, sources
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
    # A path without a name, such as `.`, is resolved to one with a name.
    given = Path(given) if Path(given).name.strip(".") else Path(given).resolve()
    with errors_without_data(source["kind"], f"what was given for {name}", given):
        contents = _flat(root, given)
    with files.atomic_folder(target, within) as copy:
        if sum(path.stat().st_size for path in contents.values()) > shutil.disk_usage(copy).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(copy))
        for file, path in contents.items():
            shutil.copyfile(path, copy / file)
        hashes = {file: files.sha256(copy / file) for file in sorted(contents)}
        taken = {"columns": columns} if columns else {}
        sources.write_source(copy, dict.fromkeys(sources.KEYS, "") | source | {"files": hashes} | taken)
        checked = checking.checked(root, name, copy)
        folder = given.parent if given.is_file() else given
        told = str(folder) if source["kind"] in restricted.OPEN else name
        # `harness check` would look at the old data, which are still there.
        remedy = f"Correct what was given and run the same `harness data use {name} …` again; nothing was replaced."
        checking.refuse([text.replace(str(copy), told) for text in checked.findings], name, remedy)
    return target, checked.remarks


def pin(root: Path, within: Together) -> bool:
    """Pin `data/` as it is, so that `dvc repro` does not generate it again.

    Returns False if `data/` cannot be pinned yet. In a new clone, `data/` lacks the corpus and other tasks. If `data/`
    were pinned then, these tasks would have no data.
    """
    if not (root / "data.dvc").is_file() or not (root / "data" / "corpus").is_dir():
        return False
    pin_data(root, within)
    return True


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
                raise DataError(f"{path} would overwrite another file in one folder.", remedy="Rename one of the two.")
            found["-".join(parts)] = path
    if not found:
        raise DataError(f"{given} has no files.", remedy="Give the folder with the data.")
    return found


def _raise(error: OSError) -> None:
    """Raise the error. If `os.walk` ignored it, a folder that cannot be read would look empty."""
    raise error
