"""The type `Reader`: a function that reads a task's folder into records and keeps its own settings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from harness.errors import DataError, nearest
from harness.task import Reading, Task


@dataclass(frozen=True)
class Layout:
    """The settings of a reader that describe its files, so that sample files can be written in the same format.

    `file` is a name or pattern, a mapping from patterns to parts, or "" for a folder of Hugging Face `datasets`.
    `columns` maps columns of a record to columns of the files, which are numbers in CoNLL files. `values` maps words of
    the files to words of the task, by record column. `shaped` says whether a function of the task makes labels and
    options from the files' values. `answer` is that of `options.choice`. `delimiter` and `names` are those of
    `tabular.table`, and `scheme` is that of `conll.conll`.
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
    """A function that reads the data folder of a task, together with its settings.

    `read` gets the folder and returns a `Reading` (see `harness.task`). `reads` gets the folder and returns the names
    of the files that `read` reads. `columns` maps columns of a record to columns of the files. `values` maps words of
    the files to words of the task, by record column, and is None if the reader has no such setting. With other
    `columns` or `values`, the same files give other data.
    """

    read: Callable[[Path], Reading]
    reads: Callable[[Path], set[str]]
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] | None = None
    layout: Layout | None = None

    def __call__(self, folder: Path) -> Reading:
        return self.read(Path(folder))


def named(columns: Mapping[str, str | tuple[str, ...]], values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """A description of each record column for messages: its column in the file, such as "diagnosis (0 = no, 1 = yes)".

    `columns` maps record columns to columns of the file. Several columns are joined by +. The brackets show `values`,
    which maps words of the file to words of the task, by record column.
    """
    joined = {name: theirs if isinstance(theirs, str) else "+".join(theirs) for name, theirs in columns.items()}
    for name, mapped in sorted(values.items()):
        joined[name] += f" ({', '.join(f'{theirs} = {ours}' for theirs, ours in mapped.items())})"
    return joined


def without_blanks(labels: Iterable[str]) -> frozenset[str]:
    """The set of `labels`. Raises ValueError for a label that is empty or has white space, because a tag in a file ends
    at white space."""
    known = frozenset(labels)
    if strange := sorted(label for label in known if len(str(label).split()) != 1):
        raise ValueError(f"label {strange[0]!r} contains a space, and tags cannot: write the label as the file does")
    return known


def one_of(argument: str, given: object, words: object) -> None:
    """Raise ValueError if `given` is no value of the Literal type `words`. `argument` is the argument's name for the
    message. The registry of tasks adds the name of the task's file."""
    known = get_args(words)
    if given not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{argument}={given!r} is not one of {listed}.{nearest(given, known)}")


KEY = "columns"


def columns_of(task: Task) -> dict[str, str]:
    """The column of the raw file for each record column, as text. Returns {} if the task's reader has no columns."""
    return dict(getattr(task.reader, "columns", {}))


def hold_columns(source: Mapping, task: Task) -> None:
    """Raise DataError if the task now reads other columns than when its data were put in place.

    `harness data use` writes the columns into the source record (`source`, from `source.json`). `data.dvc` pins that
    record and repeats the columns. So a task that is changed later cannot read other columns of the same file
    unnoticed.
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
    """The lines of a small table for the terminal: each record column, and the column of the file that it is read
    from."""
    width = max(map(len, columns), default=0)
    return [f"  {name:<{width}}  ← {theirs}" for name, theirs in columns.items()]
