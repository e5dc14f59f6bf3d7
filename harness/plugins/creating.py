"""Create the files of a new task: its declaration, sample rows and test, or the file that pins the task of a package.

Existing files are never overwritten, with one exception: an earlier pin of the same task is replaced.
"""

import keyword
import os
import re
from pathlib import Path

from harness import heads
from harness.data import sources
from harness.errors import ConfigError, nearest
from harness.plugins import examples, packages, sampling, templates
from harness.plugins.registry import unsupported
from harness.system import files
from harness.system.together import Together, together
from harness.task import Task

# Folders below data/ that are no task's.
RESERVED = ("corpus",)


def create(root: Path, name: str, head: str, format_: str | None, within: Together | None = None) -> list[Path]:
    """Write tasks/`name`.py, data/`name`/, tests/tasks/`name`/ and tests/tasks/test_`name`.py.

    Returns the written files. `head` is the kind of task. `format_` is the format of the sample (by default the head's
    usual one). If this process is killed, no file is left. `within` is a group of replacements
    (`harness.system.together`), with which the files are put in place. If the name, head or format is not valid, or a
    file exists, raises ConfigError and writes nothing.
    """
    if within is None:
        with together(root / "data") as within:
            return create(root, name, head, format_, within)
    check_name(name)
    _check_head(head)
    kind = heads.HEADS[head]
    known = kind.template.formats
    format_ = format_ or known[0]
    if format_ not in known:
        raise ConfigError(f"The head {head} has no format {format_!r}.", remedy=f"Formats: {', '.join(known)}.")
    programs = {
        root / "tasks" / f"{name}.py": templates.declaration(name, kind, format_).encode(),
        root / "tests" / "tasks" / f"test_{name}.py": templates.test(name).encode(),
    }
    sample = examples.files(kind, format_)
    folders = [root / "data" / name, root / "tests" / "tasks" / name]
    if there := [place for place in (*programs, *folders) if os.path.lexists(place)]:
        shown = there[0].relative_to(root)
        raise ConfigError(f"{shown} exists already. Nothing was written.", remedy="Choose another name.")
    for path, content in programs.items():
        files.write_bytes(copy := within.scratch_folder(path) / path.name, content)
        within.put_in_place(copy, path)
    for folder in folders:
        with files.atomic_folder(folder, within) as copy:
            for file, content in sample.items():
                files.write_bytes(copy / file, content)
            sources.write_source(copy, _source(copy, sample))
    return [*programs, *(folder / file for folder in folders for file in sample)]


def _source(folder: Path, sample: dict[str, bytes]) -> dict:
    return dict.fromkeys(sources.KEYS, "") | {
        "kind": "synthetic",
        "address": sampling.INVENTED,
        "revision": "1",
        "language": "Norwegian (bokmål)",
        "note": "A sample that shows the format; put your own data in its place with `harness data use`.",
        "files": {file: files.sha256(folder / file) for file in sorted(sample)},
    }


def check_name(name: str) -> None:
    """Raise ConfigError if `name` cannot be the name of a task and of its files and folders."""
    plain = name.isidentifier() and name.isascii() and name == name.lower() and not name.startswith("_")
    if not plain or keyword.iskeyword(name) or name in RESERVED:
        raise ConfigError(
            f"{name!r} is not a valid task name.",
            remedy="Use small letters, digits and _, and begin with a letter. Words of Python and the name corpus are "
            "not allowed.",
        )


def _check_head(head: str) -> None:
    known = ", ".join(heads.HEADS)
    if head in heads.HEADS:
        return
    said = unsupported(head)
    if said:
        raise ConfigError(said[0].upper() + said[1:], remedy=f"Heads: {known}.")
    raise ConfigError(f"There is no head {head!r}.{nearest(head, heads.HEADS)}", remedy=f"Heads: {known}.")


_FILE = '''"""{title}

From the {package}. Written by `harness new-task {name} --from {distribution}`; run this again after an
upgrade. Another version, or other files, are refused.
"""

from harness.plugins import packages

PACKAGE = packages.Package(
    distribution="{distribution}",
    version="{version}",
    sha256="{sha256}",
)
TASK = packages.task("{name}", PACKAGE)
'''
_OURS = re.compile(r"^PACKAGE = packages\.Package\($", re.MULTILINE)


def adopt(root: Path, name: str, distribution: str) -> tuple[Path, Task]:
    """Write tasks/`name`.py for the task `name` of an installed distribution.

    Returns the path of that file, and the task. An earlier pin of the same task is replaced. Raises RegistryError if
    the package or its task is not valid, and ConfigError if tasks/`name`.py is another task.
    """
    check_name(name)
    path = root / "tasks" / f"{name}.py"
    if path.is_file() and not _OURS.search(files.read_text(path)):
        raise ConfigError(
            f"tasks/{name}.py exists already and is not from a package. Nothing was written.",
            remedy=f"Rename that task, or remove the file to use the one of {distribution}.",
        )
    package = packages.installed(name, distribution)
    task = packages.load(name, distribution)
    title = " ".join(str(task.title).split()).replace('"', "'").replace("\\", "/")
    fields = {"distribution": package.distribution, "version": package.version, "sha256": package.sha256}
    files.write_text(path, _FILE.format(title=title, package=package, name=name, **fields))
    return path, task
