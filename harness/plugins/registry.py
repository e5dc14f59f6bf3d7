"""Load every task in `tasks/` and check its declaration."""

import dataclasses
import importlib.util
import sys
import traceback
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness import metrics
from harness.errors import RegistryError, nearest
from harness.heads import HEADS
from harness.system import messages
from harness.task import Groups, PublicSource, Task
from harness.text import printable

LONGEST_TITLE = 300
UNSUPPORTED = {
    "regression": "a number as the answer is not supported: every score here is over a fixed list of labels, so cut "
    "the numbers into classes and use the head sequence",
}


def unsupported(head: object) -> str | None:
    """The sentence that refuses `head`, a kind of task that other harnesses have and this one does not.

    None for other names.
    """
    key = "".join(c for c in str(head).casefold() if c.isalpha())
    name = next((name for name in UNSUPPORTED if key.startswith(name)), None)
    return name and f"the head {head!r}: {UNSUPPORTED[name]}."


def task_files(root: Path) -> list[Path]:
    """The files below `root/tasks` that declare tasks, sorted by name. Files with names that start with `_` are left
    out."""
    return sorted(p for p in (Path(root) / "tasks").glob("*.py") if not p.name.startswith("_"))


def load_file(path: Path) -> Task:
    """Load the task that a file declares, and check the declaration.

    Raises RegistryError with the file and the reason.
    """
    task = _declared(Path(path))
    _check(task, Path(path))
    return task


def load_all(root: Path) -> dict[str, Task]:
    """All tasks below `root/tasks`, by name.

    Raises RegistryError if a task is not valid, or if two files declare one name.
    """
    files: dict[str, Path] = {}
    declared = []
    for path in task_files(root):
        task = _declared(path)
        # Before the check of name against file: a copied file fails both, and only this message helps.
        if isinstance(task.name, str) and task.name in files:
            raise RegistryError(
                f"tasks/{path.name}: the name {task.name!r} is already taken by tasks/{files[task.name].name}.",
                remedy=f"Give one of the two another name, for example name={path.stem!r}.",
            )
        files[task.name] = path
        declared.append((task, path))
    for task, path in declared:
        _check(task, path)
    return {task.name: task for task, _ in declared}


def package_of(name: str) -> Any:
    """The installed package (`packages.Package`) that a loaded task comes from.

    None if the task is declared in `tasks/` itself.
    """
    return getattr(sys.modules.get(f"tasks.{name}"), "PACKAGE", None)


def unreadable(task: Task) -> Iterator[tuple[str, str]]:
    """Yield a (fault, remedy) pair for each declared text that is not one line of readable characters.

    Reports show these texts, such as the title and the labels.
    """
    said = "Write it as one line of plain characters; `values=` of a reader can map the words of a file to it."
    texts = {"TASK.positive": task.positive} | {
        f"TASK.{field}": getattr(task, field) for field in ("version", "title", "licence", "citation")
    }
    if isinstance(task.labels, tuple):
        texts |= {f"TASK.labels[{i}]": label for i, label in enumerate(task.labels)}
    if isinstance(task.public, PublicSource):
        texts |= {
            f"TASK.public.{field}": getattr(task.public, field)
            for field in ("address", "revision", "licence", "language")
        }
        texts |= {f"TASK.public.files[{i}].name": file.name for i, file in enumerate(task.public.files)}
    for where, text in texts.items():
        if isinstance(text, str) and (fault := printable.fault(text)) is not None:
            yield f"{where} contains {fault}.", said
        elif text is not None and not isinstance(text, str):
            yield f"{where} must be a text, not {type(text).__name__}.", "Write it in quotes."
    if isinstance(task.title, str) and len(task.title) > LONGEST_TITLE:
        remedy = f"Shorten it to {LONGEST_TITLE} characters: every table shows it, and MLflow cuts long texts."
        yield f"TASK.title has {len(task.title):,} characters.", remedy


def _refuse_decomposed(path: Path) -> None:
    """Raise RegistryError for decomposed letters. Data are composed when read, so such a word would never match."""
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), start=1):
        if not unicodedata.is_normalized("NFC", line):
            raise RegistryError(
                f"tasks/{path.name}, line {number}: decomposed letters (Unicode NFD). Data are read as NFC, so these "
                "letters would never match.",
                remedy="Save the file composed (NFC). In a pattern of such characters, write their escapes.",
            )


def misgrouped(groups: Groups) -> Iterator[tuple[str, str]]:
    """Yield a (fault, remedy) pair for each value in `TASK.groups` that cannot be meant.

    A split would misread such a value, and leak without any error.
    """
    if not (groups.column is None or isinstance(groups.column, str)):
        yield f"TASK.groups: column is {groups.column!r}, not the name of a column.", 'Write column="…".'
    names = groups.link_equal
    if not (isinstance(names, tuple) and all(isinstance(name, str) for name in names)):
        yield f"TASK.groups: link_equal is {names!r}, not a tuple of names.", 'Write ("…",); one alone needs a comma.'
    near = groups.near_duplicate
    if isinstance(near, bool) or not (isinstance(near, (int, float)) and 0 < near <= 1):
        yield (
            f"TASK.groups: near_duplicate is {near!r}, not a number above 0 and at most 1.",
            "Give the cosine from which two texts are the same; 0.9 is usual.",
        )
    if not isinstance(groups.text_blind_siblings, bool):
        yield f"TASK.groups: text_blind_siblings is {groups.text_blind_siblings!r}.", "Write True or False."


