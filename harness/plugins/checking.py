"""Check a task completely and report all findings at once: declaration, source record, files, rows."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.data import authored, reader, reading, sources
from harness.data.discretion import called, errors_without_data
from harness.data.reader import Layout
from harness.errors import DataError, HarnessError, RegistryError, nearest
from harness.heads import HEADS
from harness.plugins import registry, sampling
from harness.privacy import restricted
from harness.task import Groups, Task


@dataclass
class Checked:
    """The faults of a task, and remarks on its data that are not faults. Each is one text."""

    findings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def findings(root: Path, name: str, folder: Path | None = None) -> list[str]:
    """The faults of the task `name` and of its data in `folder` (by default data/`name`), one text each.

    Empty if there is no fault.
    """
    return checked(root, name, folder).findings


def checked(root: Path, name: str, folder: Path | None = None) -> Checked:
    """The faults of a task, as `findings` returns them, and remarks on its data.

    Without a `folder`, the data sample of the task's test is also checked, because a fault in the sample would break
    that test.
    """
    stored = root / "tests" / "tasks" / name if folder is None else None
    folder = folder or root / "data" / name
    task, found = declared(root, name)
    if task is None:
        return Checked(found)
    whole = not found
    said: list[str] = []
    found += _data(task, folder, whole, said)
    if whole and stored and stored.is_dir():
        found += [fault for fault in _sample_faults(task, stored) if fault not in found]
    return Checked(found, said)


def declared(root: Path, name: str) -> tuple[Task | None, list[str]]:
    """The task `name`, or None if its declaration cannot be read, and the faults of the declaration, one text each."""
    try:
        task = registry.get(root, name)
    except RegistryError as error:
        # A file that runs but is refused is in `sys.modules`, so its other faults are reported, too.
        module = sys.modules.get(f"tasks.{name}")
        refused = getattr(module, "TASK", None)
        if not isinstance(refused, Task) or not (root / "tasks" / f"{name}.py").is_file():
            return None, [str(error)]
        task = refused
    package = registry.package_of(name)
    where = f"tasks/{name}.py" + (f" ({package})" if package else "")
    return task, [f"{where}: {fault}" for fault in _contract(task, name)]


def refuse(found: list[str], name: str, remedy: str = "") -> None:
    """Raise a DataError that lists all faults `found`, if there are any.

    `remedy` says what to do. By default, it names `harness check`.
    """
    if found:
        raise DataError(
            f"{name}: {len(found)} finding{'s' * (len(found) > 1)}.\n" + "\n".join(found),
            remedy=remedy or f"Correct these and run `harness check {name}` again.",
        )


def _contract(task: Task, name: str) -> Iterator[str]:
    """All faults that the registry refuses, and those that only a closer look at the declaration shows."""
    yield from (f"{what} {remedy}" for what, remedy in registry.faults(task, name))
    if task.head not in HEADS:
        return
    if len(task.labels) == 1 and not HEADS[task.head].nothing:
        yield "TASK.labels has one label; there is nothing to choose from."
    if layout := getattr(task.reader, "layout", None):
        yield from _layout_faults(layout, task.labels if isinstance(task.labels, tuple) else ())
    if callable(task.schema):
        yield from _schema_faults(task)


def _layout_faults(layout: Layout, labels: tuple[str, ...]) -> Iterator[str]:
    for word, label in layout.values.get("label", {}).items():
        if not layout.shaped and labels and label not in labels:
            yield f"TASK.reader maps {word!r} to {label!r}, which is not a label.{nearest(label, labels)}"
    options = layout.columns.get("options", "")
    if labels and isinstance(options, tuple) and len(options) != len(labels):
        yield f"TASK.reader names {len(options)} columns for options, but there are {len(labels)} labels."


def _schema_faults(task: Task) -> Iterator[str]:
    try:
        made = authored.schema(task)
        columns = set(made.columns)
    except HarnessError as error:
        yield f"{error.message.split(': ', 1)[1]} {error.remedy}"
        return
    head = HEADS[task.head]
    lacking = sorted({"id", "group", "part", head.answer, *head.texts} - columns)
    if lacking:
        yield f"TASK.schema lacks {', '.join(lacking)}; use schema.{task.head}(LABELS)."
    if getattr(made, "strict", None) is not True:
        yield f"TASK.schema is not strict: columns that nobody declared would pass; use schema.{task.head}(LABELS)."
    if isinstance(task.groups, Groups) and not [*registry.misgrouped(task.groups)]:
        named = [task.groups.column, *task.groups.link_equal]
        strange = [column for column in named if column is not None and column not in columns]
        if strange:
            yield f"TASK.groups names {', '.join(strange)}, which the schema does not have."


def _data(task: Task, folder: Path, whole: bool, said: list[str]) -> Iterator[str]:
    try:
        source = sources.read_source(folder)
    except DataError as error:
        yield str(error)
        source = None
    kind = source["kind"] if source else None
    if source is not None:
        yield from _file_faults(folder, source)
    if not whole or not folder.is_dir():
        return
    try:
        reader.hold_columns(source or {}, task)
    except DataError as error:
        yield str(error)
    try:
        with errors_without_data(kind, task.name, folder):
            recorded = source["files"] if source else ()
            said += reading.remarks(task, reading.checked(task, folder, kind or restricted.KIND, str(folder), recorded))
    except HarnessError as error:
        yield str(error)


def _sample_faults(task: Task, stored: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as copy:
        folder = sampling.of(task, stored, Path(copy))
        for fault in _data(task, folder, True, []):
            said = fault.replace(str(folder), str(stored))
            # A failure of the reader is the same for every folder.
            own = str(stored) not in said
            yield said if own else f"{said}\nThese are the rows that tests/tasks/test_{task.name}.py reads."


def _file_faults(folder: Path, source: dict) -> Iterator[str]:
    """One text for every missing, changed or unlisted file. Restricted files get numbers in order of their names."""
    found = list(sources.faults(folder, source))
    names = called(source, str(folder), source["files"].keys() | {name for name, _, _ in found})
    yield from (f"{names[name]} {what} {remedy}" for name, what, remedy in found)
