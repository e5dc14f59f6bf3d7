"""Write the file in `tasks/` that takes a task from an installed package and pins it."""

import re
from pathlib import Path

from harness.errors import ConfigError
from harness.plugins import packages
from harness.plugins.creating import check_name
from harness.system import files
from harness.task import Task

_FILE = '''"""{title}

From the {package}. Written by `harness new-task {name} --from {distribution}`, which also takes an upgrade;
another version, or other files, are refused.
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
    """Write tasks/`name`.py for the task of that name of an installed distribution; returns the file and the task.

    An earlier pin of the same task is replaced. Raises RegistryError where the package or its task will not do, and
    ConfigError where tasks/`name`.py is another task.
    """
    check_name(name)
    path = root / "tasks" / f"{name}.py"
    if path.is_file() and not _OURS.search(files.read_text(path)):
        raise ConfigError(
            f"tasks/{name}.py is there already, and from no package; nothing was written.",
            remedy=f"Rename that task, or remove the file to take the one of {distribution}.",
        )
    package = packages.installed(name, distribution)
    task = packages.load(name, distribution)
    title = " ".join(str(task.title).split()).replace('"', "'").replace("\\", "/")
    fields = {"distribution": package.distribution, "version": package.version, "sha256": package.sha256}
    files.write_text(path, _FILE.format(title=title, package=package, name=name, **fields))
    return path, task