def _declared(path: Path) -> Task:
    _refuse_decomposed(path)
    name = f"tasks.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, "a path that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    # A declaration's functions are looked up by module name when a worker unpickles them.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except RegistryError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise RegistryError(
            f"tasks/{path.name}{_line_of(error, path)}: {_reason(error)}",
            remedy="Fix the file; a task file declares TASK = Task(…) and imports nothing heavy.",
        ) from None
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise RegistryError(
            f"tasks/{path.name}: declares no TASK (found {type(task).__name__}).",
            remedy="Add TASK = Task(name=…, head=…, reader=…, …); harness/task.py lists the fields.",
        )
    return task


def get(root: Path, name: str) -> Task:
    """The task `name`. Only its own file is loaded, so that a fault in another task's file does no harm.

    Raises RegistryError if the task is missing or not valid.
    """
    path = Path(root) / "tasks" / f"{name}.py"
    # An identifier, so that no name reaches out of the folder.
    if name.isidentifier() and not name.startswith("_") and path.is_file():
        return load_file(path)
    known = [p.stem for p in task_files(root)]
    raise RegistryError(
        f"There is no task {name!r}.{nearest(name, known)}", remedy=f"Known tasks: {', '.join(known) or 'none'}."
    )


def chosen(root: Path, names: Iterable[str]) -> dict[str, Task]:
    """The tasks with these `names`, by name. Raises RegistryError if a task is missing or not valid."""
    return {name: get(root, name) for name in names}


def _reason(error: BaseException) -> str:
    """The type of an error, and its message if it is about the code. A declaration that reads the data, and fails at a
    value there, may quote that value, so its message may be hidden."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg}"
    ours = Path(traceback.extract_tb(error.__traceback__)[-1].filename).is_relative_to(Path(__file__).parents[1])
    of_code = isinstance(error, (AttributeError, ImportError, NameError, TypeError))
    return f"{type(error).__name__}: {error}" if ours or of_code else messages.kind_and_message(error)


def _line_of(error: BaseException, path: Path) -> str:
    return f", line {error.lineno}" if isinstance(error, SyntaxError) else messages.line_in(error, path.name)


def faults(task: Task, name: str) -> Iterator[tuple[str, str]]:
    """Yield a (fault, remedy) pair for each fault of the declaration in tasks/`name`.py."""
    for field in dataclasses.fields(task):
        value = getattr(task, field.name)
        if field.default is dataclasses.MISSING and (value is None or value == "" or value == ()):
            yield f"TASK.{field.name} is empty.", f"Fill in {field.name}; harness/task.py says what it means."
    if task.name != name:
        yield f"TASK.name is {task.name!r}.", f"Call it {name!r}, or rename the file to {task.name}.py."
    if task.head not in HEADS:
        said = unsupported(task.head)
        what = f"TASK.head: {said}" if said else f"TASK.head is {task.head!r}.{nearest(task.head, HEADS)}"
        yield what, f"Heads: {', '.join(HEADS)}."
    lists: dict[str, tuple[str, ...]] = {}
    for listed in ("labels", "metrics"):
        values = getattr(task, listed)
        if isinstance(values, tuple) and all(isinstance(value, str) and value for value in values):
            lists[listed] = values
        else:
            yield f"TASK.{listed} is not a tuple of texts.", f'Write {listed}=("…", "…"); one alone needs a comma.'
    labels = lists.get("labels", ())
    if len(set(labels)) != len(labels):
        yield "TASK.labels repeats a label.", "List each label once."
    if task.positive is not None and task.positive not in labels:
        yield f"TASK.positive is {task.positive!r}, not a label.", f"Labels: {', '.join(labels)}."
    yield from unreadable(task)
    if "metrics" in lists and task.head in HEADS:
        yield from metrics.faults(task, HEADS[task.head].decides)
    if isinstance(task.groups, Groups):
        yield from misgrouped(task.groups)
    else:
        yield (
            f"TASK.groups must be made by Groups(…), not {type(task.groups).__name__}.",
            "Write groups=Groups(…); see harness/task.py.",
        )
    for called in ("reader", "schema"):
        if not callable(getattr(task, called)):
            yield f"TASK.{called} cannot be called.", f"Give a function for {called}."


def _check(task: Task, path: Path) -> None:
    package = package_of(path.stem)
    for what, remedy in faults(task, path.stem):
        raise RegistryError(f"tasks/{path.name}{f' ({package})' if package else ''}: {what}", remedy=remedy)
