"""The task heads (kinds of task), one file each. Code that depends on the kind of task asks the head of the task.

A head is added by one file here, which ends in its object. A task names its head by a text, and `of` finds it.
"""

from harness.errors import DataError, nearest
from harness.heads.head import Head
from harness.system import members
from harness.task import Task

__all__ = ["HEADS", "Head", "named", "of"]

HEADS: dict[str, Head] = {
    head.name: head for head in sorted(members.of(__name__, __path__, Head), key=lambda head: head.place)
}


def of(task: Task) -> Head:
    """The head of a task that the registry has checked."""
    return HEADS[task.head]


def named(name: str) -> Head:
    """The head that a stored file names. Raises DataError where there is none (any more)."""
    if name not in HEADS:
        raise DataError(
            f"There is no head {name!r}.{nearest(name, HEADS)}", remedy="Make the file again with `dvc repro`."
        )
    return HEADS[name]
