"""Load tasks from installed packages (entry points of the group `harness.tasks`), pinned to a hash of their code.

Installed packages are outside the repository, so neither DVC nor an audit could see that a package's code has changed.
So a task of a package has a file in `tasks/` like any other task. The file has a few lines with the package, its
version and the hash of its files. Stages depend on this file. If another package is installed, loading the file fails.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from harness.errors import RegistryError, nearest
from harness.system.files import sha256
from harness.task import Task

GROUP = "harness.tasks"
# Names and versions that a package index accepts. A package that is installed in another way may be called anything.
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]* [A-Za-z0-9][A-Za-z0-9.!+_-]*")
# Written while a package is installed or run, and different between installers.
_MADE_HERE = re.compile(r"(^|/)[^/]+\.dist-info/|(^|/)__pycache__/|\.pyc$|(^|/)\.\.(/|$)")


@dataclass(frozen=True)
class Package:
    """An installed distribution: its name, its version, and one hash over the names and bytes of its files."""

    distribution: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"package {self.distribution} {self.version}"


def offered() -> list[tuple[str, str, str]]:
    """The tuples (task, distribution, version) of all tasks that installed packages offer, sorted.

    No package is imported.
    """
    return sorted((point.name, dist.name, dist.version) for point, dist in _points())


def installed(name: str, distribution: str) -> Package:
    """The installed package that offers the task `name`. Raises RegistryError if there is no such package."""
    _, dist = _entry_point(name, distribution)
    if not _NAMED.fullmatch(f"{dist.name} {dist.version}"):
        raise RegistryError(
            f"The package that offers the task {name} has a name or version that no package index accepts.",
            remedy="They appear in code and in reports: build the package with a plain `name` and `version`.",
        )
    hashed = {path: sha256(file) for path, file in _files(dist)}
    digest = hashlib.sha256("".join(f"{path}\0{hashed[path]}\n" for path in sorted(hashed)).encode()).hexdigest()
    return Package(dist.name, dist.version, digest)


def task(name: str, package: Package) -> Task:
    """The task `name` of exactly this package, with this version and these files.

    Raises RegistryError, which names the distribution, if the package is not installed, has another version or other
    files, cannot be imported, or has an entry point that is not a Task.
    """
    found = installed(name, package.distribution)
    if found != package:
        what = "with other files" if found.version == package.version else f"in version {found.version}"
        raise RegistryError(
            f"tasks/{name}.py names {package}, but {found.distribution} is installed {what}.",
            remedy=f"Install the one that it names, or use the installed one: `harness new-task {name} --from "
            f"{found.distribution}`.",
        )
    return load(name, package.distribution)


def load(name: str, distribution: str) -> Task:
    """Import the task `name` from an installed distribution. The version and the files of the distribution are not
    checked.

    Raises RegistryError if the task cannot be imported or is not a `Task`, or if its code is not in a file of the
    distribution.
    """
    point, dist = _entry_point(name, distribution)
    title = f"{dist.name} {dist.version}"
    try:
        value = point.load()
    except (Exception, SystemExit) as error:
        raise RegistryError(
            f"The package {title}, task {name}: {point.value} cannot be loaded: {type(error).__name__}: {error}",
            remedy=f"Fix or upgrade {dist.name}; a task imports nothing heavy.",
        ) from None
    place = Path(getattr(sys.modules[point.module], "__file__", None) or ".").resolve()
    if place not in {file.resolve() for _, file in _files(dist)}:
        raise RegistryError(
            f"The package {title}, task {name}: its code is outside the files of the package ({point.module}).",
            remedy=f"Install {dist.name} as a copy (`pip install PATH`), not in editable mode.",
        )
    if not isinstance(value, Task):
        raise RegistryError(
            f"The package {title}, task {name}: {point.value} is a {type(value).__name__}, not a Task.",
            remedy='Let the entry point name a Task: NAME = "module:TASK".',
        )
    return value


def problems(declared: set[str], adopted: dict[str, Package]) -> Iterator[str]:
    """Yield the faults of the tasks that installed packages offer, one text each.

    `declared` are the names of all tasks in `tasks/`. `adopted` has the package of each of these tasks that comes from
    one.
    """
    offers: dict[str, list[str]] = {}
    for name, distribution, version in offered():
        offers.setdefault(name, []).append(distribution)
        if name in declared and name not in adopted:
            yield f"The package {distribution} {version} offers the task {name}, but tasks/{name}.py is not from it."
        if name not in declared:
            try:
                load(name, distribution)
            except RegistryError as error:
                yield str(error)
    for name, distributions in offers.items():
        if len(distributions) > 1:
            yield f"Several packages offer the task {name}: {', '.join(distributions)}."


def _points() -> list[tuple[metadata.EntryPoint, metadata.Distribution]]:
    return [(point, point.dist) for point in metadata.entry_points(group=GROUP) if point.dist is not None]


def _entry_point(name: str, distribution: str) -> tuple[metadata.EntryPoint, metadata.Distribution]:
    def plain(text: str) -> str:
        return re.sub(r"[-_.]+", "-", text).lower()

    points = [(point, dist) for point, dist in _points() if plain(dist.name) == plain(distribution)]
    for point, dist in points:
        if point.name == name:
            return point, dist
    if points:
        names = [point.name for point, _ in points]
        raise RegistryError(
            f"The package {distribution} offers no task {name!r}.{nearest(name, names)}",
            remedy=f"It offers {', '.join(names)}.",
        )
    known = sorted({dist.name for _, dist in _points()})
    raise RegistryError(
        f"No installed package {distribution!r} has entry points in {GROUP}.{nearest(distribution, known)}",
        remedy=f"Those that have: {', '.join(known)}." if known else "Install it into this environment with pip.",
    )


def _files(distribution: metadata.Distribution) -> list[tuple[str, Path]]:
    listed = distribution.files
    found = [
        (path.as_posix(), Path(path.locate()))
        for path in listed or ()
        if not _MADE_HERE.search(path.as_posix()) and Path(path.locate()).is_file()
    ]
    if not found:
        raise RegistryError(
            f"The package {distribution.name} {distribution.version} does not list its files.",
            remedy=f"Install it with `pip install {distribution.name}`.",
        )
    return found
