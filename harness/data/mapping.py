"""Which columns of a file a task reads: shown when a site's file is put in place, and held from then on.

A reader carries what it was told (`reader.columns`: a record's column to the file's). `harness data use` writes it
into the source record, which `data.dvc` pins and repeats, so that a declaration that is changed later cannot read other
columns of the same file unnoticed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import DataError
from harness.task import Task

KEY = "columns"


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


def carrying(
    read: Callable,
    columns: Mapping[str, str | tuple[str, ...]],
    values: Mapping[str, Mapping[str, str]] | None = None,
    *,
    reads: Callable | None = None,
) -> Callable:
    """The reader, with the columns that it takes; several of the file's are joined by +.

    `values` are a file's words with those of the task, by column; a reader with another mapping reads other data.
    `reads` says which files of a folder it takes (see `harness.data.folders.reads`).
    """
    carried: Any = read
    if reads is not None:
        carried.reads = reads
    joined = {name: theirs if isinstance(theirs, str) else "+".join(theirs) for name, theirs in columns.items()}
    if values is not None:
        carried.values = values
    for name, mapped in sorted((values or {}).items()):
        joined[name] += f" ({', '.join(f'{theirs} = {ours}' for theirs, ours in mapped.items())})"
    carried.columns = joined
    return carried


def of(task: Task) -> dict[str, str]:
    """A record's column → the file's; empty where the task's files have no columns."""
    return dict(getattr(task.reader, "columns", {}))


def hold(source: Mapping, task: Task) -> None:
    """Raise DataError where the task reads other columns than the data were put in place with."""
    if KEY not in source:
        return
    now, then = of(task), source[KEY]
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            raise DataError(
                f"data/{task.name}: {name} is now read from {now.get(name, 'nothing')}, and was from "
                f"{then.get(name, 'nothing')} when the data were put in place.",
                remedy=f"Restore `columns` in tasks/{task.name}.py, or put the file in place anew with "
                f"`harness data use {task.name} PATH`.",
            )


def lines(columns: Mapping[str, str]) -> list[str]:
    """The mapping as a small table."""
    width = max(map(len, columns), default=0)
    return [f"  {name:<{width}}  ← {theirs}" for name, theirs in columns.items()]
