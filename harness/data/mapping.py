"""Which columns of a file a task reads: shown when a site's file is put in place, and held from then on.

A reader carries what it was told (`reader.columns`: a record's column to the file's). `harness data use` writes it
into the source record, which `data.dvc` pins and repeats, so that a declaration that is changed later cannot read other
columns of the same file unnoticed.
"""

from collections.abc import Mapping

from harness.errors import DataError
from harness.task import Task

KEY = "columns"


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
