"""The type `Reader`: a function that reads a task's folder into records and keeps its own settings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from harness.errors import DataError, nearest
from harness.task import Reading, Task


@dataclass(frozen=True)
class Layout:
    """The settings of a reader (`reader.layout`), so that files can be written in the format that it reads.

    `file` is a name or pattern, patterns mapped to parts, or "" for a folder of `datasets`. The columns of CoNLL
    files are numbers. `shaped` says whether a function of the task makes labels and options from the file's values.
    `answer` is that of `options.choice`.
    """

    format: Literal["table", "conll", "brat", "tags", "lists"]
    file: str | Mapping[str, str]
    columns: Mapping[str, str | int | tuple[str, ...]]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shaped: bool = False
    answer: str | None = None
    delimiter: str = ""
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    scheme: str = "detect"


@dataclass(frozen=True)
class Reader:
    """A function that reads a task's folder, with its settings. `reads` gives the names of the files that it reads (see
    `harness.data.folders.reads`). `columns` maps record columns to the file's. `values` maps the file's words to the
    task's, by column (None: the reader has no such setting). Other `columns` or `values` read other data."""

    read: Callable[[Path], Reading]
    reads: Callable[[Path], set[str]]
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] | None = None
    layout: Layout | None = None

    def __call__(self, folder: Path) -> Reading:
        return self.read(Path(folder))


def named(columns: Mapping[str, str | tuple[str, ...]], values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The file's columns as text, by record column. Several columns are joined by +, and `values` stand in brackets."""
    joined = {name: theirs if isinstance(theirs, str) else "+".join(theirs) for name, theirs in columns.items()}
    for name, mapped in sorted(values.items()):
        joined[name] += f" ({', '.join(f'{theirs} = {ours}' for theirs, ours in mapped.items())})"
    return joined


def without_blanks(labels: Iterable[str]) -> frozenset[str]:
    """The set of `labels`. Raises ValueError for a label with white space, which would end it in a tag."""
    known = frozenset(labels)
    if strange := sorted(label for label in known if len(str(label).split()) != 1):
        raise ValueError(f"label {strange[0]!r} contains a space, and tags cannot: write the label as the file does")
    return known


def one_of(argument: str, given: object, words: object) -> None:
    """Raise ValueError if `given` is no value of the Literal type `words`. The registry adds the name of the file."""
    known = get_args(words)
    if given not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{argument}={given!r} is not one of {listed}.{nearest(given, known)}")


KEY = "columns"


def columns_of(task: Task) -> dict[str, str]:
    """The file's column for each record column. Empty if the task's files have no columns."""
    return dict(getattr(task.reader, "columns", {}))


def hold_columns(source: Mapping, task: Task) -> None:
    """Raise DataError if the task now reads other columns than when its data were put in place.

    `harness data use` writes the columns into the source record. `data.dvc` pins that record and repeats the columns.
    So a task that is changed later cannot read other columns of the same file unnoticed.
    """
    if KEY not in source:
        return
    now, then = columns_of(task), source[KEY]
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            raise DataError(
                f"data/{task.name}: {name} is now read from {now.get(name, 'nothing')}, but it was read from "
                f"{then.get(name, 'nothing')} when the data were put in place.",
                remedy=f"Restore `columns` in tasks/{task.name}.py, or put the file in place anew with "
                f"`harness data use {task.name} PATH`.",
            )


def column_lines(columns: Mapping[str, str]) -> list[str]:
    """The lines of a small table of `columns`."""
    width = max(map(len, columns), default=0)
    return [f"  {name:<{width}}  ← {theirs}" for name, theirs in columns.items()]
