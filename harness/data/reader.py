"""The type `Reader`: a function that reads a task's folder into records and keeps its own settings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from harness.errors import DataError, nearest
from harness.task import Reading, Task


@dataclass(frozen=True)
class Layout:
    """What a reader was told, so that files can be written that it reads (`reader.layout`).

    `file` is a name or pattern, patterns with their part, or "" for a folder of `datasets`; columns of CoNLL are
    numbers. `shaped`: does a function of the task's make its labels and options of what the file has? `answer` is what
    `options.choice` takes for one.
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
    """Reads a task's folder. `reads` says which files of it are taken (`harness.data.folders.reads`), `columns` names
    the file's columns by the record's, `values` are the file's words with those of the task, None where there can be
    none; a reader with other ones reads other data."""

    read: Callable[[Path], Reading]
    reads: Callable[[Path], set[str]]
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] | None = None
    layout: Layout | None = None

    def __call__(self, folder: Path) -> Reading:
        return self.read(Path(folder))


def named(columns: Mapping[str, str | tuple[str, ...]], values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """`columns` in words, with their `values`; several of the file's columns are joined by +."""
    joined = {name: theirs if isinstance(theirs, str) else "+".join(theirs) for name, theirs in columns.items()}
    for name, mapped in sorted(values.items()):
        joined[name] += f" ({', '.join(f'{theirs} = {ours}' for theirs, ours in mapped.items())})"
    return joined


def without_blanks(labels: Iterable[str]) -> frozenset[str]:
    """Labels as tags and annotations name them. Raises ValueError for one with white space: it ends a name there."""
    known = frozenset(labels)
    if strange := sorted(label for label in known if len(str(label).split()) != 1):
        raise ValueError(f"label {strange[0]!r} holds a blank, which no tag can: write it as the file does")
    return known


def one_of(argument: str, given: object, words: object) -> None:
    """Raise ValueError where `given` is none of the literal `words`; the registry adds the file that says so."""
    known = get_args(words)
    if given not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{argument}={given!r} is none of {listed}.{nearest(given, known)}")


KEY = "columns"


def columns_of(task: Task) -> dict[str, str]:
    """A record's column → the file's; empty where the task's files have no columns."""
    return dict(getattr(task.reader, "columns", {}))


def hold_columns(source: Mapping, task: Task) -> None:
    """Raise DataError where the task reads other columns than the data were put in place with.

    `harness data use` writes the columns into the source record, which `data.dvc` pins and repeats, so that a
    declaration that is changed later cannot read other columns of the same file unnoticed.
    """
    if KEY not in source:
        return
    now, then = columns_of(task), source[KEY]
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            raise DataError(
                f"data/{task.name}: {name} is now read from {now.get(name, 'nothing')}, and was from "
                f"{then.get(name, 'nothing')} when the data were put in place.",
                remedy=f"Restore `columns` in tasks/{task.name}.py, or put the file in place anew with "
                f"`harness data use {task.name} PATH`.",
            )


def column_lines(columns: Mapping[str, str]) -> list[str]:
    """The mapping as a small table."""
    width = max(map(len, columns), default=0)
    return [f"  {name:<{width}}  ← {theirs}" for name, theirs in columns.items()]
